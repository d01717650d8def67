"""What of an entry is executed on one engine: a plain JSON object that can be sent to a worker and digested.

It is made from the public object of an entry, or of a condition (schema/public.schema.json), so that what is executed
is what is published. Prose is not part of it: a better sentence does not make evidence stale.
"""

import json
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from errbook.lab.statements import single
from errbook.lab.statements import split as cut
from errbook.query import is_slug
from errbook.variants import split

Plan = dict[str, Any]
"""The keys:

entry, code, sqlstate
    The identity, and what must be raised, the SQLSTATE as this engine sends it. sqlstate is null where it has none.
messages, underlying
    Only where the code does not say it all, for a variant or a message without a code: the texts of which what is
    raised must have one, and the code to compare in place of a slug, null where there is none.
applies, not_executable
    Why nothing is executed on this engine (null where it is), and the writer's reason for an exemption (or null).
settings, host, setup, steps
    The scenario, with only the steps of this engine.
handling, errors
    Only of a condition: the program that stands for `$code` in its steps, none of which raises, and the codes of which
    one must have reached it.
fixes
    One object per fix of the entry, in order: `fix` (its number from 1), `applies` and `not_executable` as above,
    `code` (language, text with its placeholders filled, values) and `proof` (steps).
"""

DATABASE = "demo"
"""The fresh database of a play; its name stands in messages such as `Table 'demo.orders' doesn't exist`."""

CODE = "$code"
"""What stands for a fix's own text in the steps of its proof."""

_STATEMENTS: Final = frozenset({"run", "pause", "close"})

_SESSIONS: Final = re.compile(
    r"connect|session|thread|process|prepare|kill|terminate|_stat_|backend|template|shutdown|set\s+(global|persist)",
    re.IGNORECASE,
)
"""Words of statements in which it matters which sessions there are."""

_ORDINARY: Final = re.compile(
    r"(?:\s|--[^\n]*\n|#[^\n]*\n)*"
    r"(?:select|insert|update|delete|replace|truncate|(?:create|alter|drop)\s+table|create\s+(?:unique\s+)?index"
    r"|drop\s+index|begin(?=(?:\s+work)?\s*\Z)|start\s+transaction|commit|rollback|savepoint)\b",
    re.IGNORECASE,
)
"""Beginnings of statements that change nothing outside the database that they name.

Of BEGIN the whole: MariaDB's BEGIN NOT ATOMIC is followed by statements of any kind.
"""

_BEYOND: Final = re.compile(r"\b(?:mysql|performance_schema|sys|outfile|dumpfile)\b|/\*!|/\*M!", re.IGNORECASE)
"""What does so all the same: schemas of the server's own in which rows can be changed, files, and code in comments."""


def of(entry: Mapping[str, Any], engine: str, series: str | None = None) -> Plan:
    """Return the plan of an entry (public object) for one of its engines, as it is on the servers of one series.

    Without a series, what holds for only some versions is part of the plan all the same.
    """
    if "handling" in entry:
        return _of_condition(entry, engine, series)
    scenario = entry["reproduce"]
    made = {
        "entry": entry["id"],
        "engine": engine,
        "code": entry["code"],
        "sqlstate": entry["sqlstates"].get(engine, entry["sqlstate"]),
        "applies": _applies(scenario, engine, series),
        "versions": dict(scenario["versions"]),
        "not_executable": scenario["not_executable"],
        "settings": dict(scenario["settings"]),
        "host": dict(scenario["host"]),
        "setup": scenario["setup"],
        "steps": _steps(scenario["steps"], engine, series),
        "fixes": [
            {
                "fix": number,
                "applies": _applies(fix, engine, series),
                "versions": dict(fix["versions"]),
                "not_executable": fix["not_executable"],
                "code": {
                    "language": fix["code"]["language"],
                    "text": filled(fix["code"]["text"], fix["code"]["values"]),
                    "values": dict(fix["code"]["values"]),
                },
                "proof": _steps(fix["proof"], engine, series),
            }
            for number, fix in enumerate(entry["fixes"], 1)
        ],
    }
    if slug := is_slug(entry["code"]):
        made["underlying"] = entry["underlying"]
    printed = [step["prints"] for step in made["steps"] if step.get("prints")]
    if slug or printed or split(entry["id"])[1]:
        made["messages"] = printed or [item["text"] for item in entry["messages"]]
    return made


def _of_condition(condition: Mapping[str, Any], engine: str, series: str | None) -> Plan:
    """Return the plan of a condition (public object): steps of which each must succeed."""
    part = next(part for part in condition["behaviours"] if engine in part["engines"])
    scenario = part["scenario"]
    return {
        "entry": condition["id"],
        "engine": engine,
        "code": part["errors"][0]["id"].partition("/")[2],
        "sqlstate": None,
        "applies": _applies({"engines": [], **scenario}, engine, series),
        "versions": dict(scenario["versions"]),
        "not_executable": None,
        "settings": dict(scenario["settings"]),
        "host": {},
        "setup": scenario["setup"],
        "steps": _steps(scenario["steps"], engine, series),
        "handling": condition["handling"]["python"],
        "errors": [error["id"].partition("/")[2] for error in part["errors"]],
        "outcome": part["outcome"],
        "fixes": [],
    }


def digest(entry: Mapping[str, Any], engine: str) -> str:
    """Return 16 hex digits that change when what is executed on the engine, or what must come of it, changes.

    The writer's reasons are prose: that there is an exemption counts, not its words.
    """
    plan = of(entry, engine)
    for part in (plan, *plan["fixes"]):
        part["not_executable"] = part["not_executable"] is not None
        part["applies"] = part["applies"] is None
    for fix in plan["fixes"]:
        if not fix["applies"]:
            # Another engine's fix may change without a new run here.
            fix["code"], fix["proof"] = None, []
    text = json.dumps(plan, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return the text with each <placeholder> that has a value replaced by it."""
    return re.sub(r"<(\w+)>", lambda match: values.get(match[1], match[0]), text)


def private(plan: Plan) -> bool:
    """Tell whether the plan needs a server of its own: other settings, restarts, kills, or limits of the host."""
    steps = [*plan["steps"], *(step for fix in plan["fixes"] for step in fix["proof"])]
    return bool(plan["settings"] or plan["host"]) or any(touches_server(step) for step in steps)


def counts_sessions(plan: Plan) -> bool:
    """Tell whether it may matter in the plan that one more session is connected to the server, and does nothing.

    It does not where there are only statements, and none of them is about how many sessions or prepared statements
    there are, or which.
    """
    texts = _statements(plan)
    return texts is None or any(_SESSIONS.search(text) for text in texts)


def stays_inside(plan: Plan) -> bool:
    """Tell whether there are only statements in the plan that change nothing outside their session and database."""
    texts = _statements(plan)
    return texts is not None and all(
        _ORDINARY.match(statement) and not _BEYOND.search(statement) and single(statement, plan["engine"])
        for text in texts
        for statement in cut(text, plan["engine"])
    )


def _statements(plan: Plan) -> list[str] | None:
    """Return the texts of a plan's statements; None where there is more in it than statements."""
    parts = (plan, *plan["fixes"])
    steps = [step for part in parts for step in part.get("steps", part.get("proof", ()))]
    if plan["settings"] or plan["host"] or any(step["action"] not in _STATEMENTS for step in steps):
        return None
    values = [step["value"] for step in steps if step["action"] == "run" and step["value"] != CODE]
    return [plan["setup"] or "", *(fix["code"]["text"] for fix in plan["fixes"]), *values]


def touches_server(step: Mapping[str, Any]) -> bool:
    """Tell whether a step ends the server or changes its configuration."""
    return step["action"] in ("configure", "server")


def _applies(part: Mapping[str, Any], engine: str, series: str | None) -> str | None:
    """Return why a scenario or a fix is not for the servers of a series, or None where it is."""
    if part["engines"] and engine not in part["engines"]:
        return f"It is for {' and '.join(part['engines'])} only."
    if not _holds(part, engine, series):
        return f"It is for {engine} {part['versions'][engine]} only."
    return None


def _steps(steps: list[dict[str, Any]], engine: str, series: str | None) -> list[dict[str, Any]]:
    return [
        {
            **{key: step[key] for key in ("action", "value", "on", "versions", "raises", "waits")},
            # Only where it is used: what does not is the same plan with the same digest as before there was this.
            **({"prints": step["prints"]} if step.get("prints") else {}),
            **({"fails": step["fails"]} if step["fails"] is not None else {}),
        }
        for step in steps
        if (not step["engines"] or engine in step["engines"]) and _holds(step, engine, series)
    ]


def _holds(part: Mapping[str, Any], engine: str, series: str | None) -> bool:
    text = part["versions"].get(engine, "all")
    return series is None or text == "all" or within(series, text)


def within(series: str, text: str) -> bool:
    """Tell whether the servers of a series such as 10.11 are in a range such as `>=10.5,<11` (schema: version_range).

    A series stands for its newest release, so 10.11 is in `>=10.11.3`.
    """
    given = [int(part) for part in series.split(".")]
    newest = [*given, *[_NEWEST] * (4 - len(given))]
    for sign, number in _parts(text):
        same = newest[: len(number)] == number
        if sign == "=":
            shorter = min(len(number), len(given))
            # `=10.11` is the series 10.11, and `=10` every series of 10; `=10.11.3` is its newest release at best.
            inside = number[:shorter] == given[:shorter] and newest[: len(number)] >= number
        elif sign in (">=", ">"):
            inside = newest >= number and not (sign == ">" and same)
        else:
            inside = newest < number or (sign == "<=" and same)
        if not inside:
            return False
    return True


def _parts(text: str) -> list[tuple[str, list[int]]]:
    found = [re.fullmatch(r"(>=|<=|>|<|=)([\d.]+)", part) for part in text.split(",")]
    return [(match[1], [int(part) for part in match[2].split(".")]) for match in found if match]


_NEWEST = 10**6
