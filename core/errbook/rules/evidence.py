"""Files of evidence: whose they are, of which servers they tell, and that they are as they were written."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from errbook import schema
from errbook.problem import Problem, shown
from errbook.rules.form import nearest
from errbook.rules.knowledge import Index
from errbook.rules.rule import Finding, Rule, Subject
from errbook.source import record_again

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
    for name in subject.data.get("servers", ()):
        if name not in known:
            likely = nearest(name, known)
            hint = f"nearest: `{likely}`; " if likely else ""
            message = f"{shown(name)} is no server that entries are executed on"
            advice = f"{hint}remove the record, or describe the server in servers.yaml; `errbook lab list` shows all"
            yield Finding(("servers", name), message, advice[:1].upper() + advice[1:], key=True)


def form(subject: Subject) -> Iterator[Finding]:
    """Compare the file with what would be written for its values."""
    source = subject.source
    if subject.data != source.data or not {"entry", "servers"} <= source.data.keys():
        return
    if not set(source.data["servers"]) <= set(_known()):
        return
    for name, record in subject.data["servers"].items():
        numbers = [fix["fix"] for fix in record["fixes"]]
        for at, number in enumerate(numbers):
            if number in numbers[:at]:
                message = f"fix {number} is in the record twice"
                yield Finding(("servers", name, "fixes", at), message, _again(subject))
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
        engines = {named.name for named in facts.engines}
        for server in file.servers if facts.whole else ():
            if server.name.partition(":")[0] not in engines:
                message = f"{shown(server.name)} is a server of an engine that the entry does not hold for"
                advice = f"Remove the record, or add the engine to `engines` in {facts.path}"
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
    made["servers"] = {
        name: {
            **_sorted(found, record),
            "fixes": sorted((_sorted(item, fix) for item in found["fixes"]), key=lambda item: int(item["fix"])),
        }
        for name, found in sorted(data["servers"].items(), key=lambda item: order.get(item[0], len(order)))
    }
    return made


def _sorted(value: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, field in part["properties"].items():
        item = value[name]
        inner = field if "properties" in field else next(iter(field.get("anyOf", ())), {})
        made[name] = _sorted(item, inner) if isinstance(item, dict) and "properties" in inner else item
    return made


RULES: Final = (
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
