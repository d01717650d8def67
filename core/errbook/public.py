"""From an entry as it is written (schema/entry.schema.json) to an entry as it is given out (schema/public.schema.json).

The public object is complete: every key is there, with null or an empty list where the writer said nothing, so that
a client needs no defaults. Within a major version of SCHEMA_VERSION keys are only added.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

SCHEMA_VERSION = "1.6"

ACTIONS = ("run", "connect", "close", "set", "configure", "server", "shell", "python", "pause")
"""What a step can do: the keys of which a step in schema/entry.schema.json has exactly one."""

Json = dict[str, Any]

_Fills = Callable[[str, str], list[Json]]
"""Gives the places in a code, by its language, that the message's parameters fill in."""


def dumps(value: object) -> bytes:
    """Return the one serialisation used everywhere: UTF-8, compact, keys in the schema's order, newline at the end.

    Every surface sends these bytes, so the API, the static files and any replica agree on them, and on their ETags.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def page(engine: str, code: str) -> str:
    """Return the path of an entry's page below the site's root."""
    return f"/{engine}/{code}/"


def step(written: Mapping[str, Any]) -> Json:
    """Return the public object of a step, of an entry's scenario or of a condition's."""
    action = next(name for name in ACTIONS if name in written)
    return {
        "action": action,
        "value": written[action].strip("\n") if isinstance(written[action], str) else written[action],
        "on": written.get("on", "main"),
        "engines": list(written.get("engines", [])),
        "versions": dict(written.get("versions", {})),
        "raises": written.get("raises", False),
        "waits": written.get("waits", False),
        "prints": _prose(written["prints"]) if "prints" in written else None,
        "fails": written.get("fails"),
    }


def _scenario(scenario: Mapping[str, Any]) -> Json:
    steps = scenario.get("steps") or ([{"run": scenario["run"], "raises": True}] if "run" in scenario else [])
    return {
        "about": _prose(scenario["about"]) if "about" in scenario else None,
        "engines": list(scenario.get("engines", [])),
        "versions": dict(scenario.get("versions", {})),
        "settings": dict(scenario.get("settings", {})),
        "host": dict(scenario.get("host", {})),
        "setup": scenario["setup"].strip("\n") if "setup" in scenario else None,
        "steps": [step(item) for item in steps],
        "not_executable": _prose(scenario["not_executable"]) if "not_executable" in scenario else None,
    }


def _fix(fix: Mapping[str, Any], fills: _Fills) -> Json:
    code, proof, changes = fix["code"], fix["proof"], fix["changes"]
    # A proof with an exemption may have steps that are run all the same.
    steps = proof if isinstance(proof, list) else proof.get("steps", [])
    exempt = None if isinstance(proof, list) else _prose(proof["not_executable"])
    return {
        "title": fix["title"],
        "engines": list(fix.get("engines", [])),
        "versions": dict(fix.get("versions", {})),
        "when": _prose(fix["when"]),
        "changes": [changes] if isinstance(changes, str) else list(changes),
        "cost": _prose(fix["cost"]),
        "code": {
            "language": code["language"],
            "text": code["text"].strip("\n"),
            "file": code.get("file"),
            "values": dict(code.get("values", {})),
            "fills": fills(code["text"].strip("\n"), code["language"]),
        },
        "why": _prose(fix["why"]),
        "proof": [step(item) for item in steps],
        "not_executable": exempt,
    }


def _cause(cause: Mapping[str, Any], fills: _Fills) -> Json:
    confirm = cause["confirm"]
    run, language = confirm["run"].strip("\n"), confirm.get("language", "sql")
    return {
        "cause": _prose(cause["cause"]),
        "engines": list(cause.get("engines", [])),
        "confirm": {
            "run": run,
            "language": language,
            "reads": _prose(confirm["reads"]),
            "fills": fills(run, language),
        },
    }


def _messages(messages: Sequence[Mapping[str, Any]]) -> list[Json]:
    return [{"text": _prose(item["text"]), "where": item["where"]} for item in messages]


def _variant(variant: Mapping[str, Any], page: str, fills: _Fills) -> Json:
    return {
        "id": variant["id"],
        "title": variant["title"],
        "messages": _messages(variant["messages"]),
        "causes": [_cause(item, fills) for item in variant["causes"]],
        "reproduce": _scenario(variant["reproduce"]) if "reproduce" in variant else None,
        "fixes": [_fix(item, fills) for item in variant["fixes"]],
        "verification": None,
        "confidence": None,
        "page": f"{page}#{variant['id']}",
    }


def _prose(text: str) -> str:
    return text.strip()


def entry(
    written: Mapping[str, Any],
    neighbour: Callable[[str], tuple[str, str | None]],
    recorded: Mapping[str, Any] | None = None,
    titles: Mapping[str, str] | None = None,
) -> Json:
    """Return the public object of a written entry that passed the checks.

    `neighbour` gives the title and the symbol of another entry by its identity; KeyError where there is none.
    `recorded` is the content of the entry's file of evidence, where there is one; `titles` are the engines' titles.
    """
    # Only a compilation gets here: a lookup must not pay for these.
    from errbook import confidence, sql_places, variants, verification

    engine, code = written["engines"][0], written["code"]

    def fills(text: str, language: str) -> list[Json]:
        return sql_places.fills(text, language, written.get("parameters", ()), engine)

    related = []
    for item in written.get("related", []):
        title, symbol = neighbour(item["error"])
        related.append({"error": item["error"], "title": title, "symbol": symbol, "why": _prose(item["why"])})
    made: Json = {
        "id": f"{engine}/{code}",
        "engine": engine,
        "code": code,
        "engines": list(written["engines"]),
        "symbol": written.get("symbol"),
        "aliases": [{"symbol": item["symbol"], "where": item["where"]} for item in written.get("aliases", [])],
        "sqlstate": written.get("sqlstate"),
        "sqlstates": dict(written.get("sqlstates", {})),
        "underlying": written.get("underlying"),
        "severity": written["severity"],
        "frequency": written["frequency"],
        "category": written["category"],
        "condition": written["condition"],
        "title": written["title"],
        "summary": _prose(written["summary"]),
        "messages": _messages(written["messages"]),
        "parameters": [
            {"name": item["name"], "meaning": _prose(item["meaning"])} for item in written.get("parameters", [])
        ],
        "risk": {"level": written["risk"]["level"], "impact": _prose(written["risk"]["impact"])},
        "retry": {"verdict": written["retry"]["verdict"], "why": _prose(written["retry"]["why"])},
        "confidence": None,
        "meaning": _prose(written["meaning"]),
        "causes": [_cause(item, fills) for item in written["causes"]],
        "reproduce": _scenario(written["reproduce"]),
        "fixes": [_fix(item, fills) for item in written["fixes"]],
        "variants": [_variant(item, page(engine, code), fills) for item in written.get("variants", [])],
        "avoid": [{"title": item["title"], "why": _prose(item["why"])} for item in written["avoid"]],
        "verification": None,
        "versions": [
            {"engine": item["engine"], "range": item["range"], "note": _prose(item["note"])}
            for item in written.get("versions", [])
        ],
        "drivers": [
            {
                "driver": item["driver"],
                "language": item["language"],
                "exception": item["exception"],
                "fields": [{"name": field["name"], "gives": field["gives"]} for field in item.get("fields", [])],
                "note": _prose(item["note"]) if "note" in item else None,
            }
            for item in written["drivers"]
        ],
        "related": related,
        "sources": [
            {"title": item["title"], "url": item["url"], "kind": item["kind"], "engine": item.get("engine")}
            for item in written["sources"]
        ],
        "page": page(engine, code),
        "source_file": f"errors/{engine}/{code}.yaml",
    }
    # Both are computed from the rest, and stand where a page has them.
    of_variants = (recorded or {}).get("variants", {})
    for variant in made["variants"]:
        whole = variants.whole(made, variant)
        found = {"servers": of_variants.get(variant["id"], {})}
        whole["verification"] = variant["verification"] = verification.of(whole, found)
        variant["confidence"] = confidence.of(whole, titles or {})
    made["verification"] = verification.of(made, recorded)
    made["confidence"] = confidence.of(made, titles or {})
    return made
