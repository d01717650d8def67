"""The compiled file, opened: how it is read, and the engines and vocabularies that all questions need."""

from __future__ import annotations

import json
import os
import sqlite3

from errbook import database
from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Self


class Term(Record):
    """One value of a controlled vocabulary, with its title and what it means."""

    value: str
    title: str
    description: str


class Link(Record):
    """Just enough of an entry to point to it, or of one of its variants: then title and page are the variant's."""

    id: str
    engine: str
    code: str
    symbol: str | None
    sqlstate: str | None
    title: str
    summary: str
    page: str
    variant: str | None


LINK = "SELECT e.id, e.engine, e.code, e.symbol, e.sqlstate, e.title, e.summary FROM entry e "


def as_link(row: Sequence[Any]) -> Link:
    """Return the link that a row of `LINK` gives."""
    identity, engine, code, symbol, sqlstate, title, summary = row
    return Link(identity, engine, code, symbol, sqlstate, title, summary, f"/{engine}/{code}/", None)


def marks_for(values: Sequence[Any]) -> str:
    """Return as many question marks as there are values, for a statement."""
    return ", ".join("?" * len(values))


class Opened:
    """A compiled file that is open. Reading it is safe from several threads."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open a compiled file; `errbook.database.DatabaseError` when it is not one that this version reads."""
        self.path = os.fspath(path)
        self._connection = database.connect(self.path)
        self._engine_names: dict[str, str] = {}
        self._terms: dict[str, list[Term]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; nothing can be asked afterwards."""
        self._connection.close()

    def _rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        # One connection serves all threads: each call has a cursor of its own, and SQLite serialises the reads.
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.DatabaseError as error:
            raise database.DatabaseError(f"{self.path}: damaged ({error}); run: errbook compile") from error

    def _meta(self, key: str) -> str:
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0])

    def engines(self) -> list[dict[str, Any]]:
        """Return every engine as its public JSON object, in the order of lists."""
        return [json.loads(row[0]) for row in self._rows("SELECT json FROM engine ORDER BY position, id")]

    def engine(self, name: str) -> dict[str, Any] | None:
        """Return one engine by any of its names; None where there is none."""
        identity = self.engine_names().get(name.lower())
        rows = self._rows("SELECT json FROM engine WHERE id = ?", (identity,))
        return json.loads(rows[0][0]) if rows else None

    def engine_names(self) -> dict[str, str]:
        """Return each name by which an engine may be asked for, in lower case, with its identity."""
        if not self._engine_names:
            self._engine_names = {
                name: engine["engine"]
                for engine in self.engines()
                for name in (engine["engine"], engine["title"].lower(), *engine["aliases"])
            }
        return self._engine_names

    def vocabulary(self, name: str) -> list[Term]:
        """Return the terms of a controlled vocabulary in order, such as ``category``; empty where there is none."""
        if not self._terms:
            terms: dict[str, list[Term]] = {}
            for vocabulary, *row in self._rows(
                "SELECT vocabulary, value, title, description FROM term ORDER BY position"
            ):
                terms.setdefault(vocabulary, []).append(Term(*row))
            self._terms = terms
        return self._terms.get(name, [])

    def term(self, vocabulary: str, value: str) -> Term:
        """Return one term; KeyError where the vocabulary does not hold the value."""
        for term in self.vocabulary(vocabulary):
            if term.value == value:
                return term
        raise KeyError(f"{value!r} is not in the vocabulary {vocabulary!r}")
