"""Servers in cells: started, restarted, killed, configured, limited, asked."""

import json
import textwrap
from typing import Any

import pytest
from tests.lab.conftest import Inside, python

from errbook.lab.bubblewrap import Options
from errbook.lab.instance import Instance
from errbook.lab.server import LabError, select, servers

BEGIN = """
import json, os, subprocess, sys
from pathlib import Path
from errbook.lab.instance import Instance
from errbook.lab.server import LabError, select

instance = Instance(select(["{server}"])[0])

def ask(sql, **target):
    run = subprocess.run(
        instance.client(target.pop("database", None), **target), input=sql, text=True, capture_output=True,
        env=instance.environment("demo"))
    return run.stdout + run.stderr

def shell(command):
    return subprocess.run(command, shell=True, text=True, capture_output=True, env=instance.environment("demo")).stdout

"""

STARTED = [server.id for server in servers() if server.kind.start]


def play(inside: Inside, server: str, code: str, options: Options | None = None) -> Any:
    """Run Python in a cell of a server, where `instance` is its server; return what it prints as JSON."""
    program = python(BEGIN.format(server=server) + textwrap.dedent(code))
    answer = inside(*program, server=server, options=options or Options())
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.mark.parametrize("server", STARTED)
def test_a_server_lives_its_life(inside: Inside, server: str) -> None:
    found = play(
        inside,
        server,
        """
        lines = "max_connections = 33" if instance.server.family == "postgresql" else "[mysqld]\\nmax_connections=33"
        variable = "SHOW max_connections;" if instance.server.family == "postgresql" else "SELECT @@max_connections;"
        text = "SELECT concat('here ', id) FROM t;"
        found = {}
        instance.start({"max_connections": "44"})
        found["settings"] = "44" in ask(variable)
        found["socket"] = ask("SELECT 1;").split()[:1] != [] and "ERROR" not in ask("SELECT 1;")
        found["tcp"] = "ERROR" not in ask("SELECT 1;", host="127.0.0.1").upper()
        ask("CREATE DATABASE demo;")
        ask("CREATE TABLE t (id int); INSERT INTO t VALUES (7);", database="demo")
        instance.restart()
        found["restart"] = "here 7" in ask(text, database="demo")
        instance.kill()
        found["killed"] = [instance.alive(), "here" in ask(text, database="demo")]
        instance.resume()
        found["resumed"] = [instance.alive(), "here 7" in ask(text, database="demo")]
        instance.configure(lines)
        found["configured"] = ["33" in ask(variable), "here 7" in ask(text, database="demo")]
        instance.stop()
        found["stopped"] = instance.alive()
        instance.start()
        found["fresh"] = ["here" in ask(text, database="demo"), "33" in ask(variable)]
        found["address"] = instance.address._asdict()
        found["log"] = Path(instance.address.log).read_text()
        instance.wipe()
        found["wiped"] = [path.name for name in ("data", "etc", "log") for path in Path("/lab", name).iterdir()]
        print(json.dumps(found))
        """,
    )
    chosen = select([server])[0]
    assert found.pop("address") == {
        "family": chosen.family,
        "version": found_version(server),
        "host": "127.0.0.1",
        "port": chosen.kind.port,
        "socket": chosen.kind.socket,
        "user": chosen.kind.user,
        "password": "",
        "datadir": "/lab/data/server",
        "log": "/lab/log/error.log",
        "admin_port": None,
    }
    assert "ready" in found.pop("log")
    assert found == {
        "settings": True,
        "socket": True,
        "tcp": True,
        "restart": True,
        "killed": [False, False],
        "resumed": [True, True],
        "configured": [True, True],
        "stopped": False,
        "fresh": [False, False],
        "wiped": [],
    }


def found_version(server: str) -> str | None:
    from errbook.lab import cache

    return cache.version(select([server])[0])


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:11.8"])
def test_accounts_and_encryption_are_those_of_a_stock_server(inside: Inside, server: str) -> None:
    found = play(
        inside,
        server,
        """
        instance.start()
        schema = "performance_schema" if instance.server.family == "mysql" else "information_schema"
        tls = f"SELECT concat('cipher=', variable_value) FROM {schema}.session_status "
        tls += "WHERE variable_name = 'Ssl_cipher';"
        print(json.dumps({
            "who": [ask("SELECT current_user();", host=host) for host in (None, "127.0.0.1", "localhost")],
            "accounts": ask("SELECT concat('is ', user, '@', host) FROM mysql.user;").split("\\n"),
            "plain": ask(tls, host="127.0.0.1", tls="off"),
            "required": ask(tls, host="127.0.0.1", tls="required"),
            "by itself": ask(tls, host="127.0.0.1"),
            "refused": ask("SELECT 1;", user="root", password="wrong"),
            "log": Path(instance.address.log).read_text(),
            "settings": ask("SELECT @@sql_mode, @@performance_schema, @@max_connections, @@innodb_lock_wait_timeout;"),
        }))
        """,
    )
    assert all("root@localhost" in who for who in found["who"])
    own = {"mysql:9.7": ["mysql.infoschema", "mysql.session", "mysql.sys"], "mariadb:11.8": ["mariadb.sys"]}
    accounts = sorted(line for line in found["accounts"] if line.startswith("is "))
    assert accounts == sorted(f"is {name}@localhost" for name in [*own[server], "root"])
    assert "cipher=\n" in found["plain"]
    for kind in ("required", "by itself"):
        assert "cipher=TLS_AES" in found[kind]
    assert found["refused"].startswith("ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password")
    # The way in which the lab waits for the server leaves no trace there.
    assert "Aborted" not in found["log"]
    assert "systemd" not in found["log"]
    assert "STRICT_TRANS_TABLES" in found["settings"]


def test_settings_that_are_decided_at_initialisation(inside: Inside) -> None:
    found = play(
        inside,
        "mariadb:10.11",
        """
        instance.start({"lower_case_table_names": "1", "max_connections": "20"})
        first = ask("SELECT @@lower_case_table_names, @@max_connections;")
        instance.start()
        print(json.dumps([first, ask("SELECT @@lower_case_table_names;")]))
        """,
    )
    assert [text.split("\n")[1] for text in found] == ["1\t20", "0"]


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:10.11", "postgresql:13"])
def test_a_server_that_does_not_come_up_shows_its_log(inside: Inside, server: str) -> None:
    found = play(
        inside,
        server,
        """
        try:
            instance.start({"no_such_setting": "1"})
        except LabError as error:
            print(json.dumps([str(error), instance.alive()]))
        """,
    )
    assert found[0].startswith(f"{server} ended while it started:\n")
    assert "no_such_setting" in found[0]
    assert found[1] is False


@pytest.mark.parametrize("server", ["mariadb:10.11", "postgresql:18"])
def test_limits_bind_the_server_only(inside: Inside, server: str) -> None:
    found = play(
        inside,
        server,
        """
        instance.start(open_files=256, file_size=100 << 20)
        name = "postgres" if instance.server.family == "postgresql" else "mariadbd"
        limits = shell(f"cat /proc/$(pgrep -o -x {name})/limits")
        own = Path("/proc/self/limits").read_text()
        instance.start()
        after = shell(f"cat /proc/$(pgrep -o -x {name})/limits")
        wanted = ("Max open", "Max file size")
        print(json.dumps([[line.split()[3] for line in text.splitlines() if line.startswith(wanted)]
                          for text in (limits, own, after)]))
        """,
    )
    assert found[0] == [str(100 << 20), "256"]
    assert found[1] == found[2]
    assert found[1][0] == "unlimited"


def test_a_small_file_system_holds_the_data_folder(inside: Inside) -> None:
    found = play(
        inside,
        "postgresql:18",
        """
        instance.start()
        ask("CREATE TABLE t (x text);", database="postgres")
        sql = "INSERT INTO t SELECT repeat(md5(i::text), 10) FROM generate_series(1, 200000) i;"
        print(json.dumps([ask(sql, database="postgres"), instance.alive()]))
        """,
        Options(filesystem=64 << 20),
    )
    assert "No space left on device" in found[0]
    # A crash that its log cannot be written for is the server's own business.
    assert found[1] in (True, False)


def test_a_data_folder_that_does_not_fit_is_told(inside: Inside) -> None:
    found = play(
        inside,
        "mysql:9.7",
        """
        try:
            instance.start()
        except LabError as error:
            print(json.dumps(str(error)))
        """,
        Options(filesystem=8 << 20),
    )
    assert found.startswith("mysql:9.7: the initialised data folder cannot be unpacked:\n")
    assert "No space left on device" in found


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:11.8", "postgresql:18", "sqlite:3.40", "sqlite:3.51"])
def test_steps_find_the_client_and_the_drivers(inside: Inside, server: str) -> None:
    found = play(
        inside,
        server,
        """
        imports = {
            "mysql": "mysql.connector pymysql MySQLdb", "mariadb": "mysql.connector pymysql MySQLdb",
            "postgresql": "psycopg asyncpg pg8000", "sqlite": "sqlite3",
        }[instance.server.family].split()
        environment = instance.environment("demo")
        program = "; ".join(f"import {name}" for name in imports) + "; import sqlite3; print(sqlite3.sqlite_version)"
        run = subprocess.run([sys.executable, "-c", program], env=environment, text=True, capture_output=True)
        print(json.dumps({
            "environment": environment,
            "clients": shell("for p in mysql mariadb psql sqlite3; do command -v $p; done").split(),
            "python": run.stdout.strip() + run.stderr,
            "temporary": shell("mktemp; echo $HOME; cd && pwd"),
        }))
        """,
    )
    names = set(found["environment"])
    of_engine = {
        "mysql": {"MYSQL_HOST", "MYSQL_TCP_PORT", "MYSQL_UNIX_PORT", "MYSQL_USER", "MYSQL_PWD", "MYSQL_DATABASE"},
        "postgresql": {"PGHOST", "PGPORT", "PGUSER", "PGDATABASE"},
        "sqlite": {"SQLITE_FILE"},
    }
    engine, series = server.replace("mariadb", "mysql").split(":")
    assert of_engine[engine] | {"HOME", "TMPDIR", "LANG", "PATH", "DATADIR", "ERROR_LOG"} <= names
    clients = {"mysql:9.7": ["mysql"], "mariadb:11.8": ["mysql", "mariadb"], "postgresql:18": ["psql"]}
    expected = clients.get(server, ["sqlite3"] if server == "sqlite:3.40" else [])
    assert found["clients"] == [f"/lab/bin/{name}" for name in expected]
    assert found["python"].startswith(series if engine == "sqlite" else "3.")
    assert found["temporary"].startswith("/lab/tmp/tmp.")
    assert found["temporary"].endswith("/lab/home\n/lab/home\n")


def test_sqlite_is_a_folder(inside: Inside) -> None:
    found = play(
        inside,
        "sqlite:3.40",
        """
        instance.start()
        said = ask("CREATE TABLE t (x); INSERT INTO t VALUES ('here');", file="a.db")
        said += ask("SELECT x FROM t;", file="a.db")
        print(json.dumps([said, instance.alive(), os.listdir(instance.address.datadir), instance.address.port]))
        """,
    )
    assert found == ["here\n", True, ["a.db"], None]


def test_the_lab_says_where_it_has_no_client(inside: Inside) -> None:
    code = """
        try:
            instance.client("demo")
        except LabError as error:
            print(json.dumps(str(error)))
        """
    assert play(inside, "sqlite:3.51", code) == "the lab has no command-line client of sqlite:3.51"


def test_outside_of_a_cell_nothing_is_started() -> None:
    with pytest.raises(LabError, match=r"mysql:9\.7 is started in a cell only"):
        Instance(select(["mysql:9.7"])[0])
