"""The knowledge: every question a surface may ask of the compiled file.

    >>> import errbook
    >>> knowledge = errbook.open()
    >>> knowledge.get("mysql", "1040").title
    'Too many connections'

A `Knowledge` is read-only and safe to share between threads.
"""

from __future__ import annotations

import json
import os
import sqlite3

from errbook import database, query
from errbook.entry import Entry
from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from errbook.findings import Findings

FILTERS = ("engine", "category", "condition", "severity", "frequency", "risk", "retry", "confidence", "sqlstate")
"""What `Knowledge.entries` can be narrowed by."""


class Term(Record):
    """One value of a controlled vocabulary, with its title and what it means."""

    value: str
    title: str
    description: str


class Link(Record):
    """Just enough of an entry to point to it."""

    id: str
    engine: str
    code: str
    symbol: str
    sqlstate: str | None
    title: str
    summary: str
    page: str


class SqlState(Record):
    """A SQLSTATE, its class (two characters), the class's title and origin, and the entries that carry it."""

    sqlstate: str
    state_class: str
    title: str | None
    origin: str | None
    entries: tuple[Link, ...]


_LINK = "SELECT e.id, e.engine, e.code, e.symbol, e.sqlstate, e.title, e.summary FROM entry e "


def _link(row: Sequence[Any]) -> Link:
    identity, engine, code, symbol, sqlstate, title, summary = row
    return Link(identity, engine, code, symbol, sqlstate, title, summary, f"/{engine}/{code}/")


class Knowledge:
    """The compiled knowledge, opened. Use `errbook.open` to get one; `close` it or use it as a context manager."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open a compiled file; `errbook.database.DatabaseError` when it is not one that this version reads."""
        self.path = os.fspath(path)
        self._connection = database.connect(self.path)
        self._engine_names: dict[str, str] = {}
        self._terms: dict[str, list[Term]] = {}
        self._findings: Findings | None = None

    def __enter__(self) -> Knowledge:
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

    @property
    def digest(self) -> str:
        """The content's digest: equal digests mean equal answers, whatever the machine."""
        return self._meta("digest")

    @property
    def schema_version(self) -> str:
        """The version of the public JSON."""
        return self._meta("schema_version")

    def __len__(self) -> int:
        return int(self._meta("entries"))

    # Entries

    def get(self, engine: str, code: str) -> Entry | None:
        """Return the entry of an engine's code, also where a sibling engine shares it; None where there is none.

        The engine may be given by any of its names and the code in any case: ``get("pg", "42p01")``.
        """
        text = self.raw(engine, code)
        return Entry.of(json.loads(text)) if text else None

    def raw(self, engine: str, code: str) -> str | None:
        """Return the public JSON text of an entry, as `get` finds it."""
        identity = self.engine_names().get(engine.lower(), engine)
        rows = self._rows(
            "SELECT e.json FROM name n JOIN entry e USING (position) JOIN entry_engine x USING (position) "
            "WHERE n.name = ? AND n.kind = ? AND x.engine = ? ORDER BY e.engine <> x.engine",
            (code.upper(), database.KIND_CODE, identity),
        )
        return rows[0][0] if rows else None

    def find(self, text: str) -> list[Entry]:
        """Return the entries that a code, symbol or SQLSTATE names, best first; `text` may name an engine too."""
        return [Entry.of(json.loads(text)) for text in self.find_raw(text)]

    def find_raw(self, text: str) -> list[str]:
        """Return the public JSON texts of the entries that `find` finds."""
        asked = query.parse(text, self.engine_names())
        if not asked.names or len(asked.names) > 3:
            return []
        marks = ", ".join("?" for _ in asked.names)
        # The table of engines is joined by its key or not at all: anything else reads all of it for every lookup.
        of_engine = " AND EXISTS (SELECT 1 FROM entry_engine x WHERE x.engine = ? AND x.position = e.position)"
        where, values = (of_engine, [asked.engine]) if asked.engine else ("", [])
        # Only question marks are put into the text.
        rows = self._rows(
            f"SELECT e.position, e.json, n.name, min(n.kind), e.rank FROM name n JOIN entry e USING (position) "  # noqa: S608
            f"WHERE n.name IN ({marks}){where} GROUP BY e.position, n.name",
            [*asked.names, *values],
        )
        found: dict[int, list[tuple[Any, ...]]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(row)
        # "1205 HY000" means the entry that has both; a number that is a code beats one that is a SQLSTATE.
        order = sorted(
            (
                -len(hits),
                min(asked.names.index(hit[2]) for hit in hits),
                min(hit[3] for hit in hits),
                hits[0][4],
                at,
            )
            for at, hits in found.items()
        )
        most = -order[0][0] if order else 0
        return [found[item[-1]][0][1] for item in order if -item[0] == most]

    def sqlstate(self, state: str) -> SqlState | None:
        """Return a SQLSTATE or a class of SQLSTATEs with its entries; None where the text has the form of neither."""
        state = state.upper()
        if not (query.is_sqlstate(state) or (len(state) == 2 and query.is_sqlstate(f"{state}000"))):
            return None
        rows = self._rows("SELECT title, origin FROM sqlstate_class WHERE class = ?", (state[:2],))
        title, origin = rows[0] if rows else (None, None)
        # Every SQLSTATE is a name too, and names have an index.
        among = "e.position IN (SELECT position FROM name WHERE name BETWEEN ? AND ? || 'ZZZ')"
        links = self._rows(
            f"{_LINK}WHERE {among} AND e.sqlstate LIKE ? || '%' ORDER BY e.rank, e.position", (state, state, state)
        )
        return SqlState(state, state[:2], title, origin, tuple(_link(row) for row in links))

    def sqlstate_classes(self) -> list[tuple[str, str, str]]:
        """Return every known class: its two characters, its title, who defined it."""
        return self._rows("SELECT class, title, origin FROM sqlstate_class ORDER BY class")

    def entries(self, *, after: str | None = None, limit: int | None = None, **filters: str | None) -> list[Link]:
        """Return links to entries in the order of the knowledge: engines in theirs, codes by number.

        `filters` are any of FILTERS; `after` is the identity of the last entry already seen. Raises ValueError for a
        filter that does not exist or an `after` that is no entry.
        """
        where, values = self._where(filters)
        if after is not None:
            rows = self._rows("SELECT position FROM entry WHERE id = ?", (after,))
            if not rows:
                raise ValueError(f"after: there is no entry {after!r}")
            where.append("e.position > ?")
            values.append(rows[0][0])
        clause = f"WHERE {' AND '.join(where)} " if where else ""
        values.append(-1 if limit is None else limit)
        return [_link(row) for row in self._rows(f"{_LINK}{clause}ORDER BY e.position LIMIT ?", values)]

    def _where(self, filters: Mapping[str, str | None]) -> tuple[list[str], list[Any]]:
        where: list[str] = []
        values: list[Any] = []
        for name, value in filters.items():
            if name not in FILTERS:
                raise ValueError(f"{name}: not a filter; use one of {', '.join(FILTERS)}")
            if value is None:
                continue
            if name == "engine":
                where.append("e.position IN (SELECT position FROM entry_engine WHERE engine = ?)")
                values.append(self.engine_names().get(value.lower(), value))
            else:
                where.append(f"e.{name} = ?")
                values.append(value.upper() if name == "sqlstate" else value)
        return where, values

    def all(self) -> Iterator[Entry]:
        """Give every entry whole, in the order of the knowledge, one in memory at a time."""
        for text in self.all_raw():
            yield Entry.of(json.loads(text))

    def all_raw(self) -> Iterator[str]:
        """Give the public JSON text of every entry, in the order of the knowledge."""
        position = 0
        while rows := self._rows(
            "SELECT position, json FROM entry WHERE position > ? ORDER BY position LIMIT 100", (position,)
        ):
            yield from (text for _, text in rows)
            position = rows[-1][0]

    def names(self) -> Iterator[tuple[str, str]]:
        """Give every name of every entry (code, symbol, alias, SQLSTATE), in capitals, with the entry's identity."""
        yield from self._rows(
            "SELECT n.name, e.id FROM name n JOIN entry e USING (position) ORDER BY n.name, n.kind, e.rank"
        )

    def most_hit(self, limit: int = 10) -> list[Link]:
        """Return the entries that people meet most, the most frequent and most dangerous first."""
        return [_link(row) for row in self._rows(f"{_LINK}ORDER BY e.rank, e.position LIMIT ?", (limit,))]

    # Search

    def search(self, text: str, limit: int = 20, **filters: str | None) -> list[Link]:
        """Return the entries that fit a text, best first: exact names, then words, the last one as a beginning.

        Raises ValueError as `entries` does.
        """
        where, values = self._where(filters)
        clause = "".join(f" AND {condition}" for condition in where)
        words = query.words(text)
        links: dict[str, Link] = {}
        if found := self.find_raw(text):
            identities = [json.loads(item)["id"] for item in found]
            marks = ", ".join("?" for _ in identities)
            rows = self._rows(f"{_LINK}WHERE e.id IN ({marks}){clause}", [*identities, *values])
            links = {row[0]: _link(row) for row in sorted(rows, key=lambda row: identities.index(row[0]))}
        terms = [f'"{word}"' for word in words]
        # The message itself is what most people type; then all words anywhere; any of them only for want of better.
        tries = [f'{{title messages}} : "{" ".join(words)}" *', f"{' AND '.join(terms)} *", f"{' OR '.join(terms)} *"]
        for number, match in enumerate(tries if words else ()):
            if len(links) >= limit or (number == 2 and links):
                break
            rows = self._rows(
                _LINK + f"JOIN search s ON s.rowid = e.position WHERE search MATCH ?{clause} "
                "ORDER BY bm25(search, 12.0, 6.0, 5.0, 3.0, 1.0), e.rank, e.position LIMIT ?",
                [match, *values, limit],
            )
            for row in rows:
                links.setdefault(row[0], _link(row))
        return list(links.values())[:limit]

    def suggest(self, text: str, limit: int = 5) -> list[Link]:
        """Return the entries nearest to a query that found nothing: similar names and codes, then fitting words."""
        from difflib import SequenceMatcher

        asked = query.parse(text, self.engine_names())
        near: dict[str, float] = {}
        for asked_name in asked.names[:3]:
            matcher = SequenceMatcher(b=asked_name, autojunk=False)
            for name, identity in self.names():
                matcher.set_seq1(name)
                if matcher.real_quick_ratio() > 0.6 and matcher.quick_ratio() > 0.6:
                    near[identity] = max(near.get(identity, 0.0), matcher.ratio())
        # The engine that was named weighs as much as a wrong digit.
        scored = sorted(
            ((score + 0.25 * (asked.engine is not None and identity.startswith(f"{asked.engine}/")), identity)
             for identity, score in near.items() if score > 0.6),
            key=lambda item: (-item[0], item[1]),
        )  # fmt: skip
        links = [link for _, identity in scored[:limit] if (link := self.link(identity))]
        for link in self.search(text, limit) if len(links) < limit else ():
            if link not in links:
                links.append(link)
        return links[:limit]

    def link(self, identity: str) -> Link | None:
        """Return the link to an entry by its identity, such as ``mysql/1040``; None where there is none."""
        rows = self._rows(f"{_LINK}WHERE e.id = ?", (identity,))
        return _link(rows[0]) if rows else None

    def findings(self) -> Findings:
        """Return what executing the entries found out; every entry is read for it, once."""
        if self._findings is None:
            from errbook.findings import findings

            self._findings = findings(self.all())
        return self._findings

    # Engines and vocabularies

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
