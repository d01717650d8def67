"""Files of evidence: what is refused, and where it is said to be."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests import evidence

from errbook.check import check
from errbook.problem import text

AGAIN = "Do not edit it; record it again: errbook verify mysql/1205 --record"

RECORD = {
    "version": "9.7.4",
    "digest": "0f3a91c2d4e5b687",
    "date": "2026-11-24",
    "seconds": 2.1,
    "outcome": "reproduced",
    "detail": None,
    "declared": {"code": "1205", "sqlstate": "HY000"},
    "observed": {"code": "1205", "sqlstate": "HY000", "message": "Lock wait timeout exceeded"},
    "driver": "a driver 1.0",
    "client": {"program": "mysql", "text": "ERROR 1205 (HY000): \x1b[1mLock wait\x1b[0m\t\u202e timeout exceeded"},
    "fixes": [{"fix": 1, "outcome": "proven", "detail": None, "seconds": 0.4}],
}


def lines(layer: Any) -> list[str]:
    return [text(problem).replace(f"{layer.root}/", "") for problem in check([layer.root])]


def put(layer: Any, value: Any, identity: str = "mysql/1205") -> None:
    evidence.write(layer.root, identity, value)


def whole(**changes: Any) -> Any:
    return {"entry": "mysql/1205", "servers": {"mysql:9.7": {**RECORD, **changes}}}


def test_evidence_of_an_entry_is_no_problem(layer: Any) -> None:
    put(layer, whole())
    assert lines(layer) == []
    assert [source.kind for source in _valid(layer)][-1] == "evidence"


def _valid(layer: Any) -> list[Any]:
    found: list[Any] = []
    assert check([layer.root], on_valid=found.append) == []
    return found


def test_nothing_recorded_is_null(layer: Any) -> None:
    put(layer, whole(outcome="not-executable", observed=None, client=None, driver=None, fixes=[]))
    assert lines(layer) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"outcome": "reproducd"},
            "9:18: schema: `reproducd` is not one of `reproduced`, `handled`, `raised-other`, `raised-nothing`, "
            "`setup-failed`, `step-failed`, `waited`, `did-not-wait`, `timed-out`, `not-executable`, `not-applicable` "
            "or `exemption-unneeded`; nearest: `reproduced`. ",
        ),
        ({"digest": "abc"}, "6:17: schema: `abc` does not have the form of `servers.mysql:9.7.digest`. "),
        ({"colour": "red"}, "33:7: unknown-key: `colour` is not a field of `servers.mysql:9.7`. "),
        ({"seconds": -1}, "8:18: schema: `servers.mysql:9.7.seconds` is `-1`, which is too small; the limit is 0. "),
        (
            {"observed": {"code": 1205, "sqlstate": "HY000", "message": "x"}},
            "16:17: schema: `servers.mysql:9.7.observed.code` is a number, `1205`, and must be text or null. ",
        ),
    ],
)
def test_a_bad_value_is_named_with_its_place(layer: Any, changes: dict[str, Any], said: str) -> None:
    put(layer, whole(**changes))
    assert lines(layer) == [f"evidence/mysql/1205.json:{said}{AGAIN}"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "1:1: json-syntax: this is not JSON: expecting value. "),
        ('{"a": 1,\n  }', "2:3: json-syntax: this is not JSON: expecting property name enclosed in double quotes. "),
        ("[]", "1:1: json-syntax: the file holds a list, and must hold an object. "),
        ('{"entry": "a",\n "entry": "b"}', "2:2: duplicate-key: `entry` is given twice; the first is on line 1. "),
        ('{"entry": NaN}', "1:11: json-syntax: NaN is no number in JSON. "),
        ('{"entry": "\\ud800"}', "1:12: json-syntax: an escape makes half of a character. "),
        ('{"a": ' + "[" * 40 + "]" * 40 + "}", "1:38: too-deep: the values are nested deeper than 32 levels. "),
        ("[" * 100_000, "1:1: too-deep: the values are nested deeper than 32 levels. "),
        ('{"a": ' + "9" * 5000 + "}", "1:1: json-syntax: there is a number with thousands of digits. "),
        ("{}", "1:1: schema: `entry` and `servers` are missing. "),
    ],
)  # fmt: skip
def test_a_file_that_is_no_evidence(layer: Any, content: str, said: str) -> None:
    put(layer, content)
    assert f"evidence/mysql/1205.json:{said}{AGAIN}" in lines(layer)


def test_a_file_that_cannot_be_read(layer: Any) -> None:
    path = evidence.write(layer.root, "mysql/1205", "")
    path.write_bytes(b'{"entry": "\xff"}')
    assert lines(layer) == [f"evidence/mysql/1205.json:1:12: not-utf8: byte 11 (0xff) is not UTF-8. {AGAIN}"]


def test_another_entry_than_that_of_the_path(layer: Any) -> None:
    put(layer, {**whole(), "entry": "mysql/1213"})
    assert lines(layer) == [
        "evidence/mysql/1205.json:2:12: evidence-identity: the entry is `mysql/1213`, and the file is "
        "evidence/mysql/1205.json. Move the file to evidence/mysql/1213.json, or record mysql/1205 again"
    ]


def test_an_entry_that_is_not_there(layer: Any) -> None:
    put(layer, {**whole(), "entry": "mysql/1213"}, "mysql/1213")
    put(layer, {**whole(), "entry": "mariadb/1205"}, "mariadb/1205")
    assert lines(layer) == [
        "evidence/mariadb/1205.json:1:1: evidence-entry: the entry of mariadb/1205 is errors/mysql/1205.yaml. "
        "Remove the file; evidence of it belongs into evidence/mysql/1205.json",
        "evidence/mysql/1213.json:1:1: evidence-entry: there is no entry errors/mysql/1213.yaml. "
        "Remove the file, or write the entry first",
    ]


def test_servers_that_are_not_known_or_not_of_the_entry(layer: Any) -> None:
    put(layer, {"entry": "mysql/1205", "servers": {"mysql:9.8": RECORD, "sqlite:3.40": RECORD}})
    found = lines(layer)
    assert found[0].startswith(
        "evidence/mysql/1205.json:4:5: evidence-server: `mysql:9.8` is no server that entries are executed on. "
        "Nearest: `mysql:9.7`; remove the record"
    )
    assert found[-1].startswith(
        "evidence/mysql/1205.json:34:5: evidence-engine: `sqlite:3.40` is a server of an engine that the entry does "
        "not hold for. Remove the record, or add the engine to `engines` in "
    )


@pytest.mark.parametrize("how", ["compact", "order of keys", "order of servers", "no end of line"])
def test_what_no_program_wrote(layer: Any, how: str) -> None:
    value = {"entry": "mysql/1205", "servers": {"mysql:9.7": RECORD, "mariadb:10.11": RECORD}}
    if how == "order of keys":
        value["servers"] = {"mysql:9.7": dict(reversed(RECORD.items()))}
    elif how == "order of servers":
        value["servers"] = {"mariadb:10.11": RECORD, "mysql:9.7": RECORD}
    indent = None if how == "compact" else 2
    put(layer, json.dumps(value, ensure_ascii=False, indent=indent) + "\n" * (how != "no end of line"))
    line = {"compact": 1, "order of keys": 5, "order of servers": 4, "no end of line": 65}[how]
    assert lines(layer) == [
        f"evidence/mysql/1205.json:1:1: evidence-form: from line {line} on, the file is not as it was written. {AGAIN}"
    ]


def test_a_fix_that_is_told_twice(layer: Any) -> None:
    put(layer, whole(fixes=RECORD["fixes"] * 2))  # type: ignore[operator] # it is a list
    assert lines(layer) == [f"evidence/mysql/1205.json:32:9: evidence-form: fix 1 is in the record twice. {AGAIN}"]


def test_strange_files_are_named(layer: Any) -> None:
    put(layer, whole())
    (layer.root / "evidence" / "notes.txt").write_text("")
    (layer.root / "evidence" / "mysql" / "1205.txt").write_text("")
    (layer.root / "evidence" / "mysq").mkdir()
    (layer.root / "evidence" / "mysq" / "1205.json").write_text("")
    (layer.root / "evidence" / ".gitkeep").write_text("")
    assert lines(layer) == [
        "evidence/mysq:1:1: unknown-file: `mysq` is the folder of no engine. Rename it to `mysql`",
        "evidence/mysql/1205.txt:1:1: unknown-file: `1205.txt` has no place here. Move it out of evidence/",
        "evidence/notes.txt:1:1: unknown-file: `notes.txt` has no place here. "
        "Move it out of evidence/; evidence is evidence/<engine>/<code>.json",
    ]


def test_one_file_can_be_checked_alone(layer: Any) -> None:
    path = evidence.write(layer.root, "mysql/1205", "{}")
    put(layer, "[]", "sqlite/5")
    assert [problem.path for problem in check([layer.root], [path])] == [str(path)]
    assert [problem.path for problem in check([], [path]) if "evidence" in problem.path] == [str(path)]


def test_private_evidence_hides_the_public_one_of_the_same_path(layer: Any, tmp_path: Path) -> None:
    put(layer, "{}")
    own = tmp_path / "own"
    (own / "errors").mkdir(parents=True)
    evidence.write(own, "mysql/1205", whole())
    assert check([own, layer.root]) == []
