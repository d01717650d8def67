"""A catalog: every code that one server series knows, in one file of JSON lines.

``catalog/<engine>/<series>.jsonl`` is UTF-8 with one compact JSON object a line. The first line is the header::

    {"catalog":1,"engine":"mysql","series":"9.7","version":"9.7.4","sources":["…"],"rows":6000}

``catalog`` is the version of this format, ``version`` the exact version of the server that was asked, ``sources`` says
where each fact comes from, and ``rows`` counts the lines that follow, so that a file which was cut off is noticed.
Every other line is a row::

    {"code":"1040","symbol":"ER_CON_COUNT_ERROR","sqlstate":"08004","message":"Too many connections","where":"client"}

Fields stand in the order of `FIELDS`. A fact that the server does not give is left out. Rows are sorted and no two are
the same, so the same facts always give the same bytes, and a diff of two files is a diff of two servers.
"""

import contextlib
import itertools
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from errbook.problem import shown

FORMAT: Final = 1
"""Version of the format, in the header's field ``catalog``. Raised when an older reader would misread a file."""

Row = dict[str, Any]

FIELDS: Final[dict[str, type]] = {
    "code": str,
    "symbol": str,
    "kind": str,
    "namespace": str,
    "sqlstate": str,
    "message": str,
    "plural": str,
    "severity": str,
    "detail": list,
    "hint": list,
    "context": list,
    "where": str,
    "obsolete": bool,
    "formerly": list,
    "aliases": list,
    "language": str,
}
"""Every field of a row, in the order in which it is written, and its type; lists hold texts.

``code`` is the only one that every row has. ``kind`` is PostgreSQL's condition kind or SQLite's ``primary`` and
``extended``. ``namespace`` says whose number a system error is, or which module raises a message. ``where`` is one of
``client``, ``log``, ``library`` and ``program``: sent to the client, written to the server's error log only, raised by
the client library itself, or printed by a program other than the server. ``obsolete`` is true or left out: the server
knows the number and raises it no more. ``formerly`` lists symbols that the number had before, ``aliases`` others that
it has now.
"""

HEADER: Final[dict[str, type]] = {
    "catalog": int,
    "engine": str,
    "series": str,
    "version": str,
    "language": str,
    "sources": list,
    "rows": int,
}
"""Every field of the header, in order; ``language`` is there only where messages are not in English."""

_OPTIONAL: Final = frozenset({"language"})
_WIDTH: Final = 10


class CatalogError(Exception):
    """A catalog cannot be harvested, read or written; the message says where, what is wrong and what to do instead."""


class Catalog(NamedTuple):
    """A header and its rows, as `read` returns them and `write` takes them."""

    header: dict[str, Any]
    rows: list[Row]


def catalog(
    engine: str,
    series: str,
    version: str,
    sources: Iterable[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    language: str | None = None,
) -> Catalog:
    """Return a catalog with its header made and its rows in order, as a harvester hands it over.

    `language` is None for English. Raises CatalogError for a row that the format has no place for.
    """
    kept = _ordered(f"{engine} {series}", rows)
    header: dict[str, Any] = {"catalog": FORMAT, "engine": engine, "series": series, "version": version}
    if language is not None:
        header["language"] = language
    return Catalog({**header, "sources": list(sources), "rows": len(kept)}, kept)


def encode(header: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the bytes of the file: rows sorted, fields in order, ``rows`` of the header counted anew.

    Raises CatalogError for a header or a row that the format has no place for, and for two equal rows.
    """
    name = f"{header.get('engine')} {header.get('series')}"
    kept = _ordered(name, rows)
    first = {"catalog": FORMAT, **header, "rows": len(kept)}
    if problem := _misfit(first, HEADER, set(HEADER) - _OPTIONAL):
        raise CatalogError(f"catalog {name}: the header {problem}")
    lines = [_dumps({field: first[field] for field in HEADER if field in first}), *map(_dumps, kept)]
    return ("\n".join(lines) + "\n").encode()


def write(path: Path, header: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a catalog so that whoever opens `path` finds the old file or the whole new one.

    Folders are made as needed. Raises CatalogError as `encode` does, before anything is written, and OSError.
    """
    data = encode(header, rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
            # mkstemp makes files that nobody else can read; a catalog is as readable as its neighbours.
            os.fchmod(out.fileno(), 0o644)
        Path(scratch).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(scratch).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path) -> Catalog:
    """Read a catalog.

    Raises CatalogError when the file is missing, no catalog, of another version of the format, cut off, or not as
    `write` leaves it.
    """
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise CatalogError(f"{path}: there is no catalog here; run: errbook harvest") from None
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path}: no catalog: byte {error.start} is not UTF-8; {_AGAIN}") from None
    # Not splitlines(): messages may hold other line separators, which JSON leaves as they are.
    lines = text.split("\n")
    header = _header(path, lines[0])
    if lines.pop():
        raise CatalogError(f"{path}:{len(lines) + 1}: the file is cut off in this line; {_AGAIN}")
    if len(lines) - 1 != header["rows"]:
        raise CatalogError(
            f"{path}: the header promises {header['rows']} rows and {len(lines) - 1} follow; the file was cut off or "
            f"edited; {_AGAIN}"
        )
    rows: list[Row] = []
    before: tuple[Any, ...] = ()
    for number, line in enumerate(lines[1:], 2):
        row = _object(path, number, line)
        if problem := _misfit(row, FIELDS, {"code"}):
            raise CatalogError(f"{path}:{number}: this row {problem}; {_AGAIN}")
        place = _place(row)
        if place <= before:
            what = "repeats the row before it" if place == before else "stands in the wrong place"
            raise CatalogError(f"{path}:{number}: this row {what}; catalogs are generated, never edited; {_AGAIN}")
        before = place
        rows.append(row)
    return Catalog(header, rows)


_AGAIN: Final = "harvest it again"


def _header(path: Path, line: str) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or "catalog" not in header:
        raise CatalogError(f'{path}:1: no catalog: the first line must be a header such as {{"catalog":{FORMAT},…}}')
    if header["catalog"] != FORMAT:
        raise CatalogError(
            f"{path}:1: a catalog of format {shown(header['catalog'])}; this errbook reads format {FORMAT}; {_AGAIN}"
        )
    if problem := _misfit(header, HEADER, set(HEADER) - _OPTIONAL):
        raise CatalogError(f"{path}:1: the header {problem}; {_AGAIN}")
    return header


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"{path}:{number}: not a row of JSON ({error}); {_AGAIN}") from None
    if not isinstance(value, dict):
        raise CatalogError(f"{path}:{number}: {shown(line)} is no row; {_AGAIN}")
    return value


def _misfit(record: Mapping[str, Any], fields: Mapping[str, type], needed: set[str]) -> str | None:
    """Say what keeps a record from being a header or a row; None where nothing does."""
    for field in fields:
        if field in needed and field not in record:
            return f"has no field `{field}`"
    for field, value in record.items():
        if field not in fields:
            return f"has the field {shown(field)}, which the format does not know"
        if type(value) is not fields[field]:
            return f"has {shown(value)} as `{field}`, which must be {_TYPES[fields[field]]}"
        if isinstance(value, list) and not all(type(item) is str for item in value):
            return f"has {shown(value)} as `{field}`, which must be a list of texts"
    return None


_TYPES: Final = {str: "a text", int: "a whole number", bool: "true or false", list: "a list of texts"}


def _ordered(name: str, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    kept = []
    for row in rows:
        if problem := _misfit(row, FIELDS, {"code"}):
            raise CatalogError(f"catalog {name}: the row {shown(dict(row), 200)} {problem}")
        kept.append({field: row[field] for field in FIELDS if field in row})
    kept.sort(key=_place)
    for one, other in itertools.pairwise(kept):
        if one == other:
            raise CatalogError(f"catalog {name}: the row {shown(one, 200)} is given twice")
    return kept


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what rows are sorted by: the code, padded so that numbers sort as numbers, then field after field.

    A row that has a field comes before one that has not, so a row that names a code leads those with its messages.
    """
    return (row["code"].rjust(_WIDTH, "0"), *((field not in row, row.get(field, "")) for field in FIELDS))


def _dumps(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
