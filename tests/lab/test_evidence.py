"""Evidence files: what is written, what changes them, what counts as a difference."""

import json
from pathlib import Path
from typing import Any

import pytest

from errbook.lab import evidence

ORDER = ["mysql:9.7", "mariadb:10.11", "mariadb:11.8"]


def record(**changes: Any) -> evidence.Record:
    made: evidence.Record = {
        "version": "9.7.4",
        "digest": "0123456789abcdef",
        "date": "2026-01-02",
        "seconds": 0.5,
        "outcome": "reproduced",
        "detail": None,
        "declared": {"code": "1205", "sqlstate": "HY000"},
        "observed": {"code": "1205", "sqlstate": "HY000", "message": "Lock wait timeout of process 4711"},
        "driver": "driver 1.0",
        "client": {"program": "mysql", "text": "ERROR 1205 (HY000): Lock wait timeout of process 4711"},
        "fixes": [{"fix": 1, "outcome": "proven", "detail": None, "seconds": 0.25}],
    }
    return made | changes


def test_servers_come_in_the_order_of_the_lab_and_keys_in_their_own(tmp_path: Path) -> None:
    file = evidence.path(tmp_path, "mysql/1205")
    shuffled = dict(reversed(record().items()))
    assert evidence.write(file, "mysql/1205", {"mariadb:11.8": record(), "mysql:9.7": shuffled}, ORDER)
    value = json.loads(file.read_text())
    assert value["entry"] == "mysql/1205"
    assert list(value["servers"]) == ["mysql:9.7", "mariadb:11.8"]
    assert tuple(value["servers"]["mysql:9.7"]) == tuple(key for key in evidence.KEYS if key != "raised")
    assert evidence.read(file) == {"mysql:9.7": record(), "mariadb:11.8": record()}


def test_writing_the_same_again_leaves_the_file_alone(tmp_path: Path) -> None:
    file = evidence.path(tmp_path, "mysql/1205")
    evidence.write(file, "mysql/1205", {"mysql:9.7": record()}, ORDER)
    before = file.stat().st_mtime_ns
    assert not evidence.write(file, "mysql/1205", {"mysql:9.7": record()}, ORDER)
    assert file.stat().st_mtime_ns == before
    assert [path.name for path in file.parent.iterdir()] == ["1205.json"]


@pytest.mark.parametrize(
    "changes",
    [
        {"date": "2026-05-06"},
        {"seconds": 9.0},
        {"fixes": [{"fix": 1, "outcome": "proven", "detail": None, "seconds": 7.0}]},
        {"observed": {"code": "1205", "sqlstate": "HY000", "message": "Lock wait timeout of process 815"}},
    ],
)
def test_what_changes_from_run_to_run_does_not_change_the_record(changes: dict[str, Any]) -> None:
    assert evidence.kept(record(), record(**changes)) == record()


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "9.7.5"},
        {"digest": "fedcba9876543210"},
        {"outcome": "raised-nothing", "observed": None},
        {"observed": {"code": "1205", "sqlstate": "HY000", "message": "Another wording"}},
        {"fixes": [{"fix": 1, "outcome": "failed", "detail": "proof step 1: …", "seconds": 0.25}]},
    ],
)
def test_what_is_different_in_the_world_changes_the_record(changes: dict[str, Any]) -> None:
    assert evidence.kept(record(), record(**changes)) == record(**changes)


def test_a_run_that_agrees_has_no_differences() -> None:
    assert evidence.differences(record(), record(version="9.7.5", seconds=3.0, client=None)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (None, record(), "There is no evidence of this server."),
        (record(), record(digest="f" * 16), "What is executed changed since it was recorded."),
        (record(), record(outcome="timed-out"), "Recorded: reproduced. Now: timed-out."),
        (
            record(),
            record(observed={"code": "1205", "sqlstate": "40001", "message": ""}),
            "Recorded sqlstate: HY000. Now: 40001.",
        ),
        (
            record(),
            record(fixes=[{"fix": 1, "outcome": "failed", "detail": None, "seconds": 0.0}]),
            "Fix 1, recorded: proven. Now: failed.",
        ),
        (record(), record(fixes=[]), "Fix 1, recorded: proven. Now: None."),
    ],
)
def test_a_difference_is_said(old: evidence.Record | None, new: evidence.Record, said: str) -> None:
    assert evidence.differences(old, new) == [said]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"servers": []}', '{"servers": {"mysql:9.7": 1}}'])
def test_a_file_that_is_not_evidence_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "1205.json"
    file.write_text(text)
    with pytest.raises(evidence.EvidenceError, match=r"1205\.json: .*record it again"):
        evidence.read(file)


def test_no_file_is_no_evidence(tmp_path: Path) -> None:
    assert evidence.read(tmp_path / "none.json") == {}
