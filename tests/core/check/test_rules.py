"""Every rule, with a file that breaks it and the message that says so: the cases are in cases.yaml."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from errbook import rules

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "cases.yaml").read_text("utf-8"))


def test_the_small_knowledge_has_no_problems(layer: Any) -> None:
    assert layer.lines() == []


@pytest.mark.parametrize("case", CASES, ids=[f"{case['rule']}-{at}" for at, case in enumerate(CASES)])
def test_a_broken_file_gives_the_message(layer: Any, case: dict[str, Any]) -> None:
    layer.edit(case["file"], case["old"], case["new"])
    expected = [f"{case['file']}:{line}" for line in case["says"]]
    assert layer.lines() == expected
    assert any(f": {case['rule']}: " in line for line in expected)


def test_every_rule_has_a_test_that_shows_its_message() -> None:
    shown = {case["rule"] for case in CASES}
    for path in HERE.glob("test_*.py"):
        shown |= set(re.findall(r": ([a-z0-9-]+): ", path.read_text("utf-8")))
    assert {rule.name for rule in rules.rules()} - shown == set()


def test_rules_are_sorted_named_once_and_documented() -> None:
    names = [rule.name for rule in rules.rules()]
    assert names == sorted(set(names))
    for rule in rules.rules():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
        assert rule.summary.endswith(".")
        assert rule.advice.endswith(".")
        assert rules.rule(rule.name) is rule


def test_a_rule_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        rules.rule("no-such-rule")


PG, MY = "postgresql/55P03.yaml", "mysql/1205.yaml"
COMMIT = "      - on: a\n        run: COMMIT;"
CONNECT = "      - on: c\n        connect: {}\n      - on: c\n        run: SELECT 1;\n"
ON_MYSQL = "    - on: b\n      engines: [mysql]\n      run: SELECT 1;\n"
HARMLESS = [
    (PG, "cost: Nothing is blocked, but", "cost: Nothing, because"),
    (PG, "WHERE qty < 20", "WHERE qty < 20 AND qty <> 3 AND id>0"),
    (PG, "  Two things make", "  The 9.3 and later `a | b` and max_connections: 2 * 3 < 7 make"),
    (PG, "  Two things make", "  Привет, 日本, café, naïve: 5 µs → “two” things make"),
    (PG, "      run: SHOW lock_timeout;", "      run: psql -h db.example.com -U app@192.0.2.7"),
    (PG, "      run: SHOW lock_timeout;", "      run: connect(host=os.environ['PGHOST'])"),
    (PG, COMMIT, CONNECT + COMMIT),
    (MY, "after `innodb_lock_wait_timeout` seconds", "after, e.g. Fifty seconds by `a.B. C`"),
    (MY, "    - on: b\n", ON_MYSQL + "    - on: b\n"),
]


@pytest.mark.parametrize(("file", "old", "new"), HARMLESS)
def test_what_only_looks_wrong_is_left_alone(layer: Any, file: str, old: str, new: str) -> None:
    layer.edit(file, old, new)
    assert layer.lines() == []


def test_steps_for_one_engine_each_raise_once(layer: Any) -> None:
    one = "      raises: true\n"
    other = "    - on: b\n      engines: [mariadb]\n      run: UPDATE stock SET qty = 7;\n      raises: true\n"
    layer.edit("mysql/1205.yaml", one, one + other)
    assert layer.lines() == [
        "mysql/1205.yaml:48:15: raises-once: step 3 raises the error on mariadb, and step 2 does already. "
        "Keep `raises: true` at one step; the scenario ends with the error"
    ]
    layer.edit("mysql/1205.yaml", "    - on: b\n      run: |", "    - on: b\n      engines: [mysql]\n      run: |")
    assert layer.lines() == []


def test_all_problems_of_a_file_are_reported_at_once(layer: Any) -> None:
    layer.edit("postgresql/55P03.yaml", "severity: error", "severity: eror")
    layer.edit("postgresql/55P03.yaml", "impact: One request", "impact: TODO One request")
    layer.edit("postgresql/55P03.yaml", "    kind: official", "    kind: article")
    assert [line.split(": ")[1] for line in layer.lines()] == ["schema", "unwritten", "no-official-source"]
