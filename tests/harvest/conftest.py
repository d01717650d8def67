"""What the tests of harvesters share: the committed catalogs, and servers of the lab to harvest from."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from errbook.harvest.family import Query
from errbook.harvest.perror import Run


class LabServer(NamedTuple):
    """A running server of the lab, as harvesters are given it.

    ``tree`` is the root of the server's files. ``run`` runs a program of the tree. ``query`` asks the server as a user
    who may read everything, ``query_as`` as the named user without a password, who exists once ``query`` created it.
    Both raise `errbook.harvest.family.Refused` when the server answers with an error.
    """

    tree: Path
    run: Run
    query: Query
    query_as: Callable[[str], Query]


@pytest.fixture(scope="session")
def lab_server(pytestconfig: pytest.Config) -> Callable[[str], LabServer]:
    """Start a server by its name, such as ``mysql:9.7``; the test is skipped where the lab cannot run it."""
    # Where the lab is wired: a function from a server's name to a LabServer, or to the reason why it cannot run here.
    start: Callable[[str], LabServer | str] | None = getattr(pytestconfig, "lab_server", None)

    def started(name: str) -> LabServer:
        server = start(name) if start else "the lab does not start servers for these tests yet"
        if isinstance(server, str):
            pytest.skip(f"{name}: {server}")
        return server

    return started


@pytest.fixture(scope="session")
def catalogs() -> Path:
    """The folder of the committed catalogs."""
    return Path(__file__).resolve().parents[2] / "catalog"


@pytest.fixture(scope="session")
def sqlite_library() -> Path:
    """The file that holds the SQLite of this Python: a shared library, or a module that was linked with it."""
    import _sqlite3

    loaded = subprocess.run(["ldd", _sqlite3.__file__], capture_output=True, text=True, check=True).stdout
    found = re.search(r"libsqlite3\S* => (\S+)", loaded)
    return Path(found[1] if found else _sqlite3.__file__)
