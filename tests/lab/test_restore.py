"""A scenario leaves nothing behind: a shared server is put back as it was, or the next scenario gets a fresh one."""

import sys
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from tests.lab.conftest import Inside
from tests.lab.made import SHORT, Json, entry, fix, outcomes, play, simple, step

from errbook.lab import outcome


class Change(NamedTuple):
    """What a scenario does, and whether the server can be put back."""

    name: str
    steps: tuple[Json, ...]
    kept: bool = True


def sql(name: str, text: str, *, kept: bool = True) -> Change:
    return Change(name, (step("run", text),), kept)


def shell(name: str, text: str, *, kept: bool = True) -> Change:
    return Change(name, (step("shell", text),), kept)


FILES = shell("files", 'touch /tmp/left "$HOME/left" "$TMPDIR/left"; mkdir -p "$HOME/a/b"; rm -rf "$TMPDIR"')
STRAYS = shell("strays", "(setsid sleep 4711 &) ; sleep 4712 & sleep 0.2")

MYSQL = (
    sql("global", "SET GLOBAL max_connections = 77, wait_timeout = 7; SET GLOBAL event_scheduler = OFF;"),
    sql("read-only", "SET GLOBAL read_only = ON;"),
    sql("account", "CREATE USER one, 'two'@'localhost' IDENTIFIED BY 'x'; GRANT ALL ON *.* TO one;"),
    sql("role", "CREATE ROLE role_one; GRANT role_one TO root@localhost;"),
    sql("database", "CREATE DATABASE one; CREATE TABLE one.t (id int); CREATE DATABASE `t-w o`;"),
    Change(
        "prepared",
        (
            step("run", "CREATE TABLE t (id int); XA START 'x', 'y', 7; INSERT INTO t VALUES (1); XA END 'x', 'y', 7;"),
            step("run", "XA PREPARE 'x', 'y', 7;"),
        ),
    ),
    Change(
        "locks",
        (
            step("run", "FLUSH TABLES WITH READ LOCK;", on="a"),
            step("run", "CREATE TABLE t (id int);", on="b", waits=True),
        ),
    ),
    shell("client", "(setsid $(command -v mysql) -u root -e \"SELECT GET_LOCK('x', 1), SLEEP(4711)\" &) ; sleep 0.5"),
    FILES,
    STRAYS,
    sql("file", "SELECT 1 INTO OUTFILE '/lab/files/left';"),
    sql("password", "ALTER USER root@localhost IDENTIFIED BY 'other';", kept=False),
    sql("system", "CREATE TABLE mysql.one (id int);", kept=False),
    shell("killed", 'kill -9 $(cat "$DATADIR"/*.pid); sleep 0.3', kept=False),
)

CHANGES: dict[str, Sequence[Change]] = {
    "mysql:9.7": (
        sql("persist", "SET PERSIST wait_timeout = 99; SET PERSIST_ONLY innodb_buffer_pool_instances = 2;"),
        *MYSQL,
    ),
    "mariadb:11.8": MYSQL,
    "postgresql:18": (
        sql("system-reloaded", "ALTER SYSTEM SET work_mem = '1MB'; SELECT pg_reload_conf();"),
        sql("system", "ALTER SYSTEM SET max_connections = '17';"),
        sql(
            "role", "CREATE ROLE one LOGIN; CREATE ROLE two IN ROLE one; CREATE TABLE t (); ALTER TABLE t OWNER TO one;"
        ),
        sql("role-setting", "ALTER ROLE postgres SET work_mem = '2MB'; ALTER ROLE ALL SET lock_timeout = '1s';"),
        sql("database", 'CREATE DATABASE one; CREATE DATABASE "t-w o";'),
        Change("in-use", (step("connect", {"database": "template1"}), step("run", "BEGIN; SELECT 1;"))),
        shell("client", "(setsid psql -c 'SELECT pg_sleep(4711)' postgres &) ; sleep 0.5"),
        FILES,
        STRAYS,
        sql("password", "ALTER ROLE postgres PASSWORD 'other';", kept=False),
        Change(
            "table",
            (step("connect", {"database": "postgres"}), step("run", "CREATE TABLE one (id int);")),
            kept=False,
        ),
        shell("login", 'echo "local all all reject" > "$DATADIR/pg_hba.conf"', kept=False),
        shell("killed", 'kill -9 $(head -1 "$DATADIR/postmaster.pid"); sleep 0.3', kept=False),
    ),
    "sqlite:3.40": (
        shell("files-beside", 'touch "$SQLITE_FILE-other" "$(dirname "$SQLITE_FILE")/other.db"'),
        FILES,
        STRAYS,
    ),
}

_MYSQL_STATE = (
    "SHOW GLOBAL VARIABLES WHERE variable_name NOT LIKE 'gtid%'; SELECT user, host FROM mysql.user; SHOW DATABASES;"
    " SHOW GRANTS FOR root@localhost; SHOW TABLES FROM mysql; XA RECOVER;"
    " SELECT user, info FROM information_schema.processlist WHERE id <> CONNECTION_ID()"
)
_STATE = {
    "mysql": f"mysql -u root -N -B -e \"{_MYSQL_STATE} AND user <> 'event_scheduler';\"",
    "mariadb": f'mariadb -u root -N -B -e "{_MYSQL_STATE};"',
    "postgresql": (
        "psql -At postgres -c 'SELECT name, setting, pending_restart FROM pg_settings ORDER BY name'"
        " -c 'SELECT * FROM pg_roles ORDER BY 1' -c 'SELECT datname FROM pg_database ORDER BY 1'"
        " -c 'SELECT * FROM pg_db_role_setting' -c 'SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL';"
        ' cat "$DATADIR/pg_hba.conf" "$DATADIR/postgresql.auto.conf"'
    ),
    "sqlite": 'ls -A "$(dirname "$SQLITE_FILE")"',
}
_FILES = (
    'ls -A /tmp "$HOME" "$TMPDIR" "$HOME/../files";'
    ' cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -c "sleep 47[1]" || true'
)
_FIRST = '"$HOME/../log/first"'
"""Goes with the folder of the log when a server is replaced."""


def _look(engine: str, *, kept: bool) -> Json:
    state = f"( {_STATE[engine]}; {_FILES}; true )"
    if kept:
        return step("shell", f"{state} | diff {_FIRST} -")
    return step("shell", f"test ! -e {_FIRST} && {state} > {_FIRST}")


@pytest.mark.parametrize("server", list(CHANGES))
def test_what_a_scenario_changes_on_a_shared_server_is_put_back(server: str) -> None:
    engine = server.partition(":")[0]
    plays = [simple(engine, "first", _look(engine, kept=False))]
    for name, steps, kept in CHANGES[server]:
        plays.append(simple(engine, name, *steps))
        plays.append(simple(engine, f"after-{name}", _look(engine, kept=kept)))
    found = play(*plays, server=server)
    # What a change that costs the server comes to is not asked.
    wanted = {name for name in found if not any(change.name == name and not change.kept for change in CHANGES[server])}
    assert not {name: found[name].record["detail"] for name in wanted if not found[name].accepted}
    assert len(found) == len(plays)


def test_prepared_transactions_of_postgresql_are_rolled_back() -> None:
    prepare = step("run", "BEGIN; CREATE TABLE other (); PREPARE TRANSACTION 'o''ne';")
    none = step("run", "SELECT 1 / (count(*) = 0)::int FROM pg_prepared_xacts;")
    made = simple("postgresql", "prepared", settings={"max_prepared_transactions": "5"})
    found = play({**made, "fixes": [fix(prepare), fix(none, prepare), fix(none)]})
    assert [row["outcome"] for row in found["prepared"].record["fixes"]] == [outcome.PROVEN] * 3


def test_a_session_that_cannot_be_ended_costs_the_server() -> None:
    # A backend that is stopped by the kernel hears nothing.
    listed = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%frozen%' AND pid <> pg_backend_pid()"
    stop = f'kill -STOP $(psql -Atc "{listed}")'
    found = play(
        simple("postgresql", "stopped", step("run", "SELECT 'frozen';", on="a"), step("shell", stop)),
        simple("postgresql", "after"),
        limits=SHORT,
    )
    assert outcomes(found) == {"stopped": outcome.REPRODUCED, "after": outcome.REPRODUCED}


def test_a_statement_that_nothing_ends_costs_the_cell_and_not_the_next_scenario() -> None:
    # The backend stops itself, and hears neither that it is cancelled nor that it is terminated.
    never = step("run", "COPY (SELECT 1) TO PROGRAM 'kill -STOP $PPID';")
    found = play(
        simple("postgresql", "never", never),
        simple("postgresql", "after", fixes=(fix(never), fix(step("run", "SELECT 1;")))),
        limits=SHORT,
    )
    assert outcomes(found) == {"never": outcome.TIMED_OUT, "after": outcome.REPRODUCED}
    assert found["never"].failures[0]["part"] == "step 1"
    assert [row["outcome"] for row in found["after"].record["fixes"]] == [outcome.TIMED_OUT, outcome.PROVEN]


COUNTED = """
import sys
from errbook.lab import driver as drivers
from errbook.lab.driver import Target
from errbook.lab.driver.mysql import TOGETHER
from errbook.lab.instance import Instance
from errbook.lab.server import select

instance = Instance(select([sys.argv[1]])[0])
instance.start()
driver = drivers.load("mysql")
keeper = driver.Keeper(instance.address)
keeper.snapshot()
read = f"SELECT {sys.argv[3]}"

def elsewhere(*statements):
    link = driver.Connection(instance.address, Target(None))
    *_, rows = [link.rows(statement) for statement in statements]
    link.close()
    return rows

before = elsewhere(read)
for number in range(3 * TOGETHER):
    keeper.create("demo")
    link = driver.Connection(instance.address, Target("demo"))
    link.run("CREATE TABLE t (id int)")
    link.run("INSERT INTO t VALUES (1)")
    link.leave()
    # Somebody does so in the dark, before the second of three comparisons.
    if number == TOGETHER + 3:
        assert elsewhere(sys.argv[2], read) != before
    assert keeper.restore("demo", inside=True)
assert elsewhere(read) == before
"""


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:10.11", "mariadb:11.8"])
@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("SET GLOBAL max_connections = 77", "@@GLOBAL.max_connections"),
        ("CREATE USER one", "count(*) FROM mysql.user"),
        ("CREATE DATABASE one", "count(*) FROM information_schema.schemata"),
    ],
)
def test_what_plays_of_ordinary_statements_cannot_have_done_is_found_by_the_servers_own_counters(
    inside: Inside, server: str, statement: str, value: str
) -> None:
    answer = inside(sys.executable, "-P", "-c", COUNTED, server, statement, value, server=server)
    assert (answer.returncode, answer.stderr) == (0, "")


class Kept(NamedTuple):
    """What a scenario might leave where nobody looks after each, and a statement that fails where it is there."""

    name: str
    left: Json
    found: Json
    otherwise: str = outcome.REPRODUCED


def finds(condition: str) -> Json:
    """Return a step that fails where a condition holds."""
    text = f"SELECT (SELECT 1 UNION ALL SELECT 1 FROM DUAL WHERE {condition});"  # noqa: S608 - the literals below
    return {"steps": [step("run", text)]}


STRICT = {"setup": "CREATE TABLE t (name varchar(2)); INSERT INTO t VALUES ('abc');"}
TABLE = {"setup": "CREATE TABLE t (id int NOT NULL);"}

KEPT = (
    Kept(
        "several",
        {"steps": [step("run", "DELIMITER //\nSELECT 1; SET GLOBAL max_connections = 77//")]},
        finds("@@GLOBAL.max_connections = 77"),
    ),
    Kept(
        "several-in-setup",
        {"setup": "DELIMITER //\nCREATE TABLE t (id int); SET sql_mode = ''//"},
        STRICT,
        outcome.SETUP_FAILED,
    ),
    # What a session begins with is what was the server's at that moment.
    Kept("set", {"steps": [step("set", {"sql_mode": ""})]}, STRICT, outcome.SETUP_FAILED),
    Kept("global", {"steps": [step("run", "SET GLOBAL sql_mode = '';")]}, STRICT, outcome.SETUP_FAILED),
    Kept(
        "collation",
        {"steps": [step("set", {"collation_server": "latin1_swedish_ci"})]},
        finds("@@collation_database = 'latin1_swedish_ci'"),
    ),
    Kept(
        "variable",
        {"setup": "CREATE TABLE t (id int); INSERT INTO t SELECT @one := 1;"},
        {"setup": "CREATE TABLE t (id int NOT NULL); INSERT INTO t VALUES (@one);"},
        outcome.SETUP_FAILED,
    ),
    Kept(
        "lock",
        {"setup": "CREATE TABLE t (id int); INSERT INTO t VALUES (GET_LOCK('one', 0));"},
        {**TABLE, **finds("GET_LOCK('one', 0) = 0")},
    ),
)

ATOMIC = Kept(
    "atomic",
    {"steps": [step("run", "DELIMITER //\nBEGIN NOT ATOMIC SET GLOBAL max_connections = 77; END//")]},
    finds("@@GLOBAL.max_connections = 77"),
)


@pytest.mark.parametrize(
    ("server", "kept"),
    [
        *(pytest.param("mysql:9.7", kept, id=f"mysql-{kept.name}") for kept in KEPT),
        *(pytest.param("mariadb:11.8", kept, id=f"mariadb-{kept.name}") for kept in (*KEPT, ATOMIC)),
    ],
)
def test_the_very_next_scenario_finds_nothing_of_the_one_before(server: str, kept: Kept) -> None:
    engine = server.partition(":")[0]
    scenarios = []
    for name, made in (("left", kept.left), ("found", kept.found)):
        steps = made.get("steps", [])
        scenarios.append(simple(engine, name, *steps, setup=made.get("setup")))
    found = play(*scenarios, server=server, jobs=1)
    assert outcomes(found) == {"left": outcome.REPRODUCED, "found": kept.otherwise}


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:10.11", "postgresql:13", "sqlite:3.51"])
def test_what_dies_does_not_take_the_next_scenario_along(server: str) -> None:
    engine = server.partition(":")[0]
    deadly = step("shell", "kill -9 $PPID; sleep 5")
    found = play(
        simple(engine, "dies", deadly),
        simple(engine, "next", fixes=(fix(step("run", "SELECT 1;")), fix(deadly), fix(step("run", "SELECT 1;")))),
        simple(engine, "last"),
        server=server,
    )
    assert found["dies"].record["outcome"] == outcome.STEP_FAILED
    assert "ended" in found["dies"].failures[0]["came"]
    assert found["next"].record["outcome"] == outcome.REPRODUCED
    assert [row["outcome"] for row in found["next"].record["fixes"]] == ["proven", "failed", "proven"]
    assert found["last"].record["outcome"] == outcome.REPRODUCED


def test_a_server_that_is_killed_in_a_private_scenario_is_started_again_for_the_next_fix() -> None:
    made = entry(
        "postgresql",
        "42P01",
        step("server", "restart"),
        step("run", "SELECT * FROM no_such_table;", raises=True),
        fixes=(
            fix(step("server", "kill"), step("server", "start"), step("run", "SELECT 1;")),
            fix(step("server", "stop"), step("run", "SELECT 1;")),
            fix(step("server", "stop"), step("server", "start"), step("run", "SELECT 1;")),
            fix(step("configure", "work_mem = nonsense"), step("run", "SELECT 1;")),
            fix(
                step("configure", "work_mem = '7MB'"),
                step("run", "SELECT 1 / (current_setting('work_mem') = '7MB')::int;"),
            ),
            fix(step("run", "SELECT 1 / (current_setting('work_mem') = '4MB')::int;")),
        ),
        name="-restarts",
    )
    record = play(made)["restarts"].record
    assert [row["outcome"] for row in record["fixes"]] == ["proven", "failed", "proven", "failed", "proven", "proven"]
    assert "nonsense" in record["fixes"][3]["detail"]


SESSIONS = {
    "mysql:9.7": "SELECT count(*) INTO @n FROM information_schema.processlist WHERE user = 'root'; "
    "SELECT exp(1000 * (@n <> 1));",
    "mariadb:11.8": "SELECT count(*) INTO @n FROM information_schema.processlist; SELECT exp(1000 * (@n <> 1));",
    "postgresql:18": "SELECT 1 / (count(*) = 1)::int FROM pg_stat_activity WHERE backend_type = 'client backend';",
}


@pytest.mark.parametrize("server", list(SESSIONS))
def test_a_scenario_that_counts_sessions_finds_only_its_own(server: str) -> None:
    engine = server.partition(":")[0]
    counting = (step("run", SESSIONS[server], on="last"),)
    found = play(simple(engine, "plain"), simple(engine, "counting", *counting), server=server)
    assert not {name: row.record["detail"] for name, row in found.items() if not row.accepted}


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:10.11"])
def test_a_server_that_takes_only_short_statements_is_put_back(server: str) -> None:
    engine = server.partition(":")[0]
    made = simple(engine, "short", step("run", "CREATE USER one;"), settings={"max_allowed_packet": "1024"})
    found = play({**made, "fixes": [fix(step("run", "SELECT 1;"))] * 3}, server=server)
    assert [row["outcome"] for row in found["short"].record["fixes"]] == [outcome.PROVEN] * 3
