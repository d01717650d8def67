"""Entries made for a test: the public object with only what is executed. And how to execute them."""

import threading
from collections.abc import Mapping
from typing import Any

from errbook.lab import evidence
from errbook.lab.limits import Limits
from errbook.lab.server import select
from errbook.lab.verify import Result, verify

Json = dict[str, Any]

SHORT = Limits(statement=1.0, program=1.5, play=30.0)
"""Limits for entries that are made to run into them."""


def step(
    action: str, value: Any, *, on: str = "main", raises: bool = False, waits: bool = False, fails: str | None = None
) -> Json:
    """Return a public step."""
    return {
        "action": action,
        "value": value,
        "on": on,
        "engines": [],
        "versions": {},
        "raises": raises,
        "waits": waits,
        "fails": fails,
    }


def fix(*proof: Json, code: str = "SELECT 1;", language: str = "sql", **more: Any) -> Json:
    """Return a public fix with its proof."""
    return {
        "title": "Made for a test",
        "engines": [],
        "versions": {},
        "code": {"language": language, "text": code, "file": None, "values": {}},
        "proof": list(proof),
        "not_executable": None,
        **more,
    }


def entry(engine: str, code: str, *steps: Json, fixes: tuple[Json, ...] = (), name: str = "", **more: Any) -> Json:
    """Return a public entry; `more` goes into its scenario. `name` makes the identity unlike that of other ones."""
    return {
        "id": f"{engine}/{code}{name}",
        "engine": engine,
        "engines": [engine],
        "code": code,
        "sqlstate": None,
        "sqlstates": {},
        "reproduce": {
            "about": "Made for a test.",
            "engines": [],
            "versions": {},
            "settings": {},
            "host": {},
            "setup": None,
            "steps": list(steps),
            "not_executable": None,
            **more,
        },
        "fixes": list(fixes),
    }


MISSING_TABLE = {"postgresql": "42P01", "mysql": "1146", "mariadb": "1146", "sqlite": "1"}
"""The code of a statement that names a table which is not there."""


def simple(engine: str, name: str, *steps: Json, **more: Any) -> Json:
    """Return an entry that does some steps and then names a table which is not there."""
    last = step("run", "SELECT * FROM no_such_table;", on="last", raises=True)
    return entry(engine, MISSING_TABLE[engine], *steps, last, name=f"-{name}", **more)


def play(
    *entries: Json, server: str = "postgresql:18", client: bool = False, limits: Limits | None = None, jobs: int = 2
) -> dict[str, Result]:
    """Execute entries; return what came by what stands behind the dash in their identities."""
    found: dict[str, Result] = {}

    def keep(result: Result) -> None:
        found[result.entry.partition("-")[2]] = result

    nothing: Mapping[str, evidence.Record] = {}
    verify(
        entries,
        select([server]),
        jobs=jobs,
        recorded=lambda _: nothing,
        client=client,
        report=keep,
        stop=threading.Event(),
        limits=limits,
    )
    return found


def outcomes(found: Mapping[str, Result]) -> dict[str, str]:
    """Return only the outcomes."""
    return {name: result.record["outcome"] for name, result in found.items()}
