"""The real knowledge of this checkout, compiled once, and the command as a user runs it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from tests import evidence

from errbook.compile import compile_knowledge
from errbook.entry import Entry
from errbook.knowledge import Knowledge

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., subprocess.CompletedProcess[str]]
Entries = Mapping[str, Entry]


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("compiled") / "errbook.db"
    compile_knowledge([ROOT], target)
    return target


@pytest.fixture(scope="session")
def knowledge(database: Path) -> Iterator[Knowledge]:
    with Knowledge(database) as opened:
        yield opened


@pytest.fixture
def errbook(database: Path, tmp_path: Path) -> Run:
    """Run ``errbook`` in an empty folder, on the real knowledge unless the environment given says otherwise."""

    def run(*arguments: str, cwd: Path = tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ERRBOOK_")}
        return subprocess.run(
            [sys.executable, "-m", "errbook", *arguments],
            cwd=cwd,
            env={**inherited, "ERRBOOK_DB": str(database), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def entries(tmp_path_factory: pytest.TempPathFactory) -> Entries:
    """The entries of this checkout, as they are without any evidence."""
    with evidence.compiled(tmp_path_factory.mktemp("bare"), {}, {}) as knowledge:
        return {entry.id: entry for entry in knowledge.all()}


@pytest.fixture(scope="session")
def executed(tmp_path_factory: pytest.TempPathFactory, entries: Entries) -> Iterator[Knowledge]:
    """The same with evidence of every sort."""
    with evidence.compiled(tmp_path_factory.mktemp("executed"), evidence.example(entries), entries) as knowledge:
        yield knowledge
