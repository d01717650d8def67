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

from errbook import database, query
from errbook.code_queries import CodeQueries
from errbook.entry import Entry
from errbook.opened import LINK, Link, as_link
from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from errbook.coverage import Coverage, Want
    from errbook.fills import Filled
    from errbook.findings import Findings
    from errbook.identified import Identified
    from errbook.identifier.alike import Alike
    from errbook.identifier.identifier import Identifier
    from errbook.identifier.quiet import Quiet

FILTERS = ("engine", "category", "condition", "severity", "frequency", "risk", "retry", "confidence", "sqlstate")
"""What `Knowledge.entries` can be narrowed by."""


class SqlState(Record):
    """A SQLSTATE, its class (two characters), the class's title and origin, and the entries that carry it."""

    sqlstate: str
    state_class: str
    title: str | None
    origin: str | None
    entries: tuple[Link, ...]


def _of_variant(link: Link, variant: Mapping[str, Any]) -> Link:
    return link._replace(title=variant["title"], page=variant["page"], variant=variant["id"])


_ENTRIES = 128
"""So many entries are kept once they were asked for, at about 100 kB each."""

_SAID = 30
"""How many variants are compared with a text, whole."""


class Knowledge(CodeQueries):
    """The compiled knowledge, opened. Use `errbook.open` to get one; `close` it or use it as a context manager."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open a compiled file; `errbook.database.DatabaseError` when it is not one that this version reads."""
        super().__init__(path)
        self._findings: Findings | None = None
        self._coverage: Coverage | None = None
        self._identifier: Identifier | None = None
        self._entries: dict[str, Entry] = {}
        self._links: dict[str, Link] = {}
        self._names: list[tuple[str, str]] = []

    @property
    def digest(self) -> str:
        """The content's digest: equal digests mean equal answers, whatever the machine."""
        return self._meta("digest")

    @property
    def schema_version(self) -> str:
        """The version of the public JSON."""
        return self._meta("schema_version")

    @property
    def listed(self) -> int:
        """How many codes the catalogs of servers list."""
        return int(self._meta("codes"))

    def __len__(self) -> int:
        return int(self._meta("entries"))

    # Entries

    def get(self, engine: str, code: str) -> Entry | None:
        """Return the entry of an engine's code, also where a sibling engine shares it; None where there is none.

        The engine may be given by any of its names and the code in any case: ``get("pg", "42p01")``.
        """
        text = self.raw(engine, code)
        return self._entry(text) if text else None

    def _entry(self, text: str) -> Entry:
        """Return the entry of a public JSON text, made once: that takes longer than all else in a lookup."""
        entry = self._entries.get(text)
        if entry is None:
            entry = Entry.of(json.loads(text))
            if len(self._entries) >= _ENTRIES:
                self._entries.clear()
            self._entries[text] = entry
        return entry

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
        return [self._entry(found) for found in self.find_raw(text)]

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
        # Every SQLSTATE is a name too, and names have an index; as a code it is one where the engine's codes are those.
        among = (
            "e.position IN (SELECT n.position FROM name n WHERE n.name BETWEEN ? AND ? || 'ZZZ' "
            "AND (n.kind = ? OR n.name = e.sqlstate))"
        )
        links = self._rows(f"{LINK}WHERE {among} ORDER BY e.rank, e.position", (state, state, database.KIND_SQLSTATE))
        return SqlState(state, state[:2], title, origin, tuple(as_link(row) for row in links))

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
        return [as_link(row) for row in self._rows(f"{LINK}{clause}ORDER BY e.position LIMIT ?", values)]

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
            elif name == "sqlstate":
                # A sibling engine may send another one than the entry's own.
                of_any = "SELECT position FROM name WHERE name = ? AND kind = ?"
                where.append(f"(e.sqlstate = ? OR e.position IN ({of_any}))")
                values += [value.upper(), value.upper(), database.KIND_SQLSTATE]
            else:
                where.append(f"e.{name} = ?")
                values.append(value)
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
        if not self._names:
            self._names = self._rows(
                "SELECT n.name, e.id FROM name n JOIN entry e USING (position) ORDER BY n.name, n.kind, e.rank"
            )
        yield from self._names

    def most_hit(self, limit: int = 10) -> list[Link]:
        """Return the entries that people meet most, the most frequent and most dangerous first."""
        return [as_link(row) for row in self._rows(f"{LINK}ORDER BY e.rank, e.position LIMIT ?", (limit,))]

    # Search

    def search(self, text: str, limit: int = 20, loose: bool = True, /, **filters: str | None) -> list[Link]:
        """Return the entries that fit a text, best first: exact names, then words, the last one as a beginning.

        Where nothing has all words, what has some of them is found, unless `loose` is false. Raises ValueError as
        `entries` does.
        """
        where, values = self._where(filters)
        clause = "".join(f" AND {condition}" for condition in where)
        words = query.words(text)
        links: dict[str, Link] = {}
        if found := self.find_raw(text):
            identities = [json.loads(item)["id"] for item in found]
            marks = ", ".join("?" for _ in identities)
            rows = self._rows(f"{LINK}WHERE e.id IN ({marks}){clause}", [*identities, *values])
            links = {row[0]: as_link(row) for row in sorted(rows, key=lambda row: identities.index(row[0]))}
        terms = [f'"{word}"' for word in words]
        if words:
            self._said(text, words, where, values, links)
        # The message itself is what most people type; then all words anywhere; any of them only for want of better.
        tries = [f'{{title messages}} : "{" ".join(words)}" *', f"{' AND '.join(terms)} *", f"{' OR '.join(terms)} *"]
        for number, match in enumerate(tries[: 3 if loose else 2] if words else ()):
            if len(links) >= limit or (number == 2 and links):
                break
            for row, number_of in self._matching(match, clause, values, limit):
                if row[0] not in links:
                    links[row[0]] = self._variant_link(as_link(row), number_of)
            # An entry need not list a message word for word: what its servers say is its own as well.
            for link in self._of_codes(words, clause, values, limit) if number == 0 and len(words) > 1 else ():
                links.setdefault(link.id, link)
        return list(links.values())[:limit]

    def _of_codes(self, words: Sequence[str], clause: str, values: Sequence[Any], limit: int) -> list[Link]:
        """Return the entries of codes whose own message has words as they stand."""
        rows = self._rows(
            # Only conditions of `_where` are put into the text.
            f"{LINK}WHERE e.id IN (SELECT c.entry FROM code_search s JOIN code c "  # noqa: S608
            f"ON c.position = s.rowid >> {database.MESSAGE_BITS} WHERE code_search MATCH ? AND c.entry NOT NULL)"
            f"{clause} ORDER BY e.rank, e.position LIMIT ?",
            [f'message : "{" ".join(words)}" *', *values, limit],
        )
        return [as_link(row) for row in rows]

    def codes_first(self, text: str, engine: str | None = None) -> bool:
        """Tell whether the codes that fit a text of two or more words fit better than the entries that do.

        That is so where a code's message has the words as they stand and no entry's has them.
        """
        words = query.words(text)
        if len(words) < 2 or self.find_raw(text):
            return False
        where, values = self._where({"engine": engine})
        clause = "".join(f" AND {condition}" for condition in where)
        said: dict[str, Link] = {}
        self._said(text, words, where, values, said)
        phrase = '"{}" *'.format(" ".join(words))
        if (
            said
            or self._matching(f"{{title messages}} : {phrase}", clause, values, 1)
            or self._of_codes(words, clause, values, 1)
        ):
            return False
        owner = self._owner(engine) if engine is not None else ("1", [])
        return bool(
            self._rows(
                f"SELECT 1 FROM code_search s JOIN code c ON c.position = s.rowid >> {database.MESSAGE_BITS} "  # noqa: S608
                f"WHERE code_search MATCH ? AND {owner[0]} LIMIT 1",
                [f"message : {phrase}", *owner[1]],
            )
        )

    def _matching(self, match: str, clause: str, values: Sequence[Any], limit: int) -> list[tuple[Any, int]]:
        """Return rows of links that match, best first, each with the number of its variant, 0 for the entry itself."""
        rows = self._rows(
            f"SELECT s.rowid & {(1 << database.VARIANT_BITS) - 1}, {LINK[7:]}"
            f"JOIN search s ON s.rowid >> {database.VARIANT_BITS} = e.position WHERE search MATCH ?{clause} "
            "ORDER BY bm25(search, 12.0, 6.0, 5.0, 3.0, 1.0), e.rank, s.rowid LIMIT ?",
            [match, *values, limit],
        )
        return [(row[1:], row[0]) for row in rows]

    def _said(
        self, text: str, words: Sequence[str], where: Sequence[str], values: Sequence[Any], links: dict[str, Link]
    ) -> None:
        """Add the variants of which a text has the message, values and all, and let links to their entries give way.

        The link stays with the entry where a message of its own fits and is longer than those of the variants that do.
        """
        from errbook.template import fits

        # An entry's own name says more of it than its words do; its variants are looked at all the same.
        some = " OR ".join(f'"{word}"' for word in words)
        clause = "".join(f" AND {condition}" for condition in (f"s.rowid & {(1 << database.VARIANT_BITS) - 1}", *where))
        told: dict[str, list[Any]] = {}
        best: dict[str, tuple[tuple[int, bool], Link]] = {}
        for row, number in self._matching(f"{{title messages}} : ({some})", clause, values, _SAID):
            identity = row[0]
            if identity not in told:
                entry = json.loads(self.raw(row[1], row[2]) or "{}")
                told[identity] = entry["variants"]
                if own := [len(item["text"]) for item in entry["messages"] if fits(text, [item["text"]])]:
                    best[identity] = (max(own), False), as_link(row)
            variant = told[identity][number - 1]
            fitting = [len(item["text"]) for item in variant["messages"] if fits(text, [item["text"]])]
            # Of two messages that fit, the longer says more.
            if fitting and (max(fitting), True) > best.get(identity, ((0, False),))[0]:
                best[identity] = (max(fitting), True), _of_variant(as_link(row), variant)
        for identity, (_, link) in sorted(best.items(), key=lambda item: item[1][0], reverse=True):
            links[identity] = link

    def _variant_link(self, link: Link, number: int) -> Link:
        if not number:
            return link
        return _of_variant(link, json.loads(self.raw(link.engine, link.code) or "{}")["variants"][number - 1])

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
        link = self._links.get(identity)
        if link is None and (rows := self._rows(f"{LINK}WHERE e.id = ?", (identity,))):
            link = self._links[identity] = as_link(rows[0])
        return link

    def findings(self) -> Findings:
        """Return what executing the entries found out; every entry is read for it, once."""
        if self._findings is None:
            from errbook.findings import findings

            self._findings = findings(self.all())
        return self._findings

    def coverage(self) -> Coverage:
        """Return how far the knowledge reaches; every entry is read for it, once."""
        if self._coverage is None:
            from errbook.coverage import coverage

            codes = {
                item["engine"]: (self.count_codes(item["engine"]), self.count_codes(item["engine"], written=True))
                for item in self.engines()
            }
            self._coverage = coverage(self.all(), codes, self.wanted())
        return self._coverage

    def wanted(self) -> list[Want]:
        """Return what is to be written up next, the most wanted first."""
        from errbook.coverage import Want

        rows = self._rows(
            "SELECT w.rank, w.engine, w.code, w.symbol, w.why, min(c.page) FROM wanted w LEFT JOIN code c "
            "ON c.engine = w.engine AND c.code = w.code GROUP BY w.position ORDER BY w.position"
        )
        return [
            Want(rank, engine, code, symbol, why, page, f"errbook new {engine} {code}")
            for rank, engine, code, symbol, why, page in rows
        ]

    # Errors in texts, conditions, and what changed

    def changes(self, engine: str, old: str, new: str) -> dict[str, Any] | None:
        """Return what changed between two series of an engine, as `errbook.changes` says; None where one is unknown."""
        from errbook.changes import changes

        return changes(self, engine, old, new)

    def identify(self, text: str) -> list[Identified]:
        """Return the errors in any text, the root cause first; empty where there is none.

        What it takes to tell is read once, when this is first asked. Nothing of the text is kept.
        """
        from errbook.identified import identified

        return identified(self._read_identifier(), text)

    def quiet(self) -> Quiet:
        """Return what tells texts in which `identify` finds nothing, whatever the digits in them are."""
        return self._read_identifier().quiet()

    def alike(self) -> Alike:
        """Return what tells texts that `identify` gives the same answer, though they differ in digits."""
        return self._read_identifier().alike()

    def _read_identifier(self) -> Identifier:
        if self._identifier is None:
            from errbook.identifier.identifier import Identifier

            self._identifier = Identifier(self.identifier_part)
        return self._identifier

    def filled(self, found: Identified) -> list[Filled]:
        """Return the statements of an error's entry with what its message says filled in (`errbook.fills`)."""
        from errbook.fills import filled

        # Most texts say nothing that could be filled in: then no entry is read.
        entry = self.get(*found.entry.split("/", 1)) if found.entry and found.parameters else None
        return filled(entry, found) if entry else []

    def told(self, found: Identified) -> tuple[Entry, tuple[str, ...]] | None:
        """Return the entry of an error as its message tells it, and what was filled in (`errbook.fills.told`)."""
        from errbook.fills import told

        entry = self.get(*found.entry.split("/", 1)) if found.entry else None
        return told(entry, found) if entry else None

    def identifier_part(self, name: str) -> str:
        """Return a part of the identifier's data (`errbook.identifier.layout`); KeyError where there is none."""
        import zlib

        rows = self._rows("SELECT packed FROM identifier WHERE part = ?", (name,))
        if not rows:
            raise KeyError(name)
        return zlib.decompress(rows[0][0]).decode()

    def identifier_parts(self) -> list[str]:
        """Return the names of those parts."""
        return [row[0] for row in self._rows("SELECT part FROM identifier ORDER BY part")]

    def condition(self, name: str) -> dict[str, Any] | None:
        """Return the public object of a condition that is written up (`errbook.conditions`); None where it is not."""
        rows = self._rows("SELECT json FROM condition WHERE name = ?", (name,))
        return json.loads(rows[0][0]) if rows else None

    def conditions(self) -> list[dict[str, Any]]:
        """Return every condition that is written up, by name."""
        return [json.loads(row[0]) for row in self._rows("SELECT json FROM condition ORDER BY name")]
