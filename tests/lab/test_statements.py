"""SQL texts are cut as the engines' own command-line clients cut them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errbook.lab.statements import single, split


def test_strings_names_and_comments_hide_the_end() -> None:
    text = "SELECT 'a;b', \"c;d\", `e;f` ; # x ; y\nSELECT 1 -- ; no\n; /* ; */ SELECT 'it''s; \\'; fine';"
    assert split(text, "mysql") == [
        "SELECT 'a;b', \"c;d\", `e;f`",
        "# x ; y\nSELECT 1 -- ; no",
        "/* ; */ SELECT 'it''s; \\'; fine'",
    ]


def test_delimiter_of_the_mysql_client() -> None:
    text = "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END //\nDELIMITER ;\nCALL p();"
    assert split(text, "mariadb") == ["CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END", "CALL p()"]


def test_dollar_quotes_and_atomic_bodies_of_postgresql() -> None:
    text = (
        "DO $x$ BEGIN PERFORM 1; END $x$; SELECT E'\\';', 'plain\\';"
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;"
        "/* a /* ; */ ; */ SELECT $1; BEGIN; SELECT a$b$c; COMMIT;"
    )
    assert split(text, "postgresql") == [
        "DO $x$ BEGIN PERFORM 1; END $x$",
        "SELECT E'\\';', 'plain\\'",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
        "/* a /* ; */ ; */ SELECT $1",
        "BEGIN",
        "SELECT a$b$c",
        "COMMIT",
    ]


def test_what_one_delimiter_ends_may_be_several_statements() -> None:
    text = "DELIMITER //\nSELECT ';'//\nSELECT 1; SELECT 2//\n"
    assert [single(statement, "mysql") for statement in split(text, "mysql")] == [True, False]


def test_triggers_of_sqlite_are_whole() -> None:
    text = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END; INSERT INTO a VALUES (';'); -- end"
    assert split(text, "sqlite") == [
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END",
        "INSERT INTO a VALUES (';')",
    ]


@pytest.mark.parametrize("engine", ["mysql", "mariadb", "postgresql", "sqlite"])
def test_comments_alone_are_no_statement(engine: str) -> None:
    assert split(" -- nothing\n /* here */ ;; \n", engine) == []


def test_hints_of_mysql_are_statements() -> None:
    assert split("/*!50000 SELECT 1 */;", "mysql") == ["/*!50000 SELECT 1 */"]


@given(st.text(alphabet="aA;'\"`$-/*#\\\n eE1"), st.sampled_from(["mysql", "postgresql", "sqlite"]))
def test_nothing_is_added(text: str, engine: str) -> None:
    for statement in split(text, engine):
        assert statement in text
