"""Plays: sessions that wait and are lost, steps that misbehave, and whatever a stranger may write."""

import json
import subprocess
import sys
from typing import Any

import pytest
from tests.lab.made import SHORT, entry, fix, outcomes, play, simple, step

from errbook.lab import outcome, plan
from errbook.lab.cell import Cell
from errbook.lab.limits import Limits
from errbook.lab.process import end_strays
from errbook.lab.server import select

TABLE = "CREATE TABLE stock (id int PRIMARY KEY, qty int); INSERT INTO stock VALUES (1, 10), (2, 20);"


def lock(session: str, number: int, *, waits: bool = False) -> dict[str, Any]:
    text = "UPDATE stock SET qty = qty + 1 WHERE id = %d;"
    return step("run", text % number, on=session, waits=waits)


ENDING = """
CREATE USER app; GRANT ALL ON *.* TO app;
DELIMITER $
CREATE PROCEDURE done () BEGIN
  DECLARE victim bigint;
  SELECT id INTO victim FROM information_schema.processlist WHERE user = 'app';
  KILL victim;
END$
DELIMITER ;
"""


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:11.8", "postgresql:14"])
def test_a_session_that_was_lost_is_opened_again(server: str) -> None:
    engine = server.partition(":")[0]
    if engine == "postgresql":
        code, setup, own = "57P01", None, "SELECT pg_terminate_backend(pg_backend_pid());"
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT 4711';"
    else:
        code, setup, own, end = "2013", ENDING, "KILL CONNECTION_ID();", "CALL done();"
    account = {} if engine == "postgresql" else {"user": "app"}
    killed = [
        step("connect", account, on="a"),
        step("run", "SELECT 4711;", on="a"),
        step("run", end, on="b"),
    ]
    again = step("run", "SELECT 1;", on="a")
    found = play(
        simple(engine, "lost", *killed, again, setup=setup),
        # Only a step that is to raise the error sees the loss.
        entry(engine, code, *killed, {**again, "raises": True}, name="-seen", setup=setup),
        # What ends its own session has not succeeded.
        simple(engine, "own", again, step("run", own, on="a")),
        # And what was killed while it ran was not lost before.
        simple(engine, "killed", step("run", own, on="a")),
        server=server,
    )
    assert found["lost"].accepted, found["lost"].failures
    assert found["seen"].record["observed"]["code"] == code
    assert outcomes(found)["own"] == outcomes(found)["killed"] == outcome.STEP_FAILED


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:10.11", "postgresql:15"])
def test_two_sessions_wait_for_each_other(server: str) -> None:
    engine = server.partition(":")[0]
    begin = [step("run", "BEGIN;", on=session) for session in ("a", "b")]
    if engine == "postgresql":
        # Whose time is up first is the victim.
        begin.append(step("run", "SET deadlock_timeout = '30s';", on="a"))
        begin.append(step("run", "SET deadlock_timeout = '10ms';", on="b"))
    other = entry(
        engine,
        {"postgresql": "40P01"}.get(engine, "1213"),
        *begin,
        lock("a", 1),
        lock("b", 2),
        lock("a", 2, waits=True),
        step("run", "UPDATE stock SET qty = 0 WHERE id = 1;", on="b", raises=True),
        fixes=(
            # The victim has let go, so the other one has what it waited for.
            fix(step("run", "COMMIT;", on="a"), step("run", "ROLLBACK;", on="b"), lock("b", 1)),
            # It waits until the last step, and then nobody lets it go on.
            fix(
                step("run", "ROLLBACK;", on="b"),
                step("run", "UPDATE stock SET qty = 9 WHERE id = 2;", on="b", waits=True),
            ),
        ),
        name="-deadlock",
        setup=TABLE,
    )
    record = play(other, server=server, limits=SHORT)["deadlock"].record
    assert [row["outcome"] for row in record["fixes"]] == [outcome.PROVEN, outcome.WAITED], record


STEPS = {
    "megabytes": ("shell", "head -c 200000000 /dev/zero | tr '\\0' 'x'", None),
    "binary": ("shell", "head -c 100000 /dev/urandom; exit 3", "exit code 3"),
    "latin-1": ("shell", "printf 'caf\\351 \\033[31m'; exit 3", "exit code 3: caf\ufffd \x1b[31m"),
    "closes": ("shell", "exec >&- 2>&-; sleep 0.2", None),
    "closes-and-fails": ("shell", "exec >&- 2>&-; sleep 0.2; exit 9", "exit code 9"),
    "background": ("shell", "sleep 1000 &", None),
    "signal": ("shell", "echo last words; kill -SEGV $$", "ended by SIGSEGV: last words"),
    "nul": ("shell", "echo a\0b", "it could not be started: embedded null byte"),
    "stdin": ("shell", 'read line || test -z "$line"', None),
    "first": ("shell", "false\ntrue", "exit code 1"),
    "python": ("python", "raise SystemExit('so')", "exit code 1: so"),
    "folder": ("shell", 'rm -rf "$HOME" "$TMPDIR" /tmp/* || true; mkdir -p "$TMPDIR/a"; chmod 0 "$TMPDIR/a"', None),
    "full": ("shell", "cat /dev/zero > /tmp/full", "exit code 1: cat: write error: No space left on device"),
}


@pytest.fixture(scope="module")
def misbehaved() -> dict[str, Any]:
    return play(
        *(simple("sqlite", name, step(action, text)) for name, (action, text, _) in STEPS.items()), server="sqlite:3.40"
    )


@pytest.mark.parametrize("name", list(STEPS))
def test_a_step_that_misbehaves(name: str, misbehaved: dict[str, Any]) -> None:
    result, came = misbehaved[name], STEPS[name][2]
    if came is None:
        assert result.accepted, result.failures
    else:
        assert result.record["outcome"] == outcome.STEP_FAILED
        assert result.failures[0]["came"].startswith(came)
    assert len(json.dumps(result.record)) < 10000


def test_a_step_that_forks_forever_is_ended() -> None:
    bomb = step("shell", "bomb() { bomb | bomb & }; bomb; sleep 100")
    found = play(simple("sqlite", "bomb", bomb), simple("sqlite", "after"), server="sqlite:3.40", limits=SHORT)
    assert found["bomb"].record["outcome"] in (outcome.TIMED_OUT, outcome.STEP_FAILED)
    assert found["after"].record["outcome"] == outcome.REPRODUCED


def test_messages_in_any_encoding_and_of_any_length() -> None:
    latin = step("run", "CREATE DATABASE one ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C';")
    into = step("connect", {"database": "one"}, on="a")
    long = "DO $$ BEGIN RAISE EXCEPTION '%', repeat('x', 5000000) USING ERRCODE = '23505'; END $$;"
    raw = "DO $$ BEGIN RAISE EXCEPTION '%', E'caf\\351' USING ERRCODE = '23505'; END $$;"
    found = play(
        entry("postgresql", "23505", latin, into, step("run", raw, on="a", raises=True), name="-raw"),
        entry("postgresql", "23505", step("run", long, raises=True), name="-long"),
        # Dollar quotes, colons and array slices are not for the driver to understand.
        simple("postgresql", "colons", step("run", "SELECT (ARRAY[1,2,3])[1:2], '1'::int, $a$ :x $a$;")),
    )
    assert found["raw"].record["observed"]["message"] == "caf\ufffd"
    assert len(found["long"].record["observed"]["message"]) == 4001
    assert found["colons"].accepted, found["colons"].failures


def test_messages_of_mysql_in_any_encoding() -> None:
    signal = "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1644, MESSAGE_TEXT = {};"
    for server in ("mysql:9.7", "mariadb:11.8"):
        engine = server.partition(":")[0]
        found = play(
            entry(engine, "1644", step("run", signal.format("x'636166e9ff'"), raises=True), name="-raw"),
            entry(engine, "1644", step("run", signal.format("_latin1 x'636166e9'"), raises=True), name="-latin1"),
            server=server,
        )
        assert outcomes(found) == {"raw": outcome.REPRODUCED, "latin1": outcome.REPRODUCED}


SLOW = {
    "mysql:9.7": "SELECT SLEEP(4711);",
    "mariadb:11.8": "SELECT SLEEP(4711);",
    "postgresql:18": "SELECT pg_sleep(4711);",
}


@pytest.mark.parametrize("server", SLOW)
def test_what_was_cancelled_is_not_sent_again(server: str) -> None:
    engine = server.partition(":")[0]
    late = simple(engine, "late", step("run", "SELECT 1;"), step("run", SLOW[server]))
    request = {"op": "play", "plan": plan.of(late, engine), "fix": None, "client": False, "limits": list(SHORT)}
    with Cell.open(select([server])[0]) as cell:
        first = cell.ask(request, 60)
        # The session has ended, so the server and the cell are there for the next scenario.
        assert (first["outcome"], first.get("last")) == (outcome.TIMED_OUT, None)
        assert cell.ask(request, 60)["outcome"] == outcome.TIMED_OUT


@pytest.mark.parametrize(
    ("server", "collation"),
    [
        ("mysql:9.7", "utf8mb4_general_ci"),
        ("mariadb:10.11", "utf8mb4_general_ci"),
        # It has a default for the character set in place of what a greeting asks for.
        ("mariadb:11.8", "utf8mb4_uca1400_ai_ci"),
    ],
)
def test_the_collation_of_sessions_is_not_the_driver_s_choice(server: str, collation: str) -> None:
    signal = "BEGIN NOT ATOMIC {0} END" if server.startswith("mariadb") else "CREATE PROCEDURE p() BEGIN {0} END"
    text = signal.format("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = @@collation_connection;")
    steps = [step("run", f"DELIMITER //\n{text}//", raises=True)]
    if server.startswith("mysql"):
        steps = [step("run", f"DELIMITER //\n{text}//"), step("run", "CALL p();", raises=True)]
    found = play(entry(server.partition(":")[0], "1644", *steps, name="-said"), server=server)
    assert found["said"].record["observed"]["message"] == collation


def test_options_that_no_driver_knows_are_a_failure_of_the_step() -> None:
    for server in ("mysql:9.7", "postgresql:18", "sqlite:3.51"):
        engine = server.partition(":")[0]
        nonsense = step("connect", {"options": {"nonsense": "1"}}, on="a")
        found = play(simple(engine, "options", nonsense), simple(engine, "after"), server=server)
        assert outcomes(found) == {"options": outcome.STEP_FAILED, "after": outcome.REPRODUCED}


def test_a_server_that_cannot_start_with_the_settings_of_a_scenario() -> None:
    found = play(
        simple("postgresql", "bad", settings={"work_mem": "nonsense"}),
        simple("postgresql", "small", host={"filesystem": "1 MiB"}),
        simple("postgresql", "good", settings={"work_mem": "2MB"}),
    )
    assert outcomes(found) == {"bad": "setup-failed", "small": "setup-failed", "good": "reproduced"}
    assert "work_mem" in found["bad"].failures[0]["came"]
    assert "No space left on device" in found["small"].failures[0]["came"]


def test_a_full_file_system_is_one_scenario_s_own() -> None:
    fill = (
        "CREATE TABLE filler (b text); ALTER TABLE filler ALTER b SET STORAGE EXTERNAL;"
        " INSERT INTO filler SELECT repeat('x', 100000) FROM generate_series(1, 1000);"
    )
    full = entry("postgresql", "53100", step("run", fill, raises=True), name="-full", host={"filesystem": "100 MiB"})
    found = play(full, simple("postgresql", "after"))
    assert found["full"].record["outcome"] in (outcome.REPRODUCED, outcome.RAISED_OTHER), found["full"].failures
    assert found["after"].accepted


@pytest.mark.parametrize("server", ["sqlite:3.40", "sqlite:3.51"])
def test_limits_of_the_host_hold_for_sqlite_too(server: str) -> None:
    fill = (
        "CREATE TABLE filler (b); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
        " INSERT INTO filler SELECT zeroblob(10000) FROM n;"
    )
    full = step("run", fill, raises=True)
    found = play(
        entry("sqlite", "13", full, name="-full", host={"filesystem": "8 MiB"}),
        entry("sqlite", "778", full, name="-large", host={"file_size": "1 MiB"}),
        entry("sqlite", "14", step("connect", {"file": "no/such/folder.db"}, raises=True), name="-cantopen"),
        server=server,
    )
    assert outcomes(found) == {"full": "reproduced", "large": "reproduced", "cantopen": "reproduced"}, found


def test_the_worker_says_what_it_does_not_understand() -> None:
    with Cell.open(select(["sqlite:3.40"])[0]) as cell:
        assert cell.ask({"op": "hello"}, 30)["version"].startswith("3.40.")
        assert cell._process.stdin is not None
        cell._process.stdin.write(b"{broken\n\xff\n")
        cell._process.stdin.flush()
        assert "JSON" in cell.ask({"op": "hello"}, 30)["error"]


def test_strays_are_ended_in_a_cell_only() -> None:
    with pytest.raises(RuntimeError, match="no cell"):
        end_strays(None)


def test_limits_keep_their_proportions() -> None:
    assert Limits.of(Limits().statement) == Limits()


def test_a_worker_needs_a_cell() -> None:
    words = [sys.executable, "-m", "errbook.lab.worker", "sqlite:3.40"]
    answer = subprocess.run(words, input='{"op": "hello"}\n', capture_output=True, text=True, check=False)
    assert "cell" in json.loads(answer.stdout)["error"]
