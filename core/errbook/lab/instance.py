"""The server of a cell, from inside: initialised, configured, started, stopped, killed, and how to reach it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from errbook.lab import java, program
from errbook.lab.bubblewrap import SERVERS, TEMPLATE
from errbook.lab.listener import Listener
from errbook.lab.server import LabError, Server, trees

START: Final = 60.0
"""Seconds after which a server that does not accept connections is given up."""

STOP: Final = 30.0
"""Seconds that a server may take to stop in order, before it is killed."""

_FOLDERS: Final = ("data", "etc", "log", "files", "home", "tmp")

_KEPT: Final = (
    *("PATH", "LANG", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"),
    *("LD_PRELOAD", "LD_LIBRARY_PATH", "MARIADB_PLUGIN_DIR"),
)
"""What shell and Python steps have of the cell's own environment."""

_VARIABLES: Final = {
    "mysql": ("MYSQL_HOST", "MYSQL_TCP_PORT", "MYSQL_UNIX_PORT", "MYSQL_USER", "MYSQL_PWD", "MYSQL_DATABASE"),
    "mariadb": ("MYSQL_HOST", "MYSQL_TCP_PORT", "MYSQL_UNIX_PORT", "MYSQL_USER", "MYSQL_PWD", "MYSQL_DATABASE"),
    "postgresql": ("PGHOST", "PGPORT", None, "PGUSER", None, "PGDATABASE"),
}
"""By family: what tells host, port, socket, user, password and database to shell and Python steps."""

_TLS: Final = {
    "mysql": {"off": "--ssl-mode=DISABLED", "required": "--ssl-mode=REQUIRED"},
    "mariadb": {"off": "--skip-ssl", "required": "--ssl"},
    "postgresql": {"off": "disable", "required": "require"},
}


class Address(NamedTuple):
    """How to reach a server, and where its files are."""

    family: str
    version: str
    """Exact, such as 9.7.4."""
    host: str | None
    port: int | None
    socket: str | None
    user: str | None
    password: str | None
    datadir: str
    log: str
    admin_port: int | None


class Instance:
    """The one server of a cell."""

    def __init__(self, server: Server, folder: Path = Path("/lab")) -> None:
        """Prepare its folders and the programs that steps call; nothing is started. LabError outside of a cell."""
        if not Path(SERVERS).is_dir():
            raise LabError(f"{server.id} is started in a cell only; use errbook.lab.cell.Cell or `errbook lab up`")
        self.server = server
        self.data = folder / "data" / "server"
        self._folder = folder
        self._kind = server.kind
        # PostgreSQL keeps its configuration file with its data.
        self._config = self.data / "postgresql.conf" if server.family == "postgresql" else folder / "etc" / "my.cnf"
        self._log = folder / "log" / "error.log"
        self._limits: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: Listener | None = None
        for name in (*_FOLDERS, "bin"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        if self._kind.socket:
            Path(self._kind.socket).parent.mkdir(parents=True, exist_ok=True)
        for tree in server.trees:
            program.wrap(tree, folder / "bin")
        java.wrap(server, folder / "bin")

    @cached_property
    def version(self) -> str:
        """The exact version, as the program says it; LabError where it is not of the server's series."""
        if self._kind.version:
            words = self._words(self._kind.version)
            run = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - from servers.yaml
            said = run.stdout + run.stderr
        else:
            import sqlite3

            said = sqlite3.sqlite_version
        found = re.search(r"\b\d+\.\d+(\.\d+)*", said)
        if not found:
            raise LabError(f"{self.server.id} does not say its version: {said.strip()}")
        if not f"{found[0]}.".startswith(f"{self.server.series}."):
            where = ", ".join(self.server.modules) or trees()[str(self.server.tree)].debian or "npm"
            raise LabError(f"{self.server.id} is now {found[0]} in {where}; change it in core/errbook/lab/servers.yaml")
        return found[0]

    @property
    def address(self) -> Address:
        """How to reach the server."""
        kind = self._kind
        host, password = ("127.0.0.1", "") if kind.port else (None, None)
        files = (str(self.data), str(self._log))
        return Address(
            kind.name, self.version, host, kind.port, kind.socket, kind.user, password, *files, admin_port=None
        )

    @property
    def process(self) -> int | None:
        """The number of the server's outermost process in the cell, None where none runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def initialise(self, settings: Mapping[str, str] | None = None) -> None:
        """Make a data folder with the server's own means, in place of taking the template; LabError.

        The server does not run afterwards.
        """
        self.wipe()
        self.data.mkdir(mode=0o700)
        if not self._kind.initialise:
            return
        inside = self._config.parent == self.data
        if not inside:
            self._configure(settings or {})
        run = subprocess.run(  # noqa: S603 - from servers.yaml
            self._words(self._kind.initialise), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if run.returncode:
            raise self._failed("could not be initialised", run.stdout + run.stderr)
        if inside:
            self._configure(settings or {})
        # The first start makes what later ones only read, such as keys and certificates.
        self.resume()
        if self._kind.prepare:
            run = subprocess.run(  # noqa: S603 - from servers.yaml
                self.client(None), input=self._kind.prepare, capture_output=True, text=True, check=False
            )
            if run.returncode:
                raise self._failed("could not be prepared", run.stderr)
        self.stop()
        self._log.unlink()

    def start(
        self, settings: Mapping[str, str] | None = None, *, open_files: int | None = None, file_size: int | None = None
    ) -> None:
        """Start the server on a fresh data folder, with settings in its configuration file.

        Settings that are decided when a data folder is initialised have a new one made with them. `open_files` and
        `file_size` (bytes) bound the server's process. Ready when it accepts connections; LabError with the end of its
        log when it does not come up. SQLite has no process and no settings: there is only the folder.
        """
        settings = settings or {}
        self.wipe()
        if not self._kind.start or not self._kind.fixed.isdisjoint(settings):
            self.initialise(settings)
        else:
            take = ["tar", "--extract", f"--file={TEMPLATE}", f"--directory={self.data.parent}"]
            run = subprocess.run(take, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
            if run.returncode:
                raise LabError(
                    f"{self.server.id}: the initialised data folder cannot be unpacked:\n{run.stderr.strip()}"
                )
            self._configure(settings)
        limits = {"nofile": open_files, "fsize": file_size}
        self._limits = [f"--{name}={value}" for name, value in limits.items() if value is not None]
        self.resume()

    def configure(self, lines: str) -> None:
        """Append lines to the configuration file, where later ones win, and restart on the same data; LabError."""
        with self._config.open("a", encoding="utf-8") as file:
            file.write(f"{self._kind.section}\n{lines}\n")
        self.restart()

    def resume(self) -> None:
        """Start the server on the data that is there; LabError when it does not come up."""
        if not self._kind.start or self.alive():
            return
        self._listener = Listener() if self._kind.ready == "notify" else None
        words = self._words(self._kind.start)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - from servers.yaml
                ["prlimit", *self._limits, "--", *words] if self._limits else words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | ({"NOTIFY_SOCKET": self._listener.address} if self._listener else {}),
                cwd=self.data,
                start_new_session=True,
            )
        end = time.monotonic() + START
        while not self._ready():
            if self._process.poll() is not None:
                self.kill()
                raise self._failed("ended while it started")
            if time.monotonic() > end:
                self.kill()
                raise self._failed(f"did not accept connections within {START:g} s")

    def _ready(self) -> bool:
        """Wait a moment; tell whether the server says that it accepts connections."""
        if self._listener:
            return self._listener.ready.wait(0.02)
        time.sleep(0.01)
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        # As pg_ctl does it (src/bin/pg_ctl/pg_ctl.c): line 1 is the process, line 8 its state.
        process = str(self._process.pid) if self._process else None
        return len(lines) > 7 and lines[0] == process and lines[7].strip() == "ready"

    def stop(self) -> None:
        """Stop the server in order. One that takes longer than STOP seconds is killed."""
        if self._process and self._process.poll() is None:
            # A program of Debian is the child of the bubblewrap that holds it.
            server = _descent(self._process.pid)[1 if trees()[str(self.server.tree)].debian else 0]
            os.kill(server, signal.Signals[f"SIG{self._kind.stop}"])
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP)
        self.kill()

    def kill(self) -> None:
        """End the server without warning, as a crash does. Nothing happens where it does not run."""
        if self._process:
            # All of it at once: what is left of PostgreSQL for a moment would keep the next one from starting.
            descent = _descent(self._process.pid) if self._process.poll() is None else []
            for process in descent:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self._process.wait()
            while any(Path(f"/proc/{process}").exists() for process in descent):
                time.sleep(0.001)
        if self._listener:
            self._listener.close()
        self._process = self._listener = None

    def restart(self) -> None:
        """Stop the server in order and start it on the same data; LabError when it does not come up."""
        self.stop()
        self.resume()

    def alive(self) -> bool:
        """Tell whether the server runs; for SQLite, whether there is a folder."""
        if not self._kind.start:
            return self.data.is_dir()
        return self._process is not None and self._process.poll() is None

    def wipe(self) -> None:
        """End the server and delete its data, its configuration, its log and what steps have left."""
        self.kill()
        self._limits = []
        # Dynamic shared memory of a PostgreSQL that was killed.
        paths = list(Path("/dev/shm").glob("PostgreSQL.*"))  # noqa: S108 - the cell's own
        for path in [*paths, *(path for name in _FOLDERS for path in (self._folder / name).iterdir())]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def environment(self, database: str) -> dict[str, str]:
        """Return the environment of shell and Python steps on a database."""
        found = {name: os.environ[name] for name in _KEPT if name in os.environ}
        found |= {"HOME": str(self._folder / "home"), "TMPDIR": str(self._folder / "tmp")}
        found |= {"DATADIR": str(self.data), "ERROR_LOG": str(self._log)}
        if self.server.family == "sqlite":
            return found | {"SQLITE_FILE": str(self.data / database)}
        at = self.address
        values = (at.host, at.port, at.socket, at.user, at.password, database)
        names = _VARIABLES[self.server.family]
        return found | {name: str(value) for name, value in zip(names, values, strict=True) if name}

    def client(
        self,
        database: str | None,
        *,
        user: str | None = None,
        password: str | None = None,
        host: str | None = None,
        port: int | None = None,
        socket: str | None = None,
        file: str | None = None,
        tls: str | None = None,
        batch: bool = True,
    ) -> list[str]:
        """Return the command line of the server's own client; in batch mode it reads SQL on stdin.

        What is None is as for any other session: over the socket, as the administrator. LabError where the lab has no
        client of the server.
        """
        if not self.server.client:
            raise LabError(f"the lab has no command-line client of {self.server.id}")
        name, *options = self._kind.client
        words = [str(self._folder / "bin" / name), *(options if batch else ())]
        if self.server.family == "sqlite":
            return [*words, str(self.data / (file or database or "main.db"))]
        at = self.address
        if not socket and host is None and port is None and tls is None:
            socket = at.socket
        if self.server.family == "postgresql":
            wanted = {
                "host": str(Path(socket).parent) if socket else host or at.host,
                "port": port or at.port,
                "user": user or at.user,
                "password": password,
                "dbname": database or "postgres",
                "sslmode": tls and _TLS["postgresql"][tls],
            }
            return [
                *words,
                " ".join(f"{key}={_quoted(str(value))}" for key, value in wanted.items() if value is not None),
            ]
        # Of a socket and a port, MariaDB's client takes the one that is named last; so only one is.
        tcp = ["--protocol=TCP", f"--host={host or at.host}", f"--port={port or at.port}"]
        words += [f"--socket={socket}"] if socket else tcp
        words += [f"--user={at.user if user is None else user}"]
        words += [_TLS[self.server.family][tls]] if tls else []
        words += [database] if database else []
        if self.server.family == "mariadb":
            # A password that it is given here and not in the environment is what it verifies the server's key with.
            return [*words, *([f"--password={password}"] if password else [])]
        # MySQL's client complains about one on the command line before it says anything else.
        return ["env", f"MYSQL_PWD={password or ''}", *words]

    def _configure(self, settings: Mapping[str, str]) -> None:
        """Write what the lab needs, then the settings, behind what the configuration file holds already."""
        quote = _quoted if self.server.family == "postgresql" else str
        lines = [self._fill(self._kind.configuration), *(f"{name} = {quote(settings[name])}" for name in settings)]
        with self._config.open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def _fill(self, text: str) -> str:
        kind = self._kind
        return text.format(config=self._config, data=self.data, log=self._log, port=kind.port, socket=kind.socket or "")

    def _words(self, words: tuple[str, ...]) -> list[str]:
        """Return a command of servers.yaml as it is run here."""
        tree = trees()[str(self.server.tree)]
        return [*program.words(tree, words[0]), *(self._fill(word) for word in words[1:])]

    def _failed(self, what: str, said: str = "") -> LabError:
        with contextlib.suppress(OSError):
            said += self._log.read_text(errors="replace")
        tail = "\n".join(said.strip().splitlines()[-15:])
        return LabError(f"{self.server.id} {what}" + (f":\n{tail}" if tail else "; it wrote no log"))


def _descent(parent: int) -> list[int]:
    """Return a process and all that descend from it, parents before children."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # proc(5): the name in brackets may hold anything; the parent is the second field behind it.
                ancestor = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(ancestor, []).append(int(entry.name))
    found = [parent]
    for process in found:
        found += sorted(children.get(process, ()))
    return found


def _quoted(value: str) -> str:
    """Return a value as configuration files and connection strings of PostgreSQL quote it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
