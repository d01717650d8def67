"""The command ``errbook verify`` on a small knowledge base of its own, laid over the public one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.lab.conftest import Answer, soon

ROOT = Path(__file__).resolve().parents[2]
ENTRY = "sqlite/2067"
SERVER = ("--server", "sqlite:3.40")


class Base:
    """A folder with copies of real entries, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.layer = folder / "layer"
        self.evidence = self.layer / "evidence" / f"{ENTRY}.json"
        self.take(ENTRY)

    def take(self, name: str) -> Path:
        """Copy a real entry; return its file."""
        file = self.layer / "errors" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((ROOT / "errors" / f"{name}.yaml").read_text())
        return file

    def change(self, old: str, new: str, name: str = ENTRY) -> None:
        """Replace a text in an entry."""
        file = self.take(name)
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ERRBOOK_")}
        own = {"ERRBOOK_PATH": str(self.layer), "ERRBOOK_CACHE": str(self.folder / "cache")}
        return subprocess.Popen(
            [sys.executable, "-m", "errbook", "verify", *arguments],
            cwd=self.folder,
            env={**inherited, **own, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> Answer:
        """Run ``errbook verify`` to its end."""
        process = self.start(*arguments, **environment)
        out, errors = process.communicate(timeout=120)
        return Answer(arguments, process.returncode, out, errors)


@pytest.fixture
def base(tmp_path: Path) -> Base:
    """A base to be changed. Each is compiled anew, with the public knowledge below it."""
    return Base(tmp_path)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """A base that stays as it is."""
    return Base(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """A base whose entry raises nothing."""
    made = Base(tmp_path_factory.mktemp("broken"))
    made.change(
        "  run: INSERT INTO account (email, name) VALUES ('Ann@Example.com'",
        "  run: INSERT INTO account (email, name) VALUES ('100%'",
    )
    return made


def test_without_evidence_a_run_fails_and_says_what_to_type(plain: Base) -> None:
    answer = plain.run(ENTRY, *SERVER)
    assert answer.returncode == 1
    assert "new sqlite/2067 sqlite:3.40 (3.40.1) reproduced, 4 of 4 fixes proven" in " ".join(answer.stdout.split())
    assert "There is no evidence of this server." in answer.stdout
    assert "again: errbook verify sqlite/2067 --server sqlite:3.40\n" in answer.stdout
    assert answer.stderr.startswith("errbook: 1 entry, 1 of 1 runs as claimed; 1 not as on record")


def test_what_is_recorded_is_compared_with_and_recorded_only_once(base: Base) -> None:
    # The public entry, which the one of the base hides, has evidence of its own.
    public = ROOT / "evidence" / f"{ENTRY}.json"
    before = public.read_bytes()
    assert base.run(ENTRY, *SERVER, "--record").returncode == 0
    assert public.read_bytes() == before
    first = base.evidence.read_bytes()
    assert base.run(ENTRY, *SERVER, "--record").returncode == 0
    assert base.evidence.read_bytes() == first
    record = json.loads(first)["servers"]["sqlite:3.40"]
    assert record["client"] == {
        "program": "sqlite3",
        "text": "Runtime error: UNIQUE constraint failed: account.email (19)",
    }
    # Nothing is changed, and nothing is written by a run that only compares.
    assert base.run(ENTRY, *SERVER).returncode == 0
    assert base.evidence.read_bytes() == first

    base.change("logins = logins + 1;", "logins = logins + 1 ;")
    base.evidence.write_bytes(first.replace(b'"outcome": "reproduced"', b'"outcome": "timed-out"'))
    changed = base.run(ENTRY, *SERVER)
    assert changed.returncode == 1
    assert "What is executed changed since it was recorded." in changed.stdout
    assert "Recorded: timed-out. Now: reproduced." in changed.stdout

    base.evidence.write_text("{")
    unreadable = base.run(ENTRY, *SERVER)
    assert unreadable.returncode == 2
    assert "2067.json" in unreadable.stderr
    assert "Traceback" not in unreadable.stderr


def test_json_has_the_documented_shape(broken: Base) -> None:
    answer = broken.run(ENTRY, *SERVER, "--format", "json")
    assert answer.returncode == 1
    (row,) = json.loads(answer.stdout)
    assert list(row) == ["entry", "server", "accepted", "record", "failures", "differences"]
    assert (row["entry"], row["server"], row["accepted"]) == (ENTRY, "sqlite:3.40", False)
    assert row["record"]["outcome"] == "raised-nothing"
    assert row["failures"] == [
        {
            "fix": None,
            "part": "step 1",
            "session": "main",
            "statement": "INSERT INTO account (email, name) VALUES ('100%', 'Ann B.');",
            "expected": "2067",
            "came": "it succeeded",
        }
    ]


def test_junit_can_be_read_and_counts(broken: Base) -> None:
    answer = broken.run(ENTRY, "sqlite/5", *SERVER, "--format", "junit")
    root = ElementTree.fromstring(answer.stdout)  # noqa: S314 - our own
    (suite,) = root
    assert suite.get("name") == "sqlite:3.40"
    cases = suite.findall("testcase")
    failures, skipped = suite.findall("testcase/failure"), suite.findall("testcase/skipped")
    assert (len(cases), len(failures), len(skipped)) == tuple(
        int(str(suite.get(name))) for name in ("tests", "failures", "skipped")
    )
    assert next(case.get("classname") for case in cases if case.find("failure") is not None) == ENTRY
    assert len(skipped) == 4


def test_github_annotates_the_file_that_was_executed(broken: Base) -> None:
    answer = broken.run(ENTRY, *SERVER, "--format", "github")
    (line,) = answer.stdout.splitlines()
    number = 1 + (broken.layer / "errors" / f"{ENTRY}.yaml").read_text().splitlines().index("reproduce:")
    assert line.startswith(f"::error file=layer/errors/{ENTRY}.yaml,line={number},col=1,title=verify sqlite%3A3.40::")
    assert "VALUES ('100%25', 'Ann B.');%0Aexpected:" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mysql/9999"], "there is no entry mysql/9999"),
        ([ENTRY, "--server", "oracle:23"], "'oracle:23' is not a server of the lab"),
        ([ENTRY, "--jobs", "0"], "--jobs takes a number of 1 or more"),
        ([ENTRY, "--limit", "0"], "--limit takes a number of seconds above 0"),
        ([ENTRY, "--limit", "nan"], "--limit takes a number of seconds above 0"),
        ([ENTRY, "--format", "yaml"], "invalid choice"),
    ],
)
def test_bad_usage(plain: Base, arguments: list[str], message: str) -> None:
    answer = plain.run(*arguments)
    assert answer.returncode == 2
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_file_names_its_entry_and_a_limit_is_kept(base: Base) -> None:
    base.change(
        "  run: INSERT INTO account (email, name) VALUES ('Ann@Example.com', 'Ann B.');\n",
        "  steps:\n    - shell: sleep 30\n    - run: SELECT * FROM account;\n      raises: true\n",
    )
    answer = base.run(f"layer/errors/{ENTRY}.yaml", *SERVER, "--limit", "0.2")
    assert answer.returncode == 1
    assert "timed out at step 1\n       statement: sleep 30\n" in answer.stdout
    assert "came:      it was still running after 0.6 s" in answer.stdout


def test_missing_servers_are_told_of_once_and_never_passed(plain: Base, tmp_path: Path) -> None:
    names = [ENTRY, "sqlite/5", *SERVER, "--server", "sqlite:3.51"]
    answer = plain.run(*names, ERRBOOK_LAB=str(tmp_path / "empty"))
    assert answer.returncode == 3
    first, second = answer.stdout.splitlines()
    assert first.startswith("miss sqlite:3.40 is missing, 2 entries were not run on it: ")
    assert "errbook lab get sqlite:3.40" in first
    assert second.startswith("miss sqlite:3.51 is missing, 2 entries were not run on it: ")
    assert "0 of 0 runs as claimed; missing: sqlite:3.40, sqlite:3.51" in answer.stderr
    rows: list[dict[str, Any]] = json.loads(
        plain.run(*names, "--format", "json", "--record", ERRBOOK_LAB=str(tmp_path / "empty")).stdout
    )
    assert [row["record"]["outcome"] for row in rows] == ["server-missing"] * 4
    assert not any(row["accepted"] for row in rows)
    assert not (plain.layer / "evidence").exists()


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """A base with an entry that takes long."""
    made = Base(tmp_path_factory.mktemp("slow"))
    made.change(
        "  run: SELECT id, total FROM Orders;",
        "  steps:\n    - shell: sleep 30\n    - run: SELECT id, total FROM Orders;\n      raises: true",
        "postgresql/42P01",
    )
    return made


@pytest.fixture
def endless(slow: Base) -> Iterator["subprocess.Popen[str]"]:
    """A run in the middle of that entry, on two servers."""
    process = slow.start("postgresql/42P01", "--server", "postgresql:17", "--server", "postgresql:18")
    assert soon(lambda: sum("sleep" in _line(child) for child in _descent(process.pid)) >= 2, 60)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_at_once_and_leaves_nothing(
    endless: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    inside = _descent(endless.pid)
    endless.send_signal(number)
    out, errors = endless.communicate(timeout=20)
    assert endless.returncode == 130
    # What was interrupted did not come out otherwise than claimed.
    assert out == ""
    assert "0 of 0 runs as claimed" in errors
    assert "Traceback" not in errors
    assert soon(lambda: not any(Path(f"/proc/{child}").exists() for child in inside))


def test_a_killed_run_leaves_nothing(endless: "subprocess.Popen[str]") -> None:
    inside = _descent(endless.pid)
    assert len(inside) > 10
    endless.kill()
    endless.communicate(timeout=20)
    assert soon(lambda: not any(Path(f"/proc/{child}").exists() for child in inside))


def test_two_runs_at_once_do_not_disturb_each_other(plain: Base) -> None:
    runs = [
        plain.start("sqlite", "postgresql/23505", *SERVER, "--server", "postgresql:16", "--format", "json")
        for _ in "ab"
    ]
    for run in runs:
        rows = json.loads(run.communicate(timeout=120)[0])
        assert {row["record"]["outcome"] for row in rows} == {"reproduced"}
        assert all(row["accepted"] for row in rows)


def _descent(parent: int) -> list[int]:
    """Return all processes that descend from one."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                ancestor = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(ancestor, []).append(int(entry.name))
    found = [parent]
    for process in found:
        found += children.get(process, [])
    return found[1:]


def _line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def test_named_entries_are_executed_beside_broken_ones(base: Base) -> None:
    broken = base.layer / "errors/mysql/9999.yaml"
    broken.parent.mkdir(parents=True, exist_ok=True)
    broken.write_text("code: '9999'\n")
    # Many an entry refers to this one, among them the one that is named.
    (broken.parent / "1062.yaml").write_text("code: '1062'\n")
    named = base.run("sqlite/2067", "--server", "sqlite:3.40")
    assert "reproduced, 4 of 4 fixes proven" in named.stdout, named.stdout + named.stderr
    assert "left out, having problems" in named.stderr
    assert "errors/mysql/9999.yaml" in named.stderr
    itself = base.run("mysql/9999", "--server", "mysql:9.7")
    assert (itself.returncode, itself.stdout) == (2, "")
    assert "errors/mysql/9999.yaml:1:1: " in itself.stderr
    everything = base.run()
    assert (everything.returncode, everything.stdout) == (2, "")
    assert "errors/mysql/9999.yaml:1:1: " in everything.stderr
