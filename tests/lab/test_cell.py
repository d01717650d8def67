"""What is contained in a cell, and that nothing of it stays."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab.conftest import Inside, command_lines, python, soon, the

from errbook.lab import bubblewrap
from errbook.lab.bubblewrap import Options
from errbook.lab.cell import Cell, CellDied, CellTimeout

PACKAGE = Path(bubblewrap.__file__).parents[1]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A service on the host's loopback that answers `hello`."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.sendall(b"hello")
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server
        server.shutdown(socket.SHUT_RDWR)


def connecting(listener: socket.socket) -> tuple[str, ...]:
    address = listener.getsockname()
    return python(f"import socket; print(socket.create_connection({address!r}, 2).recv(9))")


def test_there_is_one_user_without_any_privilege(inside: Inside) -> None:
    answer = inside("sh", "-c", "id -u; id -g; id -G; grep -E '^(Cap|NoNewPrivs)' /proc/self/status")
    user, group, groups, *status = answer.stdout.splitlines()
    assert (user, group, groups) == ("1000", "1000", "1000")
    assert status[:5] == [f"Cap{kind}:\t0000000000000000" for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")]
    assert status[5] == "NoNewPrivs:\t1"


def test_the_kernel_does_not_see_root(inside: Inside) -> None:
    # Files such as these belong to root, and root may write to them without any capability.
    for file in ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/proc/sysrq-trigger"):
        answer = inside("sh", "-c", f"test -w {file} && echo writable; exec 3>> {file}")
        assert answer.stdout == "", file
        assert answer.returncode != 0, file


def test_no_file_of_the_host_can_be_read_but_what_is_needed(inside: Inside, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o644)
    assert inside("cat", str(secret)).returncode == 1
    top = inside("ls", "/").stdout.split()
    assert set(top) - {Path(prefix).parts[1] for prefix in (sys.prefix, sys.base_prefix, str(PACKAGE))} <= {
        *("bin", "dev", "etc", "host", "lab", "lib", "lib32", "lib64", "proc", "run", "sbin", "tmp", "usr", "var")
    }
    etc = inside("ls", "/etc").stdout.split()
    assert set(etc) <= {"alternatives", "group", "hosts", "ld.so.cache", "nsswitch.conf", "passwd"}
    # A checkout or a Python below /tmp is bound there again, and nothing else is.
    known = [Path(place) for place in (sys.prefix, sys.base_prefix, PACKAGE)]
    found = [Path(line) for line in inside("find", *bubblewrap.WRITABLE).stdout.splitlines()]
    others = [path for path in found if not any(path.is_relative_to(one) or one.is_relative_to(path) for one in known)]
    assert {str(path) for path in others} <= set(bubblewrap.WRITABLE)


def test_of_the_repository_there_is_the_package_only(inside: Inside) -> None:
    root = PACKAGE.parents[1]
    names = set(inside("ls", "-A", str(root)).stdout.split())
    assert names <= {"core", Path(sys.prefix).name}
    assert inside("ls", "-A", str(PACKAGE.parent)).stdout.split() == ["errbook"]
    assert inside("touch", str(PACKAGE / "new.py")).returncode == 1


def test_the_homes_of_the_host_are_empty_but_for_python(inside: Inside) -> None:
    files = inside("sh", "-c", "find /root /home -maxdepth 2 -type f 2>/dev/null").stdout.split()
    prefixes = (sys.prefix, sys.base_prefix, str(PACKAGE))
    assert [file for file in files if not file.startswith(prefixes)] == []


def test_only_what_lies_in_memory_can_be_written(inside: Inside) -> None:
    code = """
import os
for parent, folders, files in os.walk("/"):
    if parent.startswith(("/proc", "/lab", "/tmp", "/run", "/dev/shm", "/dev/pts")):
        folders.clear()
    elif parent.count("/") > 3:
        folders.clear()
    elif os.access(parent, os.W_OK):
        print(parent)
"""
    answer = inside(*python(code))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    # The folders that hold a Python below /tmp are the cell's own, in memory; what they hold of the host is not.
    for place in (f"{sys.prefix}/bin", f"{sys.base_prefix}/bin", "/usr/bin", "/etc", "/dev", "/"):
        assert "Read-only" in inside("touch", f"{place}/new").stderr, place


def test_what_is_written_is_bounded(inside: Inside) -> None:
    answer = inside("bash", "-c", "head -c 300M /dev/zero > /tmp/large; stat -c %s /tmp/large; ulimit -u; ulimit -c")
    assert "No space left" in answer.stderr
    assert answer.stdout.split() == [str(256 << 20), str(bubblewrap.PROCESSES), "0"]


def test_processes_are_bounded(inside: Inside) -> None:
    code = """
import os, time
started = 0
try:
    while os.fork():
        started += 1
    time.sleep(60)
except OSError:
    print(started)
"""
    assert bubblewrap.PROCESSES - 10 < int(inside(*python(code)).stdout) < bubblewrap.PROCESSES


def test_a_small_file_system_for_the_data(inside: Inside) -> None:
    answer = inside("sh", "-c", "head -c 2M /dev/zero > /lab/data/x", options=Options(filesystem=1 << 20))
    assert "No space left" in answer.stderr


def test_no_variable_of_the_host_gets_in(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    names = {line.partition("=")[0] for line in inside("env").stdout.splitlines()}
    assert names <= {"HOME", "LANG", "PATH", "PWD", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "SHLVL", "_"}
    # Nor by way of the processes around it.
    assert inside("sh", "-c", "cat /proc/*/environ | tr '\\0' '\\n' | grep SECRET").stdout == ""


def test_there_is_no_network_but_an_own_loopback(inside: Inside, listener: socket.socket) -> None:
    devices = [line.split(":")[0].strip() for line in inside("cat", "/proc/net/dev").stdout.splitlines()[2:]]
    assert devices == ["lo"]
    assert "ConnectionRefusedError" in inside(*connecting(listener)).stderr
    code = "import socket; s = socket.create_server(('127.0.0.1', 3306)); socket.create_connection(s.getsockname())"
    assert inside(*python(code)).returncode == 0
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    assert "Network is unreachable" in inside(*python(code)).stderr


def test_sockets_without_a_path_belong_to_the_network(inside: Inside) -> None:
    with socket.socket(socket.AF_UNIX) as service:
        service.bind("\0errbook-test")
        service.listen()
        code = "import socket; socket.socket(socket.AF_UNIX).connect('\\0errbook-test')"
        assert "ConnectionRefusedError" in inside(*python(code)).stderr


def test_the_network_can_be_shared_for_a_server_of_the_users_own(inside: Inside, listener: socket.socket) -> None:
    answer = inside(*connecting(listener), server="mysql:9.7", options=Options(network=True))
    assert answer.stdout == "b'hello'\n"
    # Nothing else comes with it, not even the servers of the lab.
    answer = inside("sh", "-c", "ls /servers /root/.ssh; id -u", server="mysql:9.7", options=Options(network=True))
    assert answer.stdout == "1000\n"


def test_processes_of_the_host_are_invisible(inside: Inside) -> None:
    answer = inside("sh", "-c", f"ls /proc | grep -cE '^[0-9]+$'; kill -0 {os.getpid()}")
    assert int(answer.stdout) < 8
    assert answer.returncode != 0


def test_clients_of_other_servers_are_hidden(inside: Inside) -> None:
    found = {
        server: inside("sh", "-c", "ls /lab/bin; command -v mysql mariadb psql sqlite3", server=server).stdout
        for server in ("mysql:9.7", "postgresql:18", "sqlite:3.51")
    }
    # The own ones come with the server's Instance.
    assert set(found.values()) == {""}


def test_keys_of_the_kernel_stay_outside() -> None:
    # In a process of its own, which gets a session keyring with a key in it: nobody else's is touched.
    code = """
import ctypes, sys
from errbook.lab import bubblewrap, threshold

libc = ctypes.CDLL(None, use_errno=True)
number = threshold._KEYCTL.get(threshold.platform.machine(), threshold._GENERIC)
if libc.syscall(number, 1, None) < 0:
    sys.exit("this machine has no keys")
# add_key is the second system call before keyctl; -3 is the keyring of the session, 11 is KEYCTL_READ.
key = libc.syscall(number - 2, b"user", b"errbook-test", b"secret", 6, -3)
read = f"import ctypes; b = ctypes.create_string_buffer(9); ctypes.CDLL(None).syscall({number}, 11, {key}, b, 9)"
read += "; print(b.value)"
exec(read)
sys.stdout.flush()
bubblewrap.spawn(None, [sys.executable, "-P", "-c", read]).wait()
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    if "no keys" not in answer.stderr:
        assert answer.stdout.splitlines() == ["b'secret'", "b''"], answer.stderr


def test_setuid_programs_give_nothing(inside: Inside) -> None:
    options = inside("sh", "-c", "grep -E ' (/|/usr|/lab) ' /proc/self/mountinfo").stdout.splitlines()
    assert options
    assert all("nosuid" in line for line in options)


@pytest.fixture
def parent() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process with an open cell in it, and the command line of four processes of that cell, each detached better."""
    mark = f"sleep 1000.{os.getpid()}"
    code = f"""
import time
from errbook.lab import bubblewrap
bubblewrap.spawn(None, ["sh", "-c", "{mark} & setsid {mark} & setsid nohup {mark} & exec {mark}"])
time.sleep(1000)
"""
    with subprocess.Popen([sys.executable, "-c", code], text=True) as process:
        assert soon(lambda: command_lines().count(f"{mark} ") == 4)
        yield process, mark
        process.kill()


def test_a_killed_parent_leaves_no_process_no_mount_and_no_file(parent: tuple[subprocess.Popen[str], str]) -> None:
    process, mark = parent
    mounts = Path("/proc/self/mountinfo").read_text()
    files = set(Path(tempfile.gettempdir()).iterdir())
    process.send_signal(signal.SIGKILL)
    process.wait()
    # Also bubblewrap itself, which has those words on its command line.
    assert soon(lambda: not any(mark in line for line in command_lines()))
    assert Path("/proc/self/mountinfo").read_text() == mounts
    assert not [path for path in set(Path(tempfile.gettempdir()).iterdir()) - files if "errbook" in path.name]


def cell(*program: str) -> Cell:
    """Return a cell with another program in place of the worker."""
    server = the("sqlite:3.51")
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the cell
    pipe = subprocess.PIPE
    return Cell(server, bubblewrap.spawn(server, program, stdin=pipe, stdout=pipe, stderr=errors), errors)


def test_a_cell_is_asked_a_line_and_answers_a_line() -> None:
    with cell("cat") as opened:
        for text in ("one", "ä\nö", "x" * 300_000):
            assert opened.ask({"text": text}, 10) == {"text": text}


def test_the_worker_answers() -> None:
    with Cell.open(the("sqlite:3.51")) as opened:
        assert json.dumps(opened.ask({"op": "hello"}, 20)).startswith('{"version": "3.51.')


def test_a_cell_that_dies_says_why() -> None:
    opened = cell("sh", "-c", "read line; echo 'the reason' >&2; exit 7")
    with pytest.raises(CellDied, match=r"sqlite:3\.51 ended \(exit code 7\): the reason"):
        opened.ask({}, 10)
    # It is closed; closing it again does nothing.
    opened.close()


def test_a_cell_that_is_silent_is_ended() -> None:
    mark = f"errbook-silent-{os.getpid()}"
    opened = cell("sh", "-c", "sleep 1000; echo never", mark)
    with pytest.raises(CellTimeout, match=r"did not answer within 0\.1 s"):
        opened.ask({}, 0.1)
    assert soon(lambda: not any(mark in line for line in command_lines()))


def test_a_cell_can_be_killed_while_it_is_asked() -> None:
    opened = cell("sleep", "1000")
    killer = threading.Timer(0.2, opened.kill)
    killer.start()
    with pytest.raises(CellDied):
        opened.ask({}, 60)
    killer.join()
    opened.kill()


def test_a_cell_that_was_closed_is_dead() -> None:
    opened = cell("cat")
    opened.close()
    with pytest.raises(CellDied, match="was closed"):
        opened.ask({}, 1)


def test_a_cell_that_talks_nonsense_is_ended() -> None:
    with pytest.raises(CellDied, match="no JSON object"):
        cell("sh", "-c", "read line; echo [1]; sleep 1000").ask({}, 10)
