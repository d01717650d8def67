"""What the servers' own command-line clients print: mysql, mariadb, psql and sqlite3."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from servers import cache, inside

CLIENTS: Final = {
    # Name, engines, the tree it comes from, its words.
    "mysql 9.7": ("mysql", "mysql-9.7", ["mysql", "--no-defaults"]),
    "mariadb 11.8": ("mysql mariadb", "mariadb-11.8", ["mariadb", "--no-defaults", "--skip-ssl"]),
    "mariadb 10.11": ("mariadb", "mariadb-10.11", ["mariadb", "--no-defaults"]),
    "psql 17": ("postgresql", "psql", ["/usr/lib/postgresql/17/bin/psql", "--no-psqlrc"]),
    "psql 15": ("postgresql", None, ["/usr/lib/postgresql/15/bin/psql", "--no-psqlrc"]),
    "sqlite3 3.40": ("sqlite", "sqlite-3.40", ["sqlite3"]),
}


def plain(job: dict[str, Any]) -> bool:
    """Return whether a job needs one session only, and no other program."""
    steps = job["steps"]
    return all("sql" in step and step.get("on") != "b" and not step.get("ignore") for step in steps)


def prepare(places: Any, job: dict[str, Any]) -> bool:
    """Do what comes before the steps; returns whether it went well."""
    if places.engine == "sqlite":
        connection: Any = sqlite3.connect(job["base"]["file"], isolation_level=None)
    else:
        connection = places.admin(database="shop")
    try:
        for sql in job["setup"]:
            connection.cursor().execute(sql)
    except Exception:
        return False
    finally:
        connection.close()
    return True


def words(name: str, job: dict[str, Any], style: int) -> tuple[list[str], str | None, dict[str, str]]:
    """Return a client's command line, what it reads, and what its environment has more."""
    _, tree, start = CLIENTS[name]
    where = job.get("connect") or job["base"]
    more: dict[str, str] = {}
    text = ";\n".join(step["sql"] for step in job["steps"]) + ";\n"
    stdin: str | None = text
    if name.startswith(("mysql", "mariadb")):
        made = [*start, f"--user={where['user']}"]
        made += (
            [f"--socket={where['socket']}"]
            if where.get("socket")
            else [f"--host={where['host']}", f"--port={where['port']}", "--protocol=tcp"]
        )
        made += [f"--password={where['password']}"] if where.get("password") else []
        made += [where["database"]] if where.get("database") else []
        if style == 0:
            made, stdin = [*made, f"--execute={text}"], None
        elif style == 1:
            made.append("--verbose")
        elif style == 3:
            made += ["--force", "--table"]
    elif name.startswith("psql"):
        made = [
            *start,
            "-h",
            where.get("socket") or where["host"],
            "-p",
            str(where["port"]),
            "-U",
            where["user"],
            "-w",
            "-d",
            where["database"],
        ]
        more = {"PGPASSWORD": where["password"]} if where.get("password") else {}
        made += [["-q"], ["-a"], ["-q", "-v", "VERBOSITY=verbose"], ["-q", "-v", "VERBOSITY=terse"]][style % 4]
        if style >= 4:
            # As psql -f says it, with file and line.
            made += ["-q", "-f", "-"]
    else:
        made = [*start, "-batch", where["file"]]
        if style == 0:
            made, stdin = [*made, text.rstrip(";\n")], None
        elif style == 1:
            made.insert(1, "-echo")
    return (
        inside(
            cache() / "trees" / tree if tree else None, made, Path(where["file"]).parent if where.get("file") else None
        ),
        stdin,
        more,
    )


def answers(
    places: Any, name: str, jobs: list[dict[str, Any]], environment: dict[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Run jobs in a client; yields what it printed."""
    for job in jobs:
        if not plain(job) or not prepare(places, job):
            continue
        style = job["style"] % 6
        made, stdin, more = words(name, job, style)
        clean = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/nonexistent", "TERM": "dumb"}
        try:
            done = subprocess.run(
                made,
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=20,
                env=clean | (environment or {}) | more,
            )
        except subprocess.TimeoutExpired:
            continue
        echoed = style == 1
        text = (done.stdout + done.stderr if echoed else done.stderr).strip()
        if echoed and name.startswith("psql"):
            # In one stream, as a terminal shows it.
            both = subprocess.run(
                made,
                input=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=20,
                env=clean | (environment or {}) | more,
            )
            text = both.stdout.strip() if not job["setup"] else text
        if not text:
            continue
        code = state = None
        if places.engine in ("mysql", "mariadb"):
            found = re.search(r"ERROR (\d{4,5}) \((\w{5})\)", text)
            code, state = (int(found[1]), found[2]) if found else (None, None)
        elif places.engine == "postgresql" and style % 4 == 2:
            found = re.search(r"(?:ERROR|FATAL|[^\s:]{3,}):\s+([0-9A-Z]{5}):", text)
            state = found[1] if found else None
        yield {
            "id": job["id"],
            "text": text,
            "code": code,
            "sqlstate": state,
            "symbol": None,
            "style": ["command", "echoed", "verbose", "quiet", "file", "file"][style],
        }
