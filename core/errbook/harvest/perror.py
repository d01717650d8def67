"""perror: the server's own program that explains a number, asked for all of them.

It prints one line for each meaning that a number has, and mixes numbers of four kinds::

    OS error code  13:  Permission denied                                      the operating system
    MySQL error code MY-000122 (handler): Internal (unspecified) error …       a storage engine
    MariaDB error code 122: Internal (unspecified) error in handler            the same, MariaDB
    MySQL error code MY-000013: Can't get stat of '%s' (OS errno %d - %s)      the library under server and programs
    MySQL error code MY-001040 (ER_CON_COUNT_ERROR): Too many connections      the server

Source of the forms: ``utilities/perror.cc`` of MySQL, ``extra/perror.c`` of MariaDB.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from errbook.harvest.catalog import CatalogError

Run = Callable[[list[str]], str]
"""Runs a program of the server (its name and arguments) and returns what it prints on stdout, whatever its exit code.

Raises OSError or CatalogError when it cannot be run.
"""

HIGHEST: Final = 65_535
"""Error numbers are 16 bits wide in the protocol that carries them to a client."""

_AT_ONCE: Final = 2_000
_LINE: Final = re.compile(
    r"OS error code +(?P<os>\d+):  (?P<os_text>.*)"
    r"|MySQL error code MY-(?P<mysql>\d{6})(?: \((?P<mysql_symbol>\w+)\))?: (?P<mysql_text>.*)"
    r"|MariaDB error code +(?P<mariadb>\d+)(?: \((?P<mariadb_symbol>\w+)\))?: (?P<mariadb_text>.*)"
)
_LINK: Final = re.compile(r"Learn more: https://err\.mariadb\.com/\d+")


class Explained(NamedTuple):
    """What perror knows, by number: the server's symbols and texts, and the texts of the other three kinds."""

    server: dict[int, tuple[str, str]]
    handler: dict[int, str]
    mysys: dict[int, str]
    system: dict[int, str]


def ask(run: Run) -> Explained:
    """Ask perror for every number; CatalogError when what it prints is of no known form."""
    explained = Explained({}, {}, {}, {})
    for first in range(1, HIGHEST + 1, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, HIGHEST + 1))
        parse(run(["perror", *map(str, numbers)]), explained)
    if not explained.server:
        raise CatalogError(
            "perror: it names no error of a server; MySQL 8.0 and MariaDB 10.4 and newer have one that does"
        )
    return explained


def parse(output: str, explained: Explained) -> None:
    """Add what perror printed to `explained`. A message may have several lines, and empty ones.

    Raises CatalogError when the first line is of no known form.
    """
    keep: Callable[[str], None] | None = None
    collected: list[str] = []

    def finish() -> None:
        if keep:
            keep("\n".join(collected))

    for line in output.split("\n")[:-1]:
        found = _LINE.fullmatch(line)
        if found:
            finish()
            keep, begin = _meaning(found, explained)
            collected = [begin]
        elif keep is None:
            raise CatalogError(f"perror: it printed `{line[:100]}`, which is no form that errbook knows")
        elif not _LINK.fullmatch(line):
            collected.append(line)
    finish()


def _meaning(found: re.Match[str], explained: Explained) -> tuple[Callable[[str], None], str]:
    if found["os"]:
        number = int(found["os"])
        return lambda text: explained.system.__setitem__(number, text), found["os_text"]
    flavour = "mysql" if found["mysql"] else "mariadb"
    number, symbol, begin = int(found[flavour]), found[f"{flavour}_symbol"], found[f"{flavour}_text"]
    if symbol == "handler" or (symbol is None and flavour == "mariadb"):
        return lambda text: explained.handler.__setitem__(number, text), begin
    if symbol is None:
        return lambda text: explained.mysys.__setitem__(number, text), begin
    return lambda text: explained.server.__setitem__(number, (symbol, text)), begin
