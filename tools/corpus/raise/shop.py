"""Raises errors through Python's drivers: shop.py FILE [--uncaught].

FILE is JSON with the driver, how to connect, and scenarios; a line of JSON is printed for each. With --uncaught
there is one scenario, and nothing catches what it raises.
"""

import asyncio
import contextlib
import json
import logging
import re
import subprocess
import sys
import time
import traceback
from pathlib import Path

JOB = json.loads(Path(sys.argv[1]).read_text("utf-8"))
DRIVER = JOB["driver"]
UNCAUGHT = "--uncaught" in sys.argv


class Plain:
    """A DB-API connection."""

    def __init__(self, connection):
        self.connection = connection

    def execute(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        if cursor.description:
            return cursor.fetchall()
        if "mysql" in DRIVER.lower():
            while cursor.nextset():
                pass
        return None

    def close(self):
        self.connection.close()


class Alchemy(Plain):
    def execute(self, sql):
        from sqlalchemy import text

        literal = re.search(r"'((?:[^'\\]|'')*)'(?=[,)]|$)", sql) if re.match("INSERT|UPDATE|DELETE", sql) else None
        if literal:
            statement = sql[: literal.start()] + ":value_1" + sql[literal.end() :]
            if ":" in sql.replace(literal[0], ""):
                return self.connection.exec_driver_sql(sql.replace("%", "%%"))
            return self.connection.execute(text(statement), {"value_1": literal[1].replace("''", "'")})
        result = self.connection.exec_driver_sql(sql.replace("%", "%%"))
        return result.fetchall() if result.returns_rows else None


class Django(Plain):
    def execute(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None


class Async(Plain):
    def __init__(self, loop, connection):
        super().__init__(connection)
        self.loop = loop

    def execute(self, sql):
        return self.loop.run_until_complete(self.connection.execute(sql))

    def close(self):
        self.connection.terminate()


class Apsw(Plain):
    def execute(self, sql):
        return list(self.connection.execute(sql))


def connect(where):
    """Connect with the job's driver."""
    name, _, layer = DRIVER.rpartition("+")
    if name == "sqlalchemy":
        return Alchemy(alchemy(layer, where))
    if name == "django":
        return Django(django(layer, where))
    host, user, password, database = (where.get(key) for key in ("host", "user", "password", "database"))
    port, sock = where.get("port"), where.get("socket")
    if DRIVER == "psycopg":
        import psycopg

        return Plain(
            psycopg.connect(
                host=sock or host, port=port, user=user, password=password, dbname=database, autocommit=True
            )
        )
    if DRIVER == "psycopg2":
        import psycopg2

        connection = psycopg2.connect(host=sock or host, port=port, user=user, password=password, dbname=database)
        connection.autocommit = True
        return Plain(connection)
    if DRIVER == "asyncpg":
        import asyncpg

        loop = asyncio.new_event_loop()
        return Async(
            loop,
            loop.run_until_complete(
                asyncpg.connect(host=sock or host, port=port, user=user, password=password, database=database)
            ),
        )
    if DRIVER == "pg8000":
        import pg8000.dbapi

        extra = {"unix_sock": f"{sock}/.s.PGSQL.5432"} if sock else {"host": host, "port": port}
        connection = pg8000.dbapi.connect(user=user, password=password, database=database, **extra)
        connection.autocommit = True
        return Plain(connection)
    if DRIVER == "pymysql":
        import pymysql

        extra = {"unix_socket": sock} if sock else {"host": host, "port": port}
        return Plain(pymysql.connect(user=user, password=password or "", database=database, autocommit=True, **extra))
    if DRIVER == "MySQLdb":
        import MySQLdb

        extra = {"unix_socket": sock} if sock else {"host": host, "port": port}
        extra |= {"database": database} if database else {}
        return Plain(MySQLdb.connect(user=user, password=password or "", autocommit=True, charset="utf8mb4", **extra))
    if DRIVER.startswith("mysql.connector"):
        import mysql.connector

        extra = {"unix_socket": sock} if sock else {"host": host, "port": port}
        pure = DRIVER.endswith("-pure")
        return Plain(
            mysql.connector.connect(
                user=user,
                password=password or "",
                database=database,
                autocommit=True,
                use_pure=pure,
                charset="utf8mb4",
                **extra,
            )
        )
    if DRIVER == "sqlite3":
        import sqlite3

        return Plain(sqlite3.connect(where["file"], timeout=0.05, isolation_level=None))
    if DRIVER == "apsw":
        import apsw

        return Apsw(apsw.Connection(where["file"]))
    raise ValueError(DRIVER)


def alchemy(layer, where):
    """Connect with SQLAlchemy through a driver."""
    from sqlalchemy import URL, create_engine
    from sqlalchemy.pool import NullPool

    if layer == "sqlite3":
        engine = create_engine(
            f"sqlite:///{where['file']}", poolclass=NullPool, connect_args={"timeout": 0.05, "isolation_level": None}
        )
    else:
        dialect = {
            "psycopg2": "postgresql+psycopg2",
            "psycopg": "postgresql+psycopg",
            "pymysql": "mysql+pymysql",
            "MySQLdb": "mysql+mysqldb",
            "mysql.connector": "mysql+mysqlconnector",
            "pg8000": "postgresql+pg8000",
        }[layer]
        query = {}
        if where.get("socket"):
            query = {"unix_socket": where["socket"]} if dialect.startswith("mysql") else {"host": where["socket"]}
        url = URL.create(
            dialect,
            where["user"],
            where.get("password") or None,
            None if query else where["host"],
            where.get("port"),
            where.get("database"),
            query,
        )
        engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    return engine.connect()


def django(layer, where):
    """Connect with Django's own connections."""
    import django.conf
    from django.db.utils import ConnectionHandler

    backend = {"sqlite3": "sqlite3", "MySQLdb": "mysql", "psycopg": "postgresql"}[layer]
    settings = {
        "ENGINE": f"django.db.backends.{backend}",
        "NAME": where.get("file") or where.get("database") or "",
        "USER": where.get("user") or "",
        "PASSWORD": where.get("password") or "",
        "HOST": where.get("socket") or where.get("host") or "",
        "PORT": where.get("port") or "",
        "OPTIONS": {"timeout": 0.05} if backend == "sqlite3" else {},
    }
    if not django.conf.settings.configured:
        django.conf.settings.configure(DATABASES={"default": settings}, USE_TZ=False)
        django.setup()
    connection = ConnectionHandler({"default": settings})["default"]
    connection.ensure_connection()
    return connection


def place_order(session, sql):
    """Do one step as an application's function would."""
    return session.execute(sql)


def play(scenario, base):
    """Prepare and do the steps; what goes wrong is raised."""
    base = scenario.get("base") or base
    admin = connect(base)
    try:
        for sql in scenario["setup"]:
            try:
                admin.execute(sql)
            except Exception as error:
                print(json.dumps({"id": scenario["id"], "setup": f"{sql}: {error}"}), flush=True)
                break
    finally:
        admin.close()
    sessions = []
    try:
        main = connect(scenario.get("connect") or base)
        sessions.append(main)
        other = None
        for step in scenario["steps"]:
            if "sleep" in step:
                time.sleep(step["sleep"] / 1000)
                continue
            if "shell" in step:
                subprocess.run(step["shell"], shell=True, check=True)
                continue
            if step.get("on") == "b":
                other = other or connect(base)
                if other not in sessions:
                    sessions.append(other)
                with contextlib.suppress(Exception):
                    other.execute(step["sql"])
                continue
            try:
                place_order(main, step["sql"])
            except Exception:
                if not step.get("ignore"):
                    raise
    finally:
        if not UNCAUGHT:
            for session in reversed(sessions):
                with contextlib.suppress(Exception):
                    session.close()


def fields(error):
    """Return code, SQLSTATE and symbol as the innermost exception has them."""
    seen = error
    while True:
        inner = getattr(seen, "orig", None) or (seen.__cause__ if type(seen).__module__.startswith("django") else None)
        if inner is None:
            break
        seen = inner
    state = getattr(seen, "sqlstate", None) or getattr(seen, "pgcode", None)
    arguments = seen.args
    if type(seen).__module__.startswith("pg8000") and arguments and isinstance(arguments[0], dict):
        state = arguments[0].get("C")
    code = getattr(seen, "errno", None)
    if code is None and arguments and isinstance(arguments[0], int):
        code = arguments[0]
    symbol = getattr(seen, "sqlite_errorname", None)
    if DRIVER.endswith("sqlite3"):
        code = getattr(seen, "sqlite_errorcode", code)
    if DRIVER == "apsw" and hasattr(seen, "extendedresult"):
        import apsw

        symbol = apsw.mapping_extended_result_codes.get(seen.extendedresult) or apsw.mapping_result_codes.get(
            seen.extendedresult
        )
    return code, state, symbol


def shown(error, style):
    """Return what a person would have seen of an error."""
    if style == 0:
        return traceback.format_exc()
    if style == 1:
        return str(error)
    if style == 2:
        record = logging.LogRecord(
            "shop.orders", logging.ERROR, __file__, 118, "could not place order %s", (4711,), sys.exc_info()
        )
        return logging.Formatter("%(asctime)s %(levelname)s [%(name)s] %(message)s").format(record)
    if style == 3:
        return f"{type(error).__name__}: {error}"
    if style == 4:
        record = logging.LogRecord("worker", logging.ERROR, __file__, 7, "job failed: %s", (error,), None)
        return logging.Formatter("[%(asctime)s: %(levelname)s/ForkPoolWorker-1] %(message)s").format(record)
    return repr(error)


def main():
    base = JOB["base"]
    for scenario in JOB["scenarios"]:
        if UNCAUGHT:
            play(scenario, base)
            return
        try:
            play(scenario, base)
            print(json.dumps({"id": scenario["id"], "text": None}), flush=True)
        except Exception as error:
            code, state, symbol = fields(error)
            answer = {
                "id": scenario["id"],
                "text": shown(error, scenario["style"] % 6),
                "code": code,
                "sqlstate": state,
                "symbol": symbol,
                "style": scenario["style"] % 6,
            }
            print(json.dumps(answer), flush=True)


main()
