"""Every outcome of a run, each caused on a real server by an entry made for it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.lab.made import SHORT, Json, entry, fix, outcomes, play, simple, step

from errbook.lab import outcome
from errbook.lab.verify import Result

SETUP = "CREATE TABLE stock (id int PRIMARY KEY, qty int); INSERT INTO stock VALUES (1, 10);"
LOCK = step("run", "BEGIN; UPDATE stock SET qty = 1 WHERE id = 1;", on="a")
TWICE = step("run", "INSERT INTO stock VALUES (2, 1), (2, 1);", raises=True)
FOREVER = "SELECT pg_sleep(600);"


def made(name: str, *steps: Json, **more: Any) -> Json:
    return entry("postgresql", "23505", *steps, name=f"-{name}", **{"setup": SETUP, **more})


ENTRIES: dict[str, Json] = {
    outcome.REPRODUCED: made("reproduced", TWICE),
    outcome.RAISED_OTHER: made("raised-other", step("run", "SELECT 1/0;", raises=True)),
    outcome.RAISED_NOTHING: made("raised-nothing", step("run", "SELECT 1;", raises=True)),
    outcome.SETUP_FAILED: made("setup-failed", TWICE, setup="SELECT 1; CREATE TABEL stock (id int);"),
    outcome.STEP_FAILED: made("step-failed", step("run", "SELECT nothing;"), TWICE),
    outcome.WAITED: made("waited", LOCK, step("run", "UPDATE stock SET qty = 2;", on="b"), TWICE),
    outcome.DID_NOT_WAIT: made("did-not-wait", step("run", "SELECT 1;", waits=True), TWICE),
    outcome.TIMED_OUT: made("timed-out", step("run", FOREVER), TWICE),
    outcome.NOT_EXECUTABLE: made("not-executable", not_executable="The failure needs a second machine."),
    outcome.NOT_APPLICABLE: made("not-applicable", TWICE, versions={"postgresql": ">=99"}),
    outcome.EXEMPTION_UNNEEDED: made("exemption-unneeded", TWICE, not_executable="The failure needs two machines."),
}

FIXES: dict[str, Json] = {
    outcome.PROVEN: fix(step("run", "$code"), code="SELECT 1;"),
    outcome.FAILED: fix(step("run", "$code"), code="SELECT 1/0;"),
    outcome.WAITED: fix(LOCK, step("run", "UPDATE stock SET qty = 2;", on="b")),
    outcome.DID_NOT_WAIT: fix(step("run", "SELECT 1;", waits=True)),
    outcome.TIMED_OUT: fix(step("run", FOREVER)),
    outcome.NOT_EXECUTABLE: fix(not_executable="It is a command of systemd."),
    outcome.NOT_APPLICABLE: fix(step("run", "SELECT 1;"), versions={"postgresql": "<9"}),
    outcome.EXEMPTION_UNNEEDED: fix(step("run", "SELECT 1;"), not_executable="It is a command of systemd."),
}

OTHERS = (
    made("every-fix", TWICE, fixes=tuple(FIXES.values())),
    made("unmended", step("run", "SELECT 1;", raises=True), fixes=(FIXES[outcome.PROVEN],)),
    made(
        "still-exempt",
        step("run", "SELECT 1;", raises=True),
        not_executable="The failure needs two machines.",
        fixes=(FIXES[outcome.PROVEN],),
    ),
    made("never-raises", step("run", FOREVER, raises=True)),
    made("no-raising-step", step("run", "SELECT 1;")),
    made("unsound-setup", TWICE, setup=FOREVER),
    made("endless-shell", step("shell", "sleep 600 & sleep 600"), TWICE),
    made("endless-python", step("python", "while True: pass"), TWICE),
    made("waits-to-the-end", LOCK, step("run", "UPDATE stock SET qty = 2;", on="b", waits=True), TWICE),
)


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    # Most of the time nothing is done but waiting for limits.
    with ThreadPoolExecutor(3) as pool:
        everything = [*ENTRIES.values(), *OTHERS]
        parts = [pool.submit(play, *everything[at::3], limits=SHORT) for at in range(3)]
        return {name: result for part in parts for name, result in part.result().items()}


@pytest.mark.parametrize("expected", list(ENTRIES))
def test_outcome_of_a_scenario(expected: str, results: dict[str, Result]) -> None:
    assert results[expected].record["outcome"] == expected


@pytest.mark.parametrize("expected", list(FIXES))
def test_outcome_of_a_fix(expected: str, results: dict[str, Result]) -> None:
    record = results["every-fix"].record
    assert record["outcome"] == outcome.REPRODUCED
    assert record["fixes"][list(FIXES).index(expected)]["outcome"] == expected


def test_only_some_outcomes_are_accepted(results: dict[str, Result]) -> None:
    accepted = {expected for expected in ENTRIES if results[expected].accepted}
    assert accepted == {outcome.REPRODUCED, outcome.NOT_EXECUTABLE, outcome.NOT_APPLICABLE}
    # One fix that is not as claimed is enough.
    assert not results["every-fix"].accepted


def test_every_outcome_is_caused_here(results: dict[str, Result]) -> None:
    of_fixes = {row["outcome"] for result in results.values() for row in result.record["fixes"]}
    # A condition is handled, and no entry is.
    assert of_fixes | set(ENTRIES) | {outcome.SERVER_MISSING, outcome.HANDLED} == set(outcome.SAYS)


def test_fixes_are_not_run_where_the_error_did_not_come(results: dict[str, Result]) -> None:
    assert [row["outcome"] for row in results["unmended"].record["fixes"]] == [outcome.NOT_RUN]


def test_an_exemption_that_is_still_needed_keeps_its_reason(results: dict[str, Result]) -> None:
    record = results["still-exempt"].record
    assert (record["outcome"], record["detail"]) == (outcome.NOT_EXECUTABLE, "The failure needs two machines.")
    assert [row["outcome"] for row in record["fixes"]] == [outcome.NOT_RUN]
    assert results["still-exempt"].accepted


@pytest.mark.parametrize(
    ("name", "expected", "part", "came"),
    [
        ("timed-out", outcome.TIMED_OUT, "step 1", "it was still running after 1 s"),
        ("never-raises", outcome.TIMED_OUT, "step 1", "nothing within 1.5 s"),
        ("unsound-setup", outcome.TIMED_OUT, "setup", "it was still running after 1 s"),
        ("endless-shell", outcome.TIMED_OUT, "step 1", "it was still running after 1.5 s"),
        ("endless-python", outcome.TIMED_OUT, "step 1", "it was still running after 1.5 s"),
        ("waited", outcome.WAITED, "step 2", "it still waited for a lock after 1 s"),
        ("no-raising-step", outcome.RAISED_NOTHING, "step 1", "no step raises it"),
        ("did-not-wait", outcome.DID_NOT_WAIT, "step 1", "it succeeded at once"),
        ("setup-failed", outcome.SETUP_FAILED, "setup", '42601: syntax error at or near "TABEL"'),
    ],
)
def test_a_failure_says_where_and_what_came(
    name: str, expected: str, part: str, came: str, results: dict[str, Result]
) -> None:
    assert results[name].record["outcome"] == expected
    assert (results[name].failures[0]["part"], results[name].failures[0]["came"]) == (part, came)


def test_a_failure_names_session_statement_and_both_codes(results: dict[str, Result]) -> None:
    assert results["raised-other"].failures[0] == {
        "part": "step 1",
        "session": "main",
        "statement": "SELECT 1/0",
        "expected": "23505",
        "came": "22012: division by zero",
    }
    assert results["raised-other"].record["detail"] == (
        "step 1 (session main): `SELECT 1/0` expected 23505; 22012: division by zero."
    )
    assert results["setup-failed"].failures[0]["statement"] == "CREATE TABEL stock (id int)"


def test_what_is_observed_is_what_the_driver_gives(results: dict[str, Result]) -> None:
    assert results["reproduced"].record["observed"] == {
        "code": "23505",
        "sqlstate": "23505",
        "message": 'duplicate key value violates unique constraint "stock_pkey"',
    }


def test_a_statement_may_wait_until_the_play_ends(results: dict[str, Result]) -> None:
    # Nobody says that it is done when the error comes.
    assert results["waits-to-the-end"].record["outcome"] == outcome.REPRODUCED


def test_a_missing_server_is_missing_and_never_passed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ERRBOOK_LAB", str(tmp_path))
    result = play(ENTRIES[outcome.REPRODUCED])["reproduced"]
    assert result.record["outcome"] == outcome.SERVER_MISSING
    assert result.missing
    assert not result.accepted
    assert "errbook lab get postgresql:18" in result.record["detail"]


ENDLESS = {
    "postgresql:18": ("SELECT pg_sleep(600);", "pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'"),
    "mysql:9.7": ("SELECT SLEEP(600);", "information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'"),
    "mariadb:11.8": ("SELECT BENCHMARK(1e18, 1);", "information_schema.processlist WHERE info LIKE 'SELECT BENCH%'"),
}


@pytest.mark.parametrize("server", list(ENDLESS))
def test_a_statement_that_never_returns_is_ended_on_the_server(server: str) -> None:
    engine = server.partition(":")[0]
    endless, listed = ENDLESS[server]
    client = "psql -At" if engine == "postgresql" else f"{engine} -u root -N -B"
    count = f'echo "SELECT COUNT(*) FROM {listed};" | {client}'  # noqa: S608 - the literals above
    found = play(
        # The folder of the log goes when a server is replaced.
        simple(engine, "endless", step("shell", 'touch "$TMPDIR/../log/same"'), step("run", endless)),
        simple(engine, "gone", step("shell", f'test "$({count})" = 0 && test -e "$TMPDIR/../log/same"')),
        # That it would be seen.
        simple(engine, "seen", step("run", endless, on="a", waits=True), step("shell", f'test "$({count})" = 1')),
        server=server,
        limits=SHORT,
    )
    assert outcomes(found) == {
        "endless": outcome.TIMED_OUT,
        "gone": outcome.REPRODUCED,
        "seen": outcome.REPRODUCED,
    }
