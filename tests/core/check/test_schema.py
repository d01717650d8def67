"""The schemas and their vocabularies."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from errbook import schema

KINDS = ["entry", "engine", "sqlstates", "evidence"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_a_schema_and_so_is_its_fast_form(kind: str) -> None:
    Draft202012Validator.check_schema(schema.schema(kind))
    fast: Any = schema.validator(kind).schema
    Draft202012Validator.check_schema(fast)


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_of_a_schema_fits_it(kind: str) -> None:
    document = schema.schema(kind)

    def examples(part: Any) -> Iterator[tuple[Any, Any]]:
        if isinstance(part, dict):
            for example in part.get("examples", ()) if isinstance(part.get("examples"), list) else ():
                yield part, example
            for child in part.values():
                yield from examples(child)

    for part, example in examples(document):
        both = {"$defs": document.get("$defs", {})}
        made = {key: value for key, value in part.items() if key not in ("$id", "$schema")} | both
        fast = schema._filled(made, both["$defs"])
        assert Draft202012Validator(made).is_valid(example), (part, example)
        assert Draft202012Validator(fast).is_valid(example), (part, example)


def test_vocabularies_are_those_of_the_schema() -> None:
    assert [term.value for term in schema.vocabulary("severity")] == ["error", "fatal", "panic", "warning"]
    assert schema.vocabularies()["category"][0].title == "Connections"
    assert {"condition", "changes", "retry_verdict", "source_kind"} <= schema.vocabularies().keys()
    assert "code" not in schema.vocabularies()
    assert {"server_outcome", "fix_outcome", "confidence", "difference"} <= schema.vocabularies().keys()


def test_a_vocabulary_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        schema.vocabulary("colour")
