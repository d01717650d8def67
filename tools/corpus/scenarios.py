"""Scenarios of scenarios.yaml with names and values filled in."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any, Final

import yaml

FILE: Final = Path(__file__).with_name("scenarios.yaml")

_RESERVED: Final = ("order", "desc")
_AFTER: Final = ("", "_old", "_2024", "_v2", "Archive", "_tmp", "_eu", "_staging", "_new", "_x")


def read() -> dict[str, Any]:
    """Return the words that names and values are made of, and the scenarios by engine."""
    return yaml.safe_load(FILE.read_text("utf-8"))


def fill(scenario: dict[str, Any], words: dict[str, Any], seed: str, quote: str, taken: set[str]) -> dict[str, Any]:
    """Return a scenario with names and values chosen by a seed; `taken` are tables that other scenarios have."""
    dice = random.Random(seed)  # noqa: S311 - for variety
    chosen: dict[str, str] = {}
    for part in ("t", "u"):
        table = dice.choice(words["tables"])
        while table.lower() in taken:
            table = dice.choice(words["tables"]) + dice.choice(_AFTER) + dice.choice(["", "", "2", "3"])
        taken.add(table.lower())
        chosen[part] = table
    chosen["c"], chosen["d"] = dice.sample(words["columns"], 2)
    key = f"{chosen['t']}_{chosen['c']}" if dice.random() < 0.6 else chosen["c"]
    chosen["k"] = dice.choice(words["keys"]).format(key)
    value = dice.choice(words["values"])

    def quoted(name: str) -> str:
        plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in _RESERVED
        return name if plain and dice.random() < 0.6 else f"{quote}{name}{quote}"

    filled = {part: quoted(chosen[part]) for part in "tucdk"}
    for part in "tu":
        filled[f"{part}_"] = re.sub(r"\W", "_", chosen[part].encode("ascii", "replace").decode())
    filled["c_"] = chosen["c"]
    filled["n"] = str(dice.choice([1, 2, 5, 7, 42, 99]))
    filled["w"] = value
    filled["w_"] = re.sub(r"['\\]", "", value) or "x"
    escaped = value.replace("'", "''")
    filled["v"] = "'" + (escaped.replace("\\", "\\\\") if quote == "`" else escaped) + "'"

    def longer(found: re.Match[str]) -> str:
        # A quoted name with something after it is one name.
        part, after = found.groups()
        bare = filled[part][0] != quote
        return filled[part] + after if bare else f"{quote}{chosen[part]}{after}{quote}"

    def put(text: str) -> str:
        text = re.sub(r"\{([tucdk])\}(_\w+)", longer, text)
        text = re.sub(r"\{([tucw]_|[tucdknvw])\}", lambda found: filled[found[1]], text)
        text = re.sub(r"\{ones:(\d+)\}", lambda found: ", ".join(["1"] * int(found[1])), text)
        return text.replace("{{", "{").replace("}}", "}")

    return {
        "name": scenario["name"],
        "words": sorted(
            {*chosen.values(), *(filled[f"{part}_"] for part in "tu"), value} - {""}, key=len, reverse=True
        ),
        "setup": [put(sql) for sql in scenario.get("setup", ())],
        "steps": [put(step) for step in scenario["steps"]],
    }
