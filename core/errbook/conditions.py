"""Conditions that are written up: what ties errors of several engines together, as it is given out.

The public object (schema/public.schema.json, `condition_guide`) is made of a file errors/conditions/<condition>.yaml
and of its evidence. The lab takes it as it takes the public object of an entry.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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
        "page": f"/{FOLDER}/{name}/",
        "source_file": f"errors/{FOLDER}/{name}.yaml",
    }
    made["verification"] = verification.of(made, recorded)
    return made


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
