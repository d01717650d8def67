"""From checked files to the compiled file, atomically.

Files are streamed: one entry is in memory at a time, so memory does not grow with the knowledge except for a small
index of titles. The result is written beside the target, synced and renamed, so that whoever opens the target finds
the old file or the new one, whenever the compiler is stopped.
"""

import contextlib
import fcntl
import json
import os
import re
import sqlite3
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from errbook import code_tables, conditions, public, schema
from errbook.catalogs import Catalogs
from errbook.check import check
from errbook.database import (
    APPLICATION_ID,
    DATABASE_VERSION,
    KIND_ALIAS,
    KIND_CODE,
    KIND_SQLSTATE,
    KIND_SYMBOL,
    TABLES,
    VARIANT_BITS,
)
from errbook.identifier.dataset import Builder
from errbook.problem import Problem
from errbook.source import Source

_RISK_POINTS = {"low": 0, "medium": 1, "high": 2, "critical": 3}


class CheckFailed(Exception):  # noqa: N818 - named for what happened, as in the messages
    """The knowledge has problems; nothing was written. `problems` holds all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problem{'s' * (len(problems) != 1)} in the knowledge; nothing was compiled")
        self.problems = list(problems)


class Report(NamedTuple):
    """What was compiled: numbers of entries and of codes, content digest (hex), size of the file in bytes."""

    entries: int
    codes: int
    digest: str
    size: int


def compile_knowledge(layers: Sequence[Path], target: Path, without: Collection[str] = ()) -> Report:
    """Check every file of the layers and compile them to `target`; `without` files named as problems name them, and
    without what other entries say of those.

    Raises CheckFailed when a file has a problem, OSError when the target cannot be written. Either way the old
    target stays as it was.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _lock(target), _scratch(target) as scratch:
        connection = sqlite3.connect(scratch, isolation_level=None)
        try:
            report = _fill(connection, layers, without)
        finally:
            connection.close()
        report = report._replace(size=scratch.stat().st_size)
        _publish(scratch, target)
    return report


@contextlib.contextmanager
def _lock(target: Path) -> Iterator[None]:
    """Let one compiler at a time write a target; the lock goes with the process, however that ends."""
    with target.with_name(f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """Give the path of the file to fill. What a killed compiler left under that name is removed: the lock is held."""
    scratch = target.with_name(f".{target.name}.new")
    try:
        for path in (scratch, scratch.with_name(f"{scratch.name}-journal")):
            path.unlink(missing_ok=True)
        yield scratch
    finally:
        scratch.unlink(missing_ok=True)


def _publish(scratch: Path, target: Path) -> None:
    descriptor = os.open(scratch, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    scratch.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _fill(connection: sqlite3.Connection, layers: Sequence[Path], without: Collection[str]) -> Report:
    # Durability comes from the fsync before the rename; the journal of a file nobody reads yet would only cost.
    connection.executescript(
        f"PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {DATABASE_VERSION};"
    )
    connection.execute("BEGIN")
    for statement in TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute("CREATE TEMP TABLE written (position INTEGER PRIMARY KEY, id TEXT NOT NULL, json TEXT NOT NULL)")
    connection.execute("CREATE TEMP TABLE recorded (id TEXT PRIMARY KEY, json TEXT NOT NULL)")
    connection.execute("CREATE TEMP TABLE written_condition (name TEXT PRIMARY KEY, json TEXT NOT NULL)")
    titles: dict[str, tuple[str, str | None]] = {}
    engines: dict[str, str] = {}
    digest = blake2b(digest_size=16)

    def keep(source: Source) -> None:
        data: dict[str, Any] = source.data
        if source.kind == "evidence":
            connection.execute("INSERT INTO recorded VALUES (?, ?)", (data["entry"], json.dumps(data)))
        elif source.kind == "condition":
            connection.execute("INSERT INTO written_condition VALUES (?, ?)", (data["condition"], json.dumps(data)))
        elif source.kind == "engine":
            engines[data["engine"]] = data["title"]
            connection.execute(
                "INSERT INTO engine VALUES (?, ?, ?)",
                (data["engine"], data["order"], public.dumps(_engine(data)).decode()),
            )
        elif source.kind == "sqlstates":
            rows = [(row["class"], row["title"], row["origin"]) for row in data["classes"]]
            connection.executemany("INSERT INTO sqlstate_class VALUES (?, ?, ?)", rows)
        elif source.kind == "wanted":
            # The first layer wins, as everywhere, and its list comes first.
            wanted = [(i["rank"], i["engine"], i["code"], i.get("symbol"), i["why"].strip()) for i in data["wanted"]]
            statement = "INSERT OR IGNORE INTO wanted (rank, engine, code, symbol, why) VALUES (?, ?, ?, ?, ?)"
            connection.executemany(statement, wanted)
        else:
            identity = f"{data['engines'][0]}/{data['code']}"
            titles[identity] = (data["title"], data.get("symbol"))
            connection.execute("INSERT INTO written (id, json) VALUES (?, ?)", (identity, json.dumps(data)))

    catalogs = Catalogs(layers)
    if problems := check(layers, on_valid=keep, catalogs=catalogs, without=without):
        connection.rollback()
        raise CheckFailed(problems)
    for vocabulary, terms in sorted(schema.vocabularies().items()):
        connection.executemany(
            "INSERT INTO term VALUES (?, ?, ?, ?, ?)",
            [(vocabulary, at, term.value, term.title, term.description) for at, term in enumerate(terms)],
        )
    frequencies = [term.value for term in schema.vocabularies()["frequency"]]
    count = 0
    for position, text, recorded in connection.execute(
        "SELECT w.position, w.json, r.json FROM written w LEFT JOIN recorded r USING (id) ORDER BY w.position"
    ):
        evidence = json.loads(recorded) if recorded else None
        entry = json.loads(text)
        if without:
            entry["related"] = [item for item in entry.get("related", ()) if item["error"] in titles]
        body = public.entry(entry, titles.__getitem__, evidence, engines)
        out = public.dumps(body)
        _insert(connection, position, body, out.decode(), frequencies.index(body["frequency"]))
        digest.update(out)
        count += 1
    # What a layer above has written is wanted no more, though a list below still has it.
    connection.execute(
        "DELETE FROM wanted WHERE EXISTS (SELECT 1 FROM entry_engine x JOIN entry e USING (position) "
        "WHERE x.engine = wanted.engine AND e.code = wanted.code)"
    )
    ordered = (("engine", "id"), ("term", "vocabulary, value"), ("sqlstate_class", "class"), ("wanted", "position"))
    for table, order in ordered:
        # The names are the four literals above.
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY {order}"):  # noqa: S608
            digest.update(repr(row).encode())
    listed = code_tables.fill(connection, catalogs, digest)
    _conditions(connection, digest)
    _identifier(connection, catalogs.languages(), digest)
    facts = {"digest": digest.hexdigest(), "entries": count, "codes": listed, "schema_version": public.SCHEMA_VERSION}
    connection.executemany("INSERT INTO meta VALUES (?, ?)", [(name, str(value)) for name, value in facts.items()])
    connection.execute("INSERT INTO search (search) VALUES ('optimize')")
    connection.execute("DROP TABLE written")
    connection.execute("DROP TABLE written_condition")
    connection.execute("DROP TABLE recorded")
    connection.execute("COMMIT")
    connection.execute("VACUUM")
    return Report(count, listed, digest.hexdigest(), 0)


def _conditions(connection: sqlite3.Connection, digest: code_tables.Digest) -> None:
    """Write the conditions that are written up; entries and codes are in their tables already."""
    keys = ("id", "engine", "engines", "code", "symbol", "sqlstate", "sqlstates", "title", "retry", "page")

    def link(identity: str) -> dict[str, Any]:
        engine, _, code = identity.partition("/")
        # A sibling's name for a shared entry finds it, too.
        row = connection.execute(
            "SELECT json FROM entry JOIN entry_engine n USING (position) WHERE n.engine = ? AND code = ? "
            "ORDER BY entry.engine = n.engine DESC",
            (engine, code),
        ).fetchone()
        if row is None:
            # No more is known than the server says itself.
            row = connection.execute("SELECT json FROM code WHERE engine = ? AND code = ?", (engine, code)).fetchone()
            own: dict[str, Any] = {"engines": [engine], "sqlstates": {}, "title": None, "retry": None}
            known = {"id": identity, "engine": engine, "code": code, **(json.loads(row[0]) if row else {})}
            return {key: own[key] if key in own else known.get(key) for key in keys}
        body = json.loads(row[0])
        return {key: body[key]["verdict"] if key == "retry" else body[key] for key in keys}

    rows = connection.execute(
        "SELECT w.name, w.json, r.json FROM written_condition w LEFT JOIN recorded r "
        "ON r.id = ? || '/' || w.name ORDER BY w.name",
        (conditions.FOLDER,),
    ).fetchall()
    for name, text, recorded in rows:
        body = conditions.public(json.loads(text), link, json.loads(recorded) if recorded else None)
        out = public.dumps(body)
        connection.execute("INSERT INTO condition VALUES (?, ?)", (name, out.decode()))
        digest.update(out)


def _identifier(connection: sqlite3.Connection, languages: Mapping[str, Path], digest: code_tables.Digest) -> None:
    """Write what the identifier reads, made of the codes and entries that are in their tables already."""
    builder = Builder()
    for (text,) in connection.execute("SELECT json FROM code ORDER BY position"):
        builder.code(json.loads(text))
    for (text,) in connection.execute("SELECT json FROM entry ORDER BY position"):
        builder.entry(json.loads(text))
    for name, part in builder.parts(languages):
        # As it is they would be a quarter of the file; a language is read once, when the first text is in it.
        connection.execute("INSERT INTO identifier VALUES (?, ?)", (name, zlib.compress(part.encode())))
        digest.update(part.encode())


def _engine(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "engine": data["engine"],
        "title": data["title"],
        "aliases": list(data.get("aliases", [])),
        "summary": data["summary"].strip(),
        "sibling": data.get("sibling"),
        "code": dict(data["code"]),
        "sqlstates": data["sqlstates"],
        "sources": [dict(source) for source in data["sources"]],
    }


def _insert(connection: sqlite3.Connection, position: int, body: dict[str, Any], text: str, frequency: int) -> None:
    # What most people mean comes first: the most frequent, and among those the most dangerous.
    rank = frequency * 10 - _RISK_POINTS[body["risk"]["level"]]
    connection.execute(
        "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            position,
            *(body[key] for key in ("id", "engine", "code", "symbol", "sqlstate", "severity", "frequency")),
            body["category"],
            body["condition"],
            body["risk"]["level"],
            body["retry"]["verdict"],
            body["confidence"]["level"],
            rank,
            body["title"],
            body["summary"],
            text,
        ),
    )
    connection.executemany("INSERT INTO entry_engine VALUES (?, ?)", [(name, position) for name in body["engines"]])
    names = [(body["code"], KIND_CODE)]
    names += [(body["symbol"], KIND_SYMBOL)] if body["symbol"] else []
    names += [(alias["symbol"], KIND_ALIAS) for alias in body["aliases"]]
    if body["sqlstate"] and body["sqlstate"] != body["code"]:
        names.append((body["sqlstate"], KIND_SQLSTATE))
    names += [(state, KIND_SQLSTATE) for state in body["sqlstates"].values()]
    connection.executemany(
        "INSERT OR IGNORE INTO name VALUES (?, ?, ?)",
        [(name.upper(), kind, position) for name, kind in names],
    )
    words = [word for name, _ in names for word in (name, name.replace("_", " "))]
    connection.execute(
        "INSERT INTO search (rowid, names, title, messages, summary, body) VALUES (?, ?, ?, ?, ?, ?)",
        (
            position << VARIANT_BITS,
            " ".join([*words, *body["engines"], body["condition"].replace("-", " ")]),
            body["title"],
            _plain(body["messages"]),
            body["summary"],
            " ".join(
                [
                    body["meaning"],
                    body["risk"]["impact"],
                    *(cause["cause"] for cause in body["causes"]),
                    *(f"{fix['title']} {fix['why']}" for fix in body["fixes"]),
                    *(item["title"] for item in body["avoid"]),
                    *(driver["exception"] for driver in body["drivers"]),
                ]
            ),
        ),
    )
    for number, variant in enumerate(body["variants"], 1):
        told = [*(cause["cause"] for cause in variant["causes"]), *(fix["title"] for fix in variant["fixes"])]
        connection.execute(
            "INSERT INTO search (rowid, names, title, messages, summary, body) VALUES (?, '', ?, ?, '', ?)",
            (
                (position << VARIANT_BITS) + number,
                variant["title"],
                _plain(variant["messages"]),
                " ".join(told),
            ),
        )


def _plain(messages: Sequence[dict[str, Any]]) -> str:
    return " ".join(re.sub(r"\{\w+\}", " ", message["text"]) for message in messages)
