"""Names and values of a pasted message, quoted for an engine: its servers read them as one name and one string."""

from collections.abc import Iterator
from functools import partial

import pytest
from tests.core.identify.test_fills import HOSTILE

from errbook.fills import quoted
from errbook.lab.question import Question
from errbook.lab.server import select

MYSQL = ("mysql:9.7", "mariadb:10.11", "mariadb:11.8")
POSTGRESQL = ("postgresql:13", "postgresql:18")


@pytest.fixture(scope="module")
def asked(request: pytest.FixtureRequest) -> Iterator[Question]:
    with Question(select([request.param])[0]) as question:
        if question.server.family != "postgresql":
            question.query("CREATE DATABASE demo CHARACTER SET utf8mb4")
        yield question


on = partial(pytest.mark.parametrize, "asked", indirect=True, scope="module")
"""The servers that a test asks."""


@on(argvalues=(*MYSQL, *POSTGRESQL))
@pytest.mark.parametrize("value", HOSTILE)
def test_a_text_is_one_string(asked: Question, value: str) -> None:
    text = quoted(value, "text", None, asked.server.family)
    assert asked.query(f"SELECT {text}, 1") == [[value, 1]]


@on(argvalues=(*MYSQL, *POSTGRESQL))
# Beyond the basic plane a name is refused by MariaDB, and MySQL makes question marks of it.
@pytest.mark.parametrize("value", [value for value in HOSTILE if max(value) <= "\uffff"])
def test_a_name_is_one_name(asked: Question, value: str) -> None:
    schema = "public" if asked.server.family == "postgresql" else "demo"
    name = quoted(value, "identifier", None, asked.server.family)
    create = f"CREATE TABLE {schema}.{name} ({name} int)"
    asked.query(create)
    try:
        rows = asked.query(
            f"SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = '{schema}'"  # noqa: S608
        )
        assert rows == [[value, value]]
    finally:
        asked.query(f"DROP TABLE {schema}.{name}")


@on(argvalues=POSTGRESQL)
@pytest.mark.parametrize("value", HOSTILE)
def test_a_path_in_a_text_is_read_as_the_name(asked: Question, value: str) -> None:
    path = quoted(value, "path", None, "postgresql")
    text = quoted(value, "path-text", None, "postgresql")
    asked.query(f"CREATE TABLE {path} (a int)")
    try:
        assert asked.query(f"SELECT relname FROM pg_class WHERE oid = {text}::regclass") == [[value]]  # noqa: S608
    finally:
        asked.query(f"DROP TABLE {path}")
