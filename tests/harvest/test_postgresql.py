"""PostgreSQL's catalogs: the committed ones, and how they are made of sources and servers."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from errbook.harvest import postgresql as pg
from errbook.harvest.catalog import CatalogError, encode, read
from errbook.harvest.postgresql_binary import reports
from errbook.harvest.postgresql_languages import encode_languages, read_languages
from errbook.harvest.postgresql_report import DEFAULTS, says
from errbook.harvest.postgresql_source import harvest_source

from .conftest import LabServer
from .postgresql_tree import ERRCODES, FILE, REPORTING, compiled, function, tree_with

SERIES = ("13", "14", "15", "16", "17", "18")

# What each catalog holds: SQLSTATEs of errors, and messages that the server sends or logs.
COUNTS = {
    "13": (247, 7_147),
    "14": (248, 7_442),
    "15": (249, 7_634),
    "16": (249, 7_718),
    "17": (249, 7_888),
    "18": (251, 8_137),
}


@pytest.fixture(scope="module")
def rows(catalogs: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of the committed catalogs, by series."""
    return {series: read(catalogs / "postgresql" / f"{series}.jsonl").rows for series in SERIES}


def messages(rows: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    return [row for row in rows if row.get("message") == text]


@pytest.mark.parametrize("series", SERIES)
def test_the_committed_catalogs(catalogs: Path, series: str) -> None:
    path = catalogs / "postgresql" / f"{series}.jsonl"
    header, rows = read(path)
    assert path.read_bytes() == encode(header, rows)
    assert header["version"].partition(".")[0] == series
    states = [row["code"] for row in rows if row.get("kind") == "error"]
    assert len(states) == len(set(states))
    said = [row for row in rows if row.get("where") in ("client", "log")]
    assert (len(states), len(said)) == COUNTS[series]
    about = [
        tuple(str(row.get(field)) for field in ("code", "kind", "symbol", "namespace", "message", "plural", "where"))
        for row in rows
    ]
    assert [key for key, count in Counter(about).items() if count > 1] == []


@pytest.mark.parametrize("series", SERIES)
def test_each_sqlstate_of_a_message_is_listed_and_has_its_class(
    rows: dict[str, list[dict[str, Any]]], series: str
) -> None:
    listed = {row["code"] for row in rows[series] if row.get("kind") in ("error", "warning", "success")}
    classes = {row["code"] for row in rows[series] if row.get("kind") == "class"}
    assert {row["code"] for row in rows[series] if "message" in row and row["code"]} <= listed | classes
    assert {code[:2] for code in listed} == classes


@pytest.mark.parametrize(
    ("message", "code", "severity"),
    [
        ('duplicate key value violates unique constraint "%s"', "23505", "ERROR"),
        ('relation "%s" does not exist', "42P01", "ERROR"),
        ('syntax error at or near "%s"', "42601", "ERROR"),
        ("syntax error at end of input", "42601", "ERROR"),
        ("deadlock detected", "40P01", "ERROR"),
        ('password authentication failed for user "%s"', "28P01", "FATAL"),
        ("sorry, too many clients already", "53300", "FATAL"),
        ("division by zero", "22012", "ERROR"),
        ("canceling statement due to statement timeout", "57014", "ERROR"),
        ("could not serialize access due to concurrent update", "40001", "ERROR"),
        ("current transaction is aborted, commands ignored until end of transaction block", "25P02", "ERROR"),
        ('database "%s" does not exist', "3D000", "FATAL"),
        ("cache lookup failed for relation %u", "XX000", "ERROR"),
    ],
)
def test_well_known_messages_have_their_sqlstate_in_every_series(
    rows: dict[str, list[dict[str, Any]]], message: str, code: str, severity: str
) -> None:
    for series in SERIES:
        found = [row for row in messages(rows[series], message) if row["code"] == code and "namespace" not in row]
        assert found, series
        assert severity in found[0]["severity"], series


def test_messages_come_and_go(rows: dict[str, list[dict[str, Any]]]) -> None:
    def having(text: str) -> list[str]:
        return [series for series in SERIES if messages(rows[series], text)]

    assert having("sorry, too many clients already") == list(SERIES)
    assert having("online backup mode canceled") == ["13", "14"]
    assert having("could not poll socket: %m") == ["14"]
    assert having("must be superuser to use pg_buffercache_evict function") == ["17"]
    assert having("multirange values cannot contain null members") == ["14", "15", "16", "17", "18"]


def test_the_operating_system_chooses_between_sqlstates(rows: dict[str, list[dict[str, Any]]]) -> None:
    for series in SERIES:
        chosen = {
            row["symbol"]: row["code"] for row in rows[series] if row["code"] and row.get("kind") == "file-access"
        }
        assert chosen["ENOENT"] == "58P01"
        assert chosen["ENOSPC"] == "53100"
        assert chosen["others"] == "XX000"
        assert any(
            row["kind"] == "file-access"
            for row in messages(rows[series], 'could not open file "%s": %m')
            if "kind" in row
        )


def test_the_client_library_and_programs_are_told_from_the_server(rows: dict[str, list[dict[str, Any]]]) -> None:
    for row in rows["18"]:
        if "message" in row and row.get("kind") != "class":
            assert (row["where"] in ("library", "program")) <= (row["code"] == "")
    lost = (
        "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n"
        "\tbefore or while processing the request."
    )
    assert [row["where"] for row in messages(rows["18"], lost)] == ["library"]


def test_messages_in_other_languages(catalogs: Path, rows: dict[str, list[dict[str, Any]]]) -> None:
    path = catalogs / "postgresql" / "languages.jsonl"
    header, translated = read_languages(path)
    assert path.read_bytes() == encode_languages(header, translated)
    assert " ".join(header["languages"]) == "de es fr id it ja ka ko pl pt_BR ru sv tr uk zh_CN"
    assert header["languages"]["de"]["severity"]["ERROR"] == "FEHLER"
    assert header["languages"]["fr"]["severity"]["ERROR"] == "ERREUR"
    known = {row["message"] for series in SERIES for row in rows[series] if "message" in row}
    assert {row["message"] for row in translated} <= known
    found = {row["message"]: row for row in translated}
    unique = found['duplicate key value violates unique constraint "%s"']
    assert unique["de"] == ["doppelter Schlüsselwert verletzt Unique-Constraint »%s«"]
    assert found['syntax error at or near "%s"']["ja"][0] == '"%1$s"またはその近辺で構文エラー'
    assert "PostgreSQL Global Development Group" in (catalogs / "postgresql" / header["license"]).read_text()


# How they are made

LISTED = [
    {"code": "00", "kind": "class", "message": "Successful Completion"},
    {"code": "22", "kind": "class", "message": "Data Exception"},
    {"code": "22012", "kind": "error", "symbol": "division_by_zero", "aliases": ["ERRCODE_DIVISION_BY_ZERO"]},
    {
        "code": "2202E",
        "kind": "error",
        "symbol": "array_subscript_error",
        "aliases": ["ERRCODE_ARRAY_ELEMENT_ERROR", "ERRCODE_ARRAY_SUBSCRIPT_ERROR"],
    },
]


def test_sqlstates_are_read_from_the_server(tmp_path: Path) -> None:
    (tmp_path / "errcodes.txt").write_text(ERRCODES)
    found = pg.harvest_sqlstates(tmp_path)
    assert [row for row in found if row in LISTED] == LISTED
    assert len(found) == 6 + 11


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read: No such file"),
        (b"\xff\n", "byte 0 is not UTF-8"),
        (b"", "the file is cut off"),
        (b"22012    E    ERRCODE_DIVISION_BY_ZERO\n", ":1: `22012 E ERRCODE_DIVISION_BY_ZERO` is no line"),
    ],
)
def test_a_list_of_sqlstates_that_is_none_is_refused(tmp_path: Path, text: bytes | None, message: str) -> None:
    if text is not None:
        (tmp_path / "errcodes.txt").write_bytes(text)
    with pytest.raises(CatalogError) as raised:
        pg.harvest_sqlstates(tmp_path)
    assert message in str(raised.value)


def installed(folder: Path, version: str, body: str) -> pg.Server:
    """Return a server whose program has these reports; its libraries have none."""
    for name in ("bin/postgres", "lib/libpq.so.5", "lib/postgresql/plpgsql.so"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        program = f'const char version[] = "postgres (PostgreSQL) {version}\\n";\n' if "postgres" in path.name else ""
        reporting = f"{REPORTING}void work(int level)\n{{\n{body}\n}}\n" if "postgres" in path.name else "int none;\n"
        compiled(path.with_name("made.so"), program + reporting).rename(path)
    (folder / "share").mkdir()
    (folder / "share" / "errcodes.txt").write_text(ERRCODES)
    return pg.server(folder)


def source(folder: Path, version: str, body: str) -> Any:
    return harvest_source(tree_with(folder, {FILE: function(body)}, version))


def state(code: str) -> str:
    return f"MAKE_SQLSTATE({', '.join(repr(letter) for letter in code)})"


def test_a_version_whose_source_is_at_hand(tmp_path: Path) -> None:
    server = installed(tmp_path / "server", "18.4", 'ereport(21, errmsg("here"));')
    made = source(tmp_path / "tree", "18.6", 'elog(ERROR, "here"); elog(ERROR, "in 18.6"); elog(ERROR, "%s", x);')
    found = pg.harvest_with_source("18", made, server)
    assert found.catalog.header["version"] == "18.6"
    assert "PostgreSQL 18.4 hold 1 of 2 messages" in found.catalog.header["sources"][2]
    assert [row["message"] for row in found.missing] == ["in 18.6"]
    assert [doubt.line for doubt in found.doubts] == [4]
    kept = [row for row in found.catalog.rows if "where" in row]
    assert kept == [
        {"code": "XX000", "message": text, "severity": "ERROR", "where": "client"} for text in ("here", "in 18.6")
    ]
    assert encode(*found.catalog) == encode(*pg.harvest_with_source("18", made, server).catalog)


def test_a_version_between_two_sources(tmp_path: Path) -> None:
    before = """
    elog(ERROR, "in both"); elog(ERROR, "of the old"); elog(ERROR, "code changed"); elog(ERROR, "on another system");
    ereport(ERROR, errmsg("gone"), errhint("Old hint.")); elog(ERROR, "read %d rows", n);
    """
    after = """
    elog(ERROR, "in both"); elog(ERROR, "of the new"); elog(ERROR, "on another system");
    ereport(ERROR, errcode(ERRCODE_SYNTAX_ERROR), errmsg("code changed")); elog(DEBUG1, "only debugging");
    """
    old, new = source(tmp_path / "15", "15.18", before), source(tmp_path / "17", "17.2", after)
    of_old = installed(tmp_path / "s15", "15.18", 'ereport(21, errmsg("in both"));')
    of_new = installed(tmp_path / "s17", "17.2", 'ereport(21, errmsg("in both"));')
    between = installed(
        tmp_path / "s16",
        "16.14",
        f"""
        ereport(21, errmsg("in both")); ereport(21, errmsg("of the old"));
        ereport(21, errcode({state("42601")}), errmsg("code changed"));
        ereport(21, errmsg("read %ld rows", (long) level));
        ereport(22, errcode({state("42704")}), errmsg("only here"), errdetail("Why."));
        ereport(level, errmsg("only debugging"));
        """,
    )
    found = pg.harvest_between("16", between, pg.Neighbour(old, of_old.binaries), pg.Neighbour(new, of_new.binaries))
    assert found.catalog.header["version"] == "16.14"
    kept = [row for row in found.catalog.rows if "where" in row]
    assert kept == [
        {"code": "42601", "message": "code changed", "severity": "ERROR", "where": "client"},
        {"code": "42704", "message": "only here", "severity": "FATAL", "detail": ["Why."], "where": "client"},
        *(
            {"code": "XX000", "message": text, "severity": "ERROR", "where": "client"}
            for text in ("in both", "of the old", "on another system", "read %ld rows")
        ),
    ]
    assert sorted(row["message"] for row in found.missing) == ["code changed", "gone", "of the new"]


def test_a_server_or_source_of_another_series_is_refused(tmp_path: Path) -> None:
    server = installed(tmp_path / "server", "17.2", "")
    with pytest.raises(CatalogError, match=r"postgres: this is PostgreSQL 17\.2; give a server of 18"):
        pg.harvest_with_source("18", source(tmp_path / "18", "18.6", ""), server)
    with pytest.raises(CatalogError, match=r"the source is PostgreSQL 18\.6; give one of 17"):
        pg.harvest_with_source("17", source(tmp_path / "again", "18.6", ""), server)


def test_a_folder_without_a_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"no file `errcodes\.txt` is below it; give the folder of one PostgreSQL"):
        pg.server(tmp_path)


@pytest.mark.parametrize("series", SERIES)
def test_the_catalog_has_what_a_real_server_has(
    lab_server: Callable[[str], LabServer], rows: dict[str, list[dict[str, Any]]], series: str
) -> None:
    """Every SQLSTATE that the server lists, and every report in its machine code with its SQLSTATE."""
    server = pg.server(lab_server(f"postgresql:{series}").tree)
    listed = pg.harvest_sqlstates(server.share)
    assert [row for row in listed if {**row} not in rows[series]] == []
    said = {(row["message"], row["code"], row.get("kind", "")) for row in rows[series] if "where" in row}
    seen = different = 0
    for path in server.binaries:
        for report in reports(path, series):
            code = report.code or DEFAULTS.get(report.severity, "")
            if report.severity == "DEBUG" or not says(report.message) or not (code or report.errno):
                continue
            seen += 1
            different += (report.message, "" if report.errno else code, report.errno) not in said
    assert seen > 4_000
    # The source may be of a newer minor version than the server.
    assert different <= seen // 500
