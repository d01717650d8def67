"""Entries made for a test: the public object with only what is executed."""

from typing import Any

Json = dict[str, Any]


def step(action: str, value: Any, *, on: str = "main", raises: bool = False, waits: bool = False) -> Json:
    """Return a public step."""
    return {
        "action": action,
        "value": value,
        "on": on,
        "engines": [],
        "versions": {},
        "raises": raises,
        "waits": waits,
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
