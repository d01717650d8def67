"""Every outcome of a run, each caused on a real server by an entry made for it."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from made import Json, entry, fix, step

from errbook.lab import evidence, outcome
from errbook.lab.server import select
from errbook.lab.verify import Result, verify

SETUP = "CREATE TABLE stock (id int PRIMARY KEY, qty int); INSERT INTO stock VALUES (1, 10);"
LOCK = step("run", "BEGIN; UPDATE stock SET qty = 1 WHERE id = 1;", on="a")
TWICE = step("run", "INSERT INTO stock VALUES (1, 1);", raises=True)
SLEEP = "SELECT pg_sleep(600);"


def made(name: str, *steps: Json, **more: Any) -> Json:
    return entry("postgresql", "23505", *steps, name=f"-{name}", **{"setup": SETUP, **more})


ENTRIES: dict[str, Json] = {
    outcome.REPRODUCED: made("reproduced", TWICE),
    outcome.RAISED_OTHER: made("other", step("run", "SELECT 1/0;", raises=True)),
    outcome.RAISED_NOTHING: made("nothing", step("run", "SELECT 1;", raises=True)),
    outcome.SETUP_FAILED: made("setup", TWICE, setup="CREATE TABEL stock (id int);"),
    outcome.STEP_FAILED: made("step", step("run", "SELECT nothing;"), TWICE),
    outcome.WAITED: made("waited", LOCK, step("run", "UPDATE stock SET qty = 2;", on="b"), TWICE),
    outcome.DID_NOT_WAIT: made("awake", step("run", "SELECT 1;", waits=True), TWICE),
    outcome.TIMED_OUT: made("late", step("run", SLEEP), TWICE),
    outcome.NOT_EXECUTABLE: made("exempt", not_executable="The failure needs a second machine."),
    outcome.NOT_APPLICABLE: made("newer", TWICE, versions={"postgresql": ">=99"}),
    outcome.EXEMPTION_UNNEEDED: made("needless", TWICE, not_executable="The failure needs a second machine."),
}

FIXES: dict[str, Json] = {
    outcome.PROVEN: fix(step("run", "$code"), code="SELECT 1;"),
    outcome.FAILED: fix(step("run", "$code"), code="SELECT 1/0;"),
    outcome.WAITED: fix(LOCK, step("run", "UPDATE stock SET qty = 2;", on="b")),
    outcome.DID_NOT_WAIT: fix(step("run", "SELECT 1;", waits=True)),
    outcome.TIMED_OUT: fix(step("run", SLEEP)),
    outcome.NOT_EXECUTABLE: fix(not_executable="It is a command of systemd."),
    outcome.NOT_APPLICABLE: fix(step("run", "SELECT 1;"), versions={"postgresql": "<9"}),
    outcome.EXEMPTION_UNNEEDED: fix(step("run", "SELECT 1;"), not_executable="It is a command of systemd."),
}


def play(*entries: Json, server: str = "postgresql:18", client: bool = False) -> dict[str, Result]:
    """Execute entries; return what came by identity."""
    found: dict[str, Result] = {}

    def keep(result: Result) -> None:
        found[result.entry] = result

    nothing: Mapping[str, evidence.Record] = {}
    verify(
        entries,
        select([server]),
        jobs=2,
        recorded=lambda _: nothing,
        client=client,
        report=keep,
        stop=threading.Event(),
    )
    return found


@pytest.fixture(scope="module")
def results(short_patience: None) -> dict[str, Result]:
    every_fix = made("fixes", TWICE, fixes=tuple(FIXES.values()))
    unmended = made("unmended", step("run", "SELECT 1;", raises=True), fixes=(FIXES[outcome.PROVEN],))
    return play(*ENTRIES.values(), every_fix, unmended)


@pytest.mark.parametrize("expected", list(ENTRIES))
def test_outcome_of_a_scenario(expected: str, results: dict[str, Result]) -> None:
    assert results[ENTRIES[expected]["id"]].record["outcome"] == expected


@pytest.mark.parametrize("expected", list(FIXES))
def test_outcome_of_a_fix(expected: str, results: dict[str, Result]) -> None:
    record = results["postgresql/23505-fixes"].record
    outcomes = [row["outcome"] for row in record["fixes"]]
    assert outcomes[list(FIXES).index(expected)] == expected


def test_fixes_are_not_run_where_the_error_did_not_come(results: dict[str, Result]) -> None:
    record = results["postgresql/23505-unmended"].record
    assert [row["outcome"] for row in record["fixes"]] == [outcome.NOT_RUN]


def test_a_failure_names_step_statement_and_both_codes(results: dict[str, Result]) -> None:
    failure = results["postgresql/23505-other"].failures[0]
    assert failure == {
        "part": "step 1",
        "session": "main",
        "statement": "SELECT 1/0",
        "expected": "23505",
        "came": "22012: division by zero",
    }


def test_what_is_observed_is_what_the_driver_gives(results: dict[str, Result]) -> None:
    assert results["postgresql/23505-reproduced"].record["observed"] == {
        "code": "23505",
        "sqlstate": "23505",
        "message": 'duplicate key value violates unique constraint "stock_pkey"',
    }


def test_a_missing_server_is_missing_and_never_passed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("ERRBOOK_LAB", str(tmp_path))
    result = play(ENTRIES[outcome.REPRODUCED])["postgresql/23505-reproduced"]
    assert result.record["outcome"] == outcome.SERVER_MISSING
    assert not result.accepted
    assert "errbook lab get postgresql:18" in result.record["detail"]


def test_a_server_that_dies_does_not_take_the_next_scenario_along() -> None:
    dies = made("dies", step("server", "kill"), step("run", "SELECT 1;", raises=True), TWICE)
    after = [made(f"after-{number}", TWICE) for number in range(3)]
    found = play(dies, *after)
    assert found["postgresql/23505-dies"].record["outcome"] != outcome.REPRODUCED
    assert [found[item["id"]].record["outcome"] for item in after] == [outcome.REPRODUCED] * 3


@pytest.mark.parametrize(
    ("server", "statement", "look"),
    [
        (
            "postgresql:18",
            "ALTER SYSTEM SET work_mem = '1MB'; SELECT pg_reload_conf(); SELECT pg_sleep(0.2);",
            "work_mem",
        ),
        (
            "postgresql:18",
            "CREATE ROLE left_behind LOGIN;",
            "SELECT 1 / (count(*) = 0)::int FROM pg_roles WHERE rolname = 'left_behind';",
        ),
        ("mysql:9.7", "SET GLOBAL max_connections = 7;", "max_connections"),
        ("mysql:9.7", "CREATE USER left_behind; CREATE DATABASE left_behind;", ""),
        ("mariadb:11.8", "SET GLOBAL wait_timeout = 7; CREATE USER left_behind; CREATE ROLE left_role;", ""),
    ],
)
def test_what_a_scenario_changes_on_a_shared_server_is_put_back(server: str, statement: str, look: str) -> None:
    engine, code = ("postgresql", "42P01") if server.startswith("postgresql") else (server.partition(":")[0], "1146")
    raises = step("run", "SELECT * FROM no_such_table;", raises=True)
    changes = entry(engine, code, step("run", statement), raises, name="-changes")
    # The same once more: on a server that was not put back, CREATE fails, and settings are as the first one left them.
    again = entry(engine, code, step("run", statement), raises, name="-again")
    found = play(changes, again, server=server)
    assert {result.record["outcome"] for result in found.values()} == {outcome.REPRODUCED}
    del look
