"""Where a name stands in a text of SQL: as an identifier, in quotes or not, and as all of a string.

This is read once, when knowledge is compiled; comments, bodies of functions and longer strings are left alone.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

_TOKEN: Final = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/|(?P<hash>\#[^\n]*))"
    r"|(?P<dollar>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"
    # A prefix (E'…', _utf8'…') makes another string of it; with a space before it, `_latin1 x'41'` is one too.
    r"|(?P<prefixed>\w+'(?:''|\\.|[^'\\])*')"
    r"|(?P<string>'(?:''|\\.|[^'\\])*')|(?P<double>\"(?:\"\"|[^\"])*\")|(?P<back>`(?:``|[^`])*`)"
    r"|(?P<placeholder>(?<![<\w])<[A-Za-z][\w-]{0,31}>(?!>))|(?P<variable>@{1,2}\w+(?:\.\w+)*)"
    r"|(?P<word>[^\W\d][\w$]*)|(?P<number>\d+(?:\.\d+)?)",
    re.DOTALL,
)
_MY: Final = frozenset({"mysql", "mariadb"})
_ON: Final = re.compile(r"\bON\s+$", re.IGNORECASE)
_ALL: Final = re.compile(r"\s*\.\s*\*")
_REG: Final = re.compile(r"\s*::\s*reg[a-z]+\b")
_TO_REG: Final = re.compile(r"\b(?:to_reg[a-z]+|pg_get_serial_sequence)\s*\(\s*$")


class Place(NamedTuple):
    """Where a name stands, and in which form (`errbook.fills.quoted`) it is to be put there."""

    start: int
    end: int
    form: str


def find(text: str, name: str, form: str, engine: str) -> Iterator[Place]:
    """Give the places of a name in SQL of an engine.

    `form` is what the entry declares: ``identifier`` and ``path`` are found as identifiers and as strings that hold
    nothing else; ``text`` and ``number`` only as such. A name in brackets, ``<table>``, is a placeholder.
    """
    for token in _TOKEN.finditer(text):
        start, end = token.span()
        kind = token.lastgroup
        if kind == "tag" or token["dollar"]:
            continue
        if token["hash"]:
            if engine in _MY:
                continue
            kind = None
        told = _told(token, engine)
        if told is None or told[1] != name:
            continue
        sort = told[0]
        if sort == "placeholder":
            yield Place(start, end, form)
        elif sort == "number" or form == "number":
            if sort == form:
                yield Place(start, end, form)
        elif sort == "string":
            yield Place(start, end, _string(text, start, end, form, engine))
        elif form != "text":
            yield Place(start, end, _identifier(text, start, end, form, engine))


def _told(token: "re.Match[str]", engine: str) -> tuple[str, str] | None:
    """Return what sort of token it is for this engine and what it says; None where it is none that is replaced."""
    found = token[0]
    if token["string"]:
        return "string", found[1:-1]
    if token["double"]:
        return None if engine in _MY else ("identifier", found[1:-1])
    if token["back"]:
        return None if engine == "postgresql" else ("identifier", found[1:-1])
    for sort in ("placeholder", "number"):
        if token[sort]:
            return sort, found
    return ("identifier", found) if token["word"] else None


def _string(text: str, start: int, end: int, form: str, engine: str) -> str:
    if form == "text":
        return form
    reads = engine == "postgresql" and (_REG.match(text, end) or _TO_REG.search(text[:start]))
    return "path-text" if reads else "text"


def _identifier(text: str, start: int, end: int, form: str, engine: str) -> str:
    if engine in _MY and _ALL.match(text, end) and _ON.search(text[:start]):
        return "grant"
    # What has a qualifier before it already takes none of its own.
    return "identifier" if text[:start].rstrip().endswith(".") else form


def fills(text: str, language: str, parameters: Sequence[Any], engine: str) -> list[dict[str, Any]]:
    """Return the public objects ``fills`` of a piece of code, by the parameters of its entry as they are written."""
    made = []
    if language == "sql":
        for parameter in parameters:
            for item in parameter.get("fills", ()):
                for place in find(text, item["replaces"], item["as"], engine):
                    part = item.get("part")
                    if item["as"] == "path" and place.form in ("text", "identifier"):
                        # Of a path, these places take the name without its qualifiers.
                        part = part or "last"
                    made.append(
                        {
                            "start": place.start,
                            "end": place.end,
                            "parameter": parameter["name"],
                            "part": part,
                            "form": place.form,
                        }
                    )
    return sorted(made, key=lambda fill: (fill["start"], fill["parameter"]))
