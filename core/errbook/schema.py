"""The schemas, ready to validate, and the vocabularies that they hold.

The files under schema/ are the only place where fields and vocabularies are written down.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

from errbook import places


class Term(NamedTuple):
    """One value of a vocabulary, its title for people, and what it means."""

    value: str
    title: str
    description: str


@cache
def schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file (`errbook.source.Kind`), or ``public``.

    Raises FileNotFoundError where the installation is incomplete.
    """
    found: dict[str, Any] = json.loads((places.schemas() / f"{kind}.schema.json").read_text("utf-8"))
    return found


@cache
def validator(kind: str) -> Draft202012Validator:
    """Return the validator of a kind of file.

    It accepts exactly what the schema accepts. References are filled in, and a list of ``oneOf`` constants is turned
    into an ``enum``: the same meaning in less time, and one message in place of forty.
    """
    return Draft202012Validator(_filled(schema(kind), schema(kind).get("$defs", {})))


@cache
def vocabularies() -> Mapping[str, tuple[Term, ...]]:
    """Return every vocabulary by name, in the schemas' order: as they are written, recorded, computed."""
    return {
        name: terms
        for kind in ("entry", "condition", "evidence", "public")
        for name, made in schema(kind)["$defs"].items()
        if (terms := _terms(made))
    }


def vocabulary(name: str) -> tuple[Term, ...]:
    """Return the terms of one vocabulary, such as ``severity``; KeyError where there is none of that name."""
    return vocabularies()[name]


def resolve(kind: str, part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema that ``part`` refers to, or ``part`` itself where it refers to none."""
    reference = part.get("$ref")
    if reference is None:
        return part
    found: Mapping[str, Any] = schema(kind)["$defs"][reference.removeprefix("#/$defs/")]
    return found


def _terms(part: Mapping[str, Any]) -> tuple[Term, ...]:
    options = part.get("oneOf", ())
    if not options or not all("const" in option for option in options):
        return ()
    return tuple(Term(o["const"], o.get("title", ""), o.get("description", "")) for o in options)


def _filled(part: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema without references, of which none leads back to itself, and with an enum for constants."""
    if isinstance(part, list):
        return [_filled(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _filled(definitions[part["$ref"].removeprefix("#/$defs/")], definitions)
    # Examples and definitions are not needed to validate; descriptions stay, because messages quote them.
    made = {
        key: {name: _filled(child, definitions) for name, child in value.items()}
        if key == "properties"
        else _filled(value, definitions)
        for key, value in part.items()
        if key not in ("examples", "$defs")
    }
    if terms := _terms(part):
        del made["oneOf"]
        made["enum"] = [term.value for term in terms]
    return made
