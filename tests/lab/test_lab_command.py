"""``errbook lab`` as a user types it."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.lab.conftest import Answer, command_lines, soon, the

from errbook.lab import background, places
from errbook.lab.server import servers

Lab = Callable[..., Answer]

pytestmark = pytest.mark.usefixtures("runtime")


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An own XDG_RUNTIME_DIR, of a path short enough for a socket; what runs there is ended."""
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)
        for server in servers():
            background.down(server)


def test_list_has_a_line_for_each_server(lab: Lab) -> None:
    answer = lab("list")
    head, *lines = answer.stdout.splitlines()
    assert head.split() == ["SERVER", "VERSION", "SIZE", "STATE"]
    assert [line.split()[0] for line in lines] == [server.id for server in servers()]
    assert {line.split()[-1] for line in lines} == {"ready"}
    assert (answer.returncode, answer.stderr) == (0, "")


def test_list_for_programs(lab: Lab) -> None:
    rows = json.loads(lab("list", "--json").stdout)
    assert [row["server"] for row in rows] == [server.id for server in servers()]
    assert list(rows[0]) == ["server", "version", "state", "reason", "connect", "bytes"]
    assert rows[0]["version"].startswith("9.7.")


def test_list_says_why_a_server_cannot_run(lab: Lab, tmp_path: Path) -> None:
    lines = lab("list", PATH=str(tmp_path)).stdout.splitlines()
    assert lines[1].endswith("cannot run: bubblewrap is missing; as root: apt-get install bubblewrap")
    lines = lab("list", ERRBOOK_LAB=str(tmp_path)).stdout.splitlines()
    assert lines[1].endswith("not got: mysql-9.7 is not got yet; run: errbook lab get mysql:9.7")


def test_get_does_nothing_where_all_is_there(lab: Lab) -> None:
    answer = lab("get")
    assert (answer.returncode, answer.stdout) == (0, "")
    assert answer.stderr == f"errbook: {len(servers())} servers are ready in {places.folder()}\n"


def test_doctor_starts_every_server(lab: Lab) -> None:
    answer = lab("doctor", "postgresql:18", "mariadb:10.11", "sqlite")
    assert answer.returncode == 0, answer.stdout
    lines = answer.stdout.splitlines()
    assert lines[0] == "ok     cells"
    assert [line.split(": ")[0] for line in lines if ":" in line] == [
        *("ok     mariadb:10.11", "ok     postgresql:18", "ok     sqlite:3.40", "ok     sqlite:3.51")
    ]


def test_doctor_names_the_command_for_each_problem(lab: Lab, tmp_path: Path) -> None:
    answer = lab("doctor", "mysql", ERRBOOK_LAB=str(tmp_path))
    assert answer.returncode == 1
    assert "not ok mysql:9.7: mysql-9.7 is not got yet; run: errbook lab get mysql:9.7" in answer.stdout
    answer = lab("doctor", "mysql", PATH=str(tmp_path))
    assert answer.returncode == 1
    assert "not ok cells: bubblewrap is missing; as root: apt-get install bubblewrap" in answer.stdout


def test_a_server_in_the_background(lab: Lab, runtime: Path) -> None:
    answer = lab("up", "postgresql:18")
    assert answer.returncode == 0, answer.stderr
    name, command, dsn = answer.stdout.splitlines()
    assert name.startswith("postgresql:18 18.")
    socket = runtime / "errbook-lab/postgresql-18"
    assert command.strip() == f"psql --host={socket} --username=postgres demo"
    # From the host, through the wall of the cell.
    with psycopg.connect(dsn.strip()) as connection:
        connection.execute("CREATE TABLE t (x text)")
        connection.execute("INSERT INTO t VALUES ('from outside')")
    assert "up: psql --host=" in lab("list").stdout
    # One more session on the same server, in a cell of its own.
    joined = lab("shell", "postgresql:18", stdin="SELECT x FROM t;")
    assert "from outside" in joined.stdout
    assert joined.stderr.endswith(" in the background: what you change stays; --fresh gives a server of its own.\n")
    assert 'relation "t" does not exist' in lab("shell", "postgresql:18", "--fresh", stdin="SELECT x FROM t;").stderr
    again = lab("up", "postgresql:18")
    assert again.returncode == 1
    assert again.stderr.endswith("postgresql:18 runs already; end it with: errbook lab down postgresql:18\n")
    assert lab("down").stderr == "errbook: postgresql:18 is stopped\n"
    assert not soon(lambda: any(f"--bind {socket}" in line for line in command_lines()), 0)
    assert list(socket.parent.iterdir()) == []
    assert lab("down").stderr == ""


def test_down_ends_only_what_up_has_started(lab: Lab) -> None:
    folder = places.running_folder(the("postgresql:17"))
    folder.mkdir(parents=True)
    with subprocess.Popen(["sleep", "100"]) as bystander:
        # The number of a process that ended long ago, taken by another one.
        note = {"version": "17.0", "socket": ".s.PGSQL.5432", "pid": bystander.pid, "started": 1}
        folder.with_name("postgresql-17.json").write_text(json.dumps(note))
        assert "postgresql:17   17.10     " in lab("list").stdout
        assert lab("down").stderr == ""
        assert bystander.poll() is None
        bystander.kill()
    assert list(folder.parent.iterdir()) == []


def test_a_server_that_died_in_the_background_is_not_up(lab: Lab) -> None:
    assert lab("up", "mariadb:10.11", "--entry", "mysql/1040").returncode == 0
    running = background.running(the("mariadb:10.11"))
    assert running is not None
    os.kill(running.pid, 9)
    assert soon(lambda: background.running(the("mariadb:10.11")) is None)
    assert lab("up", "mariadb:10.11").returncode == 0


def test_up_says_why_a_server_does_not_come_up(lab: Lab, runtime: Path) -> None:
    answer = lab("up", "sqlite:3.40")
    assert answer.returncode == 1
    assert answer.stderr == (
        "errbook: sqlite:3.40: SQLite has no server to start; use: errbook lab shell sqlite:3.40\n"
    )
    long = runtime / ("x" * 100)
    long.mkdir()
    answer = lab("up", "postgresql:18", XDG_RUNTIME_DIR=str(long))
    assert answer.returncode == 1
    assert "is too long for the path of a socket; name a shorter folder in XDG_RUNTIME_DIR" in answer.stderr


def test_purge_deletes_what_no_other_server_needs(lab: Lab, tmp_path: Path) -> None:
    tree = tmp_path / "trees/sqlite-3.40"
    tree.mkdir(parents=True)
    answer = lab("down", "--purge", "sqlite:3.40", ERRBOOK_LAB=str(tmp_path))
    assert answer.returncode == 0
    assert not tree.exists()


def test_a_shell_with_the_setup_of_an_entry(lab: Lab) -> None:
    answer = lab("shell", "sqlite", "--entry", "sqlite/5", stdin="SELECT qty FROM stock ORDER BY id;")
    assert (answer.returncode, answer.stdout) == (0, "10\n20\n")
    answer = lab("shell", "postgresql:13", "--entry", "postgresql/53300", stdin="SHOW max_connections;")
    assert " 5\n" in answer.stdout
    answer = lab("shell", "mariadb:10.11", stdin="SELECT database(); SELECT * FROM nope;")
    assert answer.stdout == "database()\ndemo\n"
    assert answer.returncode == 1
    assert "ERROR 1146 (42S02)" in answer.stderr


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:11.8", "postgresql:18", "sqlite:3.40"])
def test_a_shell_that_is_fed_goes_on_after_an_error(server: str, lab: Lab) -> None:
    answer = lab("shell", server, stdin="SELECT 4000 + 711;\nSELECT * FROM nope;\nSELECT 800 + 15;\n")
    assert "4711" in answer.stdout
    assert "nope" in answer.stderr
    assert "815" in answer.stdout
    assert answer.returncode == 1
    assert lab("shell", server, stdin="SELECT 815;").returncode == 0


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:11.8", "postgresql:18", "sqlite:3.40"])
def test_a_shell_that_prints_to_one_place_keeps_the_order(server: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "errbook", "lab", "shell", server],
        input="SELECT 4000 + 711;\nSELECT * FROM nope;\nSELECT 800 + 15;\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert re.search("4711.*nope.*815", answer.stdout, re.DOTALL)
    assert answer.returncode == 1


def test_a_shell_for_a_person() -> None:
    """The client has a terminal, and Ctrl-C is for the statement that runs in it."""
    # A child with a terminal of its own, as pty.fork makes it.
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "dumb"
        os.execv(sys.executable, [sys.executable, "-m", "errbook", "lab", "shell", "postgresql:18"])  # noqa: S606
    seen = ""

    def wait_for(text: str) -> None:
        nonlocal seen
        end = time.monotonic() + 30
        while text not in seen:
            assert time.monotonic() < end, seen
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 4096).decode()

    wait_for("all is gone when you leave")
    wait_for("demo=# ")
    os.write(terminal, b"SELECT 'at ' || current_database();\r")
    wait_for("at demo")
    os.write(terminal, b"SELECT pg_sleep(100);\r")
    time.sleep(0.5)
    os.write(terminal, b"\x03")
    wait_for("canceling statement due to user request")
    os.write(terminal, b"SELECT 'still ' || 'there';\r")
    wait_for("still there")
    os.write(terminal, b"\\q\r")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(terminal)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["up"], "the following arguments are required: SERVER"),
        (["get", "oracle"], "'oracle' is not a server of the lab; use one of mysql:9.7, "),
        (["shell", "mysql", "--entry", "1040"], "there is no entry 1040; name it as mysql/1040"),
        (["shell", "mysql", "--entry", "mysql/9999999"], "there is no entry mysql/9999999; name it as mysql/1040"),
        (["shell", "mysql", "--entry", "sqlite/5"], "sqlite/5 is for sqlite; name a server of those"),
        (["down", "--purge", "db2"], "'db2' is not a server of the lab"),
    ],
)
def test_bad_usage_is_told_and_exits_2(lab: Lab, arguments: list[str], message: str) -> None:
    answer = lab(*arguments)
    assert answer.returncode == 2
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_server_without_a_client_is_told_with_one_that_has(lab: Lab) -> None:
    answer = lab("shell", "sqlite:3.51")
    assert answer.returncode == 1
    assert answer.stderr == (
        "errbook: the lab has no command-line client of sqlite:3.51; there is one of sqlite:3.40\n"
    )


@pytest.mark.parametrize("verb", ["list", "get", "up", "down", "doctor", "shell"])
def test_every_command_explains_itself(lab: Lab, verb: str) -> None:
    assert lab(verb, "--help").returncode == 0
    assert f"\n    {verb} " in lab("--help").stdout
