"""The server's messages and the values they carry."""

import re
from collections.abc import Iterator
from typing import Final

from errbook.problem import shown
from errbook.rules.rule import Finding, Rule, Subject
from errbook.rules.scenario import fixes
from errbook.sql_places import find

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]{0,31})\}")


_PART: Final = re.compile(
    r"(?:(?:cause|fix)-\d+|risk|retry|first|meaning|parameters|variants|causes|reproduce|fixes|avoid|verification|versions"
    r"|drivers|related|sources)"
)
"""The anchors of an entry's page."""


def parameters(subject: Subject) -> Iterator[Finding]:
    """Compare the {names} of the messages with the parameters that explain them."""
    messages = subject.data.get("messages")
    if messages is None or ("parameters" in subject.source.data and "parameters" not in subject.data):
        return
    first: dict[str, tuple[tuple[str | int, ...], int]] = {}
    for before, part in subject.parts:
        for at, message in enumerate(part.get("messages", ())):
            for match in _PLACEHOLDER.finditer(message["text"]):
                first.setdefault(match[1], ((*before, "messages", at, "text"), match.start()))
    explained = [parameter["name"] for parameter in subject.data.get("parameters", ())]
    for name, (where, offset) in first.items():
        if name not in explained:
            text = f"the message has {{{name}}}, and `parameters` does not explain it"
            advice = f"Add `- name: {name}` with its meaning under `parameters`"
            yield Finding(where, text, advice, offset)
    for at, name in enumerate(explained):
        if name in explained[:at]:
            yield Finding(("parameters", at, "name"), f"{shown(name)} is explained twice", "Keep one of them")
        elif name not in first:
            text = f"no message has {{{name}}}"
            yield Finding(("parameters", at, "name"), text, f"Write {{{name}}} where the value stands, or remove it")
    order = [name for name in first if name in explained]
    given = [name for name in dict.fromkeys(explained) if name in first]
    for expected, name in zip(order, given, strict=True):
        if name != expected:
            text = f"{shown(name)} stands where {shown(expected)} is expected: messages name that one first"
            yield Finding(
                ("parameters", explained.index(name), "name"),
                text,
                f"Order the parameters as messages do: {', '.join(order)}",
            )
            break


def variants(subject: Subject) -> Iterator[Finding]:
    """Find variants that share an id, or whose id is that of a part of every page."""
    seen: list[str] = []
    for at, variant in enumerate(subject.data.get("variants", ())):
        name = variant["id"]
        where = ("variants", at, "id")
        if name in seen:
            yield Finding(where, f"{shown(name)} is the id of two variants", "Give each message an id of its own")
        elif _PART.fullmatch(name):
            message = f"{shown(name)} is the anchor of a part of every page"
            yield Finding(where, message, "Use words of the message, such as `no-such-table`")
        seen.append(name)


def fills(subject: Subject) -> Iterator[Finding]:
    """Find what a parameter is to fill in and stands nowhere in the entry's SQL, or would be filled in twice."""
    codes = [code["text"] for _, fix in fixes(subject) for code in (fix["code"],) if code["language"] == "sql"] + [
        cause["confirm"]["run"]
        for _, part in subject.parts
        for cause in part.get("causes", ())
        if cause["confirm"].get("language", "sql") == "sql"
    ]
    for at, parameter in enumerate(subject.data.get("parameters", ())):
        seen: list[str] = []
        for number, item in enumerate(parameter.get("fills", ())):
            where = ("parameters", at, "fills", number, "replaces")
            name = item["replaces"]
            if name in seen:
                yield Finding(where, f"{shown(name)} is filled in twice by {{{parameter['name']}}}", "Keep one of them")
            seen.append(name)
            if not any(True for code in codes for _ in find(code, name, item["as"], subject.source.engine)):
                told = {"text": "string", "number": "number"}.get(item["as"], "identifier")
                message = f"no SQL of the entry has {shown(name)} as {'an' if told[0] == 'i' else 'a'} {told}"
                yield Finding(where, message, "Write what stands in a fix or a confirmation, or remove it")


RULES: Final = (
    Rule(
        "parameter-fills",
        "entry",
        "What a parameter fills in stands in the SQL of a fix or of a confirmation.",
        "Name an identifier, a string or a number of that SQL.",
        fills,
    ),
    Rule(
        "variant-id",
        "entry",
        "A variant's id is unique in the entry, and no anchor of a part of the page.",
        "Use words of the message, such as `no-such-table`.",
        variants,
    ),
    Rule(
        "message-parameters",
        "entry",
        "Every {name} of a message is explained in `parameters`, in the order in which messages name them.",
        "Add, remove or reorder parameters.",
        parameters,
    ),
)
