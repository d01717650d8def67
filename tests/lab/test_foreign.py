"""A server of the user's own: touched only when it was declared throwaway, and put back as it was."""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.lab.conftest import Answer, soon, the
from tests.lab.made import simple, step

from errbook.lab import driver as drivers
from errbook.lab import foreign, places
from errbook.lab.driver import Connection, Refused, Target
from errbook.lab.server import LabError
from errbook.lab.verify import Result, verify_foreign

SECRET = "pa/ss:w@rd"  # noqa: S105 - made up
QUOTED = "pa%2Fss%3Aw%40rd"


def errbook(*arguments: str) -> Answer:
    """Run ``errbook verify``."""
    words = [sys.executable, "-m", "errbook", "verify", *arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)


def rows(answer: Answer) -> dict[str, dict[str, object]]:
    """Return the JSON objects of a run by entry."""
    return {row["entry"]: row for row in json.loads(answer.stdout)}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a PostgreSQL 18 on the host's own loopback, which the lab did not start; its password is SECRET."""
    with _free_port() as free, _folder("postgresql:18") as data:
        data.chmod(0o700)
        words = [
            "bwrap",
            "--dev-bind",
            "/",
            "/",
            "--unshare-user",
            "--uid",
            "1000",
            "--gid",
            "1000",
            "--die-with-parent",
        ]
        program = places.tree_folder(the("postgresql:18").trees[0]) / "bin" / "postgres"
        words += ["--", str(program), "-D", str(data), "-c", f"port={free}", "-c", f"unix_socket_directories={data}"]
        with _running(words, free):
            _execute(f"postgresql://postgres@127.0.0.1:{free}/", f"ALTER ROLE postgres PASSWORD '{SECRET}'")
            (data / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
            _execute(f"postgresql://postgres@127.0.0.1:{free}/", "SELECT pg_reload_conf()")
            yield free


@pytest.fixture(scope="module")
def mariadb_port() -> Iterator[int]:
    """The same of a MariaDB 11.8."""
    with _free_port() as free, _folder("mariadb:11.8") as data:
        tree = places.tree_folder(the("mariadb:11.8").trees[0])
        words = ["bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--die-with-parent"]
        words += ["--ro-bind", f"{tree}/usr", "/usr", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]  # noqa: S108
        words += [word for name in ("bin", "sbin", "lib", "lib64") for word in ("--symlink", f"usr/{name}", f"/{name}")]
        words += ["--bind", str(data), str(data), "--ro-bind", "/etc/passwd", "/etc/passwd", "--", "/usr/sbin/mariadbd"]
        words += ["--no-defaults", f"--datadir={data}", f"--port={free}", "--bind-address=127.0.0.1"]
        words += [f"--socket={data}/sock", "--innodb-flush-method=fsync", "--innodb-log-file-size=8M"]
        with _running(words, free):
            _execute(f"mariadb://root@127.0.0.1:{free}/", f"SET PASSWORD FOR root@localhost = PASSWORD('{SECRET}')")
            yield free


@contextlib.contextmanager
def _folder(server: str) -> Iterator[Path]:
    """Give a new data folder that the user of a server can reach."""
    folder = Path(tempfile.mkdtemp(prefix="errbook-throwaway-"))
    try:
        template = str(places.template_file(the(server)))
        subprocess.run(
            ["tar", "--extract", "--no-same-owner", "--file", template, "--directory", str(folder)], check=True
        )
        yield next(folder.iterdir())
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _free_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    yield free


@contextlib.contextmanager
def _running(words: list[str], port: int) -> Iterator[None]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
        try:
            up = soon(lambda: _listens(port) or process.poll() is not None, 60)
            log.seek(0)
            assert up, log.read().decode()
            assert process.poll() is None, log.read().decode()
            yield
        finally:
            process.terminate()
            process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _execute(dsn: str, statement: str) -> list[tuple[object, ...]]:
    address = foreign.parse(dsn)
    found: list[Connection] = []

    def connect() -> bool:
        # It listens before it is ready.
        with contextlib.suppress(Refused):
            found.append(drivers.load(address.family).Connection(address, Target(None)))
        return bool(found)

    assert soon(connect)
    answer = [tuple(row) for row in found[0].rows(statement)]
    found[0].close()
    return answer


def test_a_server_of_one_s_own_is_refused_without_the_word() -> None:
    answer = errbook("--server", "mysql://root:secret@127.0.0.1:3306/")
    assert answer.returncode == 2
    assert "throwaway: write --throwaway-dsn DSN in place of --server DSN" in answer.stderr
    assert "secret" not in answer.stdout + answer.stderr


def test_a_throwaway_server_stands_alone() -> None:
    for option in (("--record",), ("--server", "mysql"), ("--client",)):
        answer = errbook("--throwaway-dsn", "mysql://root@127.0.0.1/", *option)
        assert answer.returncode == 2
        assert "--throwaway-dsn goes with neither" in answer.stderr


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("mysql", "this is not the address of a server"),
        ("", "this is not the address of a server"),
        ("oracle://scott:tiger@db/", "it begins with one of mysql://, mariadb://, postgresql://, postgres://"),
        ("mysql://root:pa/ss@db/", "with reserved characters in user and password as %2F"),
        ("mysql://root:tiger@db:99999/", "this is not an address"),
        ("mysql://root:tiger@/", "the host is missing"),
        ("mysql://root:tiger@db/?tiger=1&nonsense=tiger", "nonsense, tiger is not understood here"),
        ("mysql://root:tiger@localhost/?unix_socket=/nowhere/sock", "/nowhere/sock is not a socket"),
        ("mysql://[tiger/", "this is not an address"),
    ],
)
def test_what_is_no_address_is_refused(dsn: str, message: str) -> None:
    with pytest.raises(LabError) as caught:
        foreign.parse(dsn)
    assert message in str(caught.value)
    assert "pa/ss" not in str(caught.value)
    assert "tiger@" not in str(caught.value)


def test_addresses_in_the_usual_forms() -> None:
    assert foreign.parse("postgres://db").name == "postgresql://db:5432"
    address = foreign.parse(f"mysql://app:{QUOTED}@db.example.com:3307/")
    assert (address.user, address.password, address.host, address.port) == ("app", SECRET, "db.example.com", 3307)


def test_entries_are_executed_on_a_throwaway_postgresql(port: int) -> None:
    dsn = f"postgresql://postgres:{QUOTED}@127.0.0.1:{port}/"
    settings = "SELECT md5(string_agg(name || setting, ',' ORDER BY name)) FROM pg_settings"
    before = _execute(dsn, settings), _execute(dsn, "SELECT datname FROM pg_database ORDER BY 1")
    answer = errbook("postgresql", "mysql/1062", "--format", "json", "--throwaway-dsn", dsn)
    found = rows(answer)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    # What is of other engines is not asked.
    assert "mysql/1062" not in found
    assert {row["server"] for row in found.values()} == {f"postgresql://127.0.0.1:{port}"}
    assert found["postgresql/23505"]["record"]["outcome"] == "reproduced"  # type: ignore[index]
    assert found["postgresql/53300"]["record"]["outcome"] == "not-applicable"  # type: ignore[index]
    assert found["postgresql/53300"]["record"]["detail"] == foreign.NEEDS_OWN  # type: ignore[index]
    assert found["postgresql/23505"]["differences"] == []
    assert SECRET not in answer.stdout + answer.stderr
    assert QUOTED not in answer.stdout + answer.stderr
    assert before == (_execute(dsn, settings), _execute(dsn, "SELECT datname FROM pg_database ORDER BY 1"))


def test_entries_are_executed_on_a_throwaway_mariadb(mariadb_port: int) -> None:
    dsn = f"mariadb://root:{QUOTED}@127.0.0.1:{mariadb_port}/"
    answer = errbook("mysql/1040", "mysql/1045", "mysql/1062", "mysql/1452", "--throwaway-dsn", dsn)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"ok mysql/1062 mariadb://127.0.0.1:{mariadb_port} (11.8" in " ".join(answer.stdout.split())
    assert "not applicable" in answer.stdout
    assert SECRET not in answer.stdout + answer.stderr
    assert {row[0] for row in _execute(dsn, "SHOW DATABASES")} == {
        "information_schema",
        "mysql",
        "performance_schema",
        "sys",
    }


def test_a_wrong_password_port_or_engine_is_said(port: int, mariadb_port: int) -> None:
    wrong = errbook("postgresql/23505", "--throwaway-dsn", f"postgresql://postgres:wrong@127.0.0.1:{port}/")
    assert (wrong.returncode, "28P01: password authentication failed" in wrong.stderr) == (2, True)
    nobody = errbook("postgresql/23505", "--throwaway-dsn", "postgresql://postgres:wrong@127.0.0.1:1/")
    assert (nobody.returncode, "Connection refused" in nobody.stderr) == (2, True)
    other = errbook("mysql/1062", "--throwaway-dsn", f"mysql://root:{QUOTED}@127.0.0.1:{mariadb_port}/")
    assert (other.returncode, "write mariadb:// in place of mysql://" in other.stderr) == (2, True)
    for answer in (wrong, nobody, other):
        assert answer.stderr.startswith("errbook: ")
        assert "check the address and the account" in answer.stderr or "in place of" in answer.stderr
        assert "Traceback" not in answer.stderr
        assert "wrong@" not in answer.stderr


def test_what_cannot_be_put_back_is_said(mariadb_port: int) -> None:
    dsn = f"mariadb://root:{QUOTED}@127.0.0.1:{mariadb_port}/"
    table = simple("mariadb", "table", step("run", "CREATE TABLE mysql.left_behind (id int);"))
    results: list[Result] = []
    with pytest.raises(LabError, match="could not be put back as it was"):
        verify_foreign([table, table], foreign.parse(dsn), report=results.append, stop=threading.Event())
    # It is told of all the same, and nothing more is done.
    assert [result.record["outcome"] for result in results] == ["reproduced"]
    _execute(dsn, "DROP TABLE mysql.left_behind")


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:11.8", "postgresql:16"])
def test_the_address_that_lab_up_prints_is_taken(server: str, lab: Callable[..., Answer]) -> None:
    runtime = Path(tempfile.mkdtemp(prefix="errbook-run-"))
    try:
        up = lab("up", server, XDG_RUNTIME_DIR=str(runtime))
        dsn = next(word for word in up.stdout.split() if "://" in word)
        names = ["postgresql/23505", "postgresql/42P01"] if "postgres" in server else ["mysql/1062", "mysql/1045"]
        answer = errbook(*names, "--throwaway-dsn", dsn)
        assert answer.returncode == 0, up.stdout + answer.stdout + answer.stderr
        assert "reproduced" in answer.stdout
        # A session finds its database again, and what somebody keeps in one of that name is not ours to drop.
        made = lab("shell", server, stdin="CREATE TABLE kept (id int);", XDG_RUNTIME_DIR=str(runtime))
        assert made.returncode == 0, made.stderr
        answer = errbook(*names, "--throwaway-dsn", dsn)
        assert (answer.returncode, "DROP DATABASE demo" in answer.stderr) == (2, True)
    finally:
        lab("down", server, XDG_RUNTIME_DIR=str(runtime))
        shutil.rmtree(runtime)


def test_trees_need_not_be_there(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERRBOOK_LAB", str(tmp_path))
    dsn = f"postgresql://postgres:{QUOTED}@127.0.0.1:{port}/"
    assert errbook("postgresql/42P01", "--throwaway-dsn", dsn).returncode == 0
    assert not list(tmp_path.iterdir())
