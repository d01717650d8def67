"""The authoring schemas, ready to validate, and the vocabularies that they hold.

The files under schema/ are the only place where fields and vocabularies are written down.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from jsonschema import Draft202012Validator

from errbook import places

_MAPS_OF_SCHEMAS: Final = frozenset({"properties", "$defs"})


class Term(NamedTuple):
    """One value of a vocabulary, its title for people, and what it means."""

    value: str
    title: str
    description: str


@cache
def schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file: ``entry``, ``engine`` or ``sqlstates``.

    Raises FileNotFoundError where the installation is incomplete.
    """
    found: dict[str, Any] = json.loads((places.schemas() / f"{kind}.schema.json").read_text("utf-8"))
    return found


@cache
def validator(kind: str) -> Draft202012Validator:
    """Return the validator of a kind of file.

    It accepts exactly what the schema accepts. A list of ``oneOf`` constants is turned into an ``enum``
    first: the same meaning, a fraction of the time, and one message in place of forty.
    """
    return Draft202012Validator(_enumerated(schema(kind)))


@cache
def vocabularies() -> Mapping[str, tuple[Term, ...]]:
    """Return every vocabulary of the entry schema by name, in the schema's order."""
    definitions = schema("entry")["$defs"]
    return {name: terms for name, made in definitions.items() if (terms := _terms(made))}


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


def _enumerated(part: Any) -> Any:
    if isinstance(part, list):
        return [_enumerated(item) for item in part]
    if not isinstance(part, dict):
        return part
    # What documents a schema is not needed to validate, apart from the description, which messages quote.
    made = {
        key: {name: _enumerated(child) for name, child in value.items()}
        if key in _MAPS_OF_SCHEMAS
        else _enumerated(value)
        for key, value in part.items()
        if key != "examples"
    }
    if terms := _terms(part):
        del made["oneOf"]
        made["enum"] = [term.value for term in terms]
    return made
