"""A small knowledge of its own for these tests, so that they do not change with the entries that people write."""

import shutil
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]

ENTRIES: list[dict[str, Any]] = [
    {
        "code": "1040",
        "engines": ["mysql", "mariadb"],
        "symbol": "ER_CON_COUNT_ERROR",
        "sqlstate": "08004",
        "severity": "fatal",
        "frequency": "very-common",
        "category": "capacity",
        "condition": "too-many-connections",
        "title": "Too many connections",
        "risk": "critical",
        "retry": "with-backoff",
    },
    {
        "code": "1062",
        "engines": ["mysql", "mariadb"],
        "symbol": "ER_DUP_ENTRY",
        "sqlstate": "23000",
        "severity": "error",
        "frequency": "very-common",
        "category": "constraint",
        "condition": "unique-violation",
        "title": "Duplicate entry",
        "risk": "low",
        "retry": "no",
    },
    {
        "code": "1452",
        "engines": ["mysql"],
        "symbol": "ER_NO_REFERENCED_ROW_2",
        "sqlstate": "23000",
        "severity": "error",
        "frequency": "common",
        "category": "constraint",
        "condition": "foreign-key-violation",
        "title": "Foreign key constraint fails",
        "risk": "low",
        "retry": "no",
    },
    {
        "code": "1927",
        "engines": ["mariadb"],
        "symbol": "ER_CONNECTION_KILLED",
        "sqlstate": "08S01",
        "severity": "fatal",
        "frequency": "occasional",
        "category": "connection",
        "condition": "connection-lost",
        "title": "Connection was killed",
        "risk": "medium",
        "retry": "with-backoff",
    },
    {
        "code": "53300",
        "engines": ["postgresql"],
        "symbol": "too_many_connections",
        "sqlstate": "53300",
        "severity": "fatal",
        "frequency": "common",
        "category": "capacity",
        "condition": "too-many-connections",
        "title": "Too many clients already",
        "risk": "critical",
        "retry": "with-backoff",
    },
    {
        "code": "23505",
        "engines": ["postgresql"],
        "symbol": "unique_violation",
        "sqlstate": "23505",
        "severity": "error",
        "frequency": "very-common",
        "category": "constraint",
        "condition": "unique-violation",
        "title": "Duplicate key value violates unique constraint",
        "risk": "low",
        "retry": "no",
    },
    {
        "code": "42P01",
        "engines": ["postgresql"],
        "symbol": "undefined_table",
        "sqlstate": "42P01",
        "severity": "error",
        "frequency": "very-common",
        "category": "schema",
        "condition": "undefined-table",
        "title": "Relation does not exist",
        "risk": "low",
        "retry": "after-fix",
    },
    {
        "code": "2067",
        "engines": ["sqlite"],
        "symbol": "SQLITE_CONSTRAINT_UNIQUE",
        "severity": "error",
        "frequency": "common",
        "category": "constraint",
        "condition": "unique-violation",
        "title": "UNIQUE constraint failed",
        "risk": "low",
        "retry": "no",
    },
]
"""What tells the entries apart; `entry` fills in the rest."""


PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "1062": [
        {
            "name": "value",
            "meaning": "What was to be written and is there already.",
            "fills": [{"replaces": "ann@example.com", "as": "text"}],
        },
        {
            "name": "key",
            "meaning": "The index, after its table and a dot.",
            "fills": [{"replaces": "users", "as": "identifier", "part": "first"}],
        },
    ]
}
MESSAGES = {"1062": "Duplicate entry '{value}' for key '{key}'"}
CONFIRMS = {"1062": "SELECT * FROM users WHERE email = 'ann@example.com';"}


def entry(short: dict[str, Any]) -> dict[str, Any]:
    """Return a whole entry as it is written, valid by every rule."""
    title = short["title"]
    parameters = {"parameters": PARAMETERS[short["code"]]} if short["code"] in PARAMETERS else {}
    return {
        **short,
        **parameters,
        "summary": f"{title}: the server refused the request, and `{short['symbol']}` is what it says when it does so.",
        "messages": [{"text": MESSAGES.get(short["code"], title), "where": "the servers"}],
        "risk": {
            "level": short["risk"],
            "impact": f"Requests that meet it fail with {short['code']} and nothing is written.",
        },
        "retry": {
            "verdict": short["retry"],
            "why": "Nothing was written, so the same transaction can be sent again whole.",
        },
        "meaning": "The server compares what was asked with what it holds and refuses. " * 3,
        "causes": [
            {
                "cause": "Two clients asked for the same thing and one of them came second.",
                "confirm": {
                    "run": CONFIRMS.get(short["code"], "SELECT 1;"),
                    "reads": "One row means that this cause is the one at work here.",
                },
            }
        ],
        "reproduce": {"not_executable": "These entries are written to test a service; nothing runs them."},
        "fixes": [
            {
                "title": "Ask for something else",
                "when": "The request can be changed without harm to anybody.",
                "changes": "query",
                "cost": "One more round trip to the server for each request.",
                "code": {"language": "sql", "text": "SELECT 2;"},
                "why": "What is not asked for cannot be refused, and the rest goes on.",
                "proof": {"not_executable": "These entries are written to test a service; nothing runs them."},
            }
        ],
        "avoid": [
            {
                "title": "Restart the server",
                "why": "Everybody is disconnected and the next request fails in the same way.",
            }
        ],
        "drivers": [{"driver": "its own client", "language": "cli", "exception": f"ERROR {short['code']}"}],
        "sources": [
            {
                "title": "PostgreSQL: Error Codes",
                "url": "https://www.postgresql.org/docs/current/errcodes-appendix.html",
                "kind": "official",
            }
        ],
    }


def write(folder: Path) -> Path:
    """Write the knowledge as a layer into a folder and return the folder."""
    errors = folder / "errors"
    for engine in ("mysql", "mariadb", "postgresql", "sqlite"):
        (errors / engine).mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "errors" / engine / "engine.yaml", errors / engine)
    shutil.copy(ROOT / "errors" / "sqlstates.yaml", errors)
    for short in ENTRIES:
        put(folder, short)
    return folder


def put(folder: Path, short: dict[str, Any]) -> Path:
    """Write one entry into a layer, atomically as an editor does, and return its path."""
    path: Path = folder / "errors" / short["engines"][0] / f"{short['code']}.yaml"
    depth = "# yaml-language-server: $schema=../../schema/entry.schema.json\n"
    scratch = path.with_suffix(".new")
    scratch.write_text(depth + yaml.dump(_quoted(entry(short)), sort_keys=False, allow_unicode=True, width=100))
    scratch.replace(path)
    return path


class _Text(str):
    """A string that YAML gives in double quotes."""


yaml.add_representer(_Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"'))


def _quoted(value: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _Text(item) if key in ("code", "sqlstate") and isinstance(item, str) else item
        for key, item in value.items()
    }
