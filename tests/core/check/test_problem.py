"""The three forms of a problem."""

import json

from errbook.problem import Problem, as_json, github, shown, text

PROBLEM = Problem("errors/mysql/1040.yaml", 3, 9, "schema", "`5` is 100% wrong,\r\nhere: or there", "Write `6`")


def test_text_is_what_editors_jump_from() -> None:
    assert text(PROBLEM._replace(message="it is wrong")) == (
        "errors/mysql/1040.yaml:3:9: schema: it is wrong. Write `6`"
    )


def test_github_escapes_what_ends_a_command() -> None:
    assert github(PROBLEM._replace(path="a,b:c%.yaml")) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=3,col=9,title=schema::`5` is 100%25 wrong,%0D%0Ahere: or there. Write `6`"
    )


def test_json_holds_every_field() -> None:
    assert json.loads(as_json([PROBLEM])) == [PROBLEM._asdict()]
    assert json.loads(as_json([])) == []


def test_problems_sort_by_place() -> None:
    later = PROBLEM._replace(line=20)
    assert sorted([later, PROBLEM]) == [PROBLEM, later]


def test_quoted_values_are_short_visible_and_on_one_line() -> None:
    assert shown("a\n b\x07\u202e") == "`a b\\u0007\\u202e`"
    assert len(shown("x" * 500)) == 62
