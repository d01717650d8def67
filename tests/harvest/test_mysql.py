"""MySQL's catalog: the committed one, and harvesting a real server."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from errbook.harvest import mysql
from errbook.harvest.catalog import CatalogError, encode, read

from .conftest import LabServer

TABLE = "performance_schema.events_errors_summary_global_by_error"


@pytest.fixture(scope="session")
def server(lab_server: Callable[[str], LabServer]) -> LabServer:
    return lab_server("mysql:9.7")


def tree_with(tree: Path, folder: Path, files: dict[str, bytes]) -> Path:
    """Return a copy of the part of a server's tree that is harvested, with other files in the place of some."""
    for name in ("usr/sbin/mysqld", "usr/share/mysql/english/errmsg.sys"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(tree / name)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_the_committed_catalog_has_each_number_once_and_all_of_them(catalogs: Path) -> None:
    header, rows = read(catalogs / "mysql" / "9.7.jsonl")
    assert header["version"] == "9.7.4"
    codes = [int(row["code"]) for row in rows]
    assert codes == sorted(set(codes))
    server = [row for row in rows if "sqlstate" in row]
    assert len(server) == 6_562
    assert sum("obsolete" in row for row in server) == 748
    assert [row["code"] for row in rows if row["where"] == "library"] == [str(code) for code in range(2000, 2076)]


@pytest.mark.parametrize(
    "row",
    [
        {
            "code": "1040",
            "symbol": "ER_CON_COUNT_ERROR",
            "sqlstate": "08004",
            "message": "Too many connections",
            "where": "client",
        },
        {
            "code": "10041",
            "symbol": "ER_CANT_INIT_TC_LOG",
            "sqlstate": "HY000",
            "message": "Can't init tc log",
            "where": "log",
        },
        {
            "code": "1001",
            "symbol": "OBSOLETE_ER_NISAMCHK",
            "sqlstate": "HY000",
            "message": "isamchk",
            "where": "client",
            "obsolete": True,
            "formerly": ["ER_NISAMCHK"],
        },
        {
            "code": "2006",
            "symbol": "CR_SERVER_GONE_ERROR",
            "message": "MySQL server has gone away",
            "where": "library",
        },
        {"code": "13", "message": "Can't get stat of '%s' (OS errno %d - %s)", "where": "client"},
        {"code": "5116", "symbol": "ER_X_DUPLICATE_ENTRY", "where": "client"},
    ],
    ids=lambda row: row["code"],
)
def test_a_row_has_what_the_server_says(catalogs: Path, row: dict[str, Any]) -> None:
    found = {found["code"]: found for found in read(catalogs / "mysql" / "9.7.jsonl").rows}
    assert found[row["code"]] == row


def test_every_row_that_the_server_lists_is_harvested(server: LabServer) -> None:
    statement = f"SELECT ERROR_NUMBER, ERROR_NAME, SQL_STATE FROM {TABLE} WHERE ERROR_NUMBER IS NOT NULL"  # noqa: S608
    listed = server.query(statement)
    rows = {row["code"]: row for row in mysql.harvest(server.tree, server.query, server.run).rows}
    for number, symbol, state in listed:
        assert (rows[str(number)]["symbol"], rows[str(number)]["sqlstate"]) == (symbol, state)
    unlisted = {code for code, row in rows.items() if "sqlstate" in row} - {str(number) for number, _, _ in listed}
    # Two that are words, not errors; all others that the server does not list are obsolete.
    assert {rows[code]["symbol"] for code in unlisted if "obsolete" not in rows[code]} == {"ER_NO", "ER_YES"}


def test_harvesting_twice_gives_the_bytes_of_the_committed_catalog(server: LabServer, catalogs: Path) -> None:
    first, second = (mysql.harvest(server.tree, server.query, server.run, server.headers) for _ in range(2))
    assert encode(*first) == encode(*second)
    committed = read(catalogs / "mysql" / "9.7.jsonl")
    if first.header["version"] != committed.header["version"]:
        pytest.skip(f"the lab's server is {first.header['version']}, the catalog is {committed.header['version']}")
    if first.header["sources"] != committed.header["sources"]:
        pytest.skip("the headers that were got are of another version")
    assert encode(*first) == (catalogs / "mysql" / "9.7.jsonl").read_bytes()


def test_messages_of_another_language_say_so_in_the_header(server: LabServer) -> None:
    header, rows = mysql.harvest(server.tree, server.query, server.run, language="german")
    assert header["language"] == "german"
    assert next(row["message"] for row in rows if row["code"] == "1040") == "Zu viele Verbindungen"


def test_without_headers_the_client_library_has_texts_and_no_symbols(server: LabServer, tmp_path: Path) -> None:
    header, rows = mysql.harvest(tree_with(server.tree, tmp_path, {}), server.query, server.run)
    found = {row["code"]: row for row in rows}
    assert found["2006"] == {"code": "2006", "message": "MySQL server has gone away", "where": "library"}
    assert "5116" not in found
    assert not any("errmsg.h" in source for source in header["sources"])


def test_a_user_who_may_not_read_the_table_is_told_what_to_grant(server: LabServer) -> None:
    server.query("CREATE USER IF NOT EXISTS errbook_nobody@localhost")
    with pytest.raises(
        CatalogError, match=r"does not show it \(error 1142 \(42000\).*needs SELECT on performance_schema"
    ):
        mysql.harvest(server.tree, server.query_as("errbook_nobody"), server.run)


@pytest.mark.parametrize(
    ("shown", "message"),
    [
        # A server that runs with performance_schema=OFF has the table and no rows in it.
        (0, "the server shows no rows"),
        # One that runs with performance_schema_error_size=10 shows nine.
        (
            9,
            r"the server shows 9 errors of 5,8\d\d \(1\d{3} is not there\); start it without performance_schema_error",
        ),
    ],
)
def test_a_server_that_shows_a_part_of_the_table_is_refused(server: LabServer, shown: int, message: str) -> None:
    def query(statement: str) -> Sequence[Sequence[Any]]:
        return server.query(statement + (f" LIMIT {shown}" if TABLE in statement else ""))

    with pytest.raises(CatalogError, match=message):
        mysql.harvest(server.tree, query, server.run)


def test_messages_that_are_cut_off_or_of_another_language_are_refused(server: LabServer, tmp_path: Path) -> None:
    messages = "usr/share/mysql/english/errmsg.sys"
    whole = (server.tree / messages).read_bytes()
    tree = tree_with(server.tree, tmp_path / "cut", {messages: whole[:100_000]})
    with pytest.raises(CatalogError, match=r"is cut off: its header promises [\d,]+ bytes, it has 100,000"):
        mysql.harvest(tree, server.query, server.run)
    other = (server.tree / "usr/share/mysql/german/errmsg.sys").read_bytes()
    tree = tree_with(server.tree, tmp_path / "other", {messages: other})
    with pytest.raises(CatalogError, match="reads otherwise than in perror; they are not of the same version"):
        mysql.harvest(tree, server.query, server.run)


def test_headers_of_another_version_are_refused(server: LabServer, tmp_path: Path) -> None:
    headers = {
        "usr/include/mysql/errmsg.h": b"#define CR_SERVER_GONE_ERROR 2006\n",
        "usr/include/mysql/mysql_version.h": b'#define MYSQL_SERVER_VERSION "9.7.1"\n',
    }
    with pytest.raises(CatalogError, match=r"the headers are of 9\.7\.1 and the server is 9\.7\.\d+; install those of"):
        mysql.harvest(tree_with(server.tree, tmp_path, headers), server.query, server.run)


def test_a_tree_without_a_server_is_refused(server: LabServer, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"the server's program is not there; looked for usr/sbin/mysqld"):
        mysql.harvest(tmp_path, server.query, server.run)


def test_a_program_that_is_cut_off_is_refused(server: LabServer, tmp_path: Path) -> None:
    program = (server.tree / "usr/sbin/mysqld").read_bytes()
    for size in (0, 50, 1_000_000):
        tree = tree_with(server.tree, tmp_path / str(size), {"usr/sbin/mysqld": program[:size]})
        with pytest.raises(CatalogError, match=r"cut off|it is empty"):
            mysql.harvest(tree, server.query, server.run)


def test_a_mariadb_server_is_refused(lab_server: Callable[[str], LabServer]) -> None:
    server = lab_server("mariadb:11.8")
    with pytest.raises(CatalogError, match=r"mysql: the server is MariaDB 11\.8\.\d+; harvest it as mariadb"):
        mysql.harvest(server.tree, server.query, server.run)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("5.7.44-log", r"mysql: the server is MySQL 5\.7\.44; the first to harvest is 8\.0"),
        ("unreleased", "mysql: the server says that its version is `unreleased`, which is none that errbook knows"),
    ],
)
def test_a_version_that_is_too_old_or_unknown_is_refused(tmp_path: Path, said: str, message: str) -> None:
    # No server says so in the lab: 5.7 has no package.
    with pytest.raises(CatalogError, match=message):
        mysql.harvest(tmp_path, lambda _: [(said,)], lambda _: "")
