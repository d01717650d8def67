"""MariaDB: every code of a server, from the running server and the files beside it.

- ``perror`` names the number and symbol of every error.
- ``errmsg.sys`` holds the message templates, in one language a file, with their numbers.
- The program ``mariadbd`` exports ``sqlstate_map``, the SQLSTATEs of those errors that have one of their own (all
  others have the one in ``unknown_sqlstate``), and ``globerrs``, the texts of the numbers below 1000.
- ``libmariadb`` holds the texts of the client library, and ``errmsg.h``, where its development files are installed,
  their symbols. Its numbers from 5000 on are MariaDB's own.

MariaDB's error log carries no numbers, so a number that is not the client library's was sent to a client.
"""

import re
from pathlib import Path
from typing import Final

from errbook.harvest import errmsg, family, header, perror
from errbook.harvest.catalog import Catalog, CatalogError, Row, catalog
from errbook.harvest.elf import POINTER, Program

OLDEST: Final = (10, 5)
"""The first whose perror names symbols and whose programs are named as they are now."""

OWN_CLIENT_FIRST: Final = 5000
"""``CER_MIN_ERROR`` of errmsg.h: the first number of the client library that MySQL's does not have."""

# Numbers that are kept free: "You should never see it", says the message, or it is a lone quote for those of MySQL.
_NEVER: Final = re.compile(r"ER_UNUSED_\d+|ER_MYSQL_\d+|ER_LAST_MYSQL_ERROR_MESSAGE")
# A row of sqlstate_map, `st_map_errno_to_sqlstate` in sql/sql_state.c: number, SQLSTATE, JDBC's state.
_STATE, _SIZE = 8, 24
# Texts by which libmariadb's two tables are found: it exports neither. The first table begins one text earlier.
_SECOND_TEXT: Final = "Can't create UNIX socket (%d)"
_FIRST_OWN_TEXT: Final = "Creating an event failed (Errorcode: %d)"


def harvest(
    tree: Path, query: family.Query, run: perror.Run, headers: Path | None = None, *, language: str = errmsg.ENGLISH
) -> Catalog:
    """Harvest a MariaDB server.

    `tree` is the root of the server's files (the folder that holds ``usr``), `query` asks the running server, and `run`
    runs programs of the tree. `headers` is the root of the files that hold the headers of its client library,
    where that is another one. `language` is a folder of errmsg.sys, such as ``german``.

    Raises CatalogError when the server is too old or none of MariaDB, when a file is missing, damaged or of another
    version, and when the sources contradict each other.
    """
    exact = family.version(query, "mariadb", OLDEST)
    explained = perror.ask(run)
    texts = _texts(tree, language, explained)
    sources = [
        "code and symbol: perror",
        f"message: {language}/errmsg.sys",
        "sqlstate: sqlstate_map and unknown_sqlstate of the program mariadbd",
        "errors below 1000: globerrs of the program mariadbd",
    ]
    with Program(find_program(tree)) as opened:
        states, default = sqlstates(opened)
        below = family.numbered(family.exported(opened, "globerrs"), 1)
    rows = [
        _row(number, symbol, texts[number], states.get(number, default))
        for number, (symbol, _) in explained.server.items()
    ]
    rows += [{"code": str(number), "message": text, "where": "client"} for number, text in below.items() if text]
    include = (headers or tree) / "usr/include/mariadb"
    if (include / "errmsg.h").is_file():
        family.same_version(include / "mariadb_version.h", exact)
        library = family.find(tree, "the client library", "usr/lib/*/libmariadb.so.3", "usr/lib*/libmariadb.so.3")
        names = header.constants(r"CR_(?!\w+_LAST_ERROR|MIN_ERROR|MAX_ERROR)\w+", include / "errmsg.h")
        rows += family.library_rows(names, _library(library, names))
        sources += ["symbol of the client library: errmsg.h", "message of the client library: libmariadb.so.3"]
    other = None if language == errmsg.ENGLISH else language
    return catalog("mariadb", family.series(exact), exact, sources, rows, language=other)


def find_program(tree: Path) -> Path:
    """Return the server's program below `tree`; CatalogError when there is none."""
    names = ("mariadbd", "mysqld")
    patterns = [
        f"{folder}/{name}" for name in names for folder in ("usr/sbin", "usr/bin", "usr/libexec", "sbin", "bin")
    ]
    return family.find(tree, "the server's program", *patterns)


def sqlstates(program: Program) -> tuple[dict[int, str], str]:
    """Return the SQLSTATEs by number, storage engines' numbers (120 and up) included, and that of all others.

    Raises CatalogError when the program has no such tables.
    """
    table = program.table("sqlstate_map")
    if table is None:
        raise CatalogError(f"{program.path}: it exports no table sqlstate_map; is this the server's program?")
    states: dict[int, str] = {}
    for address in range(table.address, table.address + table.size, _SIZE):
        state = program.text(address + _STATE)
        if state is None or not re.fullmatch(r"[0-9A-Z]{5}", state):
            raise CatalogError(
                f"{program.path}: its table sqlstate_map holds `{state}`; errbook knows another form of it"
            )
        states[program.number(address)] = state
    (default,) = family.exported(program, "unknown_sqlstate")
    return states, default


def _texts(tree: Path, language: str, explained: perror.Explained) -> dict[int, str]:
    patterns = [f"usr/share/{name}/{language}/errmsg.sys" for name in ("mariadb", "mysql")]
    path = family.find(tree, f"the messages in {language}", *patterns, f"share/{language}/errmsg.sys")
    messages = errmsg.read(path)
    if messages.flavour != "mariadb":
        raise CatalogError(f"{path}: these are MySQL's messages; name the tree of a MariaDB server")
    texts = dict(zip(messages.numbers, messages.texts, strict=True))
    # Where a range was begun anew at a round number, the file is filled up with empty texts.
    named = {number for number, text in texts.items() if text}
    if odd := sorted(named ^ set(explained.server)):
        raise CatalogError(
            f"{path}: perror and the file do not know the same numbers ({odd[0]} and {len(odd) - 1} more); "
            "they are not of the same version"
        )
    if language == errmsg.ENGLISH:
        for number in named:
            if texts[number] != explained.server[number][1]:
                raise CatalogError(f"{path}: {number} reads otherwise than in perror; they are not of the same version")
    return texts


def _library(path: Path, names: dict[str, int]) -> dict[int, str]:
    last = max(number for number in names.values() if number < OWN_CLIENT_FIRST)
    last_own = max(names.values())
    with Program(path) as opened:
        return {
            **_table(opened, _SECOND_TEXT, family.CLIENT_FIRST + 1, family.CLIENT_FIRST, last),
            **_table(opened, _FIRST_OWN_TEXT, OWN_CLIENT_FIRST, OWN_CLIENT_FIRST, last_own),
        }


def _table(program: Program, text: str, number: int, first: int, last: int) -> dict[int, str]:
    """Return the texts of the numbers `first` to `last` of a table in which `text` is that of `number`."""
    place = next(program.tables_of(text), None)
    if place is None:
        raise CatalogError(
            f"{program.path}: it does not hold the text `{text}`; errbook knows another form of its table"
        )
    return {at: program.text(place + (at - number) * POINTER) or "" for at in range(first, last + 1)}


def _row(number: int, symbol: str, text: str, state: str) -> Row:
    row: Row = {"code": str(number), "symbol": symbol, "sqlstate": state, "message": text, "where": "client"}
    if _NEVER.fullmatch(symbol):
        row["obsolete"] = True
    return row
