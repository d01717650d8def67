"""The tables of codes in the compiled file: one object for every code of the catalogs, its names, and its words."""

import json
import re
import sqlite3
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple, Protocol

from errbook import catalog, codes, public
from errbook.catalogs import CLIENT_LIBRARIES, Catalogs, Engine, Merged
from errbook.database import (
    KIND_ALIAS,
    KIND_CODE,
    KIND_SQLSTATE,
    KIND_SYMBOL,
    MESSAGE_BITS,
    SORT_WIDTH,
    SYMBOL_BITS,
    SYSTEM,
)
from errbook.harvest.catalog import Catalog

READ_AS_RENAMED: Final = frozenset(
    {"1201", "1252", "1506", "1507", "1617", "1777", "1779", "1796", "1826", "1837", "1871", "1872"}
)
"""Numbers of MySQL and MariaDB that mean the same though nothing but reading both messages tells so."""

MAX_NEIGHBOURS: Final = 5
"""How many written entries a code without one points to."""

SEVERITIES: Final = ("PANIC", "FATAL", "ERROR", "WARNING", "NOTICE", "INFO", "LOG", "DEBUG")
"""PostgreSQL's, from the worst to the least."""

_ALIKE: Final = 0.6
"""Two messages without symbols are one error when so much of their words is the same."""

_NEAR: Final = 1000
"""A number that is farther away has nothing to do with another."""

_GENERAL: Final = frozenset({"HY000", "HY", "00000", "00", "XX000", "XX"})
"""SQLSTATEs and classes that say nothing about what their errors have in common."""

# A conversion of printf, as servers and their libraries write them.
_CONVERSION: Final = re.compile(r"%(?:\d+\$)?[-+ #0'.*\d]*(?:hh?|ll?|[qjzt])?(?:`s|[a-zA-Z%][QTBE]?)")
# The operating system's error at the end of a message, and words that siblings spell in two ways.
_ERRNO: Final = re.compile(r"\((?:OS errno|Errcode|errno)[^)]*\)")
_WORDS: Final = {"cannot": "can't", "eof": "end-of-file"}
_SAME_WORDS: Final = re.compile(r"\b(?:cannot|eof)\b")
_SPACES: Final = ("server", "client", *codes.SYSTEM_NAMESPACES)
# What may differ from series to series, beside the messages, and what a row that does not say it means.
_FACTS: Final = {"symbol": None, "sqlstate": None, "kind": None, "where": None, "obsolete": False}
_NO_ENGINE: Final[Mapping[str, Any]] = {"title": "", "sqlstates": "none", "sibling": None, "code": {"pattern": "(?!)"}}


class Digest(Protocol):
    """What takes in everything that is written: equal digests mean equal answers."""

    def update(self, data: bytes, /) -> None:
        """Take in some bytes."""


def fill(connection: sqlite3.Connection, found: Catalogs, digest: Digest) -> int:
    """Write every code of the catalogs; return their number. Engines and entries are in their tables already."""
    if not found.engines():
        return 0
    rows = connection.execute("SELECT id, json FROM engine ORDER BY position, id").fetchall()
    engines = {name: json.loads(text) for name, text in rows}
    writer = _Writer(connection, digest)
    for name in (*engines, SYSTEM):
        if merged := found.engine(name):
            about = engines.get(name, _NO_ENGINE)
            sibling = found.engine(about["sibling"]) if about["sibling"] else None
            writer.engine(merged, about, sibling, engines.get(about["sibling"], _NO_ENGINE)["title"])
    for table in ("code_search", "code_gram"):
        # The names are the two literals above.
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608
    return writer.position


class _Written:
    """The entries, as codes refer to them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._links: dict[int, public.Json] = {}
        self._own: dict[tuple[str, str], int] = {}
        self._states: dict[tuple[str, str], list[int]] = {}
        self._numbers: dict[str, list[tuple[int, int]]] = {}
        rows = connection.execute(
            "SELECT x.engine, e.position, e.id, e.engine, e.code, e.symbol, e.sqlstate, e.title, e.summary "
            "FROM entry e JOIN entry_engine x USING (position) ORDER BY e.rank, e.position"
        )
        names = ("id", "engine", "code", "symbol", "sqlstate", "title", "summary")
        for engine, position, *values in rows:
            link = dict(zip(names, values, strict=True))
            code, state = link["code"], link["sqlstate"]
            self._links[position] = {**link, "page": public.page(link["engine"], code), "variant": None}
            # A sibling engine's own entry of that code comes before the shared one, as in Knowledge.get.
            if (engine, code) not in self._own or link["engine"] == engine:
                self._own[engine, code] = position
            for part in (state, state[:2]) if state else ():
                self._states.setdefault((engine, part), []).append(position)
            if code.isdecimal():
                self._numbers.setdefault(engine, []).append((int(code), position))

    def link(self, engine: str, code: str) -> public.Json | None:
        """Return the link of the entry that answers for a code, or None."""
        position = self._own.get((engine, code))
        return self._links[position] if position else None

    def near(self, engine: str, code: str, state: str | None, sibling: str | None) -> list[int]:
        """Return the positions of the entries near to a code that has none, the nearest first."""
        found: list[int] = []
        if sibling and (other := self._own.get((sibling, code))):
            found.append(other)
        for part in (state, state[:2]) if state else ():
            if part not in _GENERAL:
                found += self._states.get((engine, part), ())[:MAX_NEIGHBOURS]
        if code.isdecimal() and (numbers := self._numbers.get(engine)):
            number, position = min(numbers, key=lambda item: (abs(item[0] - int(code)), item))
            found += [position] if abs(number - int(code)) <= _NEAR else []
        return list(dict.fromkeys(found))[:MAX_NEIGHBOURS]


class _Relation(NamedTuple):
    """What the sibling engine has under the same number, how the two are related, and the sibling's title."""

    other: Merged
    kind: catalog.Relation
    title: str


class _Writer:
    """Writes the codes of one engine after the other; `position` is the number of the last one."""

    def __init__(self, connection: sqlite3.Connection, digest: Digest) -> None:
        self.position = 0
        self._connection, self._digest = connection, digest
        self._written = _Written(connection)
        rows = connection.execute("SELECT engine, code, why FROM wanted")
        self._wanted = {(engine, code): why for engine, code, why in rows}

    def engine(self, merged: Engine, about: Mapping[str, Any], sibling: Engine | None, title: str) -> None:
        """Write an engine's catalogs and codes; `about` is its public object, `title` its sibling's title."""
        for at, header in enumerate(merged.headers):
            sources = public.dumps(header["sources"]).decode().rstrip()
            row = (header["engine"], header["series"], at, header["version"], header["rows"], sources)
            self._connection.execute("INSERT INTO catalog VALUES (?, ?, ?, ?, ?, ?)", row)
            self._digest.update(repr(row).encode())
        related = _related(merged, sibling, title) if sibling else {}
        pattern = re.compile(about["code"]["pattern"])
        for key in sorted(merged.codes, key=lambda key: (_sort(key.code), _SPACES.index(key.namespace))):
            self._code(merged.codes[key], about, related.get(key.code), pattern)

    def _code(
        self, made: Merged, about: Mapping[str, Any], related: _Relation | None, pattern: re.Pattern[str]
    ) -> None:
        self.position += 1
        engine, (space, code) = made.engine, made.key
        state = next(iter(made.values("sqlstate")), code if about["sqlstates"] == "code" else None)
        entry = self._written.link(engine, code) if space in ("server", "client") else None
        near = [] if entry else self._written.near(engine, code, state, about["sibling"])
        page = codes.page(engine, space, code, about["sqlstates"])
        body = _object(made, state, page, entry)
        if related:
            body["sibling"] = _sibling(made, about["title"], related)
        if not entry and pattern.search(code) and (body["formerly"] or not body["obsolete"]):
            body["contribute"] = f"errbook new {engine} {code}"
        if not entry and space in ("server", "client"):
            same = related and body["sibling"]["same"]
            # An entry for the one will be the entry of both.
            body["wanted"] = self._wanted.get((engine, code)) or (
                self._wanted.get((about["sibling"], code)) if same else None
            )
        text = public.dumps(body).decode()
        message = body["messages"][0]["text"] if body["messages"] else None
        links = " ".join(map(str, near))
        history = _history(made)
        self._digest.update(f"{text}{links}{history}".encode())
        self._connection.execute(
            "INSERT INTO code VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.position,
                *(engine, space, code, _sort(code), body["symbol"], state, message, body["obsolete"]),
                *(entry and entry["id"], links, history, page, text),
            ),
        )
        self._names(body, made)

    def _names(self, body: public.Json, made: Merged) -> None:
        symbols = list(dict.fromkeys([*made.values("symbol"), *body["formerly"], *body["aliases"]]))
        names = [(body["code"], KIND_CODE)]
        names += [(symbol, KIND_SYMBOL if symbol == body["symbol"] else KIND_ALIAS) for symbol in symbols]
        if body["sqlstate"] and body["sqlstate"] != body["code"]:
            names.append((body["sqlstate"], KIND_SQLSTATE))
        self._connection.executemany(
            "INSERT OR IGNORE INTO code_name VALUES (?, ?, ?)",
            [(name.upper(), kind, self.position) for name, kind in names],
        )
        words = " ".join([body["code"], *symbols, *(symbol.replace("_", " ") for symbol in symbols)])
        texts = [_CONVERSION.sub(" ", message["text"]) for message in body["messages"]] or [""]
        texts[0] = " ".join([texts[0], *(_CONVERSION.sub(" ", text) for text in sorted(made.plurals))])
        first = self.position << MESSAGE_BITS
        self._connection.executemany(
            "INSERT INTO code_search (rowid, names, message) VALUES (?, ?, ?)",
            [(first + at, "" if at else words, text) for at, text in enumerate(texts[: 1 << MESSAGE_BITS])],
        )
        self._connection.executemany(
            "INSERT INTO code_message VALUES (?, ?)",
            [(first + at, message["text"]) for at, message in enumerate(body["messages"][: 1 << MESSAGE_BITS]) if at],
        )
        first = self.position << SYMBOL_BITS
        self._connection.executemany(
            "INSERT INTO code_gram (rowid, symbol) VALUES (?, ?)",
            [(first + at, symbol) for at, symbol in enumerate(symbols[: 1 << SYMBOL_BITS])],
        )


def _sort(code: str) -> str:
    """Return what codes are sorted by, as catalogs are: numbers by their value."""
    return code.rjust(SORT_WIDTH, "0")


def _object(made: Merged, state: str | None, page: str, entry: public.Json | None) -> public.Json:
    """Return the public object, without what only the sibling and the engine's file tell."""
    engine, (space, code) = made.engine, made.key
    row = made.newest
    symbols = made.values("symbol")
    messages: list[public.Json] = [
        {
            "text": item.text,
            "severity": item.severity,
            "detail": lists["detail"],
            "hint": lists["hint"],
            "where": item.where,
            "module": item.module,
            "errno": list(item.errno),
            "series": lists["series"],
        }
        for item, lists in made.templates()
    ]
    severities = {word for item in messages for word in (item["severity"] or "").split(", ") if word}
    return {
        "id": codes.identity(engine, space, code),
        "engine": engine,
        "code": code,
        "namespace": space,
        "symbol": symbols[0] if symbols else None,
        "formerly": _formerly(made),
        "aliases": list(dict.fromkeys(name for each in made.rows.values() for name in each.get("aliases", ()))),
        "sqlstate": state,
        "severity": ", ".join(sorted(severities, key=_severity)) or None,
        "where": row.get("where"),
        "messages": messages,
        "series": list(made.rows),
        "symbols": _symbols(made) if len(symbols) > 1 else [],
        "kind": row.get("kind"),
        "obsolete": row.get("obsolete", False),
        "entry": entry,
        "sibling": None,
        "neighbours": [],
        "page": page,
        "contribute": None,
        "wanted": None,
    }


def _severity(name: str) -> tuple[int, str]:
    return SEVERITIES.index(name) if name in SEVERITIES else len(SEVERITIES), name


def _formerly(made: Merged) -> list[str]:
    """Return the symbols that a code had: those its rows tell of, and those of older series.

    A number that was kept free had no symbol worth the name, and two servers with a number each do not follow each
    other.
    """
    rows = [row for row in reversed(made.rows.values()) if made.engine != SYSTEM]
    names = [name for row in rows for name in row.get("formerly", ())]
    names += [row["symbol"] for row in rows[1:] if "symbol" in row and not row.get("obsolete")]
    return [name for name in dict.fromkeys(names) if name != made.newest.get("symbol")]


def _symbols(made: Merged) -> list[public.Json]:
    found: dict[str, list[str]] = {}
    for series, row in made.rows.items():
        if "symbol" in row:
            found.setdefault(row["symbol"], []).append(series)
    return [{"symbol": symbol, "series": found[symbol]} for symbol in made.values("symbol")]


def _history(made: Merged) -> str | None:
    """Return the facts of every series as JSON, None where they are the same in all."""
    facts = {series: {name: row.get(name, _FACTS[name]) for name in _FACTS} for series, row in made.rows.items()}
    if all(values == facts[next(iter(facts))] for values in facts.values()):
        return None
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def _related(own: Engine, sibling: Engine, title: str) -> dict[str, _Relation]:
    """Return what the sibling of an engine has under the engine's numbers."""
    pairs = {key.code: (made, other) for key, made in own.codes.items() if (other := sibling.find(key.code))}
    found = {code: _Relation(other, _alike(made, other), title) for code, (made, other) in pairs.items()}
    mine, theirs = (Catalog({}, [pair[at].newest for pair in pairs.values()]) for at in (0, 1))
    for item in catalog.siblings(mine, theirs):
        told = item.code in READ_AS_RENAMED and found[item.code].other.engine in CLIENT_LIBRARIES
        kind: catalog.Relation = "renamed" if told else item.relation
        found[item.code] = found[item.code]._replace(kind=kind)
    return found


def _alike(one: Merged, other: Merged) -> catalog.Relation:
    """Compare two errors that have no symbols by the words of their messages."""
    texts = [made.templates()[0][0].text if made.messages else "" for made in (one, other)]
    bare = [_CONVERSION.sub(" ", _ERRNO.sub(" ", text)).lower() for text in texts]
    mine, theirs = (re.findall(r"[a-z]+", _SAME_WORDS.sub(lambda found: _WORDS[found[0]], text)) for text in bare)
    return "same" if SequenceMatcher(None, mine, theirs, autojunk=False).ratio() >= _ALIKE else "different"


def _sibling(made: Merged, title: str, related: _Relation) -> public.Json:
    other = related.other
    row = other.newest
    return {
        "id": codes.identity(other.engine, *other.key),
        "symbol": row.get("symbol"),
        "message": row.get("message"),
        "same": related.kind in ("same", "renamed"),
        "note": _note(made, title, related),
    }


def _note(made: Merged, title: str, related: _Relation) -> str | None:
    """Return what a reader must know of the sibling's use of a number; None where it is simply the same error."""
    code, row, sibling = made.key.code, related.other.newest, related.title
    if related.kind == "different":
        return f"{sibling} uses {code} for something else: do not take one for the other."
    if related.kind == "renamed":
        return f"The same error; {sibling} calls it {row['symbol']}."
    here, there = made.newest.get("obsolete", False), row.get("obsolete", False)
    if here and there:
        return f"Neither {title} nor {sibling} raises it any more."
    if there:
        return f"{sibling} keeps the number and raises it no more."
    if here:
        still = "still does" if related.kind == "same" else f"in {sibling} it is {row['symbol']}"
        return f"{title} keeps the number and raises it no more; {still}."
    return None
