"""Servers in the background: started by `errbook lab up`, stopped by `errbook lab down`.

A server's cell outlives the command. Its sockets lie in a folder of the host, and reach it through the walls: a socket
with a path belongs to no network. What is noted about it lies beside that folder, where the cell cannot write.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from errbook.lab import bubblewrap, places
from errbook.lab.plan import DATABASE
from errbook.lab.server import LabError, Server, bytes_of

_PATIENCE: Final = 90.0
"""Seconds that a server may take until it accepts connections; Instance gives up earlier and says why."""

_SOCKET_PATH: Final = 107
"""The longest path of a socket, in bytes (unix(7): sun_path)."""


class Running(NamedTuple):
    """A server in the background."""

    server: Server
    version: str
    socket: Path
    pid: int
    """Its cell's first process, by the host's numbers."""
    started: int
    """When that process was started, in clock ticks since the machine was (proc(5), field 22 of stat): a number may be
    taken by another process later, but not with the same time."""

    @property
    def command(self) -> str:
        """What to type to be connected."""
        if self.server.family == "postgresql":
            return f"psql --host={self.socket.parent} --username={self.server.kind.user} {DATABASE}"
        return f"{self.server.kind.client[0]} --socket={self.socket} --user={self.server.kind.user} {DATABASE}"

    @property
    def dsn(self) -> str:
        """The same for programs."""
        user = self.server.kind.user
        if self.server.family == "postgresql":
            return f"postgresql://{user}@/{DATABASE}?host={self.socket.parent}"
        return f"{self.server.family}://{user}@localhost/{DATABASE}?unix_socket={self.socket}"


def running(server: Server) -> Running | None:
    """Return the server in the background, None where it does not run. What a dead one left behind is deleted."""
    folder = places.running_folder(server)
    try:
        note = json.loads(_note(folder).read_bytes())
        found = Running(server, note["version"], folder / note["socket"], note["pid"], note["started"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if _started(found.pid) == found.started:
        return found
    _clear(folder)
    return None


def sockets(server: Server) -> dict[Path, str]:
    """Return the folder of the host with the sockets of a server, and where it is in a cell."""
    # /var/run, where clients look for PostgreSQL's, is a link to /run.
    return {places.running_folder(server): f"/run/{Path(str(server.kind.socket)).parent.name}"}


def up(server: Server, scenario: Mapping[str, Any]) -> Running:
    """Start a server in the background with the setup of a scenario done (`errbook.lab.plan`).

    LabError when it runs already or does not come up.
    """
    if running(server):
        raise LabError(f"{server.id} runs already; end it with: errbook lab down {server.id}")
    if not server.kind.socket:
        raise LabError(f"{server.id}: SQLite has no server to start; use: errbook lab shell {server.id}")
    folder = places.running_folder(server)
    socket = folder / Path(server.kind.socket).name
    if len(os.fsencode(socket)) > _SOCKET_PATH:
        raise LabError(f"{socket} is too long for the path of a socket; name a shorter folder in XDG_RUNTIME_DIR")
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear(folder)
    folder.mkdir()
    # Nobody else gets through the folder above. Where root opened the cell, its user is another one.
    folder.chmod(0o777)
    with tempfile.TemporaryFile(prefix="errbook-lab-") as errors:
        end, info = os.pipe()
        with open(end, "rb") as reports:  # noqa: PTH123 - a descriptor
            size = bytes_of(scenario["host"].get("filesystem"))
            options = bubblewrap.Options(filesystem=size, lasting=True, shared=sockets(server), info=info)
            wanted = json.dumps({key: scenario[key] for key in ("settings", "host", "setup")})
            program = [sys.executable, "-P", "-m", "errbook.lab.resident", server.id, wanted]
            try:
                process = bubblewrap.spawn(server, program, options, stdout=subprocess.PIPE, stderr=errors)
            finally:
                os.close(info)
            report = reports.read()
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        ready, _, _ = select.select([process.stdout], [], [], _PATIENCE)
        version = process.stdout.readline().decode().strip() if ready else ""
        process.stdout.close()
        pid = int(json.loads(report)["child-pid"]) if report else 0
        if not version:
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
            errors.seek(0)
            _clear(folder)
            raise LabError(errors.read().decode(errors="replace").strip() or f"{server.id} did not come up")
    found = Running(server, version, socket, pid, _started(pid) or 0)
    note = {"version": version, "socket": socket.name, "pid": pid, "started": found.started}
    _note(folder).write_text(json.dumps(note), encoding="utf-8")
    return found


def down(server: Server) -> bool:
    """End a server that `up` has started, with its data; tell whether it ran."""
    found = running(server)
    if found is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        # The kernel ends everything in a process namespace with its first process.
        os.kill(found.pid, signal.SIGKILL)
    while _started(found.pid) == found.started:
        time.sleep(0.005)
    _clear(places.running_folder(server))
    return True


def _note(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def _clear(folder: Path) -> None:
    _note(folder).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _started(pid: int) -> int | None:
    """Return when a process was started, None where it is none or has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # A zombie has ended and waits to be asked how.
    return None if fields[0] == "Z" else int(fields[19])
