"""Makes tests/data/identify/*.jsonl again: raises errors on real servers through real drivers and keeps what they said.

    python tools/corpus/make.py --drivers FOLDER [--only NAME …]

FOLDER holds what the programs need, made by `tools/corpus/get` (a virtual environment `py`, `node_modules`). README.md
beside this file lists the packages.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import label
import scenarios
from servers import Running, Servers, cache

HERE: Final = Path(__file__).resolve().parent
DATA: Final = HERE.parents[1] / "tests" / "data" / "identify"

LONGEST: Final = 6000
"""Characters of the longest text that is kept."""

LIMITS: Final = {
    "mysql-drivers": 580_000,
    "mariadb-drivers": 430_000,
    "postgresql-drivers": 580_000,
    "sqlite-drivers": 240_000,
    "postgresql-languages": 400_000,
    "mysql-languages": 70_000,
    "mariadb-languages": 60_000,
}
"""Bytes that some files may have; what is above is left out."""

FEW: Final = 3
"""Texts of a code that are left in any case."""

SIZE: Final = 40
"""How many scenarios a program is given at once, so that one that hangs costs little."""

ALWAYS: Final = frozenset(
    [
        "1040",
        "1045",
        "1054",
        "1062",
        "1064",
        "1146",
        "1205",
        "1213",
        "1452",
        "2002",
        "2003",
        "23503",
        "23505",
        "25P02",
        "40001",
        "40P01",
        "42703",
        "42P01",
        "53300",
        "57014",
        "UNIQUE",
        "BUSY",
        "syntax",
    ]
)
"""The first word of scenarios that every driver plays."""

PROGRAMS: Final = {
    "py": ("{drivers}/py/bin/python", "shop.py"),
    "node": ("node", "shop.js"),
    "php": ("php", "shop.php"),
    "ruby": ("ruby", "shop.rb"),
    "perl": ("perl", "shop.pl"),
    "go": ("{app}/shop", None),
    "java": ("java", "Shop.java"),
}

DRIVERS: Final = [
    # Language, driver, engines, the share of scenarios that it plays.
    ("py", "pymysql", "mysql mariadb", 0.3),
    ("py", "MySQLdb", "mysql mariadb", 0.3),
    ("py", "mysql.connector", "mysql mariadb", 0.3),
    ("py", "mysql.connector-pure", "mysql", 0.1),
    ("py", "sqlalchemy+pymysql", "mysql mariadb", 0.25),
    ("py", "sqlalchemy+MySQLdb", "mariadb", 0.2),
    ("py", "sqlalchemy+mysql.connector", "mysql", 0.2),
    ("py", "django+MySQLdb", "mysql mariadb", 0.25),
    ("py", "psycopg", "postgresql", 0.5),
    ("py", "psycopg2", "postgresql", 0.5),
    ("py", "asyncpg", "postgresql", 0.4),
    ("py", "pg8000", "postgresql", 0.4),
    ("py", "sqlalchemy+psycopg2", "postgresql", 0.4),
    ("py", "sqlalchemy+psycopg", "postgresql", 0.2),
    ("py", "sqlalchemy+pg8000", "postgresql", 0.1),
    ("py", "django+psycopg", "postgresql", 0.3),
    ("py", "sqlite3", "sqlite", 0.8),
    ("py", "apsw", "sqlite", 0.5),
    ("py", "sqlalchemy+sqlite3", "sqlite", 0.5),
    ("py", "django+sqlite3", "sqlite", 0.4),
    ("node", "mysql", "mysql mariadb", 0.3),
    ("node", "mysql2", "mysql mariadb", 0.35),
    ("node", "mysql2/promise", "mysql", 0.2),
    ("node", "mariadb", "mysql mariadb", 0.3),
    ("node", "pg", "postgresql", 0.6),
    ("node", "better-sqlite3", "sqlite", 0.6),
    ("node", "sqlite3", "sqlite", 0.6),
    ("node", "knex+mysql2", "mysql", 0.2),
    ("node", "knex+pg", "postgresql", 0.2),
    ("node", "knex+better-sqlite3", "sqlite", 0.2),
    ("node", "sequelize+mysql", "mysql", 0.2),
    ("node", "sequelize+mariadb", "mariadb", 0.15),
    ("node", "sequelize+postgres", "postgresql", 0.25),
    ("node", "sequelize+sqlite", "sqlite", 0.3),
    ("php", "pdo_mysql", "mysql mariadb", 0.35),
    ("php", "mysqli", "mysql mariadb", 0.3),
    ("php", "pdo_pgsql", "postgresql", 0.5),
    ("php", "pgsql", "postgresql", 0.4),
    ("php", "pdo_sqlite", "sqlite", 0.6),
    ("php", "sqlite3", "sqlite", 0.4),
    ("ruby", "mysql2", "mysql mariadb", 0.3),
    ("ruby", "activerecord+mysql2", "mysql mariadb", 0.25),
    ("ruby", "pg", "postgresql", 0.4),
    ("ruby", "activerecord+postgresql", "postgresql", 0.35),
    ("ruby", "sqlite3", "sqlite", 0.4),
    ("ruby", "activerecord+sqlite3", "sqlite", 0.4),
    ("perl", "mysql", "mysql mariadb", 0.3),
    ("perl", "MariaDB", "mysql mariadb", 0.25),
    ("perl", "Pg", "postgresql", 0.4),
    ("perl", "SQLite", "sqlite", 0.5),
    ("go", "mysql", "mysql mariadb", 0.3),
    ("go", "pq", "postgresql", 0.4),
    ("go", "pgx", "postgresql", 0.4),
    ("go", "sqlite3", "sqlite", 0.5),
    ("java", "mariadb", "mysql mariadb", 0.3),
    ("java", "postgresql", "postgresql", 0.5),
    ("java", "sqlite", "sqlite", 0.5),
]

REFERENCE: Final = {
    "mysql": "mysql.connector-pure",
    "mariadb": "mysql.connector-pure",
    "postgresql": "pg8000",
    "sqlite": "sqlite3",
}
"""The driver that tells code and SQLSTATE of what others do not."""

SERVER: Final = {"mysql": "mysql:9.7", "mariadb": "mariadb:11.8", "postgresql": "postgresql:18"}


def share(*words: str) -> float:
    """Return a number from 0 to 1 that is always the same for the same words."""
    return int.from_bytes(hashlib.sha256("\0".join(words).encode()).digest()[:6]) / 2**48


class Places:
    """The servers of an engine, with accounts and databases for all scenarios, and how to connect to them."""

    def __init__(
        self,
        servers: Servers,
        engine: str,
        python: str,
        *,
        server: str | None = None,
        settings: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        """Start them; the last three are of a main server that is not the usual one."""
        self.servers, self.engine, self.python = servers, engine, python
        self.held: list[Any] = []
        self.by_name: dict[str, Running] = {}
        self.folder = servers.folder / f"files-{engine}"
        self.folder.mkdir(exist_ok=True)
        if engine == "sqlite":
            return
        name = server or SERVER[engine]
        if engine == "postgresql":
            usual = {"deadlock_timeout": "'150ms'", "wal_level": "logical", "max_connections": "60"}
            self.by_name["main"] = servers.start(name, usual | (settings or {}), environment=environment)
            self.by_name["full"] = servers.start(
                name,
                {
                    "max_connections": "4",
                    "superuser_reserved_connections": "3",
                    "max_wal_senders": "0",
                    "reserved_connections": "0",
                },
            )
            self._postgresql()
        else:
            light = {"performance_schema": "OFF", "skip_name_resolve": "ON"}
            self.by_name["main"] = servers.start(
                name,
                {
                    "skip_name_resolve": "ON",
                    "max_connections": "60",
                    "innodb_print_all_deadlocks": "ON",
                    "log_error_verbosity" if engine == "mysql" else "log_warnings": "3",
                },
            )
            self.by_name["full"] = servers.start(name, light | {"max_connections": "1"})
            self.by_name["odd"] = servers.start(name, light | {"max_allowed_packet": "65536", "read_only": "ON"})
            self.by_name["strict"] = servers.start(name, light)
            self._mysql()

    def admin(self, server: str = "main", database: str | None = None) -> Any:
        """Return a connection that may do everything."""
        running = self.by_name[server]
        if self.engine == "postgresql":
            import psycopg

            return psycopg.connect(
                host="127.0.0.1", port=running.port, user="postgres", dbname=database or "postgres", autocommit=True
            )
        import pymysql

        return pymysql.connect(unix_socket=running.socket, user="root", autocommit=True, database=database)

    def _try(self, connection: Any, *statements: str) -> None:
        for sql in statements:
            try:
                connection.cursor().execute(sql)
            except Exception as error:
                print(f"{self.engine}: {sql}: {error}", file=sys.stderr)

    def _mysql(self) -> None:
        mysql = self.engine == "mysql"
        socket_plugin = "auth_socket" if mysql else "unix_socket"
        everything = [
            "CREATE USER app@'%'",
            "GRANT ALL ON *.* TO app@'%' WITH GRANT OPTION",
            "CREATE USER reader@'%'",
            "CREATE USER writer@'%'",
            "CREATE USER greedy@'%' WITH MAX_USER_CONNECTIONS 1",
            "CREATE USER nothing@'%'",
            "CREATE USER limited@'%' WITH MAX_CONNECTIONS_PER_HOUR 1",
            "CREATE USER protected@'%' IDENTIFIED BY 'Not-for-you-7'",
            "CREATE USER expired@'%'" + (" PASSWORD EXPIRE" if mysql else ""),
            *([] if mysql else ["ALTER USER expired@'%' PASSWORD EXPIRE"]),
            "CREATE USER locked@'%' ACCOUNT LOCK",
            "CREATE USER tlsonly@'%' REQUIRE SSL",
            "CREATE USER dup@localhost",
            *(["INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'"] if mysql else []),
            f"CREATE USER sockuser@'%' IDENTIFIED WITH {socket_plugin}",
            "CREATE DATABASE shop",
            "GRANT ALL ON shop.* TO writer@'%'",
            "GRANT ALL ON shop.* TO greedy@'%'",
        ]
        for name in ("main", "full", "odd"):
            connection = self.admin(name)
            self._try(connection, *everything)
            if name == "main" and mysql:
                self._try(connection, "INSTALL COMPONENT 'file://component_validate_password'")
            if name == "full":
                import pymysql

                connection.close()
                with contextlib.suppress(pymysql.MySQLError):
                    # MariaDB takes no limit below ten.
                    while len(self.held) < 50:
                        port = self.by_name[name].port
                        self.held.append(pymysql.connect(host="127.0.0.1", port=port, user="writer", database="shop"))
        import pymysql

        self.held.append(
            pymysql.connect(host="127.0.0.1", port=self.by_name["main"].port, user="greedy", database="shop")
        )

    def _postgresql(self) -> None:
        rules = "\n".join(
            [
                "local all peeronly peer",
                "local all all trust",
                "host all peeronly all ident",
                "host all rejected all reject",
                "host all protected all scram-sha-256",
                "host all all all trust",
            ]
        )
        for name in ("main", "full"):
            running = self.by_name[name]
            (running.folder / "server" / "pg_hba.conf").write_text(rules + "\n", encoding="ascii")
            connection = self.admin(name)
            self._try(
                connection,
                "SELECT pg_reload_conf()",
                "CREATE ROLE app SUPERUSER LOGIN",
                "CREATE ROLE reader LOGIN",
                "CREATE ROLE greedy LOGIN CONNECTION LIMIT 1",
                "CREATE ROLE peeronly LOGIN",
                "CREATE ROLE rejected LOGIN",
                "CREATE ROLE nologin",
                "CREATE ROLE protected LOGIN PASSWORD 'Not-for-you-7'",
                "CREATE DATABASE private",
                "REVOKE CONNECT ON DATABASE private FROM PUBLIC",
                "CREATE DATABASE shop",
            )
            connection.close()
        import psycopg

        for name, user in (("main", "greedy"), ("full", "reader")):
            self.held.append(psycopg.connect(host="127.0.0.1", port=self.by_name[name].port, user=user, dbname="shop"))

    def fresh(self) -> None:
        """Give the next program an empty database."""
        if self.engine == "sqlite":
            shutil.rmtree(self.folder)
            self.folder.mkdir()
            return
        connection = self.admin()
        if self.engine == "postgresql":
            cursor = connection.cursor()
            self._try(connection, "ALTER ROLE greedy CONNECTION LIMIT 1")
            held = self.held[0].info.backend_pid
            cursor.execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop' AND pid <> {held}"
            )
            # The one that is held stays connected to another database from now on.
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'shop%'")
            import psycopg

            self.held[0].close()
            self._try(connection, "DROP DATABASE shop WITH (FORCE)", "CREATE DATABASE shop")
            self.held[0] = psycopg.connect(
                host="127.0.0.1", port=self.by_name["main"].port, user="greedy", dbname="postgres"
            )
            cursor.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'owner\\_%'")
            for (role,) in cursor.fetchall():
                self._try(connection, f'DROP ROLE "{role}"')
        else:
            cursor = connection.cursor()
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()"
                " AND user NOT IN ('greedy', 'system user', 'event_scheduler')"
            )
            for (number,) in cursor.fetchall():
                self._try(connection, f"KILL {number}")
            self._try(
                connection,
                "DROP DATABASE IF EXISTS shop",
                "CREATE DATABASE shop",
                "CREATE TABLE shop.visible (id INT, name VARCHAR(9), hidden INT)",
                "GRANT SELECT (id), UPDATE (name) ON shop.visible TO reader@'%'",
                "FLUSH USER_RESOURCES",
            )
            import pymysql

            # limited@'%' has had its one connection of the hour.
            pymysql.connect(host="127.0.0.1", port=self.by_name["main"].port, user="limited").close()
        connection.close()

    def base(self, number: int = 0) -> dict[str, Any]:
        """Return how programs connect where a scenario says nothing else."""
        if self.engine == "sqlite":
            return {"file": str(self.folder / f"app{number}.db")}
        return {
            "host": "127.0.0.1",
            "port": self.by_name["main"].port,
            "user": "app",
            "password": "",
            "database": "shop",
        }

    def job(self, scenario: dict[str, Any], driver: str, taken: set[str], number: int) -> dict[str, Any]:
        """Return a scenario as the programs read it."""
        quote = "`" if self.engine in ("mysql", "mariadb") else '"'
        filled = scenarios.fill(scenario, WORDS, f"{driver} {self.engine} {scenario['name']}", quote, taken)
        base = self.base(number)
        job: dict[str, Any] = {
            "id": filled["name"],
            "words": filled["words"],
            "setup": filled["setup"],
            "steps": [],
            "base": base,
            "style": number,
        }
        where = None
        deadlock = False
        for step in filled["steps"]:
            if step.startswith("!deadlock"):
                deadlock = True
            elif step.startswith("!nodb"):
                where = base | {"database": "" if self.engine != "postgresql" else "postgres"}
            elif step.startswith("!user:"):
                where = base | {"user": step[6:]}
            elif step.startswith("!connect:"):
                where = self._where(base, step[9:])
            elif step.startswith("!file:"):
                job["file"] = step[6:]
                where = self._file(base, step[6:], job)
            elif step.startswith("!global:"):
                name, value = step[8:].split("=")
                job["setup"].insert(0, f"SET GLOBAL {name} = {value}")
            elif step.startswith("!"):
                job["skip"] = True
            elif step.startswith("~"):
                job["steps"].append({"sleep": int(step[1:])})
            elif step.startswith("b> "):
                job["steps"].append({"on": "b", "sql": step[3:]})
            elif step.startswith("?"):
                job["steps"].append({"sql": step[1:], "ignore": True})
            else:
                job["steps"].append({"sql": step.replace("!big", "x" * 200_000)})
        if deadlock:
            table = re.search(r"UPDATE (.*) SET (\S+)", job["steps"][-1]["sql"])
            assert table
            words = [self.python, str(HERE / "partner.py"), self.engine, str(base["port"]), table[1], table[2]]
            job["steps"].insert(-1, {"shell": " ".join(f"'{word}'" for word in words)})
        if where:
            job["connect"] = where
        return job

    def _where(self, base: dict[str, Any], text: str) -> dict[str, Any]:
        where = dict(base)
        for pair in text.split(","):
            key, value = pair.split("=", 1)
            if key == "server":
                where["port"] = (
                    9
                    if value == "closed"
                    else self.by_name.get(value, self.by_name.get("odd", self.by_name["main"])).port
                )
                if value == "full" and self.engine != "postgresql":
                    where["user"] = "writer"
                if value == "full" and self.engine == "postgresql":
                    where["user"] = "greedy"
            else:
                where[key] = value
        return where

    def _file(self, base: dict[str, Any], kind: str, job: dict[str, Any]) -> dict[str, Any]:
        path = Path(base["file"])
        if kind == "missing":
            # Below a file, so that nobody makes the folder that is missing, as ActiveRecord does.
            (path.parent / "uploads").touch()
            return {"file": str(path.parent / "uploads" / "app.db")}
        if kind == "text":
            path.with_suffix(".txt.db").write_text("This is a text and no database at all.\n" * 40, encoding="ascii")
            return {"file": str(path.with_suffix(".txt.db"))}
        if kind == "readonly":
            # root writes to any file; the immutable flag of the address holds for everybody.
            job["skip_drivers"] = True
            return {"file": str(path), "readonly": True}
        job["steps"].append({"shell": f"python3 '{HERE / 'damage.py'}' '{path}'"})
        return base


class Maker:
    """Runs the programs and keeps what they say."""

    def __init__(self, drivers: Path, servers: Servers) -> None:
        """Lay the programs into a folder of their own, as an application lies in one."""
        self.drivers, self.servers = drivers, servers
        self.app = servers.folder / "app"
        shutil.copytree(HERE / "raise", self.app)
        if (drivers / "node_modules").is_dir():
            (self.app / "node_modules").symlink_to(drivers / "node_modules")
        self.python = str(drivers / "py" / "bin" / "python")
        self.rows: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self.labels = label.Labels()

    def program(self, language: str) -> list[str]:
        """Return the words that run the program of a language; it is built first where that is needed."""
        first, script = PROGRAMS[language]
        first = first.format(drivers=self.drivers, app=self.app)
        if language == "go" and not (self.app / "shop").exists():
            environment = os.environ | {
                "GO111MODULE": "off",
                "GOPATH": "/usr/share/gocode",
                "GOFLAGS": "",
                "GOCACHE": str(self.servers.folder / "gocache"),
            }
            (self.app / "main.go").write_bytes((self.app / "shop.go").read_bytes())
            subprocess.run(["go", "build", "-o", "shop", "main.go"], cwd=self.app, check=True, env=environment)
        if language == "java":
            classes = ":".join(
                [
                    "/app",
                    *(
                        str(path)
                        for path in Path("/usr/share/java").glob("*.jar")
                        if re.match(r"(mariadb-java-client|postgresql|sqlite-jdbc)\.jar", path.name)
                    ),
                    str(self.app),
                ]
            )
            if not (self.app / "Shop.class").exists():
                subprocess.run(["javac", "-d", str(self.app), str(self.app / "Shop.java")], check=True)
            return [
                "java",
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-Djava.library.path=/usr/lib/jni:/usr/lib/x86_64-linux-gnu/jni",
                "-cp",
                classes,
                "Shop",
            ]
        return [first, str(self.app / script)] if script else [first]

    def environment(self, driver: str) -> dict[str, str]:
        """Return the environment of the programs."""
        # The wheel's own OpenSSL is not found otherwise where the system's is older.
        vendor = {str(path) for path in self.drivers.glob("py/lib/python3*/site-packages/mysql/vendor")}
        more = {"LD_LIBRARY_PATH": ":".join(vendor)} if "mysql.connector" in driver else {}
        return more | {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.servers.folder),
            "PYTHONPATH": str(cache() / "trees" / "mysqldb" / "usr" / "lib" / "python3" / "dist-packages"),
            "NO_COLOR": "1",
        }

    def run(
        self, language: str, driver: str, jobs: list[dict[str, Any]], *, uncaught: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Run jobs in the program of a language; yields its answers, or with `uncaught` what it wrote to stderr."""
        if not jobs:
            return
        groups = [jobs[at : at + SIZE] for at in range(0, len(jobs), SIZE)]
        for group in groups:
            file = self.servers.folder / "job.json"
            file.write_text(
                json.dumps({"driver": driver, "base": group[0]["base"], "scenarios": group}), encoding="utf-8"
            )
            words = [*self.program(language), str(file)] + (["--uncaught"] if uncaught else [])
            try:
                done = subprocess.run(
                    words,
                    capture_output=True,
                    text=True,
                    errors="replace",
                    timeout=240 if not uncaught else 20,
                    env=self.environment(driver),
                    cwd=self.app,
                )
                out, err = done.stdout, done.stderr
            except subprocess.TimeoutExpired as late:
                out = (late.stdout or b"").decode(errors="replace")
                err = ""
                self.warnings.append(f"{language} {driver}: timeout")
            if uncaught:
                yield {"id": group[0]["id"], "text": err, "style": "uncaught"}
                continue
            if len(out.splitlines()) < len(group):
                self.warnings.append(
                    f"{language} {driver}: {len(group)} scenarios, {len(out.splitlines())} lines; {err[-600:]}"
                )
            for line in out.splitlines():
                try:
                    answer = json.loads(line)
                except ValueError:
                    continue
                if isinstance(answer, dict) and "id" in answer:
                    yield answer


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drivers", type=Path, required=True)
    parser.add_argument("--engine", action="append")
    parser.add_argument("--language", action="append")
    parser.add_argument("--out", type=Path, default=DATA)
    return parser.parse_args()


SCENARIOS: Final = scenarios.read()
WORDS: Final = SCENARIOS.pop("words")
SCENARIOS["mariadb"] = [one for one in SCENARIOS["mysql"] if one.get("engine") != "mysql"]
SCENARIOS["mysql"] = [one for one in SCENARIOS["mysql"] if one.get("engine") != "mariadb"]


def raise_all(maker: Maker, engine: str, languages: list[str] | None) -> None:
    """Raise the errors of an engine through all drivers."""
    places = Places(maker.servers, engine, maker.python)
    places.fresh()
    taken: set[str] = set()
    jobs = [places.job(scenario, "reference", taken, number) for number, scenario in enumerate(SCENARIOS[engine])]
    truth: dict[str, dict[str, Any]] = {}
    for job in jobs:
        job["style"] = 1
    for answer in maker.run("py", REFERENCE[engine], [job for job in jobs if not job.get("skip")]):
        if "setup" in answer:
            maker.warnings.append(f"{engine} {answer['id']}: setup: {answer['setup'][:300]}")
        elif answer["text"] is not None:
            words = next(job["words"] for job in jobs if job["id"] == answer["id"])
            truth[answer["id"]] = answer | {"words": words}
        else:
            maker.warnings.append(f"{engine} {answer['id']}: no error")
    for language, driver, engines, part in DRIVERS:
        if engine not in engines.split() or (languages and language not in languages):
            continue
        places.fresh()
        taken = set()
        jobs = []
        for number, scenario in enumerate(SCENARIOS[engine]):
            name = scenario["name"]
            if name not in truth:
                continue
            if (name.split()[0] in ALWAYS and share(engine, driver, name) < max(part, 0.6)) or share(
                engine, driver, name
            ) < part:
                job = places.job(scenario, driver, taken, number)
                job["style"] = int(share("style", engine, driver, name) * 600)
                if not job.get("skip"):
                    jobs.append(job)
        before = len(maker.rows)
        failed: set[str] = set()
        for answer in maker.run(language, driver, jobs):
            if "setup" in answer:
                failed.add(answer["id"])
            if answer["id"] not in failed and answer.get("text"):
                keep(maker, places, language, driver, answer, truth)
        places.fresh()
        for job in [
            job for job in jobs if job["id"].split()[0] in ALWAYS and not any("shell" in step for step in job["steps"])
        ][:: 3 if language in ("java", "go") else 2][:4]:
            for answer in maker.run(language, driver, [job], uncaught=True):
                if answer["text"].strip():
                    keep(maker, places, language, driver, answer, truth)
        print(f"{engine} {language} {driver}: {len(jobs)} scenarios, {len(maker.rows) - before} texts", flush=True)
    for server in list(places.by_name.values()):
        maker.servers.stop(server)


def keep(
    maker: Maker, places: Places, language: str, driver: str, answer: dict[str, Any], truth: dict[str, dict[str, Any]]
) -> None:
    """Label an answer and keep it."""
    text = scrub(answer["text"], maker, places)
    if not text.strip() or len(text) > LONGEST:
        return
    if re.search(r"\bValidation error\W*$", text):
        # Sequelize says no more.
        return
    row = maker.labels.row(places.engine, language, driver, answer, truth.get(answer["id"], {}), text)
    if row is None:
        maker.warnings.append(f"{places.engine} {language} {driver} {answer['id']}: no label: {text[:200]!r}")
    else:
        maker.rows.append(row)


def scrub(text: str, maker: Maker, places: Places) -> str:
    """Replace what is of this machine by what could be anybody's."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    standard = sysconfig.get_paths()["stdlib"]
    pairs = [
        (str(maker.drivers / "node_modules"), "/app/node_modules"),
        (str(maker.drivers / "py" / "lib"), "/app/venv/lib"),
        (str(cache() / "trees" / "mysqldb" / "usr"), "/usr"),
        (standard, "/usr/lib/python3.11"),
        (str(maker.app), "/app"),
        (str(places.folder), "/app/data"),
        (str(HERE), "/app/tools"),
    ]
    for running in places.by_name.values():
        pairs.append(
            (
                running.socket,
                "/var/run/mysqld/mysqld.sock" if places.engine != "postgresql" else "/var/run/postgresql/.s.PGSQL.5432",
            )
        )
        pairs.append(
            (str(running.folder / "run"), "/var/run/postgresql" if places.engine == "postgresql" else "/var/run/mysqld")
        )
        pairs.append(
            (
                str(running.folder / "server"),
                "/var/lib/mysql" if places.engine != "postgresql" else "/var/lib/postgresql/18/main",
            )
        )
        pairs.append(
            (str(running.folder), "/var/lib/mysql" if places.engine != "postgresql" else "/var/lib/postgresql/18")
        )
        text = re.sub(rf"(?<!\d){running.port}(?!\d)", "5432" if places.engine == "postgresql" else "3306", text)
    if places.engine != "postgresql":
        text = re.sub(r"(127\.0\.0\.1|localhost)(:| ?\(?)9\b", r"\g<1>\g<2>3306", text)
        text = re.sub(r"\bport: 9\b|:9'|:9 ", lambda m: m[0].replace("9", "3306"), text)
    else:
        text = re.sub(
            r"(port|Port):? 9\b|127\.0\.0\.1:9\b|localhost:9\b|\"127\.0\.0\.1\", 9\b|', 9\)",
            lambda m: re.sub(r"9$|9(?=\)$)", "5432", m[0]),
            text,
        )
    pairs.append((str(maker.servers.folder / "programs-18"), "/usr/lib/postgresql/18"))
    pairs.append((str(maker.servers.folder), "/srv"))
    for old, new in sorted(pairs, key=lambda pair: -len(pair[0])):
        text = text.replace(old, new)
    text = re.sub(rf"(?<![\w.-]){re.escape(socket.gethostname())}(?![\w-])", "app-1", text)
    return text.rstrip()


def write(rows: list[dict[str, Any]], path: Path, *, alike: bool = False) -> None:
    """Write rows to a file, without what says the same as another but for its numbers, unless `alike`."""
    labels = label.Labels()
    seen: set[tuple[str, ...]] = set()
    kept = []
    for row in filter(None, map(labels.mended, rows)):
        shape = row["text"] if alike else re.sub(r"\d+", "0", row["text"])
        key = (shape,)
        if key in seen:
            continue
        seen.add(key)
        kept.append(row)
    size = {row["id"]: len(json.dumps(row, ensure_ascii=False).encode()) + 1 for row in kept}
    over = sum(size.values()) - LIMITS.get(path.stem, 100_000_000)
    number = Counter(row["codes"][0] for row in kept if row["codes"])
    # What is long goes before what is short, so that many different texts are left; a few are left of each code.
    for row in sorted(kept, key=lambda row: -size[row["id"]] * share(row["id"])):
        if over <= 0:
            break
        if row["codes"] and number[row["codes"][0]] <= FEW:
            continue
        number.subtract(row["codes"][:1])
        over -= size[row["id"]]
        kept.remove(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for row in kept:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{path.name}: {len(kept)} of {len(rows)} texts, {path.stat().st_size:,} bytes")


def main() -> None:
    """Raise, label, write."""
    # So that servers are stopped whatever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = arguments()
    for engine in options.engine or list(SCENARIOS):
        with Servers(options.drivers.resolve()) as servers:
            maker = Maker(options.drivers.resolve(), servers)
            raise_all(maker, engine, options.language)
            suffix = "-" + "-".join(options.language) if options.language else ""
            write(maker.rows, options.out / f"{engine}-drivers{suffix}.jsonl")
            for warning in maker.warnings:
                print(warning, file=sys.stderr)


if __name__ == "__main__":
    main()
