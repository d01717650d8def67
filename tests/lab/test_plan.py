"""What is executed, and the digest that says when it changed."""

import copy
from typing import Any

import pytest

from errbook.lab import plan

ENTRY: dict[str, Any] = {
    "id": "postgresql/55P03",
    "code": "55P03",
    "sqlstate": "55P03",
    "sqlstates": {},
    "engines": ["postgresql", "other"],
    "title": "Lock not available",
    "reproduce": {
        "about": "A second session asks for a locked row.",
        "engines": [],
        "versions": {},
        "settings": {},
        "host": {},
        "setup": "CREATE TABLE stock (id int);",
        "steps": [
            {
                "action": "run",
                "value": "BEGIN;",
                "on": "a",
                "engines": [],
                "versions": {},
                "raises": False,
                "waits": False,
                "fails": None,
            },
            {
                "action": "run",
                "value": "SELECT 1;",
                "on": "b",
                "engines": ["other"],
                "versions": {},
                "raises": True,
                "waits": False,
                "fails": None,
            },
        ],
        "not_executable": None,
    },
    "fixes": [
        {
            "title": "Wait",
            "engines": [],
            "versions": {"postgresql": ">=15"},
            "code": {"language": "sql", "text": "SET lock_timeout = '<time>';", "values": {"time": "2s"}},
            "proof": [
                {
                    "action": "run",
                    "value": "$code",
                    "on": "b",
                    "engines": [],
                    "versions": {},
                    "raises": False,
                    "waits": False,
                    "fails": None,
                }
            ],
            "not_executable": None,
        }
    ],
}


def changed(*where: Any, to: object) -> dict[str, Any]:
    entry = copy.deepcopy(ENTRY)
    part: Any = entry
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = to
    return entry


def test_a_plan_has_the_steps_of_its_engine_and_filled_code() -> None:
    made = plan.of(ENTRY, "postgresql", "18")
    assert [step["value"] for step in made["steps"]] == ["BEGIN;"]
    assert made["fixes"][0]["code"]["text"] == "SET lock_timeout = '2s';"
    assert made["fixes"][0]["applies"] is None


def test_an_engine_that_sends_another_sqlstate_has_it_in_its_own_plan() -> None:
    entry = changed("sqlstates", to={"other": "55000"})
    assert plan.of(entry, "other")["sqlstate"] == "55000"
    assert plan.digest(entry, "other") != plan.digest(ENTRY, "other")
    assert plan.digest(entry, "postgresql") == plan.digest(ENTRY, "postgresql")


def test_a_fix_of_newer_versions_does_not_apply_to_an_older_series() -> None:
    assert plan.of(ENTRY, "postgresql", "14")["fixes"][0]["applies"] == "It is for postgresql >=15 only."


@pytest.mark.parametrize(
    "entry",
    [
        changed("title", to="Another title"),
        changed("reproduce", "about", to="Another sentence."),
        changed("fixes", 0, "title", to="Wait longer"),
        changed("reproduce", "steps", 1, "value", to="SELECT 2;"),
    ],
)
def test_prose_and_other_engines_do_not_change_the_digest(entry: dict[str, Any]) -> None:
    assert plan.digest(entry, "postgresql") == plan.digest(ENTRY, "postgresql")


@pytest.mark.parametrize(
    "entry",
    [
        changed("code", to="55P04"),
        changed("reproduce", "setup", to=None),
        changed("reproduce", "settings", to={"a": "1"}),
        changed("reproduce", "steps", 0, "value", to="COMMIT;"),
        changed("reproduce", "steps", 0, "waits", to=True),
        changed("reproduce", "steps", 0, "fails", to="23505"),
        changed("reproduce", "steps", 0, "versions", to={"postgresql": ">=14"}),
        changed("fixes", 0, "code", "values", to={"time": "3s"}),
        changed("fixes", 0, "versions", to={}),
        changed("fixes", 0, "not_executable", to="It needs two machines."),
        changed("fixes", to=[]),
    ],
)
def test_what_is_executed_changes_the_digest(entry: dict[str, Any]) -> None:
    assert plan.digest(entry, "postgresql") != plan.digest(ENTRY, "postgresql")


@pytest.mark.parametrize(
    ("series", "text", "inside"),
    [
        ("10.11", ">=10.5,<11", True),
        ("10.11", ">=10.11.3", True),
        ("18", ">=15", True),
        ("13", ">=15", False),
        ("9.7", "<=9.7", True),
        ("9.7", ">9.7", False),
        ("9.7", "<9.7", False),
        ("9.7", "=9.7", True),
        ("17", "=18", False),
        ("17", "<17.2", False),
    ],
)
def test_a_series_stands_for_its_newest_release(series: str, text: str, inside: bool) -> None:
    assert plan.within(series, text) is inside


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("SELECT 1;", False),
        ("INSERT INTO t VALUES (1);", False),
        ("SET GLOBAL max_connections = 1;", True),
        ("SET GLOBAL read_only = ON;", True),
        ("SELECT count(*) FROM pg_stat_activity;", True),
        ("SHOW PROCESSLIST;", True),
        ("PREPARE one FROM 'SELECT 1';", True),
        ("CREATE DATABASE one TEMPLATE postgres;", True),
    ],
)
def test_statements_about_sessions_are_known(text: str, *, counts: bool) -> None:
    made = copy.deepcopy(ENTRY)
    made["reproduce"]["steps"][0]["value"] = text
    assert plan.counts_sessions(plan.of(made, "postgresql")) is counts


def test_what_starts_the_server_or_connects_counts_sessions() -> None:
    assert not plan.counts_sessions(plan.of(ENTRY, "postgresql"))
    made = copy.deepcopy(ENTRY)
    made["reproduce"]["settings"] = {"max_connections": "5"}
    assert plan.counts_sessions(plan.of(made, "postgresql"))
    made = copy.deepcopy(ENTRY)
    made["fixes"][0]["proof"][0] |= {"action": "shell", "value": "true"}
    assert plan.counts_sessions(plan.of(made, "postgresql"))


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("INSERT INTO t VALUES ('a;b'); -- done\nselect 1", True),
        ("create unique index i on t (id); START TRANSACTION; COMMIT", True),
        ("SET GLOBAL max_connections = 5", False),
        ("INSERT INTO t VALUES (1); CREATE USER one", False),
        ("UPDATE `mysql`.user SET user = 'x'", False),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", False),
        ("SELECT 1 /*! INTO DUMPFILE '/tmp/x' */", False),
        ("CREATE FUNCTION f() RETURNS int RETURN 1", False),
        ("PREPARE s FROM 'SET GLOBAL max_connections = 5'", False),
        ("CALL p()", False),
        ("BEGIN; begin work; COMMIT", True),
        ("DELIMITER //\nBEGIN NOT ATOMIC SET GLOBAL max_connections = 5; END//", False),
        ("DELIMITER //\nSELECT 1; SET GLOBAL max_connections = 5//", False),
    ],
)
@pytest.mark.parametrize("where", ["setup", "steps", "fixes"])
def test_statements_that_stay_inside_their_database(text: str, inside: bool, where: str) -> None:
    made = copy.deepcopy(ENTRY) | {"id": "mysql/1", "code": "1", "sqlstate": None, "engines": ["mysql"]}
    made["fixes"][0]["code"]["text"] = "SELECT 1"
    made["reproduce"]["setup"] = "CREATE TABLE stock (id int);"
    if where == "setup":
        made["reproduce"]["setup"] = text
    elif where == "steps":
        made["reproduce"]["steps"][0]["value"] = text
    else:
        made["fixes"][0]["code"]["text"] = text
    assert plan.stays_inside(plan.of(made, "mysql")) == inside


def test_what_is_no_statement_does_not_stay_inside() -> None:
    made = copy.deepcopy(ENTRY)
    made["reproduce"]["settings"] = {"work_mem": "1MB"}
    assert not plan.stays_inside(plan.of(made, "postgresql"))
