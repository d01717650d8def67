"""Numbers inside messages: of the operating system, of storage engines, of InnoDB and of the library below them.

``errno: 13``, ``OS error 28``, ``Got error 122 from storage engine``: one number means something else in each. Every
row says in ``namespace`` whose number it is:

os
    The operating system's, ``errno`` of C. Names are Linux's (``asm-generic/errno-base.h`` and ``errno.h``, the numbers
    of x86-64 and 64-bit ARM), texts those of the C library, as perror and the servers print them.
handler
    A storage engine's, which it reports to the server: 120 and up. MySQL and MariaDB use the same number for different
    things from 187 on. Texts come from perror; symbols from ``include/my_base.h`` of the server's source, or for those
    that it knows, from the table of MariaDB's program ``mariadb-test``; SQLSTATEs from MariaDB's ``sqlstate_map``.
innodb
    InnoDB's own, ``dberr_t``: from ``db0err.h`` and ``ut0ut.cc`` of the server's source, for no program prints them.
mysys
    The library below a server and its programs, below 1000: texts as in the server's own catalog, symbols from
    ``include/mysys_err.h`` of the server's source.
"""

import re
from pathlib import Path
from typing import Final

from errbook.harvest import family, header, mariadb, mysql, perror
from errbook.harvest.catalog import Catalog, CatalogError, Row, catalog
from errbook.harvest.elf import Program

_OLDEST: Final = {"mysql": mysql.OLDEST, "mariadb": mariadb.OLDEST}
# A row of global_error_names, `st_error` in client/mysqltest.cc: name, number, text.
_FIRST_HANDLER: Final = "HA_ERR_KEY_NOT_FOUND"
_NUMBER, _SIZE = 8, 24


def operating_system(include: Path, run: perror.Run) -> Catalog:
    """Harvest Linux's error numbers.

    `include` is a folder with ``linux`` and ``asm-generic`` (``/usr/include`` where a C compiler is installed), `run`
    runs the program perror of a MySQL or MariaDB server. Raises CatalogError when one of them is not what it should be.
    """
    release = header.constants(r"LINUX_VERSION_(MAJOR|PATCHLEVEL|SUBLEVEL)", include / "linux/version.h")
    names = header.constants(r"E[A-Z0-9]+", include / "asm-generic/errno-base.h", include / "asm-generic/errno.h")
    texts = perror.ask(run).system
    rows = []
    for number in sorted({*names.values(), *texts}):
        row: Row = {"code": str(number), "namespace": "os"}
        symbols = [name for name, value in names.items() if value == number]
        if symbols:
            row["symbol"] = symbols[0]
        if symbols[1:]:
            row["aliases"] = symbols[1:]
        if number in texts:
            row["message"] = texts[number]
        rows.append(row)
    version = ".".join(str(number) for number in release.values())
    sources = ["symbol: asm-generic/errno-base.h and errno.h of Linux", "message: perror"]
    return catalog("system", "linux", version, sources, rows)


def storage(engine: str, tree: Path, query: family.Query, run: perror.Run, source: Path | None = None) -> Catalog:
    """Harvest the numbers of a server's storage engines, of its InnoDB and of the library below.

    `engine` is ``mysql`` or ``mariadb``; `tree`, `query` and `run` are as for that engine's own catalog. `source` is
    the root of the server's source; without it there are no rows of InnoDB, and fewer symbols.

    Raises CatalogError as `mysql.harvest` does, and when the source is of another version.
    """
    exact = family.version(query, engine, _OLDEST[engine])
    explained = perror.ask(run)
    sources = ["message of storage engines: perror"]
    handlers: dict[str, int] = {}
    below: dict[str, int] = {}
    states: dict[int, str] = {}
    mysys = explained.mysys
    if engine == "mariadb":
        with Program(mariadb.find_program(tree)) as opened:
            states, _ = mariadb.sqlstates(opened)
            mysys = family.numbered(family.exported(opened, "globerrs"), 1)
        sources.append("sqlstate: sqlstate_map of the program mariadbd")
        sources.append("message of the library below: globerrs of the program mariadbd")
        if tester := family.find_any(tree, "usr/bin/mariadb-test", "usr/bin/mysqltest"):
            handlers = _tested(tester)
            sources.append("symbol of storage engines: the table of the program mariadb-test")
    else:
        sources.append("message of the library below: perror")
    rows: list[Row] = []
    if source is not None:
        _same_source(source, exact)
        handlers = _between(source / "include/my_base.h", "HA_ERR_FIRST", "HA_ERR_LAST")
        below = header.constants(r"EE_(?!ERROR_FIRST|ERROR_LAST)\w+", source / "include/mysys_err.h")
        rows += _innodb(source / "storage/innobase")
        sources.append("symbol of storage engines: include/my_base.h of the source")
        sources.append("symbol of the library below: include/mysys_err.h of the source")
        sources.append("innodb: storage/innobase/include/db0err.h and storage/innobase/ut/ut0ut.cc of the source")
    rows += _named("handler", explained.handler, handlers, states)
    rows += _named("mysys", mysys, below, {})
    return catalog("system", f"{engine}-{family.series(exact)}", exact, sources, rows)


def _named(namespace: str, texts: dict[int, str], names: dict[str, int], states: dict[int, str]) -> list[Row]:
    symbols = {number: name for name, number in names.items()}
    rows: list[Row] = []
    for number, text in texts.items():
        if text == f"Undefined handler error {number}":
            continue
        row: Row = {"code": str(number), "namespace": namespace}
        if number in symbols:
            row["symbol"] = symbols[number]
        if number in states:
            row["sqlstate"] = states[number]
        if text:
            row["message"] = text
        if len(row) > len(("code", "namespace")):
            rows.append(row)
    return rows


def _tested(path: Path) -> dict[str, int]:
    with Program(path) as program:
        place = next(program.tables_of(_FIRST_HANDLER), None)
        if place is None:
            raise CatalogError(f"{path}: it does not hold the text {_FIRST_HANDLER}; is this MariaDB's test program?")
        names: dict[str, int] = {}
        while name := program.text(place):
            names[name] = program.number(place + _NUMBER)
            place += _SIZE
    return names


def _between(path: Path, first: str, last: str) -> dict[str, int]:
    """Return the constants that are defined between two others; other constants of the file have the same numbers."""
    names = list(constants := header.constants(r"HA_\w+", path))
    if first not in names or last not in names:
        raise CatalogError(f"{path}: {first} and {last} are not defined here; is this the right file?")
    return {name: constants[name] for name in names[names.index(first) + 1 : names.index(last)]}


def _innodb(folder: Path) -> list[Row]:
    numbers = header.enumeration(folder / "include/db0err.h", "dberr_t")
    texts = header.returned(folder / "ut/ut0ut.cc", "ut_strerr")
    rows: list[Row] = []
    for name, number in numbers.items():
        row: Row = {"code": str(number), "symbol": name, "namespace": "innodb"}
        if text := texts.get(name):
            row["message"] = text
        rows.append(row)
    return rows


def _same_source(source: Path, exact: str) -> None:
    path = family.find(source, "the file with its version", "MYSQL_VERSION", "VERSION")
    parts = dict(re.findall(r"^MYSQL_VERSION_(MAJOR|MINOR|PATCH)=(\d+)", header.text(path), re.MULTILINE))
    found = ".".join(parts.get(part, "?") for part in ("MAJOR", "MINOR", "PATCH"))
    if found != exact:
        raise CatalogError(f"{source}: the source is of {found} and the server is {exact}; unpack that of {exact}")
