"""Conditions: the program that a page shows is executed, and what comes of it is told."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.lab.made import SHORT, Json, play, step

import errbook
from errbook.conditions import owns
from errbook.lab import outcome
from errbook.lab.plan import digest, of
from errbook.lab.raised import LONGEST, MOST

PROGRAM = """
def code_of(error):
    return error.sqlstate

def replayed(connection, work):
    try:
        return work(connection)
    except Exception as error:
        connection.rollback()
        if code_of(error) != "{code}":
            raise
        return work(connection)
"""

SCENARIO = """
import psycopg
$code
tries = []

def work(connection):
    tries.append(1)
    connection.execute("SELECT 1 / %s", (len(tries) - 1,))

replayed(psycopg.connect(), work)
assert len(tries) == 2
"""


OTHER = """
import psycopg
$code
connection = psycopg.connect()
try:
    connection.execute("SELECT * FROM nope")
except psycopg.Error:
    pass
"""

THREADS = """
import threading
import psycopg
$code

def work():
    connection = psycopg.connect()
    for statement in "SELECT 1 / 0", "SELECT 1":
        try:
            connection.execute(statement)
        except psycopg.Error:
            pass

threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
try:
    psycopg.connect().execute("SELECT * FROM nope")
except psycopg.Error:
    pass
"""


MANY = """
import psycopg
$code

for number in range(60):
    try:
        raise psycopg.InterfaceError(f"{number:02} " + "\\N{GRINNING FACE}" * 4000)
    except psycopg.Error:
        pass
try:
    psycopg.connect().execute("SELECT 1 / 0")
except psycopg.Error:
    pass
"""


def condition(name: str, code: str = "22012", scenario: str = SCENARIO, **more: Any) -> Json:
    """Return a public condition that divides by zero once, and a program that expects `code`."""
    part = {
        "engines": ["postgresql"],
        "errors": [{"id": "postgresql/22012"}],
        "outcome": "retried",
        "scenario": {"versions": {}, "settings": {}, "setup": None, "steps": [step("python", scenario)], **more},
    }
    program = PROGRAM.replace("{code}", code)
    made: Json = {"id": f"conditions/made-{name}", "engines": ["postgresql"], "behaviours": [part]}
    return {**made, "handling": {"python": program, "why": ""}}


def test_what_comes_of_the_program_is_told() -> None:
    found = play(
        condition("good"),
        condition("wrong-code", code="23505"),
        condition("never", scenario="$code\nimport time; time.sleep(60)"),
        condition("setup", setup="CREATE TABEL t (id int);"),
        condition("elsewhere", versions={"postgresql": ">=99"}),
        condition("nothing", scenario="$code\nprint('no error at all')"),
        condition("other", scenario=OTHER),
        limits=SHORT,
    )
    assert {name: result.record["outcome"] for name, result in found.items()} == {
        "good": outcome.HANDLED,
        "wrong-code": outcome.STEP_FAILED,
        "never": outcome.TIMED_OUT,
        "setup": outcome.SETUP_FAILED,
        "elsewhere": outcome.NOT_APPLICABLE,
        "nothing": outcome.RAISED_NOTHING,
        "other": outcome.RAISED_OTHER,
    }
    assert {name for name, result in found.items() if result.accepted} == {"elsewhere", "good"}
    assert "division by zero" in found["wrong-code"].failures[0]["came"]
    assert found["nothing"].failures[0]["came"] == "no error of a driver"
    assert (
        found["other"].failures[0] | {"expected": "the program to meet 22012", "came": "42P01"}
        == (found["other"].failures[0])
    )
    record = found["good"].record
    assert record["fixes"] == []
    assert record["observed"] == {"code": "22012", "sqlstate": "22012", "message": "division by zero"}
    assert record["driver"].startswith("psycopg 3.")
    assert record["raised"] == [{**record["observed"], "driver": record["driver"]}]


def test_what_drivers_raised_in_the_program_is_told_wherever_it_was_caught() -> None:
    found = play(condition("threads", scenario=THREADS), limits=SHORT)["threads"]
    assert found.record["outcome"] == outcome.HANDLED
    assert [item["code"] for item in found.record["raised"]] == ["22012", "25P02", "42P01"]
    assert found.record["observed"]["code"] == "22012"


def test_what_has_no_code_is_left_out_first_where_much_was_raised() -> None:
    record = play(condition("many", scenario=MANY), limits=SHORT)["many"].record
    codes = [item["code"] for item in record["raised"]]
    assert (len(codes), codes.count("22012"), codes.count(None)) == (MOST, 1, MOST - 1)
    assert all(len(item["message"]) <= LONGEST for item in record["raised"])
    assert record["observed"]["code"] == "22012"


def test_the_same_said_by_several_is_told_once_and_what_is_the_condition_s_own_first() -> None:
    with errbook.open() as knowledge:
        guide = knowledge.condition("unique-violation")
    assert guide
    own = [item["own"] for item in guide["raised"]]
    assert own == sorted(own, reverse=True)
    assert {item["code"] for item in guide["raised"] if item["own"]} == {"1062", "23505", "2067", "1555"}
    (told,) = [item for item in guide["raised"] if "'users.mail'" in item["message"]]
    assert (told["servers"], [driver.split()[0] for driver in told["drivers"]]) == (
        ["mysql:9.7"],
        ["mysql.connector", "pymysql"],
    )
    for item in guide["raised"]:
        assert all(any(part[0].isdigit() for part in driver.split()) for driver in item["drivers"]), item


def test_a_driver_of_sqlite_may_know_the_primary_code_alone() -> None:
    assert owns(["517"], "517", "sqlite")
    assert owns(["517"], "5", "sqlite")
    assert not owns(["517"], "261", "sqlite")
    assert not owns(["517"], None, "sqlite")
    assert not owns(["1205"], "181", "mysql")


WAITING = """
import time
import psycopg
$code
refused = []

def work(connection):
    refused.append(1)
    while True:
        try:
            return psycopg.connect(connect_timeout=2).close()
        except psycopg.OperationalError:
            refused.append(1)
            time.sleep(0.05)

replayed(None, work)
assert len(refused) > 1
"""


def test_a_program_may_run_while_the_server_is_killed_and_started() -> None:
    def during(*steps: Json, program: str = WAITING) -> Json:
        return {"steps": [step("server", "kill"), step("python", program, waits=True), *steps]}

    start = step("server", "start")
    # On a busy machine a program takes a while until it tries to connect.
    later = step("pause", 2), start
    found = play(
        condition("waits", **during(*later)),
        condition("fails-late", **during(*later, program=f"{WAITING}raise SystemExit('and then it failed')")),
        condition("never", **during()),
        condition("did-not-wait", **during(start, program="$code")),
        limits=SHORT,
    )
    assert {name: result.record["outcome"] for name, result in found.items()} == {
        "waits": outcome.HANDLED,
        "fails-late": outcome.STEP_FAILED,
        "never": outcome.TIMED_OUT,
        "did-not-wait": outcome.DID_NOT_WAIT,
    }
    assert "and then it failed" in found["fails-late"].failures[0]["came"]
    assert found["never"].failures[0]["expected"] == "success after waiting"


def test_other_words_leave_evidence_as_it_is_and_another_program_does_not() -> None:
    made = condition("digest")
    words = {**made, "handling": {**made["handling"], "why": "Because."}}
    other = condition("digest", code="22013")
    assert digest(words, "postgresql") == digest(made, "postgresql")
    assert digest(other, "postgresql") != digest(made, "postgresql")


def test_every_written_condition_is_executed_on_each_of_its_servers() -> None:
    with errbook.open() as knowledge:
        conditions = knowledge.conditions()
    assert {"deadlock", "lock-wait-timeout", "unique-violation"} <= {item["condition"] for item in conditions}
    for item in conditions:
        assert item["verification"]["missing"] == [], item["id"]
        for run in item["verification"]["servers"]:
            assert not run["stale"], (item["id"], run["server"])
            assert run["outcome"] in (outcome.HANDLED, outcome.NOT_APPLICABLE), (item["id"], run["server"])
        for engine in item["engines"]:
            assert any("$code" in str(part["value"]) for part in of(item, engine)["steps"]), item["id"]


def test_verify_takes_a_condition(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "errbook", "verify", "conditions/unique-violation", "--server", "sqlite:3.40"]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, cwd=tmp_path, check=False)
    (found,) = json.loads(done.stdout)
    assert (done.returncode, found["record"]["outcome"], found["differences"]) == (0, "handled", [])


@pytest.mark.parametrize("name", ["conditions/nope", "conditions/deadlocks"])
def test_verify_says_which_conditions_there_are(name: str) -> None:
    command = [sys.executable, "-m", "errbook", "verify", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"the condition {name} is not written up; those that are: conditions/" in done.stderr
