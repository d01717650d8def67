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


class Dialects:
    """The dialects of a data set."""

    def __init__(self, dialects: Iterable[Mapping[str, Any]]) -> None:
        self._dialects = [
            (item, tuple(item["needs"]), compiled(item["pattern"], bool(item.get("exact")))) for item in dialects
        ]

    def find(self, text: str) -> list[Code]:
        """Return every code that a text prints in a known form, dialect by dialect."""
        lowered = text.lower()
        found = []
        for item, needs, pattern in self._dialects:
            if not any(need in lowered for need in needs):
                continue
            for match in pattern.finditer(text):
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
