"""An entry against what servers say of the code themselves: symbol, SQLSTATE, engines that share it, message."""

import re
from collections.abc import Iterator
from typing import Final

from errbook.catalogs import Merged
from errbook.problem import shown
from errbook.rules.form import nearest
from errbook.rules.rule import Finding, Rule, Subject

# A conversion of printf, and what may stand in its place in an entry: a {name}, or a value.
CONVERSION: Final = re.compile(r"%(?:\d+\$)?[-+ #0'.*\d]*(?:hh?|ll?|[qjzt])?(?:`s|[a-zA-Z%][QTBE]?)")
_VALUE: Final = r"(?:\{[a-z][a-z0-9_]*\}|[^{}]*?)"
_MANY: Final = 1
"""A code with more messages than this has one for each of many things: which of them an entry shows is its choice."""


def _known(subject: Subject, engine: str) -> Merged | None:
    """Return what the catalogs have under the entry's code in an engine."""
    code = subject.data.get("code")
    if subject.catalogs is None or code is None:
        return None
    found = subject.catalogs.engine(engine)
    return found.find(code) if found else None


def _where(made: Merged) -> str:
    """Return the newest series that has a code, as messages name it: ``mysql 9.7``."""
    return f"{made.engine} {list(made.rows)[-1]}"


def _symbols(subject: Subject) -> list[str]:
    """Return the symbols that the entry names: its own, then its aliases."""
    names = [item["symbol"] for item in subject.data.get("aliases", ())]
    return [*([subject.data["symbol"]] if "symbol" in subject.data else []), *names]


def symbol(subject: Subject) -> Iterator[Finding]:
    """Compare the symbol with the one that the first engine's newest server has."""
    made = _known(subject, subject.named_engines[0])
    if made is None or "symbol" not in subject.data or "symbol" not in made.newest:
        return
    own, expected = subject.data["symbol"], made.newest["symbol"]
    if own != expected and own not in made.newest.get("aliases", ()):
        known = made.newest.get("formerly", ())
        formerly = own in known or any(own == row.get("symbol") for row in made.rows.values())
        message = f"the symbol of {made.key.code} in {_where(made)} is {shown(expected)}, not {shown(own)}"
        keep = f", and put `{own}` under `aliases`: it was the symbol before" if formerly else ""
        yield Finding(("symbol",), message, f"Write `{expected}`{keep}")


def sqlstate(subject: Subject) -> Iterator[Finding]:
    """Compare the SQLSTATE of each engine with the one that its newest server sends."""
    own, others = subject.data.get("sqlstate"), subject.data.get("sqlstates", {})
    if own is None:
        return
    for at, name in enumerate(subject.named_engines):
        state = others.get(name, own)
        made = _known(subject, name)
        expected = made.values("sqlstate")[:1] if made else []
        if made is None or not expected or state == expected[0]:
            continue
        message = f"the SQLSTATE of {made.key.code} is {shown(expected[0])} in {_where(made)}, not {shown(state)}"
        if at == 0:
            yield Finding(("sqlstate",), message, f'Write "{expected[0]}"')
            own = expected[0]
        elif expected[0] == own:
            yield Finding(("sqlstates", name), message, "Remove the line: it is what `sqlstate` says", key=True)
        else:
            where = ("sqlstates", name) if name in others else ("sqlstate",)
            yield Finding(where, message, f'Under `sqlstates`, write {name}: "{expected[0]}"')


def shared(subject: Subject) -> Iterator[Finding]:
    """Find a code that is shared with an engine that does not have it, or has it for something else."""
    names = subject.named_engines
    first = _known(subject, names[0])
    if first is None or "engines" not in subject.data or subject.catalogs is None:
        return
    for at, name in enumerate(names[1:], 1):
        catalogs = subject.catalogs.engine(name)
        if catalogs is None or not catalogs.headers:
            continue
        code, other = first.key.code, catalogs.find(first.key.code)
        if other is None:
            message = f"no catalog of {name} has {code}"
            yield Finding(
                ("engines", at), message, f"Remove {name}: an entry holds only for engines that have its code"
            )
            continue
        theirs = other.newest.get("symbol")
        ours = first.newest.get("symbol")
        if theirs is None or ours is None or theirs == ours or {ours, theirs} <= {*_symbols(subject)}:
            continue
        message = f"{code} is {shown(ours)} in {_where(first)} and {shown(theirs)} in {_where(other)}"
        advice = (
            f"Where it is the same error, name `{theirs}` under `aliases`; else remove {name}, and write "
            f"errors/{name}/{code}.yaml for its own"
        )
        yield Finding(("engines", at), message, advice)


def parameters(subject: Subject) -> Iterator[Finding]:
    """Find a message of the server that no message of the entry has, each value with a name."""
    messages = subject.data.get("messages")
    made = _known(subject, subject.named_engines[0])
    if messages is None or made is None or len(made.rows) == 0 or made.newest.get("where") is None:
        return
    series = list(made.rows)[-1]
    templates = [item.text for item, lists in made.messages.items() if series in lists["series"]]
    # What SQLite's library says of a code is not what it says of an error.
    if len(templates) != _MANY or "kind" in made.newest or not CONVERSION.sub("", templates[0]).strip():
        return
    template = templates[0]
    pattern = _pattern(template)
    if any(pattern.search(_spaced(item["text"])) for item in messages):
        return
    count = len(CONVERSION.findall(template))
    message = f"no message reads as that of {_where(made)}: {shown(template, 200)}"
    names = f", with a {{name}} for each of its {count} values" if count else ""
    yield Finding(("messages", 0, "text"), message, f"Write it as the server prints it{names}")


def variants(subject: Subject) -> Iterator[Finding]:
    """Find variants of which no message is a server's, and messages of clients that are one."""
    made = _known(subject, subject.named_engines[0])
    if made is None or "kind" in made.newest:
        return
    # Shared codes may be worded by either engine.
    others = [known for name in subject.named_engines[1:] if (known := _known(subject, name))]
    templates = [item.text for known in (made, *others) for item in known.messages]
    patterns = [_pattern(text) for text in templates if CONVERSION.sub("", text).strip()]
    if not patterns:
        return
    for at, variant in enumerate(subject.data.get("variants", ())):
        fitting = [any(item.fullmatch(_spaced(m["text"])) for item in patterns) for m in variant["messages"]]
        for number, message in enumerate(variant["messages"]):
            where = ("variants", at, "messages", number)
            if "client" in message and fitting[number]:
                said = f"{shown(message['text'])} is a server's: a catalog has it"
                yield Finding((*where, "client"), said, "Remove the line", key=True)
            elif "client" not in message and not fitting[number]:
                near = nearest(message["text"], templates)
                likely = f"nearest: {shown(near, 200)}; " if near else ""
                said = f"no catalog of {' and '.join(subject.named_engines)} has this message under {made.key.code}"
                advice = f"{likely}write it as the server prints it, or add `client: true` where no server says it"
                yield Finding((*where, "text"), said, advice[:1].upper() + advice[1:])


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(_VALUE.join(_words(part) for part in CONVERSION.split(_spaced(template))))


def _words(text: str) -> str:
    return r"\s+".join(re.escape(word) for word in re.split(r"\s+", text))


def _spaced(text: str) -> str:
    return " ".join(text.split())


RULES: Final = (
    Rule(
        "catalog-message",
        "entry",
        "A message of the entry reads as the server's template, with a {name} or a value for each of its values.",
        "Write the message as the server prints it.",
        parameters,
    ),
    Rule(
        "catalog-shared",
        "entry",
        "Engines share an entry where they have the code for the same error: under one symbol, or under two that the "
        "entry names both.",
        "Name the other symbol under `aliases`, or write an entry of its own for the other engine.",
        shared,
    ),
    Rule(
        "catalog-sqlstate",
        "entry",
        "The SQLSTATE is the one that each engine's server sends; `sqlstates` has those that differ from the first.",
        "Write the server's.",
        sqlstate,
    ),
    Rule(
        "catalog-symbol",
        "entry",
        "The symbol is the one that the newest server has; older ones are aliases.",
        "Write the server's.",
        symbol,
    ),
    Rule(
        "catalog-variant",
        "entry",
        "A message of a variant is one that a catalog has under the code, or is marked as a client's.",
        "Write it as the server prints it, or add `client: true`.",
        variants,
    ),
)
