"""Cutting a text of SQL into the statements that a driver sends one by one.

The rules are those of the engines' own command-line clients: `;` ends a statement unless it stands in a string, a
quoted name or a comment; in PostgreSQL also not within dollar quotes or the BEGIN ATOMIC body of a routine; in MySQL
and MariaDB a line `DELIMITER x` sets another end, for the bodies of routines; in SQLite a trigger's body holds
statements of its own (`sqlite3.complete_statement` knows).
"""

import re
import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

_SPACE: Final = re.compile(r"\s+")
_TAG: Final = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_DELIMITER: Final = re.compile(r"[ \t]*DELIMITER[ \t]+(\S+)[ \t]*(?:\n|$)", re.IGNORECASE)


def split(text: str, engine: str) -> list[str]:
    """Return the statements of a text, in order, without their ends and without those that are only comments."""
    return list(_split(text, engine))


@lru_cache(512)
def _split(text: str, engine: str) -> tuple[str, ...]:
    # Remembered: a scenario is played once for each of its fixes.
    found = _sqlite(text) if engine == "sqlite" else _cut(text, engine)
    return tuple(statement for part in found if (statement := part.strip()) and not _only_comments(statement, engine))


def _sqlite(text: str) -> Iterator[str]:
    start = 0
    for match in re.finditer(";", text):
        if sqlite3.complete_statement(text[start : match.end()]):
            yield text[start : match.start()]
            start = match.end()
    yield text[start:]


def _cut(text: str, engine: str) -> Iterator[str]:
    postgresql = engine == "postgresql"
    end, start, at, body = ";", 0, 0, 0
    line_start, before = True, ""
    while at < len(text):
        if not postgresql and line_start and (match := _DELIMITER.match(text, at)):
            yield text[start:at]
            end, start, at = match[1], match.end(), match.end()
            continue
        line_start = text[at] == "\n"
        if text.startswith(end, at) and not body:
            yield text[start:at]
            at += len(end)
            start = at
        elif (after := _skip(text, at, postgresql)) > at:
            at = after
            line_start = text[at - 1] == "\n"
        elif postgresql and (word := _WORD.match(text, at)):
            # A routine with a body of statements: BEGIN ATOMIC … END, in which CASE … END nests.
            upper = word[0].upper()
            if upper == "ATOMIC" and before == "BEGIN":
                body = 1
            elif body and upper in ("CASE", "BEGIN"):
                body += 1
            elif body and upper == "END":
                body -= 1
            before = upper
            at = word.end()
        else:
            at += 1
    yield text[start:]


def _skip(text: str, at: int, postgresql: bool) -> int:
    """Return the place after a string, quoted name or comment that begins here; `at` itself where none does."""
    char = text[at]
    if char in "'\"" or (char == "`" and not postgresql):
        escaped = char != "`" and (not postgresql or (char == "'" and at > 0 and text[at - 1] in "eE"))
        return _quoted(text, at, char, escaped)
    if text.startswith("/*", at):
        return _comment(text, at, nested=postgresql)
    if text.startswith("--", at) and (postgresql or at + 2 == len(text) or text[at + 2].isspace()):
        return _line(text, at)
    if char == "#" and not postgresql:
        return _line(text, at)
    if char == "$" and postgresql and (tag := _TAG.match(text, at)) and not (at and re.match(r"\w", text[at - 1])):
        close = text.find(tag[0], tag.end())
        return len(text) if close < 0 else close + len(tag[0])
    return at


def _quoted(text: str, at: int, quote: str, escaped: bool) -> int:
    at += 1
    while at < len(text):
        if escaped and text[at] == "\\":
            at += 2
        elif text[at] == quote:
            if not text.startswith(quote, at + 1):
                return at + 1
            at += 2
        else:
            at += 1
    return len(text)


def _comment(text: str, at: int, nested: bool) -> int:
    depth = 0
    while at < len(text):
        if text.startswith("/*", at) and (nested or not depth):
            depth += 1
            at += 2
        elif text.startswith("*/", at):
            depth -= 1
            at += 2
            if not depth:
                return at
        else:
            at += 1
    return len(text)


def _line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _only_comments(statement: str, engine: str) -> bool:
    at, postgresql = 0, engine == "postgresql"
    while at < len(statement):
        if statement[at].isspace():
            at += 1
        elif statement.startswith(("--", "#", "/*"), at) and not statement.startswith(("/*!", "/*M!", "/*+"), at):
            after = _skip(statement, at, postgresql)
            if after == at:
                return False
            at = after
        else:
            return False
    return True


def single(statement: str, engine: str) -> bool:
    """Tell whether a statement that was cut from a text is one to the server, too.

    With another DELIMITER it may hold several, and the driver sends them as they are.
    """
    return split(statement, engine) == [statement]


def one_line(statement: str) -> str:
    """Return a statement on one line, as messages show it."""
    return _SPACE.sub(" ", statement).strip()
