"""Files of evidence: whose they are, of which servers they tell, and that they are as they were written."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from errbook import schema
from errbook.problem import Problem, shown
from errbook.rules.form import nearest
from errbook.rules.knowledge import Index, Recorded
from errbook.rules.rule import Finding, Rule, Subject
from errbook.source import CONDITIONS, record_again

_AGAIN: Final = "Do not edit it; record it again: errbook verify <engine>/<code> --record."


def identity(subject: Subject) -> Iterator[Finding]:
    """Compare the identity that the file names with its path."""
    source = subject.source
    named, own = subject.data.get("entry"), f"{source.engine}/{source.name}"
    if named is not None and named != own:
        message = f"the entry is {shown(named)}, and the file is evidence/{own}.json"
        yield Finding(("entry",), message, f"Move the file to evidence/{named}.json, or record {own} again")


def servers(subject: Subject) -> Iterator[Finding]:
    """Find records of servers that nobody executes entries on."""
    known = _known()
    found: list[tuple[tuple[str, ...], str]] = [(("servers", name), name) for name in subject.data.get("servers", ())]
    for variant, records in subject.data.get("variants", {}).items():
        found += [(("variants", variant, name), name) for name in records]
    for where, name in found:
        if name not in known:
            likely = nearest(name, known)
            hint = f"nearest: `{likely}`; " if likely else ""
            message = f"{shown(name)} is no server that entries are executed on"
            advice = f"{hint}remove the record, or describe the server in servers.yaml; `errbook lab list` shows all"
            yield Finding(where, message, advice[:1].upper() + advice[1:], key=True)


def form(subject: Subject) -> Iterator[Finding]:
    """Compare the file with what would be written for its values."""
    source = subject.source
    if subject.data != source.data or not {"entry", "servers"} <= source.data.keys():
        return
    lists: list[tuple[tuple[str, ...], Any]] = [(("servers",), source.data["servers"])]
    lists += [(("variants", variant), found) for variant, found in source.data.get("variants", {}).items()]
    if any(not set(records) <= set(_known()) for _, records in lists):
        return
    for before, records in lists:
        for name, record in records.items():
            numbers = [fix["fix"] for fix in record["fixes"]]
            for at, number in enumerate(numbers):
                if number in numbers[:at]:
                    message = f"fix {number} is in the record twice"
                    yield Finding((*before, name, "fixes", at), message, _again(subject))
                    return
    expected = json.dumps(_ordered(subject.data), ensure_ascii=False, indent=2) + "\n"
    if source.text != expected:
        found, wanted = source.text.splitlines(), expected.splitlines()
        line = next((at for at, (a, b) in enumerate(zip(found, wanted, strict=False), 1) if a != b), len(found))
        message = f"from line {line} on, the file is not as it was written"
        yield Finding((), message, _again(subject))


def belongs(index: Index) -> Iterator[Problem]:
    """Find evidence of entries that are not there, and of engines that the entry does not hold for."""
    for file in index.evidence:
        own = f"{file.engine}/{file.code}"
        if file.engine == CONDITIONS:
            yield from _of_condition(index, file)
            continue
        if file.engine not in index.folders.get(file.code, ()):
            if other := index.find(own):
                theirs = f"{other.engine}/{other.code}"
                message = f"the entry of {own} is errors/{theirs}.yaml"
                advice = f"Remove the file; evidence of it belongs into evidence/{theirs}.json"
            else:
                message, advice = f"there is no entry errors/{own}.yaml", "Remove the file, or write the entry first"
            yield Problem(file.path, 1, 1, "evidence-entry", message, advice)
            continue
        facts = index.get(file.engine, file.code)
        for variant in file.variants if facts.whole else ():
            if variant.name not in facts.variants:
                message = f"{own} has no variant {shown(variant.name)}"
                advice = record_again(file.engine, file.code)
                yield Problem(file.path, variant.line, variant.column, "evidence-variant", message, advice)
        engines = {named.name for named in facts.engines}
        for server in file.servers if facts.whole else ():
            if server.name.partition(":")[0] not in engines:
                message = f"{shown(server.name)} is a server of an engine that the entry does not hold for"
                advice = f"Remove the record, or add the engine to `engines` in {facts.path}"
                yield Problem(file.path, server.line, server.column, "evidence-engine", message, advice)


def _of_condition(index: Index, file: Recorded) -> Iterator[Problem]:
    condition = index.conditions.get(file.code)
    if condition is None:
        message = f"there is no condition errors/{CONDITIONS}/{file.code}.yaml"
        yield Problem(file.path, 1, 1, "evidence-entry", message, "Remove the file, or write the condition first")
        return
    for server in file.servers:
        if condition.engines and server.name.partition(":")[0] not in condition.engines:
            message = f"{shown(server.name)} is a server of an engine that the condition does not name"
            advice = f"Remove the record, or add the engine to {condition.path}"
            yield Problem(file.path, server.line, server.column, "evidence-engine", message, advice)


def _again(subject: Subject) -> str:
    return record_again(subject.source.engine, subject.source.name)


@cache
def _known() -> tuple[str, ...]:
    from errbook.lab.server import servers

    return tuple(server.id for server in servers())


def _ordered(data: Mapping[str, Any]) -> Any:
    """Return the data in the order in which it is written: fields as in the schema, servers as listed."""
    document = schema.schema("evidence")
    record, fix = document["$defs"]["record"], document["$defs"]["fix_record"]
    order = {name: at for at, name in enumerate(_known())}
    made = _sorted(data, document)

    def records(found: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: {
                **_sorted(item, record),
                "fixes": sorted((_sorted(row, fix) for row in item["fixes"]), key=lambda row: int(row["fix"])),
            }
            for name, item in sorted(found.items(), key=lambda item: order.get(item[0], len(order)))
        }

    made["servers"] = records(data["servers"])
    if "variants" in data:
        made["variants"] = {name: records(found) for name, found in data["variants"].items()}
    return made


def _sorted(value: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, field in part["properties"].items():
        if name not in value:
            continue
        item = value[name]
        inner = field if "properties" in field else next(iter(field.get("anyOf", ())), {})
        made[name] = _sorted(item, inner) if isinstance(item, dict) and "properties" in inner else item
    return made


RULES: Final = (
    Rule(
        "evidence-variant",
        "knowledge",
        "Evidence tells of variants that the entry has.",
        "Record it again: errbook verify <engine>/<code> --record.",
        across=belongs,
    ),
    Rule(
        "evidence-engine",
        "knowledge",
        "Evidence tells of servers of the entry's own engines.",
        "Remove the record, or add the engine to the entry.",
        across=belongs,
    ),
    Rule(
        "evidence-entry",
        "knowledge",
        "Evidence belongs to an entry: evidence/<engine>/<code>.json to errors/<engine>/<code>.yaml.",
        "Remove the file, or write the entry first.",
        across=belongs,
    ),
    Rule("evidence-form", "evidence", "A file of evidence is as a program wrote it.", _AGAIN, form),
    Rule("evidence-identity", "evidence", "A file of evidence names the entry of its path.", _AGAIN, identity),
    Rule(
        "evidence-server",
        "evidence",
        "Evidence tells of servers that entries are executed on; `errbook lab list` shows them.",
        "Remove the record, or describe the server in servers.yaml.",
        servers,
    ),
)
