"""What harvesting MySQL and harvesting MariaDB have in common: a server's tree, its version, tables of its program."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from errbook.harvest import header
from errbook.harvest.catalog import CatalogError, Row
from errbook.harvest.elf import POINTER, Program

Query = Callable[[str], Sequence[Sequence[Any]]]
"""Runs one SQL statement on the server as a user who may read everything, and returns its rows.

Values are str, int or None, as the driver gives them. Raises `Refused` when the server answers with an error.
"""

CLIENT_FIRST: Final = 2000
"""``CR_MIN_ERROR`` of errmsg.h: the number of the first text in the client library's table."""

_TITLES: Final = {"mysql": "MySQL", "mariadb": "MariaDB"}


class Refused(Exception):  # noqa: N818 - named for what happened
    """The server answered a query with an error: its number as text, its SQLSTATE, and what it said."""

    def __init__(self, code: str, sqlstate: str, message: str) -> None:
        super().__init__(f"error {code} ({sqlstate}): {message}")
        self.code = code
        self.sqlstate = sqlstate
        self.message = message


def version(query: Query, engine: str, oldest: tuple[int, int]) -> str:
    """Return the exact version, such as ``9.7.4``; CatalogError when the server is of another engine or too old."""
    said = str(query("SELECT VERSION()")[0][0])
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", said)
    if not found:
        raise CatalogError(f"{engine}: the server says that its version is `{said}`, which is none that errbook knows")
    is_mariadb = "mariadb" in said.lower()
    if is_mariadb != (engine == "mariadb"):
        other = "mariadb" if is_mariadb else "mysql"
        raise CatalogError(f"{engine}: the server is {_TITLES[other]} {found[0]}; harvest it as {other}")
    if (int(found[1]), int(found[2])) < oldest:
        raise CatalogError(
            f"{engine}: the server is {_TITLES[engine]} {found[0]}; the first to harvest is {oldest[0]}.{oldest[1]}"
        )
    return found[0]


def series(exact: str) -> str:
    """Return the series of an exact version: ``9.7`` of ``9.7.4``."""
    return ".".join(exact.split(".")[:2])


def find(tree: Path, what: str, *patterns: str) -> Path:
    """Return the first file below `tree` that fits one of the patterns (as of Path.glob), tried in order.

    Raises CatalogError, which names `what` was looked for, when none does.
    """
    path = find_any(tree, *patterns)
    if path is None:
        raise CatalogError(f"{tree}: {what} is not there; looked for {', '.join(patterns)}")
    return path


def find_any(tree: Path, *patterns: str) -> Path | None:
    """Return what `find` does, or None where no file fits."""
    return next((path for pattern in patterns for path in sorted(tree.glob(pattern)) if path.is_file()), None)


def same_version(path: Path, exact: str) -> None:
    """Check that headers are those of the server; `path` is the one that defines ``MYSQL_SERVER_VERSION``.

    Raises CatalogError when it names another version.
    """
    found = re.search(r'#define\s+MYSQL_SERVER_VERSION\s+"(\d+\.\d+\.\d+)', header.text(path))
    if not found:
        raise CatalogError(f"{path}: no version is defined here; are these the headers of a server?")
    if found[1] != exact:
        raise CatalogError(f"{path}: the headers are of {found[1]} and the server is {exact}; install those of {exact}")


def exported(program: Program, name: str) -> list[str]:
    """Return the texts of an exported table of pointers, an empty text for a null pointer.

    Raises CatalogError when the program exports no such table.
    """
    table = program.table(name)
    if table is None:
        raise CatalogError(f"{program.path}: it exports no table {name}; is this the server's program?")
    return [program.text(table.address + at) or "" for at in range(0, table.size, POINTER)]


def library_rows(names: dict[str, int], texts: dict[int, str]) -> list[Row]:
    """Return the rows of a client library: every number that has a name in its header or a text in its table."""
    symbols = {number: name for name, number in names.items()}
    rows: list[Row] = []
    for number in sorted({*symbols, *(number for number, text in texts.items() if text)}):
        row: Row = {"code": str(number), "where": "library"}
        symbol = symbols.get(number)
        if symbol:
            row["symbol"] = symbol
            if re.fullmatch(r"CR_UNUSED_\d+", symbol):
                row["obsolete"] = True
        if text := texts.get(number):
            row["message"] = text
        rows.append(row)
    return rows


def numbered(texts: Iterable[str], first: int) -> dict[int, str]:
    """Return texts by number, counted from `first`."""
    return dict(enumerate(texts, first))
