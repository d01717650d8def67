"""Every question that a surface asks of the knowledge."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errbook import findings, query
from errbook.database import DATABASE_VERSION, DatabaseError
from errbook.knowledge import Knowledge
from errbook.opened import Link
from errbook.render import markdown


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("1040", "mysql/1040"),
        ("mysql 1040", "mysql/1040"),
        ("mysql/1040", "mysql/1040"),
        ("MySQL-1040", "mysql/1040"),
        ("mariadb 1040", "mysql/1040"),
        ("ERROR 1040 (08004)", "mysql/1040"),
        ("er_con_count_error", "mysql/1040"),
        ("08004", "mysql/1040"),
        ("SQLSTATE[42P01]", "postgresql/42P01"),
        ("42p01", "postgresql/42P01"),
        ("pg:42P01", "postgresql/42P01"),
        ("unique_violation", "postgresql/23505"),
        ("SQLITE_BUSY", "sqlite/5"),
        ("sqlite 2067", "sqlite/2067"),
        ("40001", "postgresql/40001"),
        ("1205 HY000", "mysql/1205"),
    ],
)
def test_a_query_finds_its_entry_first(knowledge: Knowledge, asked: str, first: str) -> None:
    assert [entry.id for entry in knowledge.find(asked)][:1] == [first]


def test_a_sqlstate_finds_every_engine_that_raises_it(knowledge: Knowledge) -> None:
    assert {entry.id for entry in knowledge.find("40001")} == {"postgresql/40001", "mysql/1213"}


@pytest.mark.parametrize(
    "asked", ["", " ", "nope", "999999999", "pg 1040", "x" * 10_000, "'; DROP TABLE entry", "\0", "🐘"]
)
def test_what_is_not_there_is_not_found(knowledge: Knowledge, asked: str) -> None:
    assert knowledge.find(asked) == []


def test_a_shared_entry_answers_for_both_engines(knowledge: Knowledge) -> None:
    assert knowledge.get("mariadb", "1040") == knowledge.get("mysql", "1040")
    assert "mysql/1040" in [link.id for link in knowledge.entries(engine="mariadb")]


def test_an_engine_goes_by_all_its_names(knowledge: Knowledge) -> None:
    assert knowledge.get("pg", "42p01") == knowledge.get("postgresql", "42P01") is not None
    assert knowledge.engine("postgres") == knowledge.engine("PostgreSQL")


def test_an_entry_is_its_public_object(knowledge: Knowledge) -> None:
    import json

    for entry in knowledge.all():
        raw = knowledge.raw(entry.engine, entry.code)
        assert raw is not None
        assert entry.public() == json.loads(raw)


def test_an_entry_is_frozen(knowledge: Knowledge) -> None:
    entry = knowledge.find("1040")[0]
    with pytest.raises(AttributeError):
        entry.title = "other"  # type: ignore[misc] # the point of the test


def test_pages_of_a_list_follow_each_other(knowledge: Knowledge) -> None:
    whole = knowledge.entries()
    paged: list[Link] = []
    while page := knowledge.entries(after=paged[-1].id if paged else None, limit=5):
        assert len(page) <= 5
        paged += page
    assert paged == whole
    assert len(whole) == len(knowledge)


def test_filters_narrow_and_unknown_ones_are_refused(knowledge: Knowledge) -> None:
    assert {link.engine for link in knowledge.entries(engine="sqlite3")} == {"sqlite"}
    assert [link.id for link in knowledge.entries(sqlstate="08004")] == ["mysql/1040", "mysql/1251"]
    with pytest.raises(ValueError, match="colour: not a filter; use one of engine"):
        knowledge.entries(colour="red")
    with pytest.raises(ValueError, match="there is no entry 'mysql/0'"):
        knowledge.entries(after="mysql/0")


def test_a_sqlstate_that_only_a_sibling_sends_finds_its_entry(knowledge: Knowledge) -> None:
    # MySQL sends HY000 with 1366, MariaDB 22007.
    assert "mysql/1366" in {entry.id for entry in knowledge.find("22007")}
    assert {entry.id for entry in knowledge.find("1366 22007")} == {"mysql/1366"}
    for state in ("HY000", "22007"):
        assert "mysql/1366" in {link.id for link in knowledge.entries(sqlstate=state)}
        found = knowledge.sqlstate(state)
        assert found is not None
        assert "mysql/1366" in {link.id for link in found.entries}
    (entry,) = knowledge.find("mysql 1366")
    assert entry.public()["sqlstates"] == {"mariadb": "22007"}
    assert "SQLSTATE: `HY000` (22007 on MariaDB)" in markdown.page(entry, knowledge)
    said = {run.engine: findings.declared(entry, run) for run in entry.verification.servers}
    assert said == {"mysql": "1366 (HY000)", "mariadb": "1366 (22007)"}


def test_a_sqlstate_has_its_class(knowledge: Knowledge) -> None:
    state = knowledge.sqlstate("08004")
    assert state is not None
    assert (state.state_class, state.title) == ("08", "Connection exception")
    assert "mysql/1040" in [link.id for link in state.entries]
    whole = knowledge.sqlstate("08")
    assert whole is not None
    assert set(state.entries) <= set(whole.entries)
    assert knowledge.sqlstate("0800") is None


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("too many connections", "mysql/1040"),
        ("too many conn", "mysql/1040"),
        ("database is locked", "sqlite/5"),
        ("ERROR 1213 (40001): Deadlock found when trying to get lock", "mysql/1213"),
        ("ER_CON_COUNT_ERROR", "mysql/1040"),
        ("42P01", "postgresql/42P01"),
    ],
)
def test_words_find_their_entry_first(knowledge: Knowledge, text: str, first: str) -> None:
    assert [link.id for link in knowledge.search(text)][:1] == [first]


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("1041", "mysql/1040"),
        ("ER_CON_COUNT_EROR", "mysql/1040"),
        ("pg 23504", "postgresql/23505"),
        ("SQLITE_BUZY", "sqlite/5"),
    ],
)
def test_what_is_near_is_suggested(knowledge: Knowledge, asked: str, near: str) -> None:
    assert knowledge.find(asked) == []
    assert near in [link.id for link in knowledge.suggest(asked)]


@given(st.text(max_size=300))
def test_no_text_breaks_a_lookup(knowledge: Knowledge, text: str) -> None:
    knowledge.find(text)
    knowledge.search(text)
    knowledge.suggest(text[:40])
    knowledge.sqlstate(text)
    knowledge.get(text, text)


@given(st.text(max_size=300))
def test_a_parsed_query_is_made_of_what_was_typed(text: str) -> None:
    parsed = query.parse(text, {"mysql": "mysql"})
    assert parsed.engine in (None, "mysql")
    assert all(name in text.upper() for name in parsed.names)


def test_a_file_that_is_not_compiled_knowledge_is_refused(tmp_path: Path, database: Path) -> None:
    with pytest.raises(DatabaseError, match="there is no compiled knowledge here; run: errbook compile"):
        Knowledge(tmp_path / "none.db")
    text = tmp_path / "text.db"
    text.write_text("not a database, but long enough to have a header of one hundred bytes " * 4)
    with pytest.raises(DatabaseError, match="damaged or not a compiled file"):
        Knowledge(text)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    with pytest.raises(DatabaseError, match="not one that errbook compiled"):
        Knowledge(foreign)
    other = tmp_path / "other.db"
    other.write_bytes(database.read_bytes())
    with sqlite3.connect(other) as connection:
        connection.execute(f"PRAGMA user_version = {DATABASE_VERSION + 1}")
    connection.close()
    with pytest.raises(
        DatabaseError,
        match=f"compiled with version {DATABASE_VERSION + 1} .* reads version {DATABASE_VERSION}; run: errbook compile",
    ):
        Knowledge(other)


def test_a_truncated_file_is_reported_when_it_is_read(tmp_path: Path, database: Path) -> None:
    half = tmp_path / "half.db"
    half.write_bytes(database.read_bytes()[:8192])
    with pytest.raises(DatabaseError, match="damaged"), Knowledge(half) as knowledge:
        list(knowledge.all())
