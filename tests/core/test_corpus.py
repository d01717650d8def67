"""The corpus that `errbook identify` is measured by: whole, labelled with codes that exist, of nobody's machine."""

import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from errbook.catalogs import Catalogs, Engine

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "data" / "identify"
FILES = sorted(FOLDER.glob("*.jsonl"))

OURS = ("mysql", "mariadb", "postgresql", "sqlite")
FOREIGN = ("oracle", "mssql", "mongodb", "redis", "clickhouse", "pgbouncer", "proxysql", "db2", "cassandra")

FIELDS = [
    "id", "text", "engine", "codes", "sqlstate", "symbol", "has_code_in_text", "localized", "doubtful", "source"
]  # fmt: skip

SIZE = 3_200_000
"""Bytes that all files may take together."""


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@functools.cache
def catalog(engine: str) -> Engine:
    found = Catalogs([ROOT]).engine(engine)
    assert found
    return found


@functools.cache
def names(engine: str) -> frozenset[str]:
    """The symbols of an engine, of all series."""
    return frozenset(symbol for row in catalog(engine).codes.values() for symbol in row.values("symbol"))


def numbers(symbol: str) -> list[str]:
    """Return the numbers of a result code of SQLite and of all extended codes below it, as the text may have any."""
    found = catalog("sqlite").codes.values()
    return [row.key.code for row in found if any(f"{name}_".startswith(f"{symbol}_") for name in row.values("symbol"))]


def test_there_is_a_corpus_of_bearable_size() -> None:
    assert FILES
    assert sum(path.stat().st_size for path in FILES) <= SIZE


def test_ids_and_texts_are_told_apart() -> None:
    everything = [row for path in FILES for row in rows(path)]
    assert len({row["id"] for row in everything}) == len(everything)
    assert len({(row["engine"], row["text"]) for row in everything}) == len(everything)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_rows_have_all_fields_and_no_other(path: Path) -> None:
    for row in rows(path):
        assert list(row) == FIELDS, row["id"]
        assert row["text"].strip(), row["id"]
        assert row["source"], row["id"]
        assert row["engine"] in (*OURS, *FOREIGN, None), row["id"]
        assert all(isinstance(row[name], bool) for name in ("has_code_in_text", "localized", "doubtful")), row["id"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_labels_exist_in_the_catalogs(path: Path) -> None:
    for row in rows(path):
        engine, codes, symbol = row["engine"], row["codes"], row["symbol"]
        if engine is None:
            assert (codes, row["sqlstate"], symbol) == ([], None, None), row["id"]
            continue
        if engine not in OURS:
            continue
        assert codes, row["id"]
        for code in codes:
            known = code in names("sqlite") if engine == "sqlite" else catalog(engine).find(re.sub("^MY-0*", "", code))
            assert known, f"{row['id']}: {code}"
        assert symbol is None or symbol in names(engine), row["id"]
        if engine == "postgresql":
            assert row["sqlstate"] == codes[0], row["id"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_code_is_in_the_text_where_the_label_says_so(path: Path) -> None:
    for row in rows(path):
        words = [*row["codes"], row["symbol"], row["sqlstate"]]
        if row["engine"] == "sqlite":
            words += [code for symbol in row["codes"] for code in numbers(symbol)]
        text = row["text"]
        if row["engine"] in FOREIGN:
            assert row["has_code_in_text"] == any(word and word in text for word in words), row["id"]
            continue
        there = any(word and re.search(rf"(?<![A-Za-z0-9_]){re.escape(word)}(?![A-Za-z0-9_])", text) for word in words)
        if row["has_code_in_text"]:
            assert there, row["id"]
        elif row["engine"] != "sqlite":
            assert not there, row["id"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_text_tells_where_it_was_made(path: Path) -> None:
    machine = re.compile(
        r"/(?:root|work|tmp/errbook|home/(?!app|user|me|ada)\w+)/|errbook-corpus|/wt/|registry|\.pyenv"
    )
    for row in rows(path):
        found = machine.search(row["text"])
        assert not found, f"{row['id']}: {found and found[0]}"
