"""Variants: the well-known messages of one code, on every surface of the command and in the public JSON."""

import json

import pytest
from tests.core.conftest import Run

from errbook import answers, chat, variants
from errbook.entry import Entry
from errbook.knowledge import Knowledge
from errbook.template import fits


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("no such table: users", "no-such-table"),
        ('near "ordr": syntax error', "syntax-error"),
        ("sqlite3.OperationalError: no such column: colour", "no-such-column"),
        ("table users already exists", "already-exists"),
        ("No Such Function: NOW", "no-such-function"),
    ],
)
def test_a_message_with_its_values_finds_its_variant_first(knowledge: Knowledge, text: str, variant: str) -> None:
    first = knowledge.search(text)[0]
    assert (first.id, first.variant, first.page) == ("sqlite/1", variant, f"/sqlite/1/#{variant}")


@pytest.mark.parametrize(
    ("text", "identity", "variant"),
    [
        ("operator does not exist: integer = character varying", "postgresql/42883", None),
        ("function round(double precision, integer) does not exist", "postgresql/42883", "function-does-not-exist"),
        ('index "orders_email_idx" does not exist', "postgresql/42704", None),
        ('type "citext" does not exist', "postgresql/42704", "type-does-not-exist"),
        ('syntax error at or near "order"', "postgresql/42601", None),
        ("subquery in FROM must have an alias", "postgresql/42601", "subquery-in-from-must-have-an-alias"),
        ('"total" is not a known variable', "postgresql/42601", "is-not-a-known-variable"),
        ('zero-length delimited identifier at or near """"', "postgresql/42601", "zero-length-delimited-identifier"),
        (
            "RETURN cannot have a parameter in function returning void",
            "postgresql/42804",
            "return-cannot-have-a-parameter",
        ),
    ],
)
def test_a_message_of_the_entry_itself_is_not_taken_for_one_of_its_variants(
    knowledge: Knowledge, text: str, identity: str, variant: str | None
) -> None:
    first = knowledge.search(text)[0]
    assert (first.id, first.variant) == (identity, variant)


def test_the_name_of_the_code_finds_the_whole_entry(knowledge: Knowledge) -> None:
    assert knowledge.search("SQLITE_ERROR")[0].variant is None
    assert knowledge.entries(engine="sqlite")[0].variant is None


def test_the_public_json_has_ids_and_templates(knowledge: Knowledge) -> None:
    body = answers.error(knowledge, "sqlite", "1")
    assert body is not None
    entry = json.loads(body)["error"]
    found = {item["id"]: [message["text"] for message in item["messages"]] for item in entry["variants"]}
    assert "no such table: {table}" in found["no-such-table"]
    for item in entry["variants"]:
        assert item["page"] == f"{entry['page']}#{item['id']}"
        assert item["verification"]["servers"], item["id"]
        for run in item["verification"]["servers"]:
            assert run["declared"]["messages"] == found[item["id"]]
            assert run["outcome"] == "not-applicable" or fits(run["observed"]["message"], found[item["id"]])
    assert Entry.of(entry).public() == entry


def test_a_variant_is_executed_like_an_entry_of_its_own(knowledge: Knowledge) -> None:
    entry = json.loads(knowledge.raw("sqlite", "1") or "")
    parts = list(variants.executed(entry))
    assert [part["id"] for part in parts][:2] == ["sqlite/1", "sqlite/1#no-such-table"]
    assert variants.split("sqlite/1#no-such-table") == ("sqlite/1", "no-such-table")
    assert variants.split("sqlite/1") == ("sqlite/1", None)


def test_the_command_shows_one_message_of_a_code(errbook: Run) -> None:
    found = errbook("search", "no such table: users")
    assert found.stdout.splitlines()[0].startswith("sqlite/1#no-such-table ")
    shown = errbook("sqlite/1#no-such-table")
    assert shown.returncode == 0
    assert "no such table: {table}" in shown.stdout
    assert "no such function" not in shown.stdout
    assert "(#no-such-table)" in errbook("sqlite", "1").stdout
    assert '<a id="no-such-table"></a>' in errbook("sqlite", "1", "--md").stdout
    missing = errbook("sqlite/1#no-such-thing")
    assert (missing.returncode, missing.stdout) == (1, "")


def test_a_template_fits_what_is_said_with_values_in_it() -> None:
    assert fits('ERROR:  relation "a b" does not\n  exist', ['relation "{table}" does not exist'])
    assert not fits('column "a" does not exist', ['relation "{table}" does not exist'])


def test_a_pasted_message_gets_the_first_fix_of_its_variant(knowledge: Knowledge, errbook: Run) -> None:
    said = errbook("identify", 'FATAL:  Peer authentication failed for user "postgres"').stdout
    entry = knowledge.get("postgresql", "28000")
    assert entry
    variant = entry.of_message("peer-authentication-failed")
    assert f"First: {variant.fixes[0].title}" in said
    assert f"First: {entry.fixes[0].title}" not in said
    assert variant.title in said


@pytest.mark.parametrize(
    "text", ["no such table: users", "sqlite 1#no-such-table", "sqlite3.OperationalError: no such table: users"]
)
def test_a_chat_answers_with_the_variant_and_shares_it(knowledge: Knowledge, text: str) -> None:
    answer = chat.answer(knowledge, chat.asked(text))
    assert (answer.title, answer.query) == ("SQLite 1: No such table", "sqlite 1#no-such-table")
    entry = knowledge.get("sqlite", "1")
    assert entry
    first = entry.of_message("no-such-table").fixes[0].title
    assert next(note for note in answer.notes if note.where == "fix-1").prose.startswith(first)
    assert chat.answer(knowledge, chat.asked(answer.query)).notes == answer.notes
