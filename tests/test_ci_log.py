"""The example explains the errors of a real build: pytest runs against real SQLite, and its log is read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "ci-log"

BROKEN = """
import sqlite3

def test_orders():
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE users (email TEXT UNIQUE)")
    db.execute("INSERT INTO users VALUES ('ann@example.com')")
    db.execute("INSERT INTO users VALUES ('ann@example.com')")

def test_locked(tmp_path):
    one, two = (sqlite3.connect(tmp_path / "a.db", timeout=0, isolation_level=None) for _ in range(2))
    one.execute("CREATE TABLE t (a)")
    one.execute("BEGIN IMMEDIATE")
    two.execute("BEGIN IMMEDIATE")
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The log of a build whose tests fail."""
    (tmp_path / "test_shop.py").write_text(BROKEN)
    command = [sys.executable, "-m", "pytest", "--color=yes", "-p", "no:cacheprovider", "test_shop.py"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert ended.returncode == 1
    written = tmp_path / "build.log"
    written.write_bytes(ended.stdout)
    return written


def test_the_errors_of_a_log_are_explained(log: Path) -> None:
    command: list[str | Path] = [sys.executable, EXAMPLE / "errbook_ci_log.py", log]
    environment = {name: value for name, value in os.environ.items() if name != "GITHUB_STEP_SUMMARY"}
    ended = subprocess.run(
        command,
        env=environment | {"ERRBOOK_SITE_URL": "https://errors.example.com"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "### SQLite 2067: " in ended.stdout
    assert "### SQLite 5: Database is locked" in ended.stdout
    assert "`build.log:" in ended.stdout
    assert "UNIQUE constraint failed: users.email" in ended.stdout
    assert "https://errors.example.com/sqlite/5/" in ended.stdout
    assert "First thing to type" in ended.stdout


def test_the_step_of_the_action_writes_the_summary(log: Path, tmp_path: Path) -> None:
    action = yaml.safe_load((EXAMPLE / "action.yml").read_text())
    (step,) = action["runs"]["steps"]
    assert set(step["env"].values()) == {f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}
    summary = tmp_path / "summary.md"
    given = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LOG": str(log),
        "ERRBOOK_SITE_URL": "",
        "GITHUB_ACTION_PATH": str(EXAMPLE),
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    ended = subprocess.run(
        ["bash", "-c", step["run"]], env=os.environ | given, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "### SQLite 5: Database is locked" in summary.read_text()


def test_a_log_without_errors_says_so(tmp_path: Path) -> None:
    (tmp_path / "build.log").write_text("1 passed in 0.1s\n")
    command: list[str | Path] = [sys.executable, EXAMPLE / "errbook_ci_log.py", tmp_path / "build.log"]
    environment = {name: value for name, value in os.environ.items() if name != "GITHUB_STEP_SUMMARY"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "## Database errors\n\nNone in this log.\n")


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, EXAMPLE / "errbook_ci_log.py", tmp_path / "none.log"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "none.log" in ended.stderr
