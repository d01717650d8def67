"""Numbers inside messages, and the C files and programs that they are read from."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from errbook.harvest import header, system
from errbook.harvest.catalog import CatalogError, Row, encode, read
from errbook.harvest.elf import POINTER, Program

from .conftest import LabServer


def rows_of(path: Path, namespace: str) -> dict[str, Row]:
    return {row["code"]: row for row in read(path).rows if row["namespace"] == namespace}


def test_every_error_number_of_this_system_is_in_the_catalog(catalogs: Path) -> None:
    rows = rows_of(catalogs / "system" / "linux.jsonl", "os")
    known = {name: str(value) for name, value in vars(errno).items() if name.startswith("E")}
    assert len(known) > 120
    # glibc alone has this name, for EOPNOTSUPP.
    assert known.pop("ENOTSUP") == known["EOPNOTSUPP"]
    assert {name: code for name, code in known.items() if name in _names(rows[code])} == known
    assert rows["28"] == {
        "code": "28",
        "symbol": "ENOSPC",
        "namespace": "os",
        "message": "No space left on device",
    }
    assert rows["11"]["aliases"] == ["EWOULDBLOCK"]


def _names(row: Row) -> list[str]:
    return [row["symbol"], *row.get("aliases", ())]


@pytest.mark.parametrize(
    ("name", "namespace", "count"),
    [
        ("mysql-9.7", "handler", 89),
        ("mysql-9.7", "mysys", 93),
        ("mysql-9.7", "innodb", 95),
        ("mariadb-10.11", "handler", 79),
        ("mariadb-10.11", "mysys", 38),
        ("mariadb-11.8", "handler", 81),
        ("mariadb-11.8", "mysys", 41),
    ],
)
def test_the_committed_catalogs_hold_each_number_once_a_namespace(
    catalogs: Path, name: str, namespace: str, count: int
) -> None:
    path = catalogs / "system" / f"{name}.jsonl"
    assert len(rows_of(path, namespace)) == count == sum(row["namespace"] == namespace for row in read(path).rows)


def test_a_number_means_something_else_in_each_namespace(catalogs: Path) -> None:
    mysql, mariadb = (catalogs / "system" / f"{name}.jsonl" for name in ("mysql-9.7", "mariadb-11.8"))
    assert rows_of(catalogs / "system" / "linux.jsonl", "os")["122"]["message"] == "Disk quota exceeded"
    assert rows_of(mysql, "handler")["122"]["symbol"] == "HA_ERR_INTERNAL_ERROR"
    assert rows_of(mysql, "handler")["194"]["message"] == "Out of memory in storage engine"
    assert rows_of(mariadb, "handler")["194"]["message"] == "Tablespace is missing for a table"
    assert rows_of(mariadb, "handler")["120"]["sqlstate"] == "02000"
    assert rows_of(mysql, "innodb")["39"] == {
        "code": "39",
        "symbol": "DB_CORRUPTION",
        "namespace": "innodb",
        "message": "Data structure corruption",
    }
    assert rows_of(mysql, "mysys")["13"]["symbol"] == "EE_STAT"


@pytest.mark.parametrize("name", ["mysql:9.7", "mariadb:10.11", "mariadb:11.8"])
def test_storage_engines_of_a_real_server(lab_server: Callable[[str], LabServer], catalogs: Path, name: str) -> None:
    server = lab_server(name)
    engine, _, series = name.partition(":")
    first, second = (system.storage(engine, server.tree, server.query, server.run) for _ in range(2))
    assert encode(*first) == encode(*second)
    committed = read(catalogs / "system" / f"{engine}-{series}.jsonl")
    if first.header["version"] != committed.header["version"]:
        pytest.skip(f"the lab's server is {first.header['version']}, the catalog is {committed.header['version']}")
    # Symbols need the source of MySQL, or MariaDB's test program, which the lab's trees need not have.
    plain = [
        {key: row[key] for key in row if key != "symbol"} for row in committed.rows if row["namespace"] != "innodb"
    ]
    assert [{key: row[key] for key in row if key != "symbol"} for row in first.rows] == plain


def test_a_source_of_something_else_is_refused(lab_server: Callable[[str], LabServer], tmp_path: Path) -> None:
    server = lab_server("mysql:9.7")
    with pytest.raises(CatalogError, match="the file with its version is not there; looked for MYSQL_VERSION, VERSION"):
        system.storage("mysql", server.tree, server.query, server.run, tmp_path)
    (tmp_path / "VERSION").write_text("MYSQL_VERSION_MAJOR=8\nMYSQL_VERSION_MINOR=4\nMYSQL_VERSION_PATCH=0\n")
    with pytest.raises(
        CatalogError, match=r"the source is of 8\.4\.0 and the server is 9\.7\.\d+; unpack that of 9\.7"
    ):
        system.storage("mysql", server.tree, server.query, server.run, tmp_path)


def test_constants_of_a_header(tmp_path: Path) -> None:
    path = tmp_path / "errno.h"
    path.write_text(
        "#define EAGAIN 11 /* Try again */\n"
        "# define EWOULDBLOCK EAGAIN\n"
        "/* #define EGONE 12 */\n"
        "// #define EGONE 13\n"
        "#define ETEXT unknown\n"
        "#define OTHER 7\n"
    )
    assert header.constants(r"E\w+", path) == {"EAGAIN": 11, "EWOULDBLOCK": 11}
    with pytest.raises(CatalogError, match=r"errno\.h: no constant named like CR_ is defined here"):
        header.constants("CR_", path)


def test_members_of_an_enum_and_what_a_switch_returns(tmp_path: Path) -> None:
    path = tmp_path / "db0err.h"
    path.write_text(
        "enum dberr_t {\n\tDB_UNSET,\n\tDB_SUCCESS = 10, /*!< done */\n\n\t/* errors, and more */\n\tDB_ERROR,\n"
        "#ifdef DEBUG\n\tDB_DEBUG,\n#endif\n\tDB_LAST\n};\n"
        'const char *ut_strerr(dberr_t num) {\n  switch (num) {\n    case DB_SUCCESS:\n      return ("Success");\n'
        '    case DB_ERROR:\n    case DB_DEBUG:\n      return (\n          "Generic "\n          "error");\n'
        '    case DB_UNSET:;\n  }\n  ut_error;\n  return ("Unknown error");\n}\n'
    )
    assert header.enumeration(path, "dberr_t") == {
        "DB_UNSET": 0,
        "DB_SUCCESS": 10,
        "DB_ERROR": 11,
        "DB_DEBUG": 12,
        "DB_LAST": 13,
    }
    texts = header.returned(path, "ut_strerr")
    assert texts["DB_SUCCESS"] == "Success"
    assert texts["DB_ERROR"] == texts["DB_DEBUG"] == "Generic error"
    assert "DB_UNSET" not in texts
    with pytest.raises(CatalogError, match="there is no enum other here"):
        header.enumeration(path, "other")
    with pytest.raises(CatalogError, match="there is no function other here"):
        header.returned(path, "other")


def test_a_table_of_a_real_program_is_read(sqlite_library: Path) -> None:
    with Program(sqlite_library) as program:
        # The texts of sqlite3_errstr(), from code 0 on; there is none for 2, SQLITE_INTERNAL.
        (place,) = program.tables_of("not an error")
        assert [program.text(place + at * POINTER) for at in range(4)] == [
            "not an error",
            "SQL logic error",
            None,
            "access permission denied",
        ]
        version = program.table("sqlite3_version")
        assert version
        assert version.size == len("3.40.1\0")
        assert program.number(version.address).to_bytes(4, "little").startswith(b"3.")
        assert program.table("sqlstate_map") is None
        assert list(program.tables_of("no such text is in it")) == []


def test_a_file_that_is_no_program_or_cut_off_is_refused(sqlite_library: Path, tmp_path: Path) -> None:
    path = tmp_path / "program"
    whole = sqlite_library.read_bytes()
    for data, message in (
        (b"", "the program cannot be read: it is empty"),
        (b"#!/bin/sh\n", "not a 64-bit little-endian ELF program"),
        (whole[:40], "the program is cut off"),
        (whole[: len(whole) // 2], "the program is cut off"),
    ):
        path.write_bytes(data)
        with pytest.raises(CatalogError, match=message):
            Program(path)
    with pytest.raises(CatalogError, match="the program cannot be read: No such file or directory"):
        Program(tmp_path / "none")
