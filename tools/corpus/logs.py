"""What servers write into their own logs."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import clients
from servers import Running, Servers

PREFIXES: Final = {
    "default": "%m [%p] ",
    "Debian": "%m [%p] %q%u@%d ",
    "managed": "%t:%r:%u@%d:[%p]:",
    "analysed": "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "with SQLSTATE": "%m [%p]: [%l-1] db=%d,user=%u sqlstate=%e ",
    "epoch": "%n [%p] %c %x ",
    "none": "",
}
"""Values of log_line_prefix that people have."""


def sqlstate(job: dict[str, Any]) -> str | None:
    """Do the steps of a job as a Python program; returns the SQLSTATE of what went wrong."""
    import psycopg

    where = job.get("connect") or job["base"]
    try:
        connection = psycopg.connect(
            host=where.get("socket") or where["host"],
            port=where["port"],
            user=where["user"],
            dbname=where["database"],
            password=where.get("password") or None,
            application_name="shop-api",
            autocommit=True,
        )
    except psycopg.Error as error:
        return error.sqlstate
    try:
        for step in job["steps"]:
            connection.cursor().execute(step["sql"])
    except psycopg.Error as error:
        return error.sqlstate
    finally:
        with contextlib.suppress(psycopg.Error):
            connection.close()
    return None


def tail(path: Path, start: int) -> str:
    """Return what a log has got since `start`, when it has come to rest."""
    size = -1
    while path.exists() and path.stat().st_size != size:
        size = path.stat().st_size
        time.sleep(0.05)
    with path.open("rb") as file:
        file.seek(start)
        return file.read().decode(errors="replace")


def postgresql(places: Any, jobs: list[dict[str, Any]], truth: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what the log of a server says of jobs, with one prefix after the other."""
    running: Running = places.by_name["main"]
    prefixes = list(PREFIXES)
    for number, job in enumerate(jobs):
        prefix = prefixes[number % len(prefixes)]
        verbose = "verbose" if number % 9 == 4 else "default"
        admin = places.admin()
        admin.execute(f"ALTER SYSTEM SET log_line_prefix = '{PREFIXES[prefix]}'")
        admin.execute(f"ALTER SYSTEM SET log_error_verbosity = '{verbose}'")
        admin.execute("SELECT pg_reload_conf()")
        admin.close()
        time.sleep(0.1)
        if not clients.plain(job) or not clients.prepare(places, job):
            continue
        start = running.log.stat().st_size
        state = sqlstate(job) or truth.get(job["id"], {}).get("sqlstate")
        text = tail(running.log, start)
        lines = [
            line for line in text.splitlines() if not re.search(r"received SIGHUP|parameter \"\w+\" changed", line)
        ]
        if state and lines:
            yield {
                "id": job["id"],
                "text": "\n".join(lines),
                "sqlstate": state,
                "style": f"prefix {prefix}{', verbose' if verbose == 'verbose' else ''}",
            }


def collected(places: Any, jobs: list[dict[str, Any]], truth: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what csvlog and jsonlog say of jobs."""
    folder = places.by_name["main"].folder / "server" / "log"
    for number, job in enumerate(jobs):
        if not clients.plain(job) or not clients.prepare(places, job):
            continue
        kind = "csv" if number % 2 else "json"
        path = sorted(folder.glob(f"*.{kind}"))[-1]
        start = path.stat().st_size
        state = sqlstate(job) or truth.get(job["id"], {}).get("sqlstate")
        text = tail(path, start)
        wanted = [line for line in text.splitlines() if re.search("ERROR|FATAL", line)] if kind == "json" else [text]
        if state and wanted and "".join(wanted).strip():
            yield {"id": job["id"], "text": "\n".join(wanted).strip(), "sqlstate": state, "style": f"{kind}log"}


def mysql_texts(servers: Servers, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, code and text of what the error log of MySQL or MariaDB says when things go wrong."""
    family = name.partition(":")[0]
    mysql = family == "mysql"
    section = {"performance_schema": "OFF", "skip_name_resolve": "ON"}
    loud = {"log_error_verbosity": "3"} if mysql else {"log_warnings": "4"}
    running = servers.start(
        name, section | loud | {"innodb_print_all_deadlocks": "ON", "connect_timeout": "2", "server_id": "7"}
    )
    yield from _lines("start", running.log.read_text(errors="replace"), mysql)
    start = running.log.stat().st_size
    import pymysql

    def admin() -> Any:
        return pymysql.connect(unix_socket=running.socket, user="root", autocommit=True)

    connection = admin()
    cursor = connection.cursor()
    for sql in (
        "CREATE DATABASE shop",
        "CREATE USER app@'%'",
        "GRANT ALL ON *.* TO app@'%'",
        "CREATE USER protected@'%' IDENTIFIED BY 'Not-for-you-7'",
        "CREATE TABLE shop.orders (id INT PRIMARY KEY, total INT)",
        "INSERT INTO shop.orders VALUES (1, 1), (2, 2)",
        "SET GLOBAL log_bin_trust_function_creators = 1",
    ):
        cursor.execute(sql)
    for user, password in (("protected", "wrong"), ("ghost", ""), ("protected", "")):
        with contextlib.suppress(pymysql.MySQLError):
            pymysql.connect(host="127.0.0.1", port=running.port, user=user, password=password)
    # A client that goes away without a word, and one that is silent for too long.
    rude = pymysql.connect(host="127.0.0.1", port=running.port, user="app", database="shop")
    rude._sock.close()
    silent = pymysql.connect(host="127.0.0.1", port=running.port, user="app", database="shop")
    silent.cursor().execute("SET SESSION wait_timeout = 1")
    source = "SOURCE" if mysql else "MASTER"
    replica = "REPLICA" if mysql else "SLAVE"
    change = "CHANGE REPLICATION SOURCE TO" if mysql else "CHANGE MASTER TO"
    for sql in (
        f"{change} {source}_HOST = '127.0.0.1', {source}_PORT = 9, {source}_USER = 'repl', {source}_PASSWORD = 'x',"
        f" {source}_RETRY_COUNT = 1, {source}_CONNECT_RETRY = 1",
        f"START {replica}",
    ):
        with contextlib.suppress(pymysql.MySQLError):
            cursor.execute(sql)
    time.sleep(4)
    with contextlib.suppress(pymysql.MySQLError):
        cursor.execute(f"STOP {replica}")
    yield from _lines("running", tail(running.log, start), mysql)
    connection.close()
    for label, settings in (
        ("port in use", {"port": str(running.port)}),
        ("unknown variable", {"query_cache_sise": "1"}),
        ("unknown storage", {"default_storage_engine": "NoSuchEngine"}),
        ("wrong data folder", {"datadir": "/var/lib/mysql-gone"}),
        ("bad address", {"bind_address": "203.0.113.9"}),
        ("bad plugin", {"plugin_load_add": "no_such_plugin.so"}),
        ("wrong page size", {"innodb_page_size": "8k"}),
        ("lower case", {"lower_case_table_names": "1"}),
        ("bad key", {"ssl_ca": "/etc/mysql/ca-gone.pem"}),
    ):
        with contextlib.suppress(RuntimeError):
            other = servers.start(name, section | settings)
            yield from _lines(label, other.log.read_text(errors="replace"), mysql)
            servers.stop(other)
            continue
        place = max(
            servers.folder.glob(f"{name.replace(':', '-')}-*"), key=lambda path: int(path.name.rsplit("-", 1)[1])
        )
        yield from _lines(label, (place / "error.log").read_text(errors="replace"), mysql)
    servers.stop(running)


def _lines(label: str, text: str, mysql: bool) -> Iterator[tuple[str, str, str]]:
    """Yield the lines of a log that tell of errors, each with the number that MySQL puts into it."""
    for line in text.splitlines():
        if mysql:
            found = re.search(r"\[(ERROR|Warning|Note|System)\] \[(MY-\d{6})\]", line)
            if found and (found[1] == "ERROR" or re.search(r"Aborted|[Aa]ccess denied|[Dd]eadlock|rror", line)):
                yield label, found[2], line
        elif re.search(r"\[ERROR\]|Access denied|Aborted|Deadlock", line):
            yield label, "", line


def startup(servers: Servers, name: str, settings: dict[str, str] | None = None) -> str:
    """Return what a server that starts and stops says in its log when nothing is wrong."""
    running = servers.start(name, settings or {})
    time.sleep(0.5)
    servers.stop(running)
    return running.log.read_text(errors="replace")


def json_lines(text: str) -> list[dict[str, Any]]:
    """Return the objects of a log in JSON."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def run(words: list[str], **options: Any) -> str:
    """Return what a command prints, both streams as one."""
    done = subprocess.run(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
        **options,
    )
    return done.stdout
