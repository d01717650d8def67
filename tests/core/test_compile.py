"""The compiled file: reproducible, whole or not there at all, and as fresh as its inputs."""

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.core.conftest import ROOT, Run

from errbook import fresh
from errbook.compile import CheckFailed, compile_knowledge
from errbook.knowledge import Knowledge


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A copy of the knowledge that a test may change."""
    copy = tmp_path / "layer"
    for name in ("errors", "catalog", "evidence"):
        shutil.copytree(ROOT / name, copy / name)
    return copy


def test_the_same_inputs_give_the_same_bytes(layer: Path, tmp_path: Path, database: Path) -> None:
    report = compile_knowledge([layer], tmp_path / "again.db")
    assert (tmp_path / "again.db").read_bytes() == database.read_bytes()
    with Knowledge(tmp_path / "again.db") as knowledge:
        assert knowledge.digest == report.digest
        assert len(knowledge) == report.entries >= 16


def test_another_content_has_another_digest(layer: Path, tmp_path: Path, knowledge: Knowledge) -> None:
    entry = layer / "errors" / "mysql" / "1040.yaml"
    entry.write_text(entry.read_text().replace("frequency: ", "frequency:  ", 1))
    assert compile_knowledge([layer], tmp_path / "one.db").digest == knowledge.digest
    text = entry.read_text()
    assert "risk:\n  level: critical" in text
    entry.write_text(text.replace("risk:\n  level: critical", "risk:\n  level: high"))
    assert compile_knowledge([layer], tmp_path / "two.db").digest != knowledge.digest


def test_bad_knowledge_leaves_the_old_file(layer: Path, tmp_path: Path) -> None:
    target = tmp_path / "errbook.db"
    compile_knowledge([layer], target)
    before = target.read_bytes()
    (layer / "errors" / "mysql" / "1040.yaml").write_text("code: 1040\n")
    with pytest.raises(CheckFailed) as failed:
        compile_knowledge([layer], target)
    assert any(problem.path.endswith("mysql/1040.yaml") for problem in failed.value.problems)
    assert target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.glob("*.new*")) == []


def test_a_killed_compiler_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    target = tmp_path / "errbook.db"
    report = compile_knowledge([ROOT], target)
    script = (
        "import sys; from pathlib import Path; from errbook.compile import compile_knowledge\n"
        f"while True: compile_knowledge([Path({str(ROOT)!r})], Path({str(target)!r})); print('.', flush=True)"
    )
    for attempt in range(8):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.read(1)
        # Later in the next compilation at each attempt.
        time.sleep(0.04 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with Knowledge(target) as knowledge:
            assert knowledge.digest == report.digest
            assert len(list(knowledge.all())) == report.entries
    assert compile_knowledge([ROOT], target) == report
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith((".new", "-journal"))] == []


def test_a_changed_input_is_compiled_again(layer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ERRBOOK_DB", raising=False)
    monkeypatch.setenv("ERRBOOK_PATH", str(layer))
    monkeypatch.setenv("ERRBOOK_CACHE", str(tmp_path / "cache"))
    path = fresh.ensure()
    with Knowledge(path) as knowledge:
        before = knowledge.digest
    first = Path(path).stat().st_mtime_ns
    assert fresh.ensure() == path
    assert Path(path).stat().st_mtime_ns == first
    entry = layer / "errors" / "sqlite" / "5.yaml"
    entry.write_text(entry.read_text().replace("title: ", "title: Really, ", 1))
    fresh.ensure()
    with Knowledge(path) as knowledge:
        assert knowledge.digest != before
        found = knowledge.get("sqlite", "5")
        assert found is not None
        assert found.title.startswith("Really, ")


def test_the_first_layer_wins(layer: Path, tmp_path: Path) -> None:
    entry = layer / "errors" / "sqlite" / "5.yaml"
    entry.write_text(
        entry.read_text().replace("title: ", "title: Ours: ", 1).replace("title: Ours: ", "title: Ours, ", 1)
    )
    compile_knowledge([layer, ROOT], tmp_path / "both.db")
    with Knowledge(tmp_path / "both.db") as knowledge:
        found = knowledge.get("sqlite", "5")
        assert found is not None
        assert found.title.startswith("Ours, ")


def test_a_lookup_answers_from_before_while_a_file_is_broken(layer: Path, tmp_path: Path, errbook: Run) -> None:
    environment = {"ERRBOOK_DB": "", "ERRBOOK_PATH": str(layer), "ERRBOOK_CACHE": str(tmp_path / "cache")}
    assert errbook("1040", **environment).returncode == 0
    (layer / "errors" / "sqlite" / "5.yaml").write_text("code: 5\n")
    answer = errbook("1040", **environment)
    assert answer.returncode == 0
    assert "Too many connections" in answer.stdout
    assert "this is the answer from before. Run: errbook check" in answer.stderr


def test_whoever_waits_for_a_compilation_at_a_terminal_is_told(layer: Path, tmp_path: Path) -> None:
    places = {"ERRBOOK_PATH": str(layer), "ERRBOOK_CACHE": str(tmp_path / "cache")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ERRBOOK_")}

    def said() -> bytes:
        master, slave = pty.openpty()
        command = [sys.executable, "-m", "errbook", "1040"]
        subprocess.run(command, env=inherited | places, stdout=subprocess.DEVNULL, stderr=slave, check=True)
        os.write(slave, b"that was all")
        os.close(slave)
        with open(master, "rb", buffering=0) as terminal:  # noqa: PTH123 - a descriptor
            return terminal.read(1 << 16)

    assert b"files have changed; they are compiled first" in said()
    assert said() == b"that was all"


def test_a_layer_without_errors_is_refused(tmp_path: Path, errbook: Run) -> None:
    answer = errbook("1040", ERRBOOK_DB="", ERRBOOK_PATH=str(tmp_path))
    assert answer.returncode == 2
    assert f"ERRBOOK_PATH: {tmp_path} has no folder named errors" in answer.stderr
