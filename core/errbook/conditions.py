"""Conditions that are written up: what ties errors of several engines together, as it is given out.

The public object (schema/public.schema.json, `condition_guide`) is made of a file errors/conditions/<condition>.yaml
and of its evidence. The lab takes it as it takes the public object of an entry.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

FOLDER = "conditions"
"""What stands in an identity where an entry has its engine: ``conditions/deadlock``."""


def public(
    written: Mapping[str, Any],
    link: Callable[[str], Mapping[str, Any]],
    recorded: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the public object of a written condition that passed the checks.

    `link` gives an entry's code, symbol, SQLSTATEs by engine and retry verdict by its identity; `recorded` is the
    content of the file of evidence, where there is one.
    """
    from errbook import verification

    name, handling = written["condition"], written["handling"]
    made: dict[str, Any] = {
        "id": f"{FOLDER}/{name}",
        "condition": name,
        "title": written["title"],
        "summary": written["summary"].strip(),
        "engines": [engine for part in written["behaviours"] for engine in part["engines"]],
        "behaviours": [
            {
                "engines": list(part["engines"]),
                "errors": [dict(link(error)) for error in part["errors"]],
                "statement": part["statement"].strip(),
                "transaction": part["transaction"].strip(),
                "outcome": part["outcome"],
                "scenario": _scenario(part["scenario"]),
            }
            for part in written["behaviours"]
        ],
        "differences": [text.strip() for text in written["differences"]],
        "handling": {"python": handling["python"].strip("\n"), "why": handling["why"].strip()},
        "verification": None,
        "raised": [],
        "page": f"/{FOLDER}/{name}/",
        "source_file": f"errors/{FOLDER}/{name}.yaml",
    }
    made["verification"] = verification.of(made, recorded)
    made["raised"] = _raised(made, recorded["servers"] if recorded else {})
    return made


def owns(errors: Sequence[str], code: str | None, engine: str) -> bool:
    """Tell whether a code that a driver gave is one of a condition's errors on an engine, given by their codes.

    Some drivers of SQLite give no more than the primary code, the lowest byte (https://sqlite.org/rescode.html).
    """
    return code in errors or (
        engine == "sqlite"
        and code is not None
        and code in {str(int(error) & 0xFF) for error in errors if error.isdigit()}
    )


def _raised(condition: Mapping[str, Any], records: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what drivers raised, the same by several, or on several servers, once; the condition's errors come first.

    Runs that no longer hold for what is written are left out.
    """
    from errbook.wording import normalised

    errors = {
        engine: [error["id"].partition("/")[2] for error in part["errors"]]
        for part in condition["behaviours"]
        for engine in part["engines"]
    }
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for run in condition["verification"]["servers"]:
        for item in [] if run["stale"] else records[run["server"]].get("raised", ()):
            own = owns(errors[run["engine"]], item["code"], run["engine"])
            key = own, item["driver"], item["code"], item["sqlstate"], normalised(item["message"])
            seen = found.setdefault(key, {**item, "own": own, "servers": [], "exact": True})
            # Several programs of one scenario may meet the same error.
            if run["server"] not in seen["servers"]:
                seen["servers"].append(run["server"])
            seen["exact"] = seen["exact"] and item["message"] == seen["message"]
    told: dict[tuple[Any, ...], dict[str, Any]] = {}
    for item in found.values():
        key = item["own"], item["code"], item["sqlstate"], item["message"], *item["servers"]
        seen = told.setdefault(key, {"drivers": [], **{name: item[name] for name in item if name != "driver"}})
        seen["drivers"].append(item["driver"])
        seen["exact"] = seen["exact"] and item["exact"]
    return sorted(told.values(), key=lambda item: not item["own"])


def _scenario(scenario: Mapping[str, Any]) -> dict[str, Any]:
    from errbook.public import step

    steps = [step(item) for item in scenario.get("steps") or [{"python": scenario["python"]}]]
    return {
        "about": scenario["about"].strip(),
        "versions": dict(scenario.get("versions", {})),
        "settings": dict(scenario.get("settings", {})),
        "setup": scenario["setup"].strip("\n") if "setup" in scenario else None,
        "python": next(item["value"] for item in steps if _runs_handling(item)),
        "steps": steps,
    }


def _runs_handling(step: Mapping[str, Any]) -> bool:
    """Tell whether a public step runs the program that the page shows."""
    return step["action"] == "python" and "$code" in step["value"]
