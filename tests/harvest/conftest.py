"""What the tests of harvesters share: the committed catalogs, and servers of the lab to harvest from."""

import contextlib
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from errbook.cli.harvest import headers
from errbook.harvest import family
from errbook.harvest.family import Query
from errbook.harvest.perror import Run
from errbook.lab import cache
from errbook.lab.driver import Refused
from errbook.lab.question import Question
from errbook.lab.server import select


class LabServer(NamedTuple):
    """A running server of the lab, as harvesters are given it.

    ``tree`` is the root of the server's files, ``headers`` that of its client library's, where they are of the same
    version. ``run`` runs a program of the tree. ``query`` asks the server as a user
    who may read everything, ``query_as`` as the named user without a password, who exists once ``query`` created it.
    Both raise `errbook.harvest.family.Refused` when the server answers with an error.
    """

    tree: Path
    headers: Path | None
    run: Run
    query: Query
    query_as: Callable[[str], Query]


@pytest.fixture(scope="session")
def lab_server() -> Iterator[Callable[[str], LabServer]]:
    """Start a server by its name, such as ``mysql:9.7``; the test is skipped where the lab cannot run it."""
    with contextlib.ExitStack() as stack:

        def started(name: str) -> LabServer:
            (server,) = select([name])
            if reason := cache.missing(server):
                pytest.skip(f"{name}: {reason}")
            asked = stack.enter_context(Question(server))

            def query_as(user: str | None) -> Query:
                def query(statement: str) -> Sequence[Sequence[Any]]:
                    try:
                        return asked.query(statement, user)
                    except Refused as refused:
                        raise family.Refused(refused.code or "", refused.sqlstate or "", refused.message) from None

                return query

            return LabServer(asked.tree, headers(server), asked.run, query_as(None), query_as)

        yield started


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
