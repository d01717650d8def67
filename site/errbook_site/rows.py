"""A row: what lists, tables and addresses need of an entry, small enough to keep all of them in memory."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from errbook.knowledge import Knowledge

MAX_SIBLINGS: Final = 8
"""How many entries of the same condition a page links to; the condition's own page has all of them."""


class Row(NamedTuple):
    """One entry in a list."""

    id: str
    engine: str
    engines: tuple[str, ...]
    code: str
    symbol: str | None
    aliases: tuple[str, ...]
    sqlstate: str | None
    sqlstates: tuple[str, ...]
    title: str
    messages: tuple[str, ...]
    summary: str
    severity: str
    frequency: str
    category: str
    condition: str
    risk: str
    retry: str

    @property
    def address(self) -> str:
        """The path of the entry's page below the site's root."""
        return f"{self.id}/"

    @property
    def names(self) -> tuple[str, ...]:
        """Everything by which the entry can be asked for, in the spelling of its engine, without repetition."""
        return tuple(dict.fromkeys(name for name in (self.code, self.symbol, *self.aliases, *self.states) if name))

    @property
    def states(self) -> tuple[str, ...]:
        """The SQLSTATEs that its engines send, the first engine's first."""
        return (*([self.sqlstate] if self.sqlstate else []), *self.sqlstates)


def _row(value: dict[str, Any]) -> Row:
    return Row(
        value["id"],
        value["engine"],
        tuple(value["engines"]),
        value["code"],
        value["symbol"],
        tuple(alias["symbol"] for alias in value["aliases"]),
        value["sqlstate"],
        tuple(dict.fromkeys(value["sqlstates"].values())),
        value["title"],
        tuple(message["text"] for message in value["messages"]),
        value["summary"],
        value["severity"],
        value["frequency"],
        value["category"],
        value["condition"],
        value["risk"]["level"],
        value["retry"]["verdict"],
    )


class Rows:
    """All rows in the order of the knowledge, and by what pages group them."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.all = list(rows)
        self.by_id = {row.id: row for row in self.all}
        self.by_engine: dict[str, list[Row]] = defaultdict(list)
        self.by_category: dict[str, list[Row]] = defaultdict(list)
        self.by_condition: dict[str, list[Row]] = defaultdict(list)
        self.by_sqlstate: dict[str, list[Row]] = defaultdict(list)
        self._elsewhere: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.all:
            for engine in row.engines:
                self.by_engine[engine].append(row)
            self.by_category[row.category].append(row)
            self.by_condition[row.condition].append(row)
            for state in row.states:
                self.by_sqlstate[state].append(row)
            first = self._elsewhere[row.condition, row.engine]
            if len(first) < MAX_SIBLINGS:
                first.append(row)

    @classmethod
    def of(cls, knowledge: Knowledge) -> "Rows":
        """Return the rows of a whole knowledge."""
        return cls(_row(json.loads(text)) for text in knowledge.all_raw())

    def elsewhere(self, condition: str, engines: tuple[str, ...]) -> list[Row]:
        """Return entries of the same condition in other engines, at most MAX_SIBLINGS.

        Only the first few of each engine are ever looked at, so that one big condition costs its pages nothing.
        """
        found = [
            row
            for (other, engine), rows in self._of_condition(condition)
            if engine not in engines
            for row in rows
            if not set(row.engines) & set(engines)
        ]
        return found[:MAX_SIBLINGS]

    def _of_condition(self, condition: str) -> Iterator[tuple[tuple[str, str], list[Row]]]:
        for engine in self.by_engine:
            if rows := self._elsewhere.get((condition, engine)):
                yield (condition, engine), rows
