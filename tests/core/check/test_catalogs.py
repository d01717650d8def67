"""Catalogs of servers: their own form, and entries that do not agree with them."""

import json
from pathlib import Path
from typing import Any

import pytest

from errbook.check import check
from errbook.harvest.catalog import catalog, write
from errbook.problem import text

MYSQL = {
    "code": "1205",
    "symbol": "ER_LOCK_WAIT_TIMEOUT",
    "sqlstate": "HY000",
    "message": "Lock wait timeout exceeded; try restarting transaction",
    "where": "client",
}


def put(layer: Any, engine: str, series: str, *rows: dict[str, Any]) -> Path:
    """Write a catalog into the small knowledge."""
    made = catalog(engine, series, f"{series}.1", ["tests"], rows)
    path: Path = layer.root / "catalog" / engine / f"{series}.jsonl"
    write(path, *made)
    return path


def lines(layer: Any) -> list[str]:
    """Return the problems, with paths below the layer."""
    return [text(problem).replace(f"{layer.root}/", "") for problem in check([layer.root])]


def test_an_entry_that_agrees_with_the_catalogs(layer: Any) -> None:
    put(layer, "mysql", "9.7", MYSQL)
    put(layer, "mariadb", "11.8", MYSQL)
    assert lines(layer) == []


def test_codes_that_no_catalog_has_are_nobodys_business(layer: Any) -> None:
    put(layer, "mysql", "9.7", {**MYSQL, "code": "1206"})
    put(layer, "postgresql", "18", {"code": "00000", "symbol": "successful_completion", "kind": "success"})
    assert lines(layer) == []


@pytest.mark.parametrize(
    ("mysql", "mariadb", "says"),
    [
        (
            {"symbol": "ER_LOCK_TIMEOUT"},
            {"symbol": "ER_LOCK_TIMEOUT"},
            "4:9: catalog-symbol: the symbol of 1205 in mysql 9.7 is `ER_LOCK_TIMEOUT`, not `ER_LOCK_WAIT_TIMEOUT`. "
            "Write `ER_LOCK_TIMEOUT`",
        ),
        (
            {"sqlstate": "40001"},
            {"sqlstate": "40001"},
            '5:11: catalog-sqlstate: the SQLSTATE of 1205 is `40001` in mysql 9.7, not `HY000`. Write "40001"',
        ),
        (
            {},
            {"sqlstate": "22007"},
            "5:11: catalog-sqlstate: the SQLSTATE of 1205 is `22007` in mariadb 11.8, not `HY000`. Under `sqlstates`, "
            'write mariadb: "22007"',
        ),
        (
            {},
            {"symbol": "ER_SOMETHING_ELSE"},
            "3:18: catalog-shared: 1205 is `ER_LOCK_WAIT_TIMEOUT` in mysql 9.7 and `ER_SOMETHING_ELSE` in mariadb "
            "11.8. Where it is the same error, name `ER_SOMETHING_ELSE` under `aliases`; else remove mariadb, and "
            "write errors/mariadb/1205.yaml for its own",
        ),
        (
            {},
            {"code": "1206"},
            "3:18: catalog-shared: no catalog of mariadb has 1205. Remove mariadb: an entry holds only for engines "
            "that have its code",
        ),
        (
            {"message": "Lock wait timeout of %d s exceeded"},
            {},
            ": catalog-message: no message reads as that of mysql 9.7: `Lock wait timeout of %d s exceeded`. "
            "Write it as the server prints it, with a {name} for each of its 1 values",
        ),
    ],
)
def test_an_entry_that_contradicts_a_server(
    layer: Any, mysql: dict[str, str], mariadb: dict[str, str], says: str
) -> None:
    put(layer, "mysql", "9.7", MYSQL | mysql)
    put(layer, "mariadb", "11.8", MYSQL | mariadb)
    (found,) = lines(layer)
    assert found.startswith("errors/mysql/1205.yaml:")
    assert found.endswith(says)


def test_a_renamed_error_is_shared_where_both_symbols_are_named(layer: Any) -> None:
    put(layer, "mysql", "9.7", MYSQL)
    put(layer, "mariadb", "11.8", {**MYSQL, "symbol": "ER_LOCK_TIMEOUT"})
    own = "symbol: ER_LOCK_WAIT_TIMEOUT\n"
    layer.edit("mysql/1205.yaml", own, f"{own}aliases:\n  - symbol: ER_LOCK_TIMEOUT\n    where: MariaDB\n")
    assert lines(layer) == []


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("22007", None),
        ("22000", 'is `22007` in mariadb 11.8, not `22000`. Under `sqlstates`, write mariadb: "22007"'),
    ],
)
def test_an_engine_may_send_another_sqlstate(layer: Any, written: str, says: str | None) -> None:
    put(layer, "mysql", "9.7", MYSQL)
    put(layer, "mariadb", "11.8", {**MYSQL, "sqlstate": "22007"})
    own = 'sqlstate: "HY000"\n'
    layer.edit("mysql/1205.yaml", own, f'{own}sqlstates:\n  mariadb: "{written}"\n')
    found = lines(layer)
    assert not found if says is None else found[0].endswith(says)


def test_a_sqlstate_of_one_engine_that_is_the_common_one(layer: Any) -> None:
    put(layer, "mysql", "9.7", MYSQL)
    put(layer, "mariadb", "11.8", MYSQL)
    own = 'sqlstate: "HY000"\n'
    layer.edit("mysql/1205.yaml", own, f'{own}sqlstates:\n  mariadb: "22007"\n')
    (found,) = lines(layer)
    assert found.endswith("not `22007`. Remove the line: it is what `sqlstate` says")


def test_an_older_symbol_becomes_an_alias(layer: Any) -> None:
    put(layer, "mysql", "8.4", MYSQL)
    put(layer, "mysql", "9.7", {**MYSQL, "symbol": "ER_LOCK_TIMEOUT"})
    (found,) = lines(layer)
    assert found.endswith(
        "Write `ER_LOCK_TIMEOUT`, and put `ER_LOCK_WAIT_TIMEOUT` under `aliases`: it was the symbol before"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text[:-30], ":2:1: catalog-form: the file is cut off in this line. Harvest it again"),
        (lambda text: text.replace('"9.7"', '"9.6"', 1), ":1:1: catalog-form: the series is `9.6`, and the file is "
         "catalog/mysql/9.7.jsonl. Move it to catalog/mysql/9.6.jsonl"),
        (lambda text: text.replace('"1205"', '"12/5"'), ":2:1: catalog-form: `12/5` is no code. Harvest it again"),
        (lambda text: text.replace("ER_LOCK", "ER LOCK"), "is no symbol. Harvest it again"),
        (lambda text: text.replace("HY000", "HY"), ":2:1: catalog-form: `HY` is no SQLSTATE. Harvest it again"),
        (lambda text: text.replace("Lock wait", r"\ud800"), ": catalog-form: this row has half a character. Harvest"),
        (lambda text: text.replace('"where"', '"were"'), "which the format does not know. Harvest it again"),
        (lambda _: "", ":1:1: catalog-form: no catalog: the first line must be a header"),
        (lambda text: text.replace('"rows":1', '"rows":2'), "Harvest it again"),
        (lambda _: "[" * 100_000, "the first line must be a header"),
    ],
)  # fmt: skip
def test_a_damaged_catalog_is_a_problem(layer: Any, change: Any, says: str) -> None:
    path = put(layer, "mysql", "9.7", MYSQL)
    path.write_text(change(path.read_text()))
    (found,) = lines(layer)
    assert found.startswith("catalog/mysql/9.7.jsonl:")
    assert says in found


def test_what_has_no_place_below_catalog(layer: Any) -> None:
    put(layer, "oracle", "23", {"code": "1"})
    (layer.root / "catalog" / "notes.txt").write_text("x")
    (layer.root / "catalog" / "mysql").mkdir()
    (layer.root / "catalog" / "mysql" / "9.7.json").write_text("{}")
    found = lines(layer)
    assert [line.partition(".")[0].partition(" `")[0] for line in found] == [
        "catalog/mysql/9",
        "catalog/notes",
        "catalog/oracle:1:1: unknown-file:",
    ]


def test_system_numbers_say_whose_they_are(layer: Any) -> None:
    put(layer, "system", "linux", {"code": "13", "symbol": "EACCES", "namespace": "us"})
    (found,) = lines(layer)
    assert "`us` is no namespace of system: those are os, handler, innodb, mysys" in found


def test_only_what_is_asked_for_is_reported(layer: Any) -> None:
    path = put(layer, "mysql", "9.7", MYSQL)
    path.write_text("{}\n")
    assert check([layer.root], [layer.path("postgresql/55P03.yaml")]) == []
    (problem,) = check([layer.root], [path])
    assert (problem.rule, problem.line) == ("catalog-form", 1)


def test_a_private_catalog_takes_the_place_of_the_public_one(layer: Any, tmp_path: Path) -> None:
    put(layer, "mysql", "9.7", MYSQL)
    private = tmp_path / "private"
    (private / "errors").mkdir(parents=True)
    made = catalog("mysql", "9.7", "9.7.9", ["tests"], [{**MYSQL, "symbol": "ER_OURS"}])
    write(private / "catalog" / "mysql" / "9.7.jsonl", *made)
    (problem,) = check([private, layer.root])
    assert problem.message == "the symbol of 1205 in mysql 9.7 is `ER_OURS`, not `ER_LOCK_WAIT_TIMEOUT`"
    assert json.loads((layer.root / "catalog/mysql/9.7.jsonl").read_text().splitlines()[0])["version"] == "9.7.1"
