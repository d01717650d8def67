"""`errbook.explain`, and the programs of conditions, on what the servers' Python drivers raise."""

import asyncio
import ctypes
import importlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg  # type: ignore[import-untyped] # it comes without types
import mariadb  # type: ignore[import-untyped] # the same
import mysql.connector
import pg8000.dbapi  # type: ignore[import-untyped] # the same
import psycopg
import psycopg2  # type: ignore[import-untyped] # the same
import pymysql  # type: ignore[import-untyped] # the same
import pytest
import yaml
from tests.core.conftest import ROOT

from errbook.compile import compile_knowledge
from errbook.explained import explain
from errbook.knowledge import Knowledge
from errbook.lab.places import folder

SETUP = ("CREATE TABLE users (email varchar(99) UNIQUE)", "INSERT INTO users VALUES ('a')")
TWICE = "INSERT INTO users VALUES ('a')"
NOWHERE = "SELECT * FROM nowhere"


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knowledge]:
    target = tmp_path_factory.mktemp("compiled") / "errbook.db"
    compile_knowledge([ROOT], target)
    with Knowledge(target) as opened:
        yield opened


class Running(NamedTuple):
    """A server that runs in the background."""

    socket: Path

    @property
    def dsn(self) -> str:
        """How libpq connects to it."""
        return f"host={self.socket.parent} user=postgres dbname=demo"


@pytest.fixture(scope="module")
def start() -> Iterator[Callable[[str], Running]]:
    """Start a server of the lab in the background, once; it is ended with the module."""
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        started: dict[str, Running] = {}

        def lab(*arguments: str) -> None:
            command = [sys.executable, "-m", "errbook", "lab", *arguments]
            subprocess.run(command, env={**os.environ, "XDG_RUNTIME_DIR": folder}, check=True, stdout=subprocess.PIPE)

        def start(name: str) -> Running:
            if name not in started:
                lab("up", name)
                where = Path(folder, "errbook-lab", name.replace(":", "-"))
                started[name] = Running(next(path for path in where.iterdir() if path.is_socket()))
                prepare(started[name], name)
            return started[name]

        yield start
        for name in started:
            lab("down", name)


def prepare(running: Running, name: str) -> None:
    """Make the table that the statements need."""
    if name.startswith("postgresql"):
        with psycopg.connect(running.dsn, autocommit=True) as connection:
            for statement in SETUP:
                connection.execute(statement)
        return
    link = pymysql.connect(unix_socket=str(running.socket), user="root", database="demo", autocommit=True)
    with link, link.cursor() as cursor:
        for statement in SETUP:
            cursor.execute(statement)


def raised(knowledge: Knowledge, run: Callable[[str], Any], engine: str | None = None) -> list[str]:
    """Return what is explained of each of the two statements' errors."""
    found = []
    for statement in (TWICE, NOWHERE):
        try:
            run(statement)
        except Exception as error:  # noqa: BLE001 - each driver has a class of its own
            found += [f"{item.engine}/{item.code} {item.sqlstate}" for item in explain(knowledge, error, engine)]
    return found


POSTGRESQL = ["postgresql/23505 23505", "postgresql/42P01 42P01"]


def test_psycopg(start: Callable[[str], Running], knowledge: Knowledge) -> None:
    with psycopg.connect(start("postgresql:18").dsn, autocommit=True) as connection:
        assert raised(knowledge, connection.execute) == POSTGRESQL


def test_what_came_before_a_failed_transaction(start: Callable[[str], Running], knowledge: Knowledge) -> None:
    def go_on(connection: psycopg.Connection) -> None:
        try:
            connection.execute(TWICE)
        except psycopg.Error:
            connection.execute("SELECT 1")

    with psycopg.connect(start("postgresql:18").dsn) as connection:
        with pytest.raises(psycopg.Error) as error:
            go_on(connection)
        connection.rollback()
    assert [item.code for item in explain(knowledge, error.value)] == ["23505", "25P02"]


def test_asyncpg(start: Callable[[str], Running], knowledge: Knowledge) -> None:
    folder = str(start("postgresql:18").socket.parent)

    async def ask(statement: str) -> None:
        connection = await asyncpg.connect(host=folder, user="postgres", database="demo")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    assert raised(knowledge, lambda statement: asyncio.run(ask(statement))) == POSTGRESQL


def test_pg8000(start: Callable[[str], Running], knowledge: Knowledge) -> None:
    path = str(start("postgresql:18").socket)
    connection = pg8000.dbapi.connect("postgres", database="demo", unix_sock=path)
    connection.autocommit = True
    assert raised(knowledge, connection.cursor().execute) == POSTGRESQL
    connection.close()


@pytest.mark.parametrize(("server", "engine"), [("mysql:9.7", None), ("mariadb:11.8", "mariadb")])
def test_pymysql(start: Callable[[str], Running], knowledge: Knowledge, server: str, engine: str | None) -> None:
    connection = pymysql.connect(unix_socket=str(start(server).socket), user="root", database="demo")
    named = engine or "mysql"
    expected = [f"{named}/1062 23000", f"{named}/1146 42S02"]
    assert raised(knowledge, connection.cursor().execute, engine) == expected
    connection.close()


def test_mysql_connector(start: Callable[[str], Running], knowledge: Knowledge) -> None:
    connection = mysql.connector.connect(unix_socket=str(start("mysql:9.7").socket), user="root", database="demo")
    assert raised(knowledge, connection.cursor().execute) == ["mysql/1062 23000", "mysql/1146 42S02"]
    connection.close()


@pytest.mark.parametrize(("server", "engine"), [("mariadb:11.8", "mariadb"), ("mysql:9.7", "mysql")])
def test_mariadb_connector(start: Callable[[str], Running], knowledge: Knowledge, server: str, engine: str) -> None:
    connection = mariadb.connect(unix_socket=str(start(server).socket), user="root", database="demo")
    expected = [f"{engine}/1062 23000", f"{engine}/1146 42S02"]
    assert raised(knowledge, connection.cursor().execute, engine) == expected
    connection.close()


@pytest.fixture(scope="module")
def mysqldb() -> Any:
    """MySQLdb, which is mysqlclient: it has no wheel for Linux, so it is the lab's, with the library that it needs."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip("the lab's MySQLdb is for Python 3.11")
    tree = folder() / "trees/mysqldb"
    (library,) = tree.glob("usr/lib/*/libmariadb.so.3")
    # Whoever asks for a library of this name finds the one that is loaded.
    ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    sys.path.append(str(tree / "usr/lib/python3/dist-packages"))
    try:
        return importlib.import_module("MySQLdb")
    finally:
        sys.path.pop()


@pytest.mark.parametrize(("server", "engine"), [("mysql:9.7", None), ("mariadb:10.11", "mariadb")])
def test_mysqldb(
    start: Callable[[str], Running], knowledge: Knowledge, mysqldb: Any, server: str, engine: str | None
) -> None:
    connection = mysqldb.connect(unix_socket=str(start(server).socket), user="root", database="demo")
    named = engine or "mysql"
    expected = [f"{named}/1062 23000", f"{named}/1146 42S02"]
    assert raised(knowledge, connection.cursor().execute, engine) == expected
    connection.close()


def test_psycopg2(start: Callable[[str], Running], knowledge: Knowledge) -> None:
    connection = psycopg2.connect(start("postgresql:18").dsn)
    connection.autocommit = True
    assert raised(knowledge, connection.cursor().execute) == POSTGRESQL
    connection.close()


def test_nobody_listens(knowledge: Knowledge) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(pymysql.Error) as error:
        pymysql.connect(host="127.0.0.1", port=port, user="root")
    assert [item.code for item in explain(knowledge, error.value)] == ["2003"]


@pytest.fixture(scope="module")
def missing(start: Callable[[str], Running], mysqldb: Any) -> dict[str, tuple[Exception, int | str]]:
    """What each driver raises for a table that is not there, and its code."""
    postgresql, at = start("postgresql:18"), str(start("mysql:9.7").socket)
    connections = {
        "psycopg": psycopg.connect(postgresql.dsn),
        "psycopg2": psycopg2.connect(postgresql.dsn),
        "pg8000": pg8000.dbapi.connect("postgres", database="demo", unix_sock=str(postgresql.socket)),
        "PyMySQL": pymysql.connect(unix_socket=at, user="root", database="demo"),
        "mysqlclient": mysqldb.connect(unix_socket=at, user="root", database="demo"),
        "mysql.connector": mysql.connector.connect(unix_socket=at, user="root", database="demo"),
        "mariadb": mariadb.connect(unix_socket=at, user="root", database="demo"),
    }
    found: dict[str, tuple[Exception, int | str]] = {}
    for name, connection in connections.items():
        with pytest.raises(Exception, match=NOWHERE.split()[-1]) as error:
            connection.cursor().execute(NOWHERE)
        found[name] = error.value, "42P01" if name in ("psycopg", "psycopg2", "pg8000") else 1146
        connection.close()
    return found


@pytest.mark.parametrize("condition", sorted(path.stem for path in (ROOT / "errors/conditions").glob("*.yaml")))
def test_the_program_of_a_condition_reads_the_code(
    missing: dict[str, tuple[Exception, int | str]], condition: str
) -> None:
    text = (ROOT / "errors/conditions" / f"{condition}.yaml").read_text(encoding="utf-8")
    program: dict[str, Any] = {}
    exec(yaml.safe_load(text)["handling"]["python"], program)  # noqa: S102 - the program is what is tested
    read = {name: program["code_of"](error) for name, (error, _) in missing.items()}
    assert read == {name: code for name, (_, code) in missing.items()}
