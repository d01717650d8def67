"""The reader's own names in an entry's SQL: where they go, how they are quoted, and that a hostile one does no harm."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest
import yaml
from tests.core.conftest import ROOT

from errbook import public
from errbook.fills import LONGEST, quoted
from errbook.knowledge import Knowledge
from errbook.lab.plan import digest
from errbook.lab.statements import split
from errbook.sql_places import find

HOSTILE = (
    "a`; DROP TABLE x; --",
    'a"; DROP TABLE x; --',
    "a'; DROP TABLE x; --",
    "a\\'; DROP TABLE x; --",
    "a\\",
    "``",
    '""""',
    "'",
    "$$; DROP TABLE x; --",
    "*/ DROP TABLE x; /*",
    "/*! DROP TABLE x */",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a b c",
    "naïve 表 🦆",
    "1; DROP TABLE x",
    "%",
    ":a @b ?",
    "-- x",
    "# x",
)
UNSEEN = (
    "a\x00b",
    "a\nb",
    "a\rb",
    "a\tb",
    "\x1b[31mred\x1b[0m",
    "a\x9bb",
    "a\u202eb",
    "a\u2066b",
    "a\u200bb",
    "a\u2028b",
    "a\ufeffb",
    "a\ufffdb",
    "a\ud800b",
    "a\U000e0041b",
)


def filled(knowledge: Knowledge, text: str) -> list[str]:
    return [item.text for item in knowledge.filled(knowledge.identify(text)[0])]


def test_what_the_message_says_stands_in_the_statements_and_is_marked(knowledge: Knowledge) -> None:
    (found,) = knowledge.identify("ERROR 1062 (23000): Duplicate entry 'ada@example.com' for key 'users.email'")
    statements = {(item.part, item.number): item for item in knowledge.filled(found)}
    first = statements["cause", 1]
    assert first.text == (
        "SHOW INDEX FROM `users` WHERE Key_name = 'email';\nSELECT * FROM `users` WHERE email = 'ada@example.com';"
    )
    put_in = [first.text[start:end] for start, end in first.spans]
    assert put_in == ["`users`", "'email'", "`users`", "'ada@example.com'"]
    # A key that is to be made has a name of its own: the one of the message may be PRIMARY.
    assert "ALTER TABLE `users` ADD UNIQUE KEY users_email (email)" in statements["fix", 4].text


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("ERROR 1062 (23000): Duplicate entry '7' for key 'PRIMARY'", "WHERE Key_name = 'PRIMARY';"),
        ("ERROR 1146 (42S02): Table 'shop.Cart' doesn't exist", "CREATE TABLE IF NOT EXISTS `Cart` ("),
        ("ERROR 1044 (42000): Access denied for user 'bo'@'h' to database 'my_db'", "ON `my\\_db`.* TO 'bo'@'%';"),
        ('ERROR:  relation "public.cart" does not exist (SQLSTATE 42P01)', 'ALTER TABLE "Orders" RENAME TO "cart";'),
        ('ERROR:  relation "cart" does not exist (SQLSTATE 42P01)', "to_regclass('\"cart\"') IS NOT NULL"),
        ("sqlite3.IntegrityError: UNIQUE constraint failed: people.mail", 'INSERT INTO "people" ("mail", name)'),
        (
            "ERROR 1452 (23000): Cannot add or update a child row: a foreign key constraint fails (`s`.`lines`, "
            "CONSTRAINT `lines_fk` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`))",
            "ALTER TABLE `lines` DROP FOREIGN KEY `lines_fk`;",
        ),
    ],
)
def test_each_engine_quotes_in_its_own_way(knowledge: Knowledge, text: str, statement: str) -> None:
    assert any(statement in each for each in filled(knowledge, text)), filled(knowledge, text)


def test_what_the_message_does_not_say_stays_as_it_is(knowledge: Knowledge) -> None:
    # MariaDB names the index without its table.
    statements = filled(knowledge, "MariaDB: ERROR 1062 (23000): Duplicate entry 'a' for key 'mail_uq'")
    assert all("`users`" not in each for each in statements)
    assert any("FROM users WHERE email = 'a';" in each for each in statements)
    (found, *_) = knowledge.identify("ERROR 1062 (23000) at line 1")
    assert knowledge.filled(found) == []


def test_statements_for_other_engines_are_not_filled_in(knowledge: Knowledge) -> None:
    text = "ERROR 1062 (23000): Duplicate entry 'a' for key 'users.email'"
    numbers = {
        engine: {item.number for item in knowledge.filled(found._replace(engine=engine)) if item.part == "cause"}
        for found in knowledge.identify(text)
        for engine in ("mysql", "mariadb")
    }
    assert numbers["mysql"] - numbers["mariadb"] == {3}


@pytest.mark.parametrize("value", UNSEEN, ids=ascii)
@pytest.mark.parametrize("form", ["identifier", "path", "grant", "text", "path-text", "number"])
def test_what_nobody_sees_is_never_put_in(value: str, form: str) -> None:
    assert [quoted(value, form, None, engine) for engine in ("mysql", "mariadb", "postgresql", "sqlite")] == [None] * 4


def test_numbers_are_digits_and_parts_are_not_guessed() -> None:
    assert quoted("42", "number", None, "mysql") == "42"
    assert [quoted(value, "number", None, "mysql") for value in ("4 OR 1=1", "4.2", "-1", "٤", "1" * 20)] == [None] * 5
    assert quoted("users.email", "identifier", "first", "mysql") == "`users`"
    assert quoted("email", "identifier", "first", "mysql") is None
    assert quoted("a.b.c", "identifier", "last", "mysql") is None
    assert quoted("a.b.c.d", "path", None, "postgresql") is None
    assert quoted("a..b", "path", None, "postgresql") is None
    assert quoted("x" * (LONGEST + 1), "text", None, "mysql") is None
    assert quoted("x", "text", None, "oracle") is None


@pytest.mark.parametrize("value", HOSTILE)
def test_sqlite_reads_a_hostile_name_as_a_name_and_a_hostile_text_as_a_text(value: str) -> None:
    name, text = quoted(value, "identifier", None, "sqlite"), quoted(value, "text", None, "sqlite")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE x (a)")
        connection.executescript(f"CREATE TABLE {name} ({name} TEXT);")
        connection.executescript(f"INSERT INTO {name} ({name}) VALUES ({text});")  # noqa: S608 - what is tested
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        assert names == {"x", value}
        assert connection.execute(f"SELECT * FROM {name}").fetchall() == [(value,)]  # noqa: S608 - the same


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_message_leaves_as_many_statements_as_there_were(knowledge: Knowledge, value: str) -> None:
    messages = {
        "mysql/1146": f"ERROR 1146 (42S02): Table 'shop.{value}' doesn't exist",
        "mysql/1062": f"ERROR 1062 (23000): Duplicate entry '{value}' for key '{value}.{value}'",
        "postgresql/42P07": f'ERROR:  42P07: relation "{value}" already exists',
        "postgresql/23502": f'ERROR:  23502: null value in column "{value}" of relation "{value}" '
        "violates not-null constraint",
        "sqlite/2067": f"sqlite3.IntegrityError: UNIQUE constraint failed: {value}.{value}",
    }
    for identity, text in messages.items():
        engine, code = identity.split("/")
        entry = knowledge.get(engine, code)
        found = next((item for item in knowledge.identify(text) if item.entry == identity), None)
        assert entry
        for item in knowledge.filled(found) if found else ():
            part = entry.causes[item.number - 1].confirm.run
            if item.part == "fix":
                part = entry.fixes[item.number - 1].code.text
            assert len(split(item.text, engine)) == len(split(part, engine)), item.text


@pytest.mark.parametrize("value", [*HOSTILE, *UNSEEN], ids=ascii)
def test_a_terminal_is_sent_nothing_that_steers_it(value: str) -> None:
    text = f"ERROR 1146 (42S02): Table 'shop.{value}' doesn't exist"
    ran = subprocess.run(
        [sys.executable, "-m", "errbook", "identify"],
        input=text.encode("utf-8", "surrogatepass"),
        capture_output=True,
        check=False,
    )
    shown = ran.stdout.decode()
    assert ran.returncode == 0
    assert all(character.isprintable() or character in "\n\t" for character in shown), shown


def test_the_command_says_what_was_filled_in(knowledge: Knowledge) -> None:
    text = "ERROR 1146 (42S02): Table 'shop.carts' doesn't exist"
    run = [sys.executable, "-m", "errbook", "identify"]
    shown = subprocess.run([*run, text], capture_output=True, text=True, check=True).stdout
    assert "(filled in: 'carts')" in shown
    (match,) = json.loads(subprocess.run([*run, "--json", text], capture_output=True, check=True).stdout)["matches"]
    assert match["filled"] == [item.public() for item in knowledge.filled(knowledge.identify(text)[0])]
    answered = subprocess.run(
        [*run, "--jsonl"], input=json.dumps({"id": 1, "text": text}), capture_output=True, text=True, check=True
    )
    assert "filled" not in json.loads(answered.stdout)["matches"][0]


@pytest.mark.parametrize(
    ("sql", "engine", "form", "found"),
    [
        ("SELECT a FROM b -- a\n/* a */ WHERE 'a' = a.b", "mysql", "identifier", ["a", "'a'", "a"]),
        ("SELECT 'it''s a', 'xa', \"a\", `a`, @a, E'a'", "mysql", "identifier", ["`a`"]),
        ('SELECT "a", `a` FROM $$ a $$', "postgresql", "identifier", ['"a"']),
        ("SELECT a # a\n", "mysql", "identifier", ["a"]),
        ("SELECT 'a'::regclass, 'a'", "postgresql", "path", ["'a'", "'a'"]),
        ("SELECT a, 'a', 1", "sqlite", "text", ["'a'"]),
        ("LIMIT 10, 1, '10', a10", "mysql", "number", ["10"]),
        ("SELECT <a>, '<a>'", "mysql", "identifier", ["<a>", "'<a>'"]),
    ],
)
def test_names_are_found_as_the_engine_reads_them(sql: str, engine: str, form: str, found: list[str]) -> None:
    name = {"number": "10"}.get(form, "<a>" if "<a>" in sql else "a")
    assert [sql[place.start : place.end] for place in find(sql, name, form, engine)] == found


def declared() -> list[tuple[str, dict[str, Any]]]:
    files = sorted(path for path in (ROOT / "errors").glob("*/*.yaml") if path.name != "engine.yaml")
    read = [(f"{path.parent.name}/{path.stem}", yaml.safe_load(path.read_bytes())) for path in files]
    return [(name, data) for name, data in read if any("fills" in item for item in data.get("parameters", ()))]


@pytest.mark.parametrize(("name", "data"), declared())
def test_what_is_filled_in_is_no_part_of_what_was_executed(name: str, data: dict[str, Any]) -> None:
    engine = name.partition("/")[0]
    titled = lambda identity: (identity, None)  # noqa: E731 - a neighbour's title is of no matter here
    bare = {**data, "parameters": [{**item, "fills": []} for item in data["parameters"]]}
    assert digest(public.entry(data, titled), engine) == digest(public.entry(bare, titled), engine)


@pytest.mark.parametrize(("name", "data"), declared())
def test_the_names_of_an_entry_itself_change_nothing_but_the_quotes(
    knowledge: Knowledge, name: str, data: dict[str, Any]
) -> None:
    """Every place is really the name: put in again, what is read from it is the same."""
    entry = knowledge.get(*name.split("/"))
    assert entry
    blocks = [(item.confirm.run, item.confirm.fills) for item in entry.causes]
    blocks += [(item.code.text, item.code.fills) for item in entry.fixes]
    own = {(each["name"], fill["replaces"]) for each in data["parameters"] for fill in each.get("fills", ())}
    for text, fills in blocks:
        for fill in fills:
            assert (fill.parameter, text[fill.start : fill.end].strip("'\"`")) in own
