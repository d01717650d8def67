"""The form of a file: what the schema says about it, in words that say what to write."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from errbook import schema
from errbook.problem import shown
from errbook.rules.rule import Finding, Rule, Subject

if TYPE_CHECKING:
    from errbook.source import Source

# A jsonschema ValidationError; its stubs call every field possibly unset, which holds only outside of
# iter_errors.
_Error = Any
_MOST: Final = 100
_ORDINARY: Final = {
    "object": "a mapping of `field: value` lines",
    "array": "a list, each item on a line that starts with `- `",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
}


class Broken(NamedTuple):
    """What the schema found: the rule (``schema`` or ``unknown-key``) and the finding.

    ``words`` are the texts that the place may hold; any text where it is empty, and none where it is None.
    """

    rule: str
    finding: Finding
    words: tuple[str, ...] | None = None


def broken(kind: str, data: Mapping[str, Any]) -> list[Broken]:
    """Return what is wrong with the data of a file by its schema, each place once."""
    found: dict[tuple[Any, ...], Broken] = {}
    for error in islice(schema.validator(kind).iter_errors(data), _MOST):
        for broken in _translated(error, tuple(error.absolute_path)):
            found.setdefault((*broken.finding.where, broken.finding.message), broken)
    return list(found.values())


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like the given one, or an empty string where none is."""
    match = difflib.get_close_matches(word.lower()[:80], list(known), 1, 0.6)
    return match[0] if match else ""


def _translated(error: _Error, where: tuple[str | int, ...]) -> Iterator[Broken]:
    kind = str(error.validator)
    if kind == "additionalProperties" and isinstance(error.instance, dict):
        yield from _unknown(error, where)
    elif kind == "required":
        yield from _missing(error, where)
    elif kind == "anyOf":
        branch = _best(error)
        if branch is None:
            message = f"{_name(where)} has none of the forms it may have"
            yield Broken("schema", Finding(where, message, _advice(error)))
        for inner in branch or ():
            yield from _translated(inner, where + tuple(inner.relative_path))
    elif kind == "oneOf":
        yield Broken("schema", _exactly_one(error, where))
    else:
        message, advice = _value(kind, error, where)
        words: tuple[str, ...] | None = None
        if kind == "enum":
            words = tuple(error.validator_value)
        elif kind == "type" and error.validator_value == "string":
            # Quotes are no cure where the text would not have the form either.
            fits = re.search(error.schema.get("pattern", ""), str(error.instance))
            words = () if fits else None
        yield Broken("schema", Finding(where, message, advice), words)


def _unknown(error: _Error, where: tuple[str | int, ...]) -> Iterator[Broken]:
    known = error.schema.get("properties", {})
    for key in error.instance:
        if key in known:
            continue
        likely = nearest(key, known)
        advice = f"Write `{likely}`" if likely else f"Fields here are {_listed(known)}"
        owner = f" of {_name(where)}" if where else ""
        yield Broken("unknown-key", Finding((*where, key), f"{shown(key)} is not a field{owner}", advice, key=True))


def _missing(error: _Error, where: tuple[str | int, ...]) -> Iterator[Broken]:
    known = error.schema.get("properties", {})
    # A misspelt field is reported where it stands; to call it missing as well would be the same thing twice.
    misspelt = {nearest(key, known) for key in error.instance if key not in known}
    missing = [name for name in error.validator_value if name not in error.instance and name not in misspelt]
    if not missing:
        return
    owner = f" in {_name(where)}" if where else ""
    if len(missing) == 1:
        description = known.get(missing[0], {}).get("description", "")
        advice = f"Add it: {_sentence(description)}" if description else f"Add `{missing[0]}:`"
        yield Broken("schema", Finding(where, f"`{missing[0]}` is missing{owner}", advice))
    else:
        yield Broken("schema", Finding(where, f"{_listed(missing, 'and')} are missing{owner}", "Add each of them"))


def _best(error: _Error) -> list[_Error] | None:
    """Return the errors of the form that was most likely meant: of the right type, with the fewest unknown fields."""
    branches: dict[int, list[_Error]] = {}
    for inner in error.context or ():
        branches.setdefault(int(inner.relative_schema_path[0]), []).append(inner)
    scored = []
    for at, errors in branches.items():
        wrong_type = any(e.validator in ("type", "enum") and not e.relative_path for e in errors)
        unknown = sum(
            len(e.instance.keys() - e.schema.get("properties", {}).keys())
            for e in errors
            if e.validator == "additionalProperties" and not e.relative_path
        )
        fields = max((len(e.schema.get("properties", ())) for e in errors if not e.relative_path), default=0)
        scored.append((wrong_type, unknown, -fields, at))
    if not scored:
        return None
    best = min(scored)
    # Where no form has the type, the one for a single value says best what is expected.
    return branches[min(branches)] if best[0] else branches[best[3]]


def _exactly_one(error: _Error, where: tuple[str | int, ...]) -> Finding:
    names = [option["required"][0] for option in error.validator_value if "required" in option]
    given = [name for name in names if isinstance(error.instance, dict) and name in error.instance]
    owner = _name(where)
    if given:
        return Finding(
            where, f"{owner} has {_listed(given, 'and')}, and may have one of them", "Split it, or remove one"
        )
    return Finding(where, f"{owner} says nothing to do", f"Give it one of {_listed(names)}")


def _value(kind: str, error: _Error, where: tuple[str | int, ...]) -> tuple[str, str]:
    name, value, limit = _name(where), error.instance, error.validator_value
    match kind:
        case "type":
            wanted = " or ".join(_ORDINARY.get(word, word) for word in ([limit] if isinstance(limit, str) else limit))
            return f"{name} is {_what(value)}, and must be {wanted}", _advice(error)
        case "enum":
            words = [str(word) for word in limit]
            if likely := nearest(str(value), words):
                return (
                    f"{shown(value)} is not one of {_listed(words[:12])}; nearest: `{likely}`",
                    f"Write `{likely}`",
                )
            return f"{shown(value)} is no value of {name}", f"Write one of {_listed(words)}"
        case "const":
            return (
                f"{name} is {shown(value)}, and can only be `{str(limit).lower()}`",
                "Leave the line out otherwise",
            )
        case "pattern":
            if where and where[-1] == "url":
                return f"{shown(value)} is not an https address", "Write the very page, from https:// on"
            return f"{shown(value)} does not have the form of {name}", _advice(error)
        case "minLength":
            return f"{name} has {len(value)} of at least {limit} characters", _advice(error)
        case "maxLength":
            return f"{name} has {len(value)} of at most {limit} characters", f"Shorten it. {_advice(error)}"
        case "minItems" | "minProperties":
            return (
                f"{name} is empty",
                f"Add an item, or leave the field out where it may be. {_advice(error)}",
            )
        case "uniqueItems":
            return f"{name} has the same item twice", "Keep one of them"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            bound = "small" if "inimum" in kind else "large"
            return f"{name} is {shown(value)}, which is too {bound}; the limit is {limit}", _advice(error)
        case _:
            return f"{name} is not valid: {shown(error.message, 200)}", _advice(error)


def _name(where: Sequence[str | int]) -> str:
    words = [str(step) if isinstance(step, str) else f"[{step + 1}]" for step in where]
    return f"`{'.'.join(words).replace('.[', '[')}`" if words else "the file"


def _what(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return f"a boolean, `{str(value).lower()}`"
        case int() | float():
            return f"a number, {shown(value)}"
        case str():
            return f"text, {shown(value)}"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _advice(error: _Error) -> str:
    description = _sentence(str(error.schema.get("description", "")))
    return f"What belongs here: {description}" if description else "See the schema of this file"


def _sentence(text: str) -> str:
    first = re.split(r"(?<=[.!?])\s+(?=[A-Z])", text, maxsplit=1)[0]
    return first.rstrip(".")


def _listed(words: Iterable[str], last: str = "or") -> str:
    quoted = [f"`{word}`" for word in words]
    return f" {last} ".join(part for part in (", ".join(quoted[:-1]), quoted[-1] if quoted else "") if part)


def quoted(source: "Source", found: Broken) -> Finding:
    """Return the finding, with better words where YAML made a boolean or number of what quotes would keep as text."""
    finding = found.finding
    value = source.value(finding.where)
    if found.words is None or source.style(finding.where) or not isinstance(value, (bool, int, float)):
        return finding
    written = source.written(finding.where)
    if found.words and written not in found.words:
        return finding
    message = f"{_name(finding.where)} is not in quotes, and YAML reads {written} as {_what(value)}"
    return finding._replace(message=message, advice=f'Write "{written}"')


def unquoted(subject: Subject) -> Iterator[Finding]:
    """Find identities that are written without quotes; ``subject.data`` may be unchecked here."""
    source = subject.source
    for where in _identities(source.kind, source.data):
        value = source.value(where)
        if isinstance(value, (dict, list)) or source.style(where) in ("'", '"'):
            continue
        written = source.written(where)
        if value is None and not written:
            continue
        if source.style(where):
            message = f"{_name(where)} is written as a block"
        elif isinstance(value, str) and value == written:
            message = f"{_name(where)} is not in quotes: {written} stays text only by luck of its letters"
        else:
            message = f"{_name(where)} is not in quotes, and YAML reads {written[:80]} as {_what(value)}"
        yield Finding(where, message, f'Write "{" ".join(written.split())[:80]}"')


def _identities(kind: str, data: Mapping[str, Any]) -> Iterator[tuple[str | int, ...]]:
    if kind == "entry":
        yield from (((name,)) for name in ("code", "sqlstate") if name in data)
        if isinstance(states := data.get("sqlstates"), dict):
            yield from (("sqlstates", name) for name in states)
    elif kind == "wanted":
        items = data.get("wanted")
        for at, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict) and "code" in item:
                yield "wanted", at, "code"
    elif kind == "engine":
        if isinstance(data.get("code"), dict) and "example" in data["code"]:
            yield "code", "example"
    elif isinstance(classes := data.get("classes"), list):
        for at, row in enumerate(classes):
            if isinstance(row, dict) and "class" in row:
                yield "classes", at, "class"


RULES: Final = (
    Rule(
        "schema",
        "any",
        "A file has the fields and values of its schema under schema/.",
        "Write what the message says; `errbook new` prints an entry with every field.",
    ),
    Rule(
        "unknown-key",
        "any",
        "A field that the schema does not know is refused.",
        "Write the nearest known name.",
    ),
    Rule(
        "unquoted-code",
        "any",
        "Codes are written in quotes, also where they would stay text: YAML reads 01000 as 512.",
        'Write "01000".',
    ),
    Rule(
        "unquoted-sqlstate",
        "any",
        "SQLSTATEs and their classes are written in quotes, also where they would stay text.",
        'Write "08004".',
    ),
)
