"""The schemas: valid, versioned, and every field explained with an example that fits."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = sorted((ROOT / "schema").glob("*.schema.json"))


def fields(schema: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every named field of a schema with its place."""
    if isinstance(schema, dict):
        for name, field in schema.get("properties", {}).items():
            if isinstance(field, dict):
                yield f"{where}/{name}", field
        for name, inner in schema.items():
            if name not in ("examples", "example", "const", "enum"):
                yield from fields(inner, f"{where}/{name}")
    elif isinstance(schema, list):
        for at, inner in enumerate(schema):
            yield from fields(inner, f"{where}/{at}")


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_schema_is_valid_and_says_which_version_it_is(path: Path) -> None:
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith(f"urn:errbook:schema:{path.name.removesuffix('.schema.json')}:")
    assert schema["version"].startswith(schema["$id"].rsplit(":", 1)[1] + ".")


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_every_field_has_a_description_and_a_fitting_example(path: Path) -> None:
    schema = json.loads(path.read_text())
    found = list(fields(schema))
    assert len(found) > 5
    for where, field in found:
        whole = field
        if "$ref" in field:
            whole = schema["$defs"][field["$ref"].removeprefix("#/$defs/")]
        assert "description" in field or "description" in whole, where
        examples = field.get("examples") or whole.get("examples")
        assert examples, where
        validator = jsonschema.Draft202012Validator({**field, "$defs": schema.get("$defs", {})})
        for example in examples:
            errors = [error.message for error in validator.iter_errors(example)]
            assert not errors, f"{where}: {example!r}: {errors}"


def test_the_entries_name_their_schema_for_the_editor() -> None:
    for path in sorted((ROOT / "errors").glob("*/*.yaml")):
        first = path.read_text().splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema="), path
        assert (path.parent / first.split("=", 1)[1]).resolve().is_file(), path


def test_controlled_vocabularies_live_in_the_schema_and_nowhere_else() -> None:
    schema = json.loads((ROOT / "schema/entry.schema.json").read_text())
    values = [term["const"] for term in schema["$defs"]["condition"]["oneOf"]]
    for path in (path for room in ("core", "api", "site") for path in (ROOT / room).rglob("*.py")):
        code = path.read_text()
        # One as an example is not a list of them.
        assert len([value for value in values if f'"{value}"' in code]) <= 1, path
