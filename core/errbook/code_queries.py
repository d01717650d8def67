"""Questions about codes, whether somebody has written them up or not: what the catalogs of servers have."""

from __future__ import annotations

import json

from errbook import database, query
from errbook.opened import LINK, Opened, as_link, marks_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from errbook.codes import Code, CodeLink

_LINK_OF_CODE = (
    "SELECT c.position, c.engine, c.namespace, c.code, c.symbol, c.sqlstate, c.message, c.obsolete, c.entry, c.page "
    "FROM code c "
)
_AT_ONCE = 500
"""How many positions one statement names; SQLite takes 999 values in its older versions."""


class CodeQueries(Opened):
    """What may be asked about codes."""

    def code(self, engine: str, code: str) -> Code | None:
        """Return what the catalogs of servers know of an engine's code; None where none of them has it.

        The engine may be given by any of its names; numbers that are no engine's own are asked for by whose they are:
        ``code("os", "13")``, and ``handler``, ``innodb`` and ``mysys`` in the same way.
        """
        from errbook.codes import Code

        text = self.code_raw(engine, code)
        return Code.of(json.loads(text)) if text else None

    def code_raw(self, engine: str, code: str) -> str | None:
        """Return the public JSON text of a code, as `code` finds it."""
        where, values = self._owner(engine)
        rows = self._rows(
            # Only question marks and names of columns are put into the text.
            f"SELECT position FROM code WHERE {where} AND code = ? ORDER BY position LIMIT 1",  # noqa: S608
            [*values, query.logged(code.upper())],
        )
        return next(iter(self._whole([rows[0][0]])), None) if rows else None

    def find_codes(self, text: str) -> list[CodeLink]:
        """Return the codes that a number, a symbol or a SQLSTATE names, best first; `text` may name an engine too.

        Symbols that a code had before count, and a text may say whose number it is: ``errno 13``, ``OS error 28``,
        ``Got error 122 from storage engine``, ``InnoDB error 194``.
        """
        return self._code_links(self._find_codes(text))

    def find_codes_raw(self, text: str, limit: int, more: int = 0) -> tuple[int, list[str], list[CodeLink]]:
        """Return how many codes `find_codes` finds, the public JSON texts of the first, and links to some `more`."""
        found = self._find_codes(text)
        return len(found), self._whole(found[:limit]), self._code_links(found[limit : limit + more])

    def _find_codes(self, text: str, owner: tuple[str, list[Any]] = ("1", [])) -> list[int]:
        """Return the positions of the codes that `find_codes` finds, and for which the condition `owner` holds."""
        condition, values = owner
        if told := query.whose(text):
            number, spaces = told
            rows = self._rows(
                f"SELECT namespace, position FROM code WHERE engine = ? AND code = ? AND {condition}",  # noqa: S608
                [database.SYSTEM, number, *values],
            )
            found = dict(rows)
            if named := [found[space] for space in spaces if space in found]:
                return named
        asked = query.parse(text, self.engine_names())
        if not asked.names or len(asked.names) > 3:
            return []
        # Only question marks and names of columns are put into the text.
        hits = self._rows(
            "SELECT position, name, min(kind), entry IS NULL, obsolete FROM code_name JOIN code USING (position) "  # noqa: S608
            f"WHERE name IN ({marks_for(asked.names)}) AND {condition} AND (? IS NULL OR engine = ?) "
            "GROUP BY position, name",
            [*asked.names, *values, asked.engine, asked.engine],
        )
        ranks: dict[int, list[Any]] = {}
        for position, name, *rest in hits:
            ranks.setdefault(position, []).append((asked.names.index(name), *rest))
        most = max(map(len, ranks.values()), default=0)
        return sorted((at for at in ranks if len(ranks[at]) == most), key=lambda at: (min(ranks[at]), at))

    def codes(self, engine: str | None = None, **filters: Any) -> list[CodeLink]:
        """Return links to codes in their order: engines in theirs, codes by number, system numbers last.

        `engine` is any name of an engine, or whose numbers: ``os``, ``handler``, ``innodb``, ``mysys``, or ``system``
        for all of these. Of `filters`, `first` and `last` are the ends of a range, which both belong to it; `namespace`
        is ``server``, ``client`` or one of those four; `sqlstate` is a SQLSTATE or a class; `written` tells whether
        there is an entry; `after` is the identity of the last code already seen; `limit` bounds the number. Raises
        ValueError for an `after` that is no code.
        """
        return self._code_links(self._codes(engine, **filters))

    def count_codes(self, engine: str | None = None, **filters: Any) -> int:
        """Return how many codes `codes` lists."""
        return len(self._codes(engine, **filters))

    def unwritten_names(self) -> tuple[list[str], list[str]]:
        """Return the identities of all codes without an entry, and the names by which these are asked for.

        A symbol is spelt as its server has it; other names of a code are in capitals.
        """
        from errbook.codes import identity

        rows = self._rows(
            "SELECT engine, namespace, code, symbol, sqlstate FROM code WHERE entry IS NULL ORDER BY position"
        )
        aliases = self._rows(
            "SELECT name FROM code_name JOIN code USING (position) WHERE kind = ? AND entry IS NULL",
            (database.KIND_ALIAS,),
        )
        spelt = dict.fromkeys(name for row in rows for name in row[2:] if name)
        names = [*spelt, *(row[0] for row in aliases)]
        return list(dict.fromkeys(identity(*row[:3]) for row in rows)), list(dict.fromkeys(names))

    def codes_raw(self, engine: str | None = None, **filters: Any) -> Iterator[str]:
        """Give the public JSON texts of the codes that `codes` lists, a few hundred in memory at a time."""
        found = self._codes(engine, **filters)
        for at in range(0, len(found), 200):
            yield from self._whole(found[at : at + 200])

    def _codes(
        self,
        engine: str | None = None,
        *,
        first: str | None = None,
        last: str | None = None,
        namespace: str | None = None,
        sqlstate: str | None = None,
        written: bool | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[int]:
        where: list[str] = []
        values: list[Any] = []
        if engine is not None:
            clause, values = self._owner(engine)
            where.append(clause)
        for sign, end in ((">=", first), ("<=", last)):
            if end is not None:
                where.append(f"sort {sign} ?")
                values.append(end.upper().rjust(database.SORT_WIDTH, "0"))
        if namespace is not None:
            where.append("namespace = ?")
            values.append(namespace)
        if sqlstate is not None:
            state = sqlstate.upper()
            # Every SQLSTATE is a name too, and names have an index.
            where.append("position IN (SELECT position FROM code_name WHERE name BETWEEN ? AND ? || 'ZZZ')")
            where.append("substr(sqlstate, 1, ?) = ?")
            values += [state, state, len(state), state]
        if written is not None:
            where.append(f"entry IS {'NOT ' if written else ''}NULL")
        if after is not None:
            owner, _, code = after.partition("/")
            clause, named = self._owner(owner)
            rows = self._rows(f"SELECT position FROM code WHERE {clause} AND code = ?", [*named, code])  # noqa: S608
            if not rows:
                raise ValueError(f"after: there is no code {after!r}")
            where.append("position > ?")
            values.append(rows[0][0])
        clause = f"WHERE {' AND '.join(where)} " if where else ""
        values.append(-1 if limit is None else limit)
        rows = self._rows(f"SELECT position FROM code {clause}ORDER BY position LIMIT ?", values)  # noqa: S608
        return [row[0] for row in rows]

    def _owner(self, engine: str) -> tuple[str, list[Any]]:
        """Return the condition that holds for the codes of an engine, or of a namespace, by any of its names."""
        name = engine.lower()
        if identity := self.engine_names().get(name):
            return "engine = ?", [identity]
        if name == database.SYSTEM:
            return "engine = ?", [name]
        return "engine = ? AND namespace = ?", [database.SYSTEM, "os" if name == "errno" else name]

    def _code_links(self, positions: Sequence[int]) -> list[CodeLink]:
        from errbook import codes

        return [codes.link(row[1:]) for row in self._at(_LINK_OF_CODE, positions)]

    def _whole(self, positions: Sequence[int]) -> list[str]:
        rows = self._at("SELECT c.position, c.near, c.json FROM code c ", positions)
        near = sorted({int(entry) for row in rows for entry in row[1].split()})
        links = {
            row[0]: json.dumps(as_link(row[1:])._asdict(), ensure_ascii=False, separators=(",", ":"))
            for row in self._rows(f"SELECT e.position, {LINK[7:]}WHERE e.position IN ({marks_for(near)})", near)
        }
        texts = []
        for _, entries, text in rows:
            # What is quoted in a text of its own cannot hold this: its quotes have a backslash before them.
            before, name, after = text.rpartition('"neighbours":[')
            texts.append(f"{before}{name}{','.join(links[int(entry)] for entry in entries.split())}{after}")
        return texts

    def _at(self, select: str, positions: Sequence[int]) -> list[Any]:
        """Return rows of codes, whose first column is the position, in the order of the positions."""
        found = {}
        for at in range(0, len(positions), _AT_ONCE):
            part = positions[at : at + _AT_ONCE]
            found.update({row[0]: row for row in self._rows(f"{select}WHERE c.position IN ({marks_for(part)})", part)})
        return [found[position] for position in positions]

    def search_codes(
        self, text: str, limit: int = 20, engine: str | None = None, *, loose: bool = True
    ) -> list[CodeLink]:
        """Return the codes that fit a text, best first: names, then words of a message, the last one as a beginning.

        A link's message is the one that has the words. `engine` narrows as in `codes`, `loose` is as in `search`.
        """
        owner = self._owner(engine) if engine is not None else ("1", [])
        words = query.words(text)
        found: dict[int, str | None] = dict.fromkeys(self._find_codes(text, owner)[:limit])
        terms = [f'"{word}"' for word in words]
        tries = [f'message : "{" ".join(words)}" *', f"{' AND '.join(terms)} *", f"{' OR '.join(terms)} *"]
        for number, match in enumerate(tries[: 3 if loose else 2] if words else ()):
            if len(found) >= limit or (number == 2 and found):
                break
            rows = self._rows(
                "SELECT s.rowid, m.text FROM code_search s LEFT JOIN code_message m ON m.id = s.rowid "  # noqa: S608
                f"JOIN code c ON c.position = s.rowid >> {database.MESSAGE_BITS} "
                f"WHERE code_search MATCH ? AND {owner[0]} ORDER BY bm25(code_search, 4.0, 1.0), s.rowid LIMIT ?",
                [match, *owner[1], 4 * limit],
            )
            for row, message in rows:
                found.setdefault(row >> database.MESSAGE_BITS, message)
        best = list(found)[:limit]
        links = self._code_links(best)
        return [
            link._replace(message=found[position]) if found[position] else link
            for position, link in zip(best, links, strict=True)
        ]

    def suggest_codes(self, text: str, limit: int = 5) -> list[CodeLink]:
        """Return the codes whose symbols are nearest to a name that no code has: a misspelt one."""
        from difflib import SequenceMatcher

        asked = query.parse(text, self.engine_names())
        near: dict[int, float] = {}
        for name in asked.names[:3]:
            # The prefix of an engine's symbols is in thousands of them.
            grams = {name[at : at + 3] for at in range(len(name) - 2)} - {"ER_", "CR_", "SQL"}
            rows = self._rows(
                "SELECT g.rowid FROM code_gram g WHERE code_gram MATCH ? ORDER BY bm25(code_gram), g.rowid LIMIT 40",
                (" OR ".join(f'"{gram}"' for gram in sorted(grams) if gram.replace("_", "").isalnum()) or '"_"',),
            )
            positions = list(dict.fromkeys(row[0] >> database.SYMBOL_BITS for row in rows))
            spelt = self._rows(
                f"SELECT n.name, n.position FROM code_name n JOIN code c USING (position) "  # noqa: S608 - marks only
                f"WHERE n.position IN ({marks_for(positions)}) AND n.kind IN (?, ?) AND (? IS NULL OR c.engine = ?)",
                [*positions, database.KIND_SYMBOL, database.KIND_ALIAS, asked.engine, asked.engine],
            )
            for symbol, position in spelt:
                score = SequenceMatcher(None, symbol, name, autojunk=False).ratio()
                near[position] = max(near.get(position, 0.0), score)
        best = sorted((at for at, score in near.items() if score > 0.6), key=lambda at: (-near[at], at))
        return self._code_links(best[:limit])

    def catalogs(self) -> list[dict[str, Any]]:
        """Return every catalog that codes come from: engine, series, exact version, sources, number of its rows."""
        rows = self._rows(
            "SELECT c.engine, c.series, c.version, c.sources, c.rows FROM catalog c LEFT JOIN engine e "
            "ON e.id = c.engine ORDER BY e.position IS NULL, e.position, c.engine, c.position"
        )
        names = ("engine", "series", "version", "sources", "rows")
        return [dict(zip(names, (*row[:3], json.loads(row[3]), row[4]), strict=True)) for row in rows]

    def comparable(self) -> list[tuple[str, str, str]]:
        """Return the pairs of catalogs that lists name: each with the next, and an engine's oldest with its newest.

        Each is engine, older and newer series. `changes` compares any two of an engine.
        """
        series: dict[str, list[str]] = {}
        for item in self.catalogs():
            # Among the system's numbers, each server has its own.
            server = item["series"].rpartition("-")[0] if item["engine"] == database.SYSTEM else ""
            series.setdefault(f"{item['engine']} {server}", []).append(item["series"])
        pairs = []
        for group, names in series.items():
            engine = group.partition(" ")[0]
            pairs += [(engine, names[at], new) for at, new in enumerate(names[1:])]
            pairs += [(engine, names[0], names[-1])] if len(names) > 2 else []
        return pairs

    def code_ranges(self) -> list[tuple[str, str]]:
        """Return the ranges that hold all codes: the engine, or whose numbers, with 3000-3099 or a class such as 23."""
        rows = self._rows("SELECT engine, namespace, code FROM code ORDER BY position")
        classes = {item["engine"] for item in self.engines() if item["sqlstates"] == "code"}
        found: dict[tuple[str, str], None] = {}
        for engine, namespace, code in rows:
            if engine in classes:
                found[engine, code[:2]] = None
            elif code.isdecimal():
                first = int(code) // 100 * 100
                found[namespace if engine == database.SYSTEM else engine, f"{first}-{first + 99}"] = None
        return list(found)

    def listed_sqlstates(self) -> list[str]:
        """Return every SQLSTATE that some code carries, in order."""
        return [row[0] for row in self._rows("SELECT DISTINCT sqlstate FROM code WHERE sqlstate NOT NULL ORDER BY 1")]

    def histories(self, engine: str) -> dict[str, dict[str, dict[str, Any]]]:
        """Return the facts of each series for an engine's codes in which they are not always the same, by identity."""
        from errbook.codes import identity

        rows = self._rows(
            "SELECT namespace, code, history FROM code WHERE engine = ? AND history IS NOT NULL", (engine,)
        )
        return {identity(engine, namespace, code): json.loads(history) for namespace, code, history in rows}
