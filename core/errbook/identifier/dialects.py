"""Finding codes in the forms in which clients, drivers and logs print them (dialects.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Code(NamedTuple):
    """A code as a text prints it: whose, and which of code, SQLSTATE and exception class there are."""

    dialect: str
    engine: str
    code: str | None
    state: str | None
    exception: str | None
    weight: float
    start: int
    end: int
    root: bool
    hinted: bool
    weak: bool


class Needs:
    """Words of which a text must hold one, for each of several patterns; those that many need are looked for once."""

    def __init__(self, needs: Iterable[Iterable[str]]) -> None:
        """Take the words, in lower case, pattern by pattern."""
        numbers: dict[str, list[int]] = {}
        for number, wanted in enumerate(needs):
            for need in wanted:
                numbers.setdefault(need, []).append(number)
        self._numbers = list(numbers.items())

    def met(self, lowered: str) -> list[int]:
        """Return the numbers of the patterns that are worth trying on a text, which is in lower case, in order."""
        return sorted({number for need, numbers in self._numbers if need in lowered for number in numbers})


class Patterns:
    """Patterns of the table by their numbers, each compiled when it is first used: a text needs few of them."""

    def __init__(self, patterns: Iterable[tuple[str, bool]]) -> None:
        """Take patterns as JavaScript writes them, and whether capitals count."""
        self._written = list(patterns)
        self._ready: dict[int, re.Pattern[str]] = {}

    def __getitem__(self, number: int) -> re.Pattern[str]:
        ready = self._ready.get(number)
        if ready is None:
            ready = self._ready[number] = compiled(*self._written[number])
        return ready


class Dialects:
    """The dialects of a data set."""

    def __init__(self, dialects: Iterable[Mapping[str, Any]]) -> None:
        self._dialects = list(dialects)
        self._patterns = Patterns((item["pattern"], bool(item.get("exact"))) for item in self._dialects)
        self._needs = Needs(tuple(item["needs"]) for item in self._dialects)

    def find(self, text: str) -> list[Code]:
        """Return every code that a text prints in a known form, dialect by dialect."""
        found = []
        for number in self._needs.met(text.lower()):
            item = self._dialects[number]
            for match in self._patterns[number].finditer(text):
                groups = {name.rstrip("23"): value for name, value in match.groupdict().items() if value}
                found.append(
                    Code(
                        item["name"],
                        item["engine"],
                        item.get("is") if item["engine"] != "postgresql" and "is" in item else groups.get("code"),
                        (item.get("is") or groups.get("state", "")).upper() or None,
                        groups.get("class"),
                        item["weight"],
                        match.start(),
                        match.end(),
                        bool(item.get("root")),
                        bool(item.get("hinted")),
                        bool(item.get("weak")),
                    )
                )
        return found


def compiled(pattern: str, exact: bool) -> re.Pattern[str]:
    """Return a pattern of the table, which is written as JavaScript writes it."""
    flags = re.ASCII | re.MULTILINE | (0 if exact else re.IGNORECASE)
    return re.compile(re.sub(r"\(\?<(?=[a-z])", "(?P<", pattern), flags)
