"""PostgreSQL's message files read, and its messages in other languages."""

from pathlib import Path
from typing import Any

import pytest

from errbook.harvest.catalog import CatalogError
from errbook.harvest.postgresql_languages import (
    Languages,
    encode_languages,
    harvest_languages,
    read_languages,
    write_languages,
)
from errbook.harvest.postgresql_po import Translation, read_po

from .postgresql_tree import tree_with

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
PO = (
    HEADER
    + r"""
# comment
#: one.c:1 two.c:22
#, c-format
msgid "relation \"%s\" "
"already exists"
msgstr "Relation »%s« existiert bereits"

#, fuzzy, c-format
#| msgid "old"
msgid "guessed"
msgstr "geraten"

msgid "not yet"
msgstr ""

msgid "%d row"
msgid_plural "%d rows"
msgstr[0] "%d Zeile"
msgstr[1] "%d Zeilen"

#~ msgid "gone"
#~ msgstr "weg"
"""
)
GERMAN = (
    HEADER
    + r"""
msgid "ERROR"
msgstr "FEHLER"

msgid "HINT:  "
msgstr "TIPP:  "

msgid "LINE %d: "
msgstr "ZEILE %d: "

msgid "%s at or near \"%s\""
msgstr "»%2$s«: %1$s"

msgid "syntax error"
msgstr "Syntaxfehler"

msgid "relation %u is gone\n"
msgstr "Relation %u ist weg\n"

msgid "at %<PRIu64> of %s"
msgstr "bei %<PRIu64> von %s"

msgid "a notice"
msgstr "ein Hinweis"

msgid "never asked for"
msgstr "nie gefragt"
"""
)
ROWS: list[dict[str, Any]] = [
    {"code": "42601", "message": 'syntax error at or near "%s"', "severity": "ERROR", "where": "client"},
    {"code": "XX000", "message": "relation %u is gone", "severity": "FATAL, ERROR", "where": "client"},
    {"code": "XX000", "message": "at %lu of %s", "severity": "ERROR", "where": "client"},
    {"code": "XX000", "message": "at %zu of %s", "severity": "ERROR", "where": "client"},
    {"code": "00000", "message": "a notice", "severity": "NOTICE", "where": "client"},
    {"code": "", "message": "never asked for", "severity": "ERROR", "where": "program"},
    {"code": "42P01", "symbol": "undefined_table", "kind": "error"},
]


def trees(tmp_path: Path, **files: str) -> list[Path]:
    """Return a tree of 18 with these files of the server's translations, and one of 13 with another German wording."""
    old = GERMAN.replace("Relation %u ist weg", "Tabelle %u fehlt").replace("bei %", "an %")
    return [
        tree_with(tmp_path / "old", {"src/backend/po/de.po": old}, "13.23"),
        tree_with(tmp_path / "new", {f"src/backend/po/{name}.po": text for name, text in files.items()}, "18.6"),
    ]


def test_a_message_file(tmp_path: Path) -> None:
    path = tmp_path / "de.po"
    path.write_text(PO)
    assert read_po(path) == [
        Translation(
            'relation "%s" already exists', None, ("Relation »%s« existiert bereits",), ("one.c:1", "two.c:22")
        ),
        Translation("guessed", None, (), ()),
        Translation("not yet", None, (), ()),
        Translation("%d row", "%d rows", ("%d Zeile", "%d Zeilen"), ()),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("int main(void) {}\n", "1: `int main(void) {}` is no line of a message file"),
        ('msgid "a"\nmsgstr "b"\n', "no message file: it has no header"),
        (HEADER + '\nmsgid "a"\n', "the entry before this line is not whole; the file is cut off"),
        (HEADER + '\nmsgid "a"\nmsgstr "b', "is no line of a message file"),
        (HEADER + '\nmsgid "a"\nmsgid_plural "b"\nmsgstr[1] "c"\n', "plural form 1 is out of order"),
    ],
)
def test_a_foreign_or_damaged_message_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "de.po"
    path.write_text(text)
    with pytest.raises(CatalogError) as raised:
        read_po(path)
    assert str(path) in str(raised.value)
    assert message in str(raised.value)


def test_a_message_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "de.po"
    path.write_bytes(HEADER.encode() + 'msgid "a"\nmsgstr "ä"\n'.encode("latin-1"))
    with pytest.raises(CatalogError, match="is not UTF-8; convert the file with msgconv"):
        read_po(path)


def test_messages_in_other_languages(tmp_path: Path) -> None:
    found = harvest_languages(trees(tmp_path, de=GERMAN, ro=HEADER + 'msgid "ERROR"\nmsgstr "EROARE"\n'), ROWS)
    assert found.header == {
        "catalog": 1,
        "engine": "postgresql",
        "versions": ["18.6", "13.23"],
        "license": "LICENSE",
        "languages": {
            "de": {
                "messages": 4,
                "severity": {"ERROR": "FEHLER"},
                "label": {"HINT": ["TIPP"], "LINE": ["ZEILE"]},
            }
        },
        "rows": 4,
    }
    assert found.rows == [
        {"message": "at %lu of %s", "de": ["bei %lu von %s", "an %lu von %s"]},
        {"message": "at %zu of %s", "de": ["bei %lu von %s", "an %lu von %s"]},
        {"message": "relation %u is gone", "de": ["Relation %u ist weg", "Tabelle %u fehlt"]},
        {"message": 'syntax error at or near "%s"', "de": ["»%1$s«: Syntaxfehler"]},
    ]


def test_they_are_written_and_read(tmp_path: Path) -> None:
    found = harvest_languages(trees(tmp_path, de=GERMAN), ROWS)
    path = tmp_path / "catalog" / "languages.jsonl"
    write_languages(path, *found)
    assert read_languages(path) == found
    assert path.read_bytes() == encode_languages(*read_languages(path))
    assert [entry.name for entry in path.parent.iterdir()] == ["languages.jsonl"]


def test_trees_without_message_files_and_foreign_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"PostgreSQL 18\.6 has no message files in src/backend/po"):
        harvest_languages([tree_with(tmp_path / "tree", {})], ROWS)
    with pytest.raises(CatalogError, match="no source tree of PostgreSQL"):
        harvest_languages([tmp_path], ROWS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-1], "the header promises 1 rows and 0 whole ones follow"),
        (lambda text: text.replace('"rows":1', '"rows":2'), "the header promises 2 rows and 1 whole ones follow"),
        (lambda text: text.replace('"catalog":1', '"catalog":9'), ':1: `{"catalog":9'),
        (lambda text: text.replace('"de":["', '"fr":["'), ":2: `fr` is no language of the header"),
        (lambda text: text.replace('["ja"]', '"ja"'), ":2: `de` is no language of the header, or no list"),
        (lambda text: text.replace('{"message"', '{"massage"'), ":2: this row has no message"),
        (lambda _: "hello\n", ":1: `hello` is no object of JSON"),
        (lambda _: "[" * 100_000, ":1: "),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, change: Any, message: str) -> None:
    path = tmp_path / "languages.jsonl"
    header = {"versions": ["18.6"], "languages": {"de": {"messages": 1, "severity": {}, "label": {}}}}
    write_languages(path, *Languages(header, [{"message": "yes", "de": ["ja"]}]))
    read_languages(path)
    path.write_text(change(path.read_text()))
    with pytest.raises(CatalogError) as raised:
        read_languages(path)
    assert str(path) in str(raised.value)
    assert message in str(raised.value)
    path.unlink()
    with pytest.raises(CatalogError, match="there are no translations here"):
        read_languages(path)
