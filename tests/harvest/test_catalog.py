"""The catalog's file format, and two catalogs compared."""

from pathlib import Path
from typing import Any

import pytest

from errbook.catalog import diff, load, series, siblings
from errbook.harvest.catalog import Catalog, CatalogError, catalog, encode, read, write

ROWS: list[dict[str, Any]] = [
    {"code": "3000", "symbol": "ER_LATE", "sqlstate": "HY000", "where": "client"},
    {"where": "client", "message": "Too many connections", "symbol": "ER_CON_COUNT_ERROR", "code": "1040"},
    {"code": "29", "message": "File '%s' not found\u2028\n", "where": "client"},
]
LINES = [
    '{"catalog":1,"engine":"mysql","series":"9.7","version":"9.7.4","sources":["made up"],"rows":3}',
    '{"code":"29","message":"File \'%s\' not found\u2028\\n","where":"client"}',
    '{"code":"1040","symbol":"ER_CON_COUNT_ERROR","message":"Too many connections","where":"client"}',
    '{"code":"3000","symbol":"ER_LATE","sqlstate":"HY000","where":"client"}',
]


def made(rows: list[dict[str, Any]], engine: str = "mysql", name: str = "9.7") -> Catalog:
    return catalog(engine, name, f"{name}.4", ["made up"], rows)


def test_every_committed_catalog_is_read_and_written_to_the_same_bytes(catalogs: Path, tmp_path: Path) -> None:
    # Translations have a form of their own, which test_postgresql_languages.py reads.
    paths = sorted(path for path in catalogs.glob("*/*.jsonl") if path.name != "languages.jsonl")
    assert paths
    for path in paths:
        found = read(path)
        assert (found.header["engine"], found.header["series"]) == (path.parent.name, path.stem)
        write(tmp_path / path.name, *found)
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_rows_are_sorted_by_number_and_fields_stand_in_order(tmp_path: Path) -> None:
    path = tmp_path / "catalog" / "mysql" / "9.7.jsonl"
    write(path, *made(ROWS))
    assert path.read_text().split("\n") == [*LINES, ""]
    assert read(path) == made(ROWS)


def test_sqlstates_sort_as_text_and_a_named_row_leads_its_messages() -> None:
    rows = [{"code": "40P01"}, {"code": "40001"}, {"code": "23505", "message": "m"}, {"code": "23505", "symbol": "s"}]
    assert [(row["code"], "symbol" in row) for row in made(rows).rows] == [
        ("23505", True),
        ("23505", False),
        ("40001", False),
        ("40P01", False),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"symbol": "ER_X"}, "has no field `code`"),
        ({"code": 1040}, "has `1040` as `code`, which must be a text"),
        ({"code": "1", "colour": "red"}, "has the field `colour`, which the format does not know"),
        ({"code": "1", "hint": ["a", 2]}, "which must be a list of texts"),
        ({"code": "1", "obsolete": "yes"}, "has `yes` as `obsolete`, which must be true or false"),
        (ROWS[0], "is given twice"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_and_the_old_file_stays(
    tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    path = tmp_path / "9.7.jsonl"
    write(path, *made(ROWS))
    with pytest.raises(CatalogError, match="catalog mysql") as caught:
        write(path, made(ROWS).header, [*ROWS, row])
    assert message in str(caught.value)
    assert read(path) == made(ROWS)
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_beside_a_target_that_cannot_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "9.7.jsonl" / "full").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write(tmp_path / "9.7.jsonl", *made(ROWS))
    assert [path.name for path in tmp_path.iterdir()] == ["9.7.jsonl"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: no catalog: the first line must be a header"),
        ("MZ\0\1", ":1: no catalog"),
        ("[1, 2]\n", ":1: no catalog"),
        ("[" * 100_000, ":1: no catalog"),
        ('{"openapi":"3.1"}\n', ":1: no catalog"),
        (LINES[0].replace('"catalog":1', '"catalog":2'), ":1: a catalog of format `2`; this errbook reads format 1"),
        (LINES[0].replace('"rows":3', '"rows":"3"') + "\n", ":1: the header has `3` as `rows`"),
        (LINES[0].replace('"engine":"mysql",', "") + "\n", ":1: the header has no field `engine`"),
        ("\n".join(LINES), ":4: the file is cut off in this line"),
        ("\n".join(LINES)[:-20], ":4: the file is cut off in this line"),
        ("\n".join(LINES[:3]) + "\n", ": the header promises 3 rows and 2 follow"),
        ("\n".join([*LINES, LINES[-1]]) + "\n", ": the header promises 3 rows and 4 follow"),
        ("\n".join([*LINES[:3], "{]"]) + "\n", ":4: not a row of JSON"),
        ("\n".join([*LINES[:3], "7"]) + "\n", ":4: `7` is no row"),
        ("\n".join([*LINES[:3], '{"code":"3000","colour":"red"}']) + "\n", ":4: this row has the field `colour`"),
        ("\n".join([LINES[0], LINES[2], LINES[1], LINES[3]]) + "\n", ":3: this row stands in the wrong place"),
        ("\n".join([*LINES[:3], LINES[2]]) + "\n", ":4: this row repeats the row before it"),
    ],
)
def test_a_file_that_is_no_whole_catalog_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "9.7.jsonl"
    path.write_text(text)
    with pytest.raises(CatalogError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}{message}")


def test_a_file_that_is_missing_or_binary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="there is no catalog here; run: errbook harvest"):
        read(tmp_path / "none.jsonl")
    (tmp_path / "binary.jsonl").write_bytes(b"{\xff")
    with pytest.raises(CatalogError, match="byte 1 is not UTF-8"):
        read(tmp_path / "binary.jsonl")


def test_the_header_counts_the_rows_that_are_written() -> None:
    header = {**made(ROWS).header, "rows": 99}
    assert encode(header, ROWS).decode().split("\n")[0] == LINES[0]


def test_a_diff_says_what_was_added_removed_and_changed() -> None:
    after = [{**ROWS[0], "symbol": "ER_LATER"}, ROWS[1], {"code": "4000", "symbol": "ER_NEW"}]
    found = diff(made(ROWS), made(after))
    assert [row["code"] for row in found.added] == ["4000"]
    assert [row["code"] for row in found.removed] == ["29"]
    assert [(change.before["symbol"], change.after["symbol"], change.fields) for change in found.changed] == [
        ("ER_LATE", "ER_LATER", ("symbol",))
    ]
    assert diff(made(ROWS), made(ROWS)) == ([], [], [])


def test_messages_of_one_sqlstate_are_compared_as_a_set() -> None:
    named = {"code": "23505", "symbol": "unique_violation"}
    before = made([named, {"code": "23505", "message": "one"}, {"code": "23505", "message": "two"}], "postgresql", "17")
    after = made(
        [named, {"code": "23505", "message": "two"}, {"code": "23505", "message": "three"}], "postgresql", "18"
    )
    found = diff(before, after)
    assert [row["message"] for row in found.added] == ["three"]
    assert [row["message"] for row in found.removed] == ["one"]
    assert found.changed == []


def test_numbers_of_two_namespaces_are_two_rows() -> None:
    rows = [{"code": "1", "symbol": "EPERM", "namespace": "os"}, {"code": "1", "symbol": "EE_A", "namespace": "mysys"}]
    found = diff(made(rows), made([rows[0], {**rows[1], "symbol": "EE_B"}]))
    assert [change.after["symbol"] for change in found.changed] == ["EE_B"]


def test_two_engines_have_no_diff(catalogs: Path) -> None:
    with pytest.raises(CatalogError, match="mysql and mariadb are two engines"):
        diff(load(catalogs, "mysql", "9.7"), load(catalogs, "mariadb", "11.8"))


def test_an_unknown_series_is_answered_with_those_there_are(catalogs: Path) -> None:
    assert series(catalogs, "mariadb") == ["10.11", "11.8"]
    with pytest.raises(CatalogError, match=r"mariadb 9.9: no catalog of this series; there are 10.11, 11.8"):
        load(catalogs, "mariadb", "9.9")
    with pytest.raises(CatalogError, match="oracle 19: no catalog of this series; there are none of this engine"):
        load(catalogs, "oracle", "19")


def test_what_changed_between_two_series_of_mariadb(catalogs: Path) -> None:
    found = diff(load(catalogs, "mariadb", "10.11"), load(catalogs, "mariadb", "11.8"))
    assert {"4208", "5027"} <= {row["code"] for row in found.added}
    assert found.removed == []
    symbols = {change.before["code"]: change for change in found.changed if "symbol" in change.fields}
    assert (symbols["1252"].before["symbol"], symbols["1252"].after["symbol"]) == (
        "ER_SPATIAL_CANT_HAVE_NULL",
        "ER_INDEX_CANNOT_HAVE_NULL",
    )


@pytest.mark.parametrize(
    ("code", "relation"),
    [
        ("1040", "same"),
        ("1000", "same"),  # obsolete in MySQL, by the same symbol
        ("1072", "renamed"),  # EXITS, EXIST: the same message
        ("1236", "renamed"),  # SOURCE, MASTER
        ("1150", "renamed"),  # the number has lost its symbol in MySQL, not its message
        ("1101", "retired"),  # MariaDB raises it no more
        ("3063", "retired"),  # MariaDB keeps the number free
        ("4018", "retired"),  # obsolete in MySQL
        ("1076", "different"),
        ("4038", "retired"),
        ("4053", "different"),
        ("1826", "different"),  # a rename, and only a reader can tell
        ("2006", "same"),
        ("5001", "different"),  # the X Protocol of one, the client library of the other
    ],
)
def test_siblings_say_whether_a_number_means_the_same(catalogs: Path, code: str, relation: str) -> None:
    found = {pair.code: pair for pair in siblings(load(catalogs, "mysql", "9.7"), load(catalogs, "mariadb", "11.8"))}
    assert found[code].relation == relation
