"""A server's programs: the texts in them, and the reports in their machine code."""

from pathlib import Path
from typing import Any

import pytest

from errbook.harvest.catalog import CatalogError
from errbook.harvest.postgresql_binary import Reported, present, reports, server_version, shape, sqlstate

from .postgresql_tree import REPORTING, compiled

PROGRAM = (
    REPORTING
    + r"""
void work(int level, const char *name)
{
    ereport(21, errcode(MAKE_SQLSTATE('2', '2', '0', '1', '2')), errmsg("division by zero"));
    ereport(22, errcode_for_file_access(), errmsg("could not open \"%s\": %m", name), errhint("Look at %s.", name));
    ereport(19, errmsg("%d is odd\n", level), errdetail("The detail."));
    ereport(level, errmsg("at a level"));
    ereport(21, errmsg(name));
}
"""
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shared library with reports, compiled as a server's are."""
    return compiled(tmp_path_factory.mktemp("library") / "made.so", PROGRAM)


def test_reports_are_read_off_the_machine_code(library: Path) -> None:
    assert sorted(reports(library, "18")) == sorted(
        [
            Reported("division by zero", "22012", "", "ERROR", (), ()),
            Reported('could not open "%s": %m', "", "file-access", "FATAL", (), ("Look at %s.",)),
            Reported("%d is odd", "", "", "WARNING", ("The detail.",), ()),
            Reported("at a level", "", "", "", (), ()),
        ]
    )


def test_postgresql_13_counts_its_levels_differently(library: Path) -> None:
    assert {report.severity for report in reports(library, "13")} == {"FATAL", "PANIC", "WARNING", ""}


@pytest.mark.parametrize("size", [0, 3, 60, 64, 700, 5000])
def test_a_program_that_is_cut_off_or_none_is_refused(library: Path, tmp_path: Path, size: int) -> None:
    path = tmp_path / "postgres"
    path.write_bytes(library.read_bytes()[:size])
    with pytest.raises(CatalogError, match=r"postgres: (the program is cut off|not a 64-bit)"):
        reports(path, "18")


def test_a_program_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="postgres: the program cannot be read: No such file"):
        reports(tmp_path / "postgres", "18")
    with pytest.raises(CatalogError, match="not the program `postgres` of a PostgreSQL server"):
        server_version(Path(__file__).with_name("conftest.py"))


def test_the_version_of_a_server(tmp_path: Path) -> None:
    path = tmp_path / "postgres"
    path.write_bytes(b"\0postgres (PostgreSQL) 17.10\n\0")
    assert server_version(path) == "17.10"


@pytest.mark.parametrize(("number", "code"), [(33816706, "22012"), (0, "00000"), (-1, ""), (1 << 31, "")])
def test_sqlstates_as_numbers(number: int, code: str) -> None:
    assert sqlstate(number) == code


def test_present_rows_are_spelled_as_the_server_has_them(tmp_path: Path) -> None:
    path = tmp_path / "postgres"
    texts = [
        "whole",
        "line\n",
        "beginning and end",
        "%lld rows",
        "%s at or near",
        "syntax error",
        "The hint.",
        "one",
        "two",
    ]
    path.write_bytes(b"\0" + b"\0".join(text.encode() for text in texts) + b"\0")
    rows: list[dict[str, Any]] = [
        {"code": "1", "message": "whole", "hint": ["The hint.", "No hint."], "detail": ["No detail."]},
        {"code": "2", "message": "line"},
        {"code": "3", "message": "and end"},
        {"code": "4", "message": "%d rows"},
        {"code": "5", "message": "syntax error at or near"},
        {"code": "6", "message": "one", "plural": "two"},
        {"code": "7", "symbol": "no_message"},
        {"code": "8", "message": "absent"},
        {"code": "9", "message": "one", "plural": "absent"},
        {"code": "10", "message": "whol"},
    ]
    found, missing = present([path], rows)
    assert found == [
        {"code": "1", "message": "whole", "hint": ["The hint."]},
        *rows[1:3],
        {"code": "4", "message": "%lld rows"},
        *rows[4:7],
    ]
    assert missing == rows[7:]


def test_no_programs_are_refused() -> None:
    with pytest.raises(CatalogError, match="no programs are given"):
        present([], [])


@pytest.mark.parametrize(
    ("one", "other"), [("%ld of %s", "%d of %s"), ("%<PRIu64> rows", "%zu rows"), ("a %5.2f\n", "a %5.2f")]
)
def test_the_width_of_a_number_is_no_difference(one: str, other: str) -> None:
    assert shape(one) == shape(other)
    assert shape("%d") != shape("%s")
