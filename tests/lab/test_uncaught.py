"""Python steps that raise the error: an exception that they do not catch is judged by its fields, as the lab's own."""

from typing import Any

import pytest
from tests.lab.made import entry, fix, outcomes, play, simple, step

from errbook.lab import outcome

LOST = """
import os, pymysql, time

first, second = (pymysql.connect(
    unix_socket=os.environ["MYSQL_UNIX_PORT"], user=os.environ["MYSQL_USER"]) for _ in range(2))
second.cursor().execute("KILL %s", (first.thread_id(),))
time.sleep(0.5)
first.cursor().execute("SELECT 1")
"""

FAILING: dict[str, dict[str, tuple[str, tuple[str, str | None, str]]]] = {
    "mysql:9.7": {
        "mysql.connector": (
            "import mysql.connector as c, os\n"
            "c.connect(unix_socket=os.environ['MYSQL_UNIX_PORT'], user=os.environ['MYSQL_USER'], password='wrong',\n"
            "    use_pure=True, ssl_disabled=True)",
            ("1045", "28000", "mysql.connector "),
        ),
        "MySQLdb": (
            "import MySQLdb, os\nMySQLdb.connect(unix_socket=os.environ['MYSQL_UNIX_PORT'],\n"
            "    user=os.environ['MYSQL_USER'], password='wrong')",
            ("1045", None, "MySQLdb "),
        ),
    },
    "postgresql:18": {
        "psycopg": (
            "import psycopg\npsycopg.connect().execute('SELECT 1/0')",
            ("22012", "22012", "psycopg "),
        ),
    },
    "sqlite:3.40": {
        "sqlite3": (
            "import os, sqlite3\n"
            "db = sqlite3.connect(os.environ['SQLITE_FILE'])\n"
            "db.executescript('CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1); INSERT INTO t VALUES (1);')",
            ("2067", None, "sqlite3"),
        ),
    },
}


def raising(engine: str, code: str, text: str, name: str, **more: Any) -> Any:
    return entry(engine, code, step("python", text, raises=True), name=f"-{name}", **more)


@pytest.mark.parametrize("server", FAILING)
def test_fields_of_the_exception_decide(server: str) -> None:
    engine = server.partition(":")[0]
    made = [raising(engine, code, text, name) for name, (text, (code, *_)) in FAILING[server].items()]
    found = play(*made, server=server)
    for name, (_, (code, sqlstate, driver)) in FAILING[server].items():
        record = found[name].record
        assert record["outcome"] == outcome.REPRODUCED, found[name].failures
        assert (record["observed"]["code"], record["observed"]["sqlstate"]) == (code, sqlstate)
        assert record["driver"].startswith(driver)


def test_a_program_raises_what_the_labs_own_driver_does_not() -> None:
    again = fix(step("run", "SELECT 1;"), step("python", "import pymysql"))
    found = play(
        raising("mariadb", "2006", LOST, "gone", fixes=(again,)),
        raising("mariadb", "2013", LOST, "other"),
        server="mariadb:11.8",
        # No client takes part, so nothing is said of one.
        client=True,
    )
    gone = found["gone"].record
    assert (gone["outcome"], gone["fixes"][0]["outcome"], gone["client"]) == (outcome.REPRODUCED, outcome.PROVEN, None)
    assert found["other"].record["outcome"] == outcome.RAISED_OTHER
    assert found["other"].failures[0]["came"].startswith("2006: ")


def test_what_is_no_drivers_exception_is_another_error() -> None:
    catches = "import pymysql\ntry:\n    pymysql.connect(port=1)\nexcept pymysql.MySQLError:\n    "
    forks = "import os, sys, pymysql\nif os.fork():\n    os.wait()\nelse:\n    pymysql.connect(port=1)"
    found = play(
        raising("mysql", "2003", f"{catches}assert False, 'so'", "assertion"),
        raising("mysql", "2003", "open('/nonexistent')", "of-the-system"),
        raising("mysql", "2003", f"{catches}pass", "caught"),
        raising("mysql", "2003", forks, "of-a-child"),
        # The step stands in for nothing: a proof may be a program as before.
        simple("mysql", "before", step("python", "import sys; assert sys.argv == [__file__]")),
        server="mysql:9.7",
    )
    assert outcomes(found) == {
        "assertion": outcome.RAISED_OTHER,
        "of-the-system": outcome.RAISED_OTHER,
        "caught": outcome.RAISED_NOTHING,
        "of-a-child": outcome.RAISED_NOTHING,
        "before": outcome.REPRODUCED,
    }
    assert "AssertionError: so" in found["assertion"].failures[0]["came"]
