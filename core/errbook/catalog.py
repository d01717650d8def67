"""Catalogs compared: what changed between two versions of a server, and what siblings use the same numbers for."""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from errbook.harvest.catalog import Catalog, CatalogError, Row, read

Relation = Literal["same", "renamed", "retired", "different"]

# MySQL 8.0.26 and later replaced terms that MariaDB keeps, and both add a suffix to a symbol they stop using.
_TERMS: Final = {"REPLICA": "SLAVE", "SOURCE": "MASTER", "MTA": "MTS", "MYSQL": "MARIADB"}
_MARKS: Final = re.compile(r"^OBSOLETE_|_(?:UNUSED|MYSQL)$")
# A conversion of printf, with the suffixes that MariaDB adds to %s and %i, and MariaDB's older %M and %`s.
_PLACEHOLDER: Final = re.compile(r"%[-.*\d]*(?:`s|(?:l|ll|z)?[diuxp]E?|s[QTB]?|[TMc])")
_ERRNO: Final = re.compile(r"\((?:errno|errcode|os errno|error)\b[^)]*\)")


class Change(NamedTuple):
    """A row that is in both catalogs, and the fields in which it differs."""

    before: Row
    after: Row
    fields: tuple[str, ...]


class Diff(NamedTuple):
    """What is in the newer catalog only, in the older only, and in both but not equal; each in the catalogs' order."""

    added: list[Row]
    removed: list[Row]
    changed: list[Change]


class Sibling(NamedTuple):
    """One number in two engines.

    ``relation`` is ``same`` where the symbols are equal (or were, before one was marked obsolete), ``renamed`` where
    they differ only in terms such as ``REPLICA`` for ``SLAVE`` or have the same message, ``retired`` where one of the
    two raises it no more, and otherwise ``different``. ``different`` is what the data cannot tell from a rename: a
    person who reads both messages may.
    """

    code: str
    one: Row
    other: Row
    relation: Relation


def series(folder: Path, engine: str) -> list[str]:
    """Return the series of an engine that `folder` (``catalog`` of a layer) has catalogs of, oldest first."""
    return sorted((path.stem for path in (folder / engine).glob("*.jsonl")), key=natural)


def load(folder: Path, engine: str, name: str) -> Catalog:
    """Read the catalog of a series; CatalogError where it is damaged, or there is none: it lists those there are."""
    known = series(folder, engine)
    if name not in known:
        there = f"there are {', '.join(known)}" if known else "there are none of this engine"
        raise CatalogError(f"{engine} {name}: no catalog of this series; {there}")
    return read(folder / engine / f"{name}.jsonl")


def diff(older: Catalog, newer: Catalog) -> Diff:
    """Compare two catalogs of one engine.

    Rows are the same row where code and namespace are, and both name the code or both do not. A code may have several
    rows with messages only, as PostgreSQL's do: those are compared as a set, for nothing tells which became which.
    Raises CatalogError where the catalogs are of two engines.
    """
    if older.header["engine"] != newer.header["engine"]:
        raise CatalogError(
            f"{older.header['engine']} and {newer.header['engine']} are two engines; compare two series of one"
        )
    before, after = _groups(older.rows), _groups(newer.rows)
    found = Diff([], [], [])
    for key in (*after, *(key for key in before if key not in after)):
        gone = [row for row in before[key] if row not in after[key]]
        new = [row for row in after[key] if row not in before[key]]
        if len(before[key]) == len(after[key]) == len(gone) == len(new) == 1:
            found.changed.append(Change(gone[0], new[0], _fields(gone[0], new[0])))
        else:
            found.removed.extend(gone)
            found.added.extend(new)
    return found


def siblings(one: Catalog, other: Catalog) -> list[Sibling]:
    """Return every number that two engines both name, in the order of `one`; rows without a symbol are left out."""
    named = {row["code"]: row for row in other.rows if "symbol" in row}
    return [
        Sibling(row["code"], row, named[row["code"]], _relation(row, named[row["code"]]))
        for row in one.rows
        if "symbol" in row and row["code"] in named
    ]


def _groups(rows: Iterable[Row]) -> defaultdict[tuple[Any, ...], list[Row]]:
    groups: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["code"], row.get("namespace"), "symbol" in row or "sqlstate" in row].append(row)
    return groups


def _fields(one: Row, other: Row) -> tuple[str, ...]:
    return tuple(field for field in {**one, **other} if one.get(field) != other.get(field))


def _relation(one: Row, other: Row) -> Relation:
    if {one["symbol"], *one.get("formerly", ())} & {other["symbol"], *other.get("formerly", ())}:
        return "same"
    if _words(one["symbol"]) == _words(other["symbol"]):
        return "renamed"
    texts = _text(one), _text(other)
    # One word, or none, is no message to tell an error by: `%s`.
    if texts[0] == texts[1] and len(texts[0]) > 1:
        return "renamed"
    return "retired" if one.get("obsolete") or other.get("obsolete") else "different"


def _words(symbol: str) -> list[str]:
    return [_TERMS.get(word, word) for word in _MARKS.sub("", _MARKS.sub("", symbol)).split("_")]


def _text(row: Row) -> list[str]:
    text = _ERRNO.sub(" ", _PLACEHOLDER.sub(" ", row.get("message", "")).lower())
    return [_TERMS.get(word.upper(), word).lower() for word in re.findall(r"[^\W\d_]+", text)]


def natural(name: str) -> list[tuple[int, str]]:
    """Return what series are sorted by, oldest first: 9.7 comes before 10.11."""
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"[.-]", name)]
