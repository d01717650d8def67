"""The lab needs no root: everything works as an ordinary user, whoever runs the tests."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab.conftest import Answer

from errbook.lab import places

ROOT = Path(__file__).resolve().parents[2]
USER = 54321
"""The number of a user whom this machine does not know: without name, home or groups."""


class Ordinary:
    """Runs errbook as a user who may only read the checkout, Python and the cache of the lab."""

    def __init__(self, folder: Path) -> None:
        self.home, self.sockets = folder / "home", folder / "run"
        for place in (self.home, self.sockets):
            place.mkdir(mode=0o700)

    def run(self, *arguments: str) -> Answer:
        """Run ``errbook`` with an environment of its own."""
        own = {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.sockets), "ERRBOOK_LAB": str(places.folder())}
        own |= {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        return subprocess.run(
            [*self._become(), sys.executable, "-m", "errbook", *arguments],
            cwd=self.home,
            env=own,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def _become(self) -> list[str]:
        """Return the words that make an ordinary user of root: none for somebody who is one already."""
        if os.geteuid():
            return []
        for place in (self.home, self.sockets):
            os.chown(place, USER, USER)
        words = ["bwrap", "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        words += [
            "--die-with-parent",
            "--dev-bind",
            "/",
            "/",
            *_opened([ROOT, Path(sys.prefix), Path(sys.base_prefix), places.folder()]),
        ]
        return [*words, "--", "setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups", "--"]


def _opened(needed: list[Path]) -> Iterator[str]:
    """Give what makes some folders reachable that lie in a closed one, such as root's home, and nothing else of it."""
    done: set[Path] = set()
    for path in needed:
        closed = next((parent for parent in reversed(path.parents) if not parent.stat().st_mode & 0o001), None)
        if closed is None:
            continue
        for parent in reversed(path.parents):
            if parent in done or not parent.is_relative_to(closed):
                continue
            done.add(parent)
            yield from ("--perms", "0755", "--tmpfs" if parent == closed else "--dir", str(parent))
        yield from ("--ro-bind", str(path), str(path))


@pytest.fixture
def ordinary(tmp_path: Path) -> Ordinary:
    """An ordinary user with an empty home."""
    # Above tmp_path, pytest closes everything to others.
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return Ordinary(tmp_path)


@pytest.mark.parametrize(
    ("entry", "server"),
    [
        ("mysql/1062", "mysql:9.7"),
        ("mysql/1062", "mariadb:11.8"),
        ("postgresql/23505", "postgresql:18"),
        ("sqlite/2067", "sqlite:3.40"),
    ],
)
def test_entries_are_executed(ordinary: Ordinary, entry: str, server: str) -> None:
    answer = ordinary.run("verify", entry, "--server", server)
    assert (answer.returncode, answer.stdout[:4]) == (0, "ok  "), answer.stderr


def test_a_server_in_the_background_comes_and_goes(ordinary: Ordinary) -> None:
    up = ordinary.run("lab", "up", "postgresql:18")
    assert up.returncode == 0, up.stderr
    try:
        socket = next(ordinary.sockets.rglob(".s.PGSQL.*"))
        assert socket.is_socket()
        assert socket.stat().st_uid != 0
        asked = ordinary.run("lab", "list")
        assert "  up: psql --host=" in asked.stdout
    finally:
        down = ordinary.run("lab", "down")
    assert down.returncode == 0, down.stderr
    assert not socket.exists()
