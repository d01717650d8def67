"""What stands behind an exception, by its driver's fields; those that need a server are in tests/lab."""

import logging
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from errbook import hooks
from errbook.explained import Explained, chain, explain
from errbook.knowledge import Knowledge

TWICE = "CREATE TABLE users (email UNIQUE); INSERT INTO users VALUES ('a'); INSERT INTO users VALUES ('a');"


def twice() -> sqlite3.Error:
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(TWICE)
    except sqlite3.Error as error:
        return error
    finally:
        connection.close()
    raise AssertionError


def codes(found: list[Explained]) -> list[str]:
    return [f"{item.engine}/{item.code}" for item in found]


def test_sqlite_by_its_extended_code(knowledge: Knowledge) -> None:
    error = twice()
    (found,) = explain(knowledge, error)
    assert (found.engine, found.code, found.symbol) == ("sqlite", "2067", "SQLITE_CONSTRAINT_UNIQUE")
    assert found.exception is error
    assert found.entry == "sqlite/2067"
    assert found.line().endswith("(errbook sqlite 2067)")
    assert found.line("https://errors.example.com/").endswith("(https://errors.example.com/sqlite/2067/)")


def test_apsw(knowledge: Knowledge) -> None:
    with pytest.raises(apsw.Error) as raised:
        apsw.Connection(":memory:").execute(TWICE)
    assert codes(explain(knowledge, raised.value)) == ["sqlite/2067"]


def test_what_wraps_it_is_gone_through(knowledge: Knowledge) -> None:
    with pytest.raises(RuntimeError) as raised:
        raise RuntimeError("order not placed") from twice()
    assert codes(explain(knowledge, raised.value)) == ["sqlite/2067"]
    group = ExceptionGroup("two workers", [ValueError("no order"), raised.value])
    assert codes(explain(knowledge, group)) == ["sqlite/2067"]


def test_the_first_that_happened_comes_first(knowledge: Knowledge) -> None:
    def clean_up_badly() -> None:
        try:
            raise twice()
        except sqlite3.Error:
            with closing(sqlite3.connect(":memory:")) as connection:
                connection.execute("SELECT * FROM nowhere")

    with pytest.raises(sqlite3.OperationalError) as raised:
        clean_up_badly()
    assert codes(explain(knowledge, raised.value)) == ["sqlite/2067", "sqlite/1"]
    raised.value.__suppress_context__ = True
    assert codes(explain(knowledge, raised.value)) == ["sqlite/1"]


def test_other_exceptions_say_nothing(knowledge: Knowledge) -> None:
    assert explain(knowledge, ValueError(1062, "Duplicate entry '1' for key 'users.PRIMARY'")) == []
    assert explain(knowledge, OSError(28, "No space left on device")) == []


def test_a_circle_and_a_long_chain_end() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert set(chain(first)) == {first, second}
    last: BaseException = ValueError()
    for _ in range(100_000):
        outer = ValueError()
        outer.__cause__, last = last, outer
    assert len(list(chain(last))) == 100
    # Python itself ends a chain of this length by recursion.
    while (inner := last.__cause__) is not None:
        last.__cause__, last = None, inner


def test_a_filter_for_logging(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ERRBOOK_SITE_URL", raising=False)
    caplog.handler.addFilter(hooks.ExplainFilter())
    caplog.handler.addFilter(hooks.ExplainFilter())
    log = logging.getLogger("shop")
    try:
        raise twice()
    except sqlite3.Error:
        log.exception("order %s: 100%%", 4711)
    log.error("job failed: %s", twice())
    log.error("nothing to do with a database: %s", ValueError("no"))
    first, second, third = caplog.records
    head, added = first.getMessage().split("\n")
    assert head == "order 4711: 100%"
    assert added.startswith("errbook: sqlite 2067 SQLITE_CONSTRAINT_UNIQUE: ")
    assert second.__dict__["errbook"] == [added]
    assert third.getMessage() == "nothing to do with a database: no"


def run(code: str, database: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "ERRBOOK_DB": str(database), **environment},
        check=False,
    )


UNCAUGHT = f"""
import sqlite3, errbook.hooks
errbook.hooks.install()
sqlite3.connect(':memory:').executescript({TWICE!r})
"""


def test_uncaught_exceptions_are_explained_below_the_traceback(database: Path) -> None:
    lines = run(UNCAUGHT, database, ERRBOOK_SITE_URL="https://errors.example.com").stderr.splitlines()
    assert lines[-2] == "sqlite3.IntegrityError: UNIQUE constraint failed: users.email"
    assert lines[-1].startswith("errbook: sqlite 2067 SQLITE_CONSTRAINT_UNIQUE: ")
    assert lines[-1].endswith("(https://errors.example.com/sqlite/2067/)")


def test_a_hook_without_knowledge_hides_nothing(tmp_path: Path) -> None:
    answer = run(UNCAUGHT, tmp_path / "nowhere.db")
    assert answer.stderr.splitlines()[-1] == "sqlite3.IntegrityError: UNIQUE constraint failed: users.email"
    assert answer.returncode == 1
