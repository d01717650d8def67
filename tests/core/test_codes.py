"""Codes of the catalogs: found by every name, merged over series and siblings, compared between versions."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.core.conftest import ROOT, Run

from errbook import answers, query
from errbook.codes import Code
from errbook.compile import compile_knowledge
from errbook.harvest.catalog import catalog, read, write
from errbook.knowledge import Knowledge

SQLITE = ROOT / "errors" / "sqlite"


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("13426", "mysql/13426"),
        ("mysql/13426", "mysql/13426"),
        ("MY-013426", "mysql/13426"),
        ("MY-10926", "mysql/10926"),
        ("[MY-010926]", "mysql/10926"),
        ("er_grp_rpl_member_ver_read_compatible", "mysql/13426"),
        ("mariadb 4000", "mariadb/4000"),
        ("1040", "mysql/1040"),
        ("ER_INDEX_CANNOT_HAVE_NULL", "mariadb/1252"),
        ("errno 13", "os/13"),
        ("os/13", "os/13"),
        ("OS error 28", "os/28"),
        ("EWOULDBLOCK", "os/11"),
        ("Got error 122 from storage engine", "handler/122"),
        ("Got error 28 from storage engine", "os/28"),
        ("errno: 150", "handler/150"),
        ("handler error 121", "handler/121"),
        ("InnoDB error 13", "innodb/13"),
        ("InnoDB error 194", "handler/194"),
        ("mysys 13", "mysys/13"),
        ("errno 1040", "mysql/1040"),
        ("CR_SERVER_LOST", "mysql/2013"),
        ("SQLITE_IOERR_READ", "sqlite/266"),
    ],
)
def test_a_query_finds_its_code_first(knowledge: Knowledge, asked: str, first: str) -> None:
    assert [link.id for link in knowledge.find_codes(asked)][:1] == [first]


def test_every_row_of_every_catalog_is_a_code(knowledge: Knowledge) -> None:
    for path in sorted((ROOT / "catalog").glob("*/*.jsonl")):
        if path.parent.name not in ("mysql", "mariadb", "sqlite"):
            continue
        header, rows = read(path)
        listed = {(link.code, link.namespace): link for link in knowledge.codes(path.parent.name)}
        for row in rows:
            space = "client" if row["where"] == "library" and path.parent.name != "sqlite" else "server"
            assert (row["code"], space) in listed
        assert header["version"] in [item["version"] for item in knowledge.catalogs()]


def test_a_code_goes_there_and_back(knowledge: Knowledge) -> None:
    for engine in ("mysql", "mariadb", "sqlite", "os", "handler", "innodb", "mysys"):
        for text in list(knowledge.codes_raw(engine, limit=50)):
            assert Code.of(json.loads(text)).public() == json.loads(text)


def test_a_code_with_an_entry_points_to_it(knowledge: Knowledge) -> None:
    code = knowledge.code("mariadb", "1040")
    assert code is not None
    assert code.entry is not None
    assert code.entry.id == "mysql/1040"
    assert (code.neighbours, code.contribute) == ((), None)
    assert code.sibling is not None
    assert (code.sibling.id, code.sibling.same, code.sibling.note) == ("mysql/1040", True, None)


def test_a_code_without_an_entry_says_what_is_near(knowledge: Knowledge) -> None:
    code = knowledge.code("mysql", "1041")
    assert code is not None
    assert code.entry is None
    assert code.contribute == "errbook new mysql 1041"
    assert "mysql/1040" in [link.id for link in code.neighbours]
    assert code.page == "/mysql/codes/1000-1099/#1041"


@pytest.mark.parametrize(
    ("code", "same", "note"),
    [
        ("1072", True, "The same error; MariaDB calls it ER_KEY_COLUMN_DOES_NOT_EXIST."),
        ("1236", True, "The same error; MariaDB calls it ER_MASTER_FATAL_ERROR_READING_BINLOG."),
        ("1826", True, "The same error; MariaDB calls it"),
        ("1872", True, "The same error; MariaDB calls it"),
        ("33", True, None),
        ("9", True, None),
        ("36", False, "MariaDB uses 36 for something else: do not take one for the other."),
    ],
)
def test_siblings_say_whether_a_number_means_the_same(
    knowledge: Knowledge, code: str, same: bool, note: str | None
) -> None:
    found = knowledge.code("mysql", code)
    assert found is not None
    assert found.sibling is not None
    assert found.sibling.same is same
    assert (found.sibling.note or "").startswith(note or "")


def test_each_meaning_of_a_number_says_whose_it_is(knowledge: Knowledge) -> None:
    assert [link.id for link in knowledge.find_codes("13")] == [
        "mysql/13",
        "mariadb/13",
        "sqlite/13",
        "os/13",
        "innodb/13",
        "mysys/13",
    ]
    handler = knowledge.code("handler", "187")
    assert handler is not None
    assert {item.series[0].split()[0] for item in handler.messages} == {"mysql", "mariadb"}


def test_symbols_that_differ_by_series(knowledge: Knowledge) -> None:
    code = knowledge.code("mariadb", "1252")
    assert code is not None
    assert [(item.symbol, item.series) for item in code.symbols] == [
        ("ER_INDEX_CANNOT_HAVE_NULL", ("11.8",)),
        ("ER_SPATIAL_CANT_HAVE_NULL", ("10.11",)),
    ]
    assert code.formerly == ("ER_SPATIAL_CANT_HAVE_NULL",)


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [("ER_DUPP_ENTRY", "mysql/1062"), ("er_con_cont_error", "mysql/1040"), ("SQLITE_BUSSY", "sqlite/5")],
)
def test_a_misspelt_symbol_finds_the_right_one(knowledge: Knowledge, misspelt: str, meant: str) -> None:
    assert knowledge.find_codes(misspelt) == []
    assert knowledge.suggest_codes(misspelt)[0].id == meant


def test_a_piece_of_a_message_finds_its_code(knowledge: Knowledge) -> None:
    assert knowledge.search_codes("member version is read compat")[0].id == "mysql/13426"
    assert {link.engine for link in knowledge.search_codes("deadlock found", engine="mariadb")} == {"mariadb"}
    assert knowledge.search_codes("", 5) == []


def test_a_message_as_it_stands_comes_before_words_of_entries(knowledge: Knowledge) -> None:
    text = "member version is read compatible"
    assert knowledge.search(text)
    assert knowledge.codes_first(text)
    answer = json.loads(answers.search(knowledge, text, 5))
    assert (answer["first"], answer["codes"][0]["id"]) == ("codes", "mysql/13426")


@pytest.mark.parametrize(
    ("text", "entry"),
    [("too many connections", "mysql/1040"), ("Duplicate entry", "mysql/1062"), ("mysql 1040", "mysql/1040")],
)
def test_a_written_entry_is_first_where_the_words_are_its_own(knowledge: Knowledge, text: str, entry: str) -> None:
    assert not knowledge.codes_first(text)
    answer = json.loads(answers.search(knowledge, text, 5))
    assert (answer["first"], answer["errors"][0]["id"]) == ("errors", entry)


def test_a_message_that_only_the_catalogs_have_finds_the_entry_of_its_code(knowledge: Knowledge) -> None:
    # 22001 is written up by the message of its commonest case; its servers say others with it, too.
    text = "string too long for hstore key"
    assert "hstore" not in (knowledge.raw("postgresql", "22001") or "")
    assert knowledge.search(text)[0].id == "postgresql/22001"
    assert not knowledge.codes_first(text)


def test_ranges_classes_and_pages_of_codes(knowledge: Knowledge) -> None:
    assert [link.code for link in knowledge.codes("mysql", first="3000", last="3003")] == [
        "3000",
        "3001",
        "3002",
        "3003",
    ]
    assert {(link.sqlstate or "")[:2] for link in knowledge.codes(sqlstate="08")} == {"08"}
    written = knowledge.codes(written=True)
    assert written
    assert all(link.entry for link in written)
    first = knowledge.codes("mysql", limit=3)
    assert knowledge.codes("mysql", after=first[1].id, limit=1) == [first[2]]
    with pytest.raises(ValueError, match="there is no code 'mysql/0'"):
        knowledge.codes(after="mysql/0")
    held = {link.id for engine, part in knowledge.code_ranges() for link in _range(knowledge, engine, part)}
    assert held == {link.id for link in knowledge.codes()}
    assert len(held) == knowledge.listed


def _range(knowledge: Knowledge, engine: str, part: str) -> list:  # type: ignore[type-arg] # links
    about = knowledge.engine(engine)
    ends = query.span(part, states=bool(about and about["sqlstates"] == "code"))
    return knowledge.codes(engine, first=ends.first, last=ends.last)


@pytest.mark.parametrize("text", ["", "-", "5-3", "1-", "x y", "1" * 11, "0-1000", "\x00"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match="ask for one such as"):
        query.span(text, states=False)


def test_what_changed_between_two_series(knowledge: Knowledge) -> None:
    found = knowledge.changes("maria", "10.11", "11.8")
    assert found is not None
    assert (found["from"]["series"], found["to"]["series"]) == ("10.11", "11.8")
    assert len(found["added"]) == 120
    changed = {item["id"]: item for item in found["changed"]}
    assert changed["mariadb/1252"]["facts"] == [
        {"name": "symbol", "before": "ER_SPATIAL_CANT_HAVE_NULL", "after": "ER_INDEX_CANNOT_HAVE_NULL"}
    ]
    assert knowledge.changes("mariadb", "10.11", "99") is None
    assert ("mariadb", "10.11", "11.8") in knowledge.comparable()


@pytest.mark.parametrize("text", ["99999999", "\x00", "💥", "x" * 10_000, "' OR x --", "os", "errno", "\ufffe", "%"])
def test_what_is_no_code_is_not_found(knowledge: Knowledge, text: str) -> None:
    assert knowledge.find_codes(text) == []
    assert knowledge.code("mysql", text) is None
    assert knowledge.code(f"{text}x", "13") is None
    knowledge.search_codes(text)
    knowledge.suggest_codes(text)


def postgresql(folder: Path, series: str, *rows: Mapping[str, object]) -> None:
    made = catalog("postgresql", series, f"{series}.1", ["tests"], rows)
    write(folder / "catalog" / "postgresql" / f"{series}.jsonl", *made)


def test_the_many_messages_of_a_sqlstate(tmp_path: Path) -> None:
    # What is wanted, and what conditions compare, is no code of this small catalog.
    shutil.copytree(ROOT / "errors", tmp_path / "errors", ignore=shutil.ignore_patterns("wanted.yaml", "conditions"))
    state = {"code": "58P01", "symbol": "undefined_file", "kind": "error", "aliases": ["ERRCODE_UNDEFINED_FILE"]}
    said = {"code": "58P01", "message": 'extension "%s" is not available', "severity": "ERROR", "where": "client"}
    opened = {"code": "", "kind": "file-access", "message": 'could not open file "%s": %m', "where": "client"}
    decides = {"code": "58P01", "symbol": "ENOENT", "kind": "file-access"}
    title = {"code": "58", "kind": "class", "message": "System Error"}
    postgresql(tmp_path, "17", state, said)
    postgresql(tmp_path, "18", title, state, said, {**opened, "severity": "FATAL"}, decides)
    compile_knowledge([tmp_path], tmp_path / "errbook.db")
    with Knowledge(tmp_path / "errbook.db") as knowledge:
        code = knowledge.code("pg", "58p01")
        assert code is not None
        assert (code.symbol, code.kind, code.sqlstate, code.severity) == (
            "undefined_file",
            "error",
            "58P01",
            "FATAL, ERROR",
        )
        assert [(item.text, item.errno, item.series) for item in code.messages] == [
            ('extension "%s" is not available', (), ("17", "18")),
            ('could not open file "%s": %m', ("ENOENT",), ("18",)),
        ]
        assert knowledge.search_codes("could not open file")[0].message == 'could not open file "%s": %m'
        assert knowledge.code("postgresql", "58") is None
        assert code.page == "/postgresql/codes/58/#58P01"


def test_a_private_catalog_counts_at_once(errbook: Run, tmp_path: Path) -> None:
    (tmp_path / "kb" / "errors").mkdir(parents=True)
    rows = [{"code": "99", "symbol": "SQLITE_OURS", "kind": "primary", "message": "ours", "where": "library"}]
    write(tmp_path / "kb" / "catalog" / "sqlite" / "9.9.jsonl", *catalog("sqlite", "9.9", "9.9.1", ["tests"], rows))
    private = {"ERRBOOK_DB": "", "ERRBOOK_PATH": str(tmp_path / "kb"), "ERRBOOK_CACHE": str(tmp_path / "cache")}
    assert errbook("SQLITE_OURS", **private).stdout.startswith("SQLite 99  SQLITE_OURS\n")
    assert "9.9.1" in errbook("catalog", "list", **private).stdout
    path = tmp_path / "kb" / "catalog" / "sqlite" / "9.9.jsonl"
    path.write_text(path.read_text().replace("ours", "theirs"))
    os.utime(path, ns=(1, 1))
    assert "theirs" in errbook("SQLITE_OURS", **private).stdout


def test_the_command_answers_for_a_code_without_an_entry(errbook: Run) -> None:
    answer = errbook("13426")
    assert answer.returncode == 0
    assert answer.stdout.startswith(
        "MySQL 13426  ER_GRP_RPL_MEMBER_VER_READ_COMPATIBLE  SQLSTATE HY000\nNot written up yet."
    )
    assert "Write it: errbook new mysql 13426" in answer.stdout
    whole = json.loads(errbook("--json", "13426").stdout)
    assert (whole["count"], whole["errors"], whole["code_count"]) == (0, [], 1)
    assert whole["codes"][0]["where"] == "log"
    assert errbook("--md", "13426").stdout.startswith("# MySQL 13426: `ER_GRP_RPL_MEMBER_VER_READ_COMPATIBLE`\n")
    assert errbook("class", "08").stdout.startswith("SQLSTATE class 08: Connection exception\n")
    assert "Also by this name, not written up yet:" in errbook("5").stdout
    assert "os/5  EIO" in errbook("5").stdout
    assert errbook("search", "member", "version", "is", "read").stdout.startswith("Not written up yet:\n  mysql/134")


def test_the_command_catalog(errbook: Run) -> None:
    assert "9.7.4" in errbook("catalog", "list").stdout
    assert errbook("catalog", "show", "os", "13").stdout == "os/13  EACCES  Permission denied\n"
    assert json.loads(errbook("catalog", "show", "mysql", "3000-3001", "--json").stdout)["count"] == 2
    assert errbook("catalog", "diff", "mariadb", "10.11", "11.8").stdout.startswith("From mariadb 10.11.")
    for arguments, code, says in (
        (["show", "oracle"], 1, "there is no catalog of 'oracle'; there are mysql, mariadb,"),
        (["show", "mysql", "900000"], 1, "mysql has no code in 900000"),
        (["show", "mysql", "5-3"], 2, "'5-3' is no range of codes; ask for one such as 3000-3099"),
        (["show", "mysql", "--json"], 2, "name a range"),
        (["diff", "mariadb", "10.11", "12"], 1, "errbook catalog diff mariadb 10.11 11.8"),
    ):
        answer = errbook("catalog", *arguments)
        assert answer.returncode == code
        assert says in answer.stderr
