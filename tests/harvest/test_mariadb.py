"""MariaDB's catalogs: the committed ones, and harvesting a real server."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from errbook.harvest import mariadb
from errbook.harvest.catalog import CatalogError, encode, read
from errbook.harvest.family import Refused

from .conftest import LabServer

SERIES = ["10.11", "11.8"]


@pytest.fixture(scope="session", params=SERIES)
def series(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def server(lab_server: Callable[[str], LabServer], series: str) -> LabServer:
    return lab_server(f"mariadb:{series}")


@pytest.mark.parametrize(
    ("name", "version", "errors", "library"), [("10.11", "10.11.19", 1_218, 69), ("11.8", "11.8.9", 1_333, 71)]
)
def test_the_committed_catalog_has_each_number_once_and_all_of_them(
    catalogs: Path, name: str, version: str, errors: int, library: int
) -> None:
    header, rows = read(catalogs / "mariadb" / f"{name}.jsonl")
    assert header["version"] == version
    codes = [int(row["code"]) for row in rows]
    assert codes == sorted(set(codes))
    assert sum("sqlstate" in row for row in rows) == errors
    assert sum(row["where"] == "library" for row in rows) == library


@pytest.mark.parametrize(
    "row",
    [
        {
            "code": "1146",
            "symbol": "ER_NO_SUCH_TABLE",
            "sqlstate": "42S02",
            "message": "Table '%-.192s.%-.192s' doesn't exist",
            "where": "client",
        },
        {
            "code": "1101",
            "symbol": "ER_UNUSED_17",
            "sqlstate": "HY000",
            "message": "You should never see it",
            "where": "client",
            "obsolete": True,
        },
        {"code": "2006", "symbol": "CR_SERVER_GONE_ERROR", "message": "Server has gone away", "where": "library"},
        {
            "code": "5012",
            "symbol": "CR_ERR_LOAD_PLUGIN",
            "message": "Error while loading plugin '%s'",
            "where": "library",
        },
        {"code": "41", "message": "Local temporary space limit reached", "where": "client"},
    ],
    ids=lambda row: row["code"],
)
def test_a_row_has_what_the_server_says(catalogs: Path, row: dict[str, Any]) -> None:
    found = {found["code"]: found for found in read(catalogs / "mariadb" / "11.8.jsonl").rows}
    assert found[row["code"]] == row


def test_every_error_that_perror_names_is_harvested(server: LabServer) -> None:
    rows = {row["code"]: row for row in mariadb.harvest(server.tree, server.query, server.run).rows}
    said = "".join(server.run(["perror", *map(str, range(low, low + 1000))]) for low in range(1000, 5000, 1000))
    named = dict(re.findall(r"^MariaDB error code (\d+) \((\w+)\): ", said, re.MULTILINE))
    assert named == {code: row["symbol"] for code, row in rows.items() if "sqlstate" in row}


def test_harvesting_twice_gives_the_bytes_of_the_committed_catalog(
    server: LabServer, series: str, catalogs: Path
) -> None:
    path = catalogs / "mariadb" / f"{series}.jsonl"
    first, second = (mariadb.harvest(server.tree, server.query, server.run, server.headers) for _ in range(2))
    assert encode(*first) == encode(*second)
    committed = read(path)
    if first.header["version"] != committed.header["version"]:
        pytest.skip(f"the lab's server is {first.header['version']}, the catalog is {committed.header['version']}")
    if first.header["sources"] != committed.header["sources"]:
        pytest.skip("the headers that were got are of another version")
    assert encode(*first) == path.read_bytes()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELEC 1", "1064"),
        ("SELECT * FROM mysql.nothing", "1146"),
        ("SELECT nothing", "1054"),
        ("USE nothing", "1049"),
        ("CREATE DATABASE mysql", "1007"),
        ("SELECT (SELECT 1 UNION SELECT 2)", "1242"),
        ("SELECT 1 INTO @a, @b", "1222"),
        ("SIGNAL SQLSTATE '00000'", "1407"),
        ("SELECT 18446744073709551615 + 1", "1690"),
        ("SELECT ROW(1, 2) = 1", "4078"),
        ("SELECT COUNT(*), AVG(COUNT(*))", "1111"),
        ("KILL 4294967295", "1094"),
        ("SET GLOBAL nothing = 1", "1193"),
        ("SET autocommit = 7", "1231"),
        ("SELECT NEXTVAL(mysql.nothing)", "4091"),
        ("XA COMMIT 'nothing'", "1397"),
        ("EXECUTE nothing", "1243"),
        ("CALL mysql.nothing()", "1305"),
        ("DROP USER nobody@nowhere", "1396"),
    ],
)
def test_the_server_raises_the_sqlstate_that_was_harvested(
    server: LabServer, series: str, catalogs: Path, statement: str, code: str
) -> None:
    rows = {row["code"]: row for row in read(catalogs / "mariadb" / f"{series}.jsonl").rows}
    with pytest.raises(Refused) as caught:
        server.query(statement)
    assert (caught.value.code, caught.value.sqlstate) == (code, rows[code]["sqlstate"])


def test_messages_of_another_language_say_so_in_the_header(server: LabServer) -> None:
    header, rows = mariadb.harvest(server.tree, server.query, server.run, language="german")
    assert header["language"] == "german"
    assert next(row["message"] for row in rows if row["code"] == "1040") == "Zu viele Verbindungen"


def test_the_messages_of_mysql_are_refused(
    lab_server: Callable[[str], LabServer], server: LabServer, tmp_path: Path
) -> None:
    folder = tmp_path / "usr/share/mariadb/english"
    folder.mkdir(parents=True)
    (folder / "errmsg.sys").symlink_to(lab_server("mysql:9.7").tree / "usr/share/mysql/english/errmsg.sys")
    with pytest.raises(CatalogError, match=r"these are MySQL's messages; name the tree of a MariaDB server"):
        mariadb.harvest(tmp_path, server.query, server.run)


def test_the_messages_of_another_series_are_refused(lab_server: Callable[[str], LabServer]) -> None:
    older, newer = (lab_server(f"mariadb:{name}") for name in SERIES)
    with pytest.raises(CatalogError, match=r"perror and the file do not know the same numbers|reads otherwise"):
        mariadb.harvest(older.tree, newer.query, newer.run)


def test_a_program_of_mysql_is_refused(
    lab_server: Callable[[str], LabServer], server: LabServer, tmp_path: Path
) -> None:
    (tmp_path / "usr/sbin").mkdir(parents=True)
    (tmp_path / "usr/sbin/mariadbd").symlink_to(lab_server("mysql:9.7").tree / "usr/sbin/mysqld")
    (tmp_path / "usr/share").symlink_to(server.tree / "usr/share")
    with pytest.raises(CatalogError, match="it exports no table sqlstate_map; is this the server's program"):
        mariadb.harvest(tmp_path, server.query, server.run)


def test_a_mysql_server_is_refused(lab_server: Callable[[str], LabServer]) -> None:
    server = lab_server("mysql:9.7")
    with pytest.raises(CatalogError, match=r"mariadb: the server is MySQL 9\.7\.\d+; harvest it as mysql"):
        mariadb.harvest(server.tree, server.query, server.run)
