"""Real cells and real servers. `tools/get-lab` gets what they need."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from errbook.lab import bubblewrap, cache
from errbook.lab.bubblewrap import PLAIN, Options
from errbook.lab.server import Server, select, servers

Answer = subprocess.CompletedProcess[str]

Inside = Callable[..., Answer]


@pytest.fixture(scope="session", autouse=True)
def _lab() -> None:
    """Say once what to do where the lab is not ready, in place of failing in many ways."""
    for server in servers():
        if reason := cache.missing(server):
            pytest.fail(f"{server.id}: {reason}; for all of them: tools/get-lab", pytrace=False)


@pytest.fixture
def inside() -> Inside:
    """Run a program in a cell: of `server`, or of none."""

    def run(*program: str, server: str | None = None, options: Options = PLAIN, stdin: str | None = None) -> Answer:
        process = bubblewrap.spawn(
            the(server) if server else None,
            program,
            options,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out, errors = process.communicate((stdin or "").encode(), timeout=120)
        return Answer(program, process.returncode, out.decode(), errors.decode())

    return run


@pytest.fixture
def lab(tmp_path: Path) -> Callable[..., Answer]:
    """Run ``errbook lab`` in an empty folder, with the sockets of what it starts below it."""

    def run(*arguments: str, stdin: str | None = None, **environment: str) -> Answer:
        return subprocess.run(
            [sys.executable, "-m", "errbook", "lab", *arguments],
            cwd=tmp_path,
            env={**os.environ, **environment},
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def the(name: str) -> Server:
    """Return the server of a name."""
    return select([name])[0]


def python(code: str) -> tuple[str, ...]:
    """Return the command line of a Python program."""
    return (sys.executable, "-P", "-c", code)


def soon(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Tell whether a condition comes true within some time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def command_lines() -> list[str]:
    """Return the command line of every process of this machine."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((entry / "cmdline").read_text(errors="replace").replace("\0", " "))
            except OSError:
                continue
    return found
