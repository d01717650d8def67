"""A session on a server of the lab in its own command-line client, which runs in a cell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import IO, Any, Final

from errbook.lab import background, bubblewrap, terminal
from errbook.lab.server import LabError, Server, bytes_of, servers

PLAIN: Final[Mapping[str, Any]] = {"settings": {}, "host": {}, "setup": None, "steps": []}
"""What stands in place of a plan where there is no scenario."""


def interactive(server: Server, scenario: Mapping[str, Any], joined: background.Running | None = None) -> int:
    """Let the user work with the client in this terminal; return its exit code when it ends.

    `scenario` is a plan (`errbook.lab.plan`); `joined` a server in the background, in place of one of its own.
    """
    descriptors: list[int] = []
    words = bubblewrap.command(
        server,
        _program(server, scenario, joined, os.environ.get("TERM", "dumb")),
        _options(scenario, joined)._replace(terminal=True),
        descriptors,
    )
    return terminal.run(words, descriptors)


def piped(
    server: Server,
    scenario: Mapping[str, Any],
    joined: background.Running | None = None,
    *,
    stdin: int = subprocess.DEVNULL,
    stderr: IO[bytes] | int | None = None,
) -> subprocess.Popen[bytes]:
    """Start the client in batch mode; it executes what comes from `stdin`."""
    return bubblewrap.spawn(
        server, _program(server, scenario, joined, None), _options(scenario, joined), stdin=stdin, stderr=stderr
    )


def _options(scenario: Mapping[str, Any], joined: background.Running | None) -> bubblewrap.Options:
    if joined:
        return bubblewrap.Options(shared=background.sockets(joined.server))
    return bubblewrap.Options(filesystem=bytes_of(scenario["host"].get("filesystem")))


def _program(
    server: Server, scenario: Mapping[str, Any], joined: background.Running | None, term: str | None
) -> list[str]:
    if not server.client:
        others = ", ".join(other.id for other in servers() if other.engine == server.engine and other.client)
        raise LabError(f"the lab has no command-line client of {server.id}; there is one of {others}")
    visit = {key: scenario[key] for key in ("settings", "host", "setup")} | {"join": bool(joined), "term": term}
    return [sys.executable, "-P", "-m", "errbook.lab.visit", server.id, json.dumps(visit)]
