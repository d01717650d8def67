"""MySQL: every code of a server, from the running server and the files beside it.

- ``performance_schema.events_errors_summary_global_by_error`` lists number, symbol and SQLSTATE of every error in use.
- ``perror`` names obsolete ones too: the number stays reserved, and the symbol begins with ``OBSOLETE_``
  (``share/errmsg_readme.txt`` of MySQL's source, question 10).
- ``errmsg.sys`` holds the message templates, in one language a file.
- The program ``mysqld`` exports ``error_names_array``, with the SQLSTATEs of what the table leaves out, and
  ``client_errors``, the texts of the client library.
- ``errmsg.h`` and ``mysqlx_error.h``, where the client library's development files are installed, hold the symbols of
  the client library and of the X Protocol.

Where an error goes follows from its number. From 10000 (``ER_SERVER_RANGE_START``) on it goes to the server's error
log, below that to clients; the server refuses to send one to the other place (``share/errmsg_readme.txt``, questions 2
and 7).
Numbers below 1000 belong to the library under the server and its programs. They reach clients too:
``ERROR 13 (HY000): Can't get stat of …``.
"""

import re
from pathlib import Path
from typing import Final

from errbook.harvest import errmsg, family, header, perror
from errbook.harvest.catalog import Catalog, CatalogError, Row, catalog
from errbook.harvest.elf import Program

OLDEST: Final = (8, 0)
"""Before 8.0 there is no table of errors to ask, and perror names no symbols."""

LOG_FIRST: Final = 10_000
"""``ER_SERVER_RANGE_START``: the first number of the error log's messages."""

_TABLE: Final = "performance_schema.events_errors_summary_global_by_error"
_HIDDEN: Final = "a user needs SELECT on performance_schema.*, and the server must run with performance_schema=ON"
# A row of error_names_array, `server_error` in sql/derror.h: name, number, text, SQLSTATE, JDBC's state, index.
_NAME, _NUMBER, _STATE, _INDEX, _SIZE = 0, 8, 24, 40, 48


def harvest(
    tree: Path, query: family.Query, run: perror.Run, headers: Path | None = None, *, language: str = errmsg.ENGLISH
) -> Catalog:
    """Harvest a MySQL server.

    `tree` is the root of the server's files (the folder that holds ``usr``), `query` asks the running server, and `run`
    runs programs of the tree. `headers` is the root of the files that hold the headers of its client library,
    where that is another one. `language` is a folder of errmsg.sys, such as ``german``.

    Raises CatalogError when the server hides its table, is too old or none of MySQL, when a file is missing, damaged or
    of another version, and when the sources contradict each other.
    """
    exact = family.version(query, "mysql", OLDEST)
    listed = _listed(query)
    explained = perror.ask(run)
    program = family.find(
        tree, "the server's program", "usr/sbin/mysqld", "usr/bin/mysqld", "sbin/mysqld", "bin/mysqld"
    )
    texts = _texts(tree, language, explained)
    for number, (symbol, _) in listed.items():
        if explained.server.get(number, ("",))[0] != symbol:
            raise CatalogError(
                f"mysql {exact}: the server calls {number} {symbol}, and perror "
                f"{explained.server.get(number, ('nothing',))[0]}; the tree is not that of the server"
            )
    sources = [
        f"code, symbol, sqlstate: {_TABLE}",
        "code and symbol of obsolete errors, and errors below 1000: perror",
        f"message: {language}/errmsg.sys",
        "sqlstate of errors that the table leaves out: error_names_array of the program mysqld",
        "where: the ranges of numbers in share/errmsg_readme.txt of MySQL's source",
        "message of the client library: client_errors of the program mysqld",
    ]
    with Program(program) as opened:
        states, counted = _compiled(opened)
        client = family.numbered(family.exported(opened, "client_errors"), family.CLIENT_FIRST)
    if missing := counted - set(listed):
        raise CatalogError(
            f"{_TABLE}: the server shows {len(listed):,} errors of {len(counted):,} ({min(missing)} is not there); "
            "start it without performance_schema_error_size"
        )
    states |= {number: state for number, (_, state) in listed.items()}
    rows = [_row(number, symbol, texts[number], states.get(number)) for number, (symbol, _) in explained.server.items()]
    rows += [
        {"code": str(number), "message": text, "where": "client"} for number, text in explained.mysys.items() if text
    ]
    names: dict[str, int] = {}
    include = (headers or tree) / "usr/include/mysql"
    if (include / "errmsg.h").is_file():
        family.same_version(include / "mysql_version.h", exact)
        names = header.constants(r"CR_(?!ERROR_FIRST|ERROR_LAST|MIN_ERROR|MAX_ERROR)\w+", include / "errmsg.h")
        sources.append("symbol of the client library: errmsg.h")
    rows += family.library_rows(names, client)
    if (include / "mysqlx_error.h").is_file():
        symbols = header.constants(r"ER_X_\w+", include / "mysqlx_error.h")
        rows += [{"code": str(number), "symbol": symbol, "where": "client"} for symbol, number in symbols.items()]
        sources.append("code and symbol of the X Protocol: mysqlx_error.h")
    other = None if language == errmsg.ENGLISH else language
    return catalog("mysql", family.series(exact), exact, sources, rows, language=other)


def _listed(query: family.Query) -> dict[int, tuple[str, str]]:
    # Constant names; nothing is put into the statement.
    statement = f"SELECT ERROR_NUMBER, ERROR_NAME, SQL_STATE FROM {_TABLE} WHERE ERROR_NUMBER IS NOT NULL"  # noqa: S608
    try:
        rows = query(statement)
    except family.Refused as refused:
        raise CatalogError(f"{_TABLE}: the server does not show it ({refused}); {_HIDDEN}") from None
    if not rows:
        raise CatalogError(f"{_TABLE}: the server shows no rows; {_HIDDEN}")
    return {int(number): (str(symbol), str(state)) for number, symbol, state in rows}


def _texts(tree: Path, language: str, explained: perror.Explained) -> dict[int, str]:
    pattern = f"usr/share/mysql*/{language}/errmsg.sys"
    path = family.find(tree, f"the messages in {language}", pattern, f"share/{language}/errmsg.sys")
    messages = errmsg.read(path)
    numbers = sorted(explained.server)
    if messages.flavour != "mysql":
        raise CatalogError(f"{path}: these are MariaDB's messages; name the tree of a MySQL server")
    if len(messages.texts) != len(numbers):
        raise CatalogError(
            f"{path}: it has {len(messages.texts):,} messages and perror knows {len(numbers):,}; "
            "they are not of the same version"
        )
    texts = dict(zip(numbers, messages.texts, strict=True))
    if language == errmsg.ENGLISH:
        for number, text in texts.items():
            if text != explained.server[number][1]:
                raise CatalogError(f"{path}: {number} reads otherwise than in perror; they are not of the same version")
    return texts


def _compiled(program: Program) -> tuple[dict[int, str], set[int]]:
    """Return the SQLSTATEs that are compiled into the program, and the numbers that the server counts in its table."""
    table = program.table("error_names_array")
    if table is None:
        raise CatalogError(f"{program.path}: it exports no table error_names_array; is this the server's program?")
    states: dict[int, str] = {}
    counted = set()
    for address in range(table.address, table.address + table.size, _SIZE):
        if program.text(address + _NAME) and (state := program.text(address + _STATE)):
            number = program.number(address + _NUMBER)
            states[number] = state
            if program.number(address + _INDEX):
                counted.add(number)
    return states, counted


def _row(number: int, symbol: str, text: str, state: str | None) -> Row:
    row: Row = {"code": str(number), "symbol": symbol, "where": "log" if number >= LOG_FIRST else "client"}
    if state:
        row["sqlstate"] = state
    if text:
        row["message"] = text
    if former := re.fullmatch(r"OBSOLETE_(\w+)", symbol):
        row["obsolete"] = True
        row["formerly"] = [former[1]]
    return row
