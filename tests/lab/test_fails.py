"""Steps that fail on purpose: each outcome, on real servers."""

from typing import Any

import pytest
from tests.lab.made import SHORT, entry, fix, outcomes, play, simple, step

from errbook.lab import outcome
from errbook.lab.plan import digest, of

TABLE = "CREATE TABLE stock (id int PRIMARY KEY, qty int); INSERT INTO stock VALUES (1, 10), (2, 20);"
TWICE = "INSERT INTO stock VALUES (3, 0); INSERT INTO stock VALUES (1, 0);"
DUPLICATE = {"postgresql": "23505", "mysql": "1062", "mariadb": "1062", "sqlite": "1555"}


@pytest.mark.parametrize("server", ["postgresql:18", "mysql:9.7", "mariadb:11.8", "sqlite:3.51"])
def test_a_step_fails_as_it_says_or_the_play_ends(server: str) -> None:
    engine = server.partition(":")[0]
    code = DUPLICATE[engine]
    found = play(
        simple(engine, "as-said", step("run", TWICE, fails=code), step("run", "SELECT 1;"), setup=TABLE),
        simple(engine, "otherwise", step("run", "SELECT nothing FROM stock;", fails=code), setup=TABLE),
        simple(engine, "succeeds", step("run", "SELECT 1;", fails=code), setup=TABLE),
        simple(engine, "early", step("run", f"{TWICE} SELECT 1;", fails=code), setup=TABLE),
        server=server,
    )
    assert outcomes(found) == {
        "as-said": outcome.REPRODUCED,
        "otherwise": outcome.STEP_FAILED,
        "succeeds": outcome.STEP_FAILED,
        "early": outcome.STEP_FAILED,
    }, {name: result.failures for name, result in found.items()}
    assert {result.failures[0]["expected"] for name, result in found.items() if name != "as-said"} == {code}
    assert found["succeeds"].failures[0]["came"] == "it succeeded"
    assert found["early"].failures[0]["came"].endswith(", before the last statement of the step")


def test_an_sqlstate_will_do() -> None:
    found = play(
        simple("mysql", "state", step("run", TWICE, fails="23000"), setup=TABLE),
        simple("mysql", "other-state", step("run", TWICE, fails="42000"), setup=TABLE),
        server="mysql:9.7",
    )
    assert outcomes(found) == {"state": outcome.REPRODUCED, "other-state": outcome.STEP_FAILED}


def test_a_transaction_that_failed_refuses_what_follows() -> None:
    begin = step("run", f"BEGIN; {TWICE}", fails="23505")
    more = step("run", "SELECT 1;", raises=True)
    found = play(
        entry(
            "postgresql",
            "25P02",
            begin,
            more,
            fixes=(
                # In a proof, the error of the entry itself is one like any other.
                fix(step("run", "SELECT 1;", fails="25P02"), step("run", "ROLLBACK; SELECT 1;")),
                fix(step("run", "ROLLBACK;", fails="25P02")),
                fix(step("run", "SELECT 1;", fails="23505")),
            ),
            name="-aborted",
            setup=TABLE,
        ),
        # The server's own client goes through the same steps to tell what it prints.
        client=True,
    )["aborted"]
    assert [row["outcome"] for row in found.record["fixes"]] == [outcome.PROVEN, outcome.FAILED, outcome.FAILED]
    assert found.failures[2]["came"] == "it succeeded"
    assert found.failures[3]["came"].startswith("25P02: ")
    assert found.record["client"]["text"].startswith("ERROR:  current transaction is aborted")


def test_a_step_waits_and_then_fails() -> None:
    lock = step("run", "BEGIN; INSERT INTO stock VALUES (3, 0);", on="a")
    commit, rollback = (step("run", text, on="a") for text in ("COMMIT;", "ROLLBACK;"))

    def insert(**more: Any) -> dict[str, Any]:
        return step("run", "INSERT INTO stock VALUES (3, 1);", on="b", waits=True, **more)

    again = step("run", "SELECT 1;", on="b")
    found = play(
        simple("postgresql", "as-said", lock, insert(fails="23505"), commit, again, setup=TABLE),
        simple("postgresql", "succeeds", lock, insert(fails="23505"), rollback, again, setup=TABLE),
        simple("postgresql", "at-once", step("run", TWICE, fails="23505", waits=True), setup=TABLE),
        limits=SHORT,
    )
    assert outcomes(found) == {
        "as-said": outcome.REPRODUCED,
        "succeeds": outcome.STEP_FAILED,
        "at-once": outcome.STEP_FAILED,
    }
    assert found["succeeds"].failures[0]["expected"] == "23505 after waiting"
    assert found["at-once"].failures[0]["expected"] == "it to wait"


def test_a_connection_attempt_fails_as_it_says() -> None:
    wrong = {"user": "app", "password": "wrong"}
    account = "CREATE USER app IDENTIFIED BY 'right';"
    many = [step("set", {"max_connections": "10"}), step("connect", {"count": 13}, on="s", fails="1040")]
    found = play(
        simple("mysql", "refused", step("connect", wrong, on="a", fails="1045"), setup=account),
        simple("mysql", "let-in", step("connect", {**wrong, "password": "right"}, on="a", fails="1045"), setup=account),
        simple("mysql", "unknown", step("connect", {"database": "nowhere"}, on="a", fails="1045"), setup=account),
        # Only the last of several may fail.
        simple("mysql", "too-early", *many),
        server="mysql:9.7",
    )
    assert outcomes(found) == {
        "refused": outcome.REPRODUCED,
        "let-in": outcome.STEP_FAILED,
        "unknown": outcome.STEP_FAILED,
        "too-early": outcome.STEP_FAILED,
    }
    assert found["unknown"].failures[0]["came"].startswith("1049")
    assert found["too-early"].failures[0]["came"].endswith("before the last statement of the step")


def test_a_session_that_was_ended_says_so() -> None:
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT 4711';"
    steps = (step("run", "SELECT 4711;", on="a"), step("run", end, on="b"))
    found = play(
        simple("postgresql", "ended", *steps, step("run", "SELECT 1;", on="a", fails="57P01")),
        # Without it, the session is opened again.
        simple("postgresql", "again", *steps, step("run", "SELECT 1;", on="a")),
    )
    assert outcomes(found) == {"ended": outcome.REPRODUCED, "again": outcome.REPRODUCED}


def test_the_digest_knows_it_only_where_it_is_used() -> None:
    plain = entry("postgresql", "25P02", step("run", "SELECT 1;"))
    assert "fails" not in of(plain, "postgresql")["steps"][0]
    fails = entry("postgresql", "25P02", step("run", "SELECT 1;", fails="23505"))
    assert digest(plain, "postgresql") != digest(fails, "postgresql")
