"""The lab's servers on loopback ports, for programs in other languages that connect as anybody's program would.

`Servers` starts servers of the lab's cache outside of cells, each on a free port of 127.0.0.1 and a socket, with a
fresh data folder in a temporary place, and ends them in order. Debian's own PostgreSQL of this machine is the server
``postgresql:host``: it is the one that has its messages in other languages.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

HOST = Path("/usr/lib/postgresql")
"""Where Debian keeps PostgreSQL."""

START = 60.0
"""Seconds after which a server that accepts no connections is given up."""


class Running(NamedTuple):
    """A server that runs: what programs need to connect, and where its files are."""

    name: str
    family: str
    port: int
    socket: str
    folder: Path
    log: Path
    process: subprocess.Popen[bytes]
    tree: Path | None


def cache() -> Path:
    """Return the lab's cache."""
    base = os.environ.get("ERRBOOK_LAB") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "errbook/lab"
    )
    return Path(base)


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def inside(tree: Path | None, words: list[str], writable: Path | None = None) -> list[str]:
    """Return the words that run a program of a Debian tree, whose /usr is the tree's; it can write to one folder."""
    if tree is None or not (tree / "usr").is_dir():
        return words
    bound = ["--bind", str(writable), str(writable)] if writable else []
    usr = ["--ro-bind", str(tree / "usr"), "/usr"]
    return ["bwrap", "--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", *usr, *bound, "--", *words]


def demoted(words: list[str]) -> list[str]:
    """Return the words that run a program as the user postgres where we are root: the server refuses root."""
    if os.geteuid():
        return words
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", *words]


class Servers:
    """Servers that live as long as the block they are used in."""

    def __init__(self, drivers: Path | None = None) -> None:
        """Make the temporary place; nothing is started. `drivers` holds the translated PostgreSQL."""
        self.drivers = drivers
        self.folder = Path(tempfile.mkdtemp(prefix="errbook-corpus-"))
        self.folder.chmod(0o755)
        self.running: list[Running] = []
        self.started = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in reversed(self.running):
            self.stop(server)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(
        self,
        name: str,
        settings: Mapping[str, str] | None = None,
        *,
        data: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Running:
        """Start a server such as ``mysql:9.7``, with settings of its configuration file; RuntimeError with its log.

        `data` is the folder of a server that ran before, to be started again.
        """
        family, _, series = name.partition(":")
        self.started += 1
        place = data or self.folder / f"{family}-{series}-{self.started}"
        place.mkdir(exist_ok=True)
        port = free_port()
        if family == "postgresql":
            tree, words = self._postgresql(series, place, port, settings or {}, fresh=data is None)
        else:
            tree, words = self._mysql(family, series, place, port, settings or {}, fresh=data is None)
        log = place / "error.log"
        with log.open("ab") as file:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=os.environ | (environment or {}),
                start_new_session=True,
            )
        sock = str(place / "run" / (f".s.PGSQL.{port}" if family == "postgresql" else "mysqld.sock"))
        server = Running(name, family, port, sock, place, log, process, tree)
        self.running.append(server)
        end = time.monotonic() + START
        while process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return server
            time.sleep(0.1)
        self.stop(server)
        raise RuntimeError(f"{name} does not start:\n{log.read_text(errors='replace')[-2000:]}")

    def stop(self, server: Running, sign: int = signal.SIGTERM) -> None:
        """End a server, in order unless `sign` says otherwise."""
        if server in self.running:
            self.running.remove(server)
        process = server.process
        if process.poll() is None:
            # bubblewrap and setpriv stand before the server in the group; the signal goes to all of it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(
                    process.pid, signal.SIGINT if server.family == "postgresql" and sign == signal.SIGTERM else sign
                )
            if not self._gone(process, 30):
                os.killpg(process.pid, signal.SIGKILL)
                self._gone(process, 10)

    @staticmethod
    def _gone(process: subprocess.Popen[bytes], seconds: float) -> bool:
        """Wait until no process of the group is left: bubblewrap may end before the server in it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            process.poll()
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.05)
        return False

    def _mysql(
        self, family: str, series: str, place: Path, port: int, settings: Mapping[str, str], *, fresh: bool
    ) -> tuple[Path, list[str]]:
        tree = cache() / "trees" / f"{family}-{series}"
        if fresh:
            self._unpack(f"{family}-{series}", place)
        section = "mysqld" if family == "mysql" else "mariadbd"
        lines = {
            "datadir": str(place / "server"),
            "socket": str(place / "run" / "mysqld.sock"),
            "pid_file": str(place / "run" / "mysqld.pid"),
            "port": str(port),
            "bind_address": "127.0.0.1",
            "secure_file_priv": str(place / "files"),
            "tmpdir": str(place / "run"),
            "innodb_flush_log_at_trx_commit": "0",
        }
        lines |= {"user": "root"} if os.geteuid() == 0 else {}
        lines |= {"mysqlx": "OFF"} if family == "mysql" else {}
        lines |= settings
        text = f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items())
        (place / "my.cnf").write_text(text, encoding="utf-8")
        program = "/usr/sbin/mysqld" if family == "mysql" else "/usr/sbin/mariadbd"
        return tree, inside(tree, [program, f"--defaults-file={place / 'my.cnf'}"], place)

    def _postgresql(
        self, series: str, place: Path, port: int, settings: Mapping[str, str], *, fresh: bool
    ) -> tuple[Path | None, list[str]]:
        tree = None
        if series == "host":
            programs = sorted(HOST.glob("*/bin"))[-1]
        elif series == "translated":
            assert self.drivers
            tree = self.drivers / "postgresql"
            programs = Path("/") / next(iter(sorted(tree.glob("usr/lib/postgresql/*/bin")))).relative_to(tree)
        else:
            programs = cache() / "trees" / f"postgresql-{series}" / "bin"
            if os.geteuid() == 0:
                # The cache may lie in a folder that is closed to the user postgres.
                copied = self.folder / f"programs-{series}" / "bin"
                if not copied.exists():
                    shutil.copytree(programs.parent, copied.parent, symlinks=True)
                programs = copied
        if fresh:
            if os.geteuid() == 0:
                shutil.chown(place, "postgres", "postgres")
            (place / "run").mkdir()
            if os.geteuid() == 0:
                shutil.chown(place / "run", "postgres", "postgres")
            words = [str(programs / "initdb"), f"--pgdata={place / 'server'}", "--username=postgres", "--auth=trust"]
            words += ["--locale=C.UTF-8", "--encoding=UTF8", "--no-sync"]
            subprocess.run(inside(tree, demoted(words), place), check=True, capture_output=True)
        lines = {
            "port": str(port),
            "unix_socket_directories": f"'{place / 'run'}'",
            "listen_addresses": "'127.0.0.1'",
            "fsync": "off",
        } | settings
        with (place / "server" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in lines.items())
        return tree, inside(tree, demoted([str(programs / "postgres"), "-D", str(place / "server")]), place)

    def _unpack(self, template: str, place: Path) -> None:
        (place / "run").mkdir()
        (place / "files").mkdir()
        subprocess.run(["tar", "-xf", cache() / "templates" / f"{template}.tar", "-C", place], check=True)
