"""SQLite's catalogs: the committed ones, and harvesting the library of this Python."""

import errno
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from errbook.harvest import sqlite
from errbook.harvest.catalog import CatalogError, encode, read

HEADER = """\
#define SQLITE_VERSION        "3.40.1"
/* comment
#define SQLITE_COMMENTED 7
*/
#define SQLITE_OK           0   /* Successful result */
/* beginning-of-error-codes */
#define SQLITE_ERROR        1   /* Generic error */
#define SQLITE_IOERR       10   /* Some kind of disk I/O error occurred */
#define SQLITE_DONE        101  /* sqlite3_step() has finished executing */
/* end-of-error-codes */
#define SQLITE_IOERR_READ              (SQLITE_IOERR | (1<<8))
#define SQLITE_IOERR_SHORT_READ        (SQLITE_IOERR | (2<<8))
#define SQLITE_OK_SYMLINK              (SQLITE_OK | (2<<8)) /* internal use only */
#define SQLITE_OPEN_READONLY         0x00000001
#define SQLITE_DENY   1   /* Abort the SQL statement with an error */
"""


@pytest.mark.parametrize(("name", "version", "count"), [("3.40", "3.40.1", 106), ("3.51", "3.51.1", 113)])
def test_the_committed_catalog_has_each_code_once(catalogs: Path, name: str, version: str, count: int) -> None:
    header, rows = read(catalogs / "sqlite" / f"{name}.jsonl")
    assert header["version"] == version
    codes = [int(row["code"]) for row in rows]
    assert codes == sorted(set(codes))
    assert len(codes) == count
    primary = {row["code"] for row in rows if row["kind"] == "primary"}
    assert {str(code & 0xFF) for code in codes} == primary


def test_python_knows_no_other_numbers(catalogs: Path) -> None:
    rows = {row["symbol"]: row["code"] for row in read(catalogs / "sqlite" / "3.51.jsonl").rows}
    # Python has these names for result codes and, without a mark, names of other kinds.
    found = {name: str(value) for name, value in vars(sqlite3).items() if name in rows}
    assert len(found) > 90
    assert found == {name: rows[name] for name in found}


def test_the_library_is_asked_for_its_texts(sqlite_library: Path, catalogs: Path) -> None:
    numbers = {row["symbol"]: int(row["code"]) for row in read(catalogs / "sqlite" / "3.40.jsonl").rows}
    names = sqlite.Names(sqlite3.sqlite_version, numbers, "sqlite3.h")
    first, second = sqlite.harvest(sqlite_library, names), sqlite.harvest(sqlite_library, names)
    assert encode(*first) == encode(*second)
    rows = {row["code"]: row for row in first.rows}
    assert rows["2067"] == {
        "code": "2067",
        "symbol": "SQLITE_CONSTRAINT_UNIQUE",
        "kind": "extended",
        "message": "constraint failed",
        "where": "library",
    }
    assert rows["516"]["message"] == "abort due to ROLLBACK"
    if sqlite3.sqlite_version == "3.40.1":
        assert encode(*first) == (catalogs / "sqlite" / "3.40.jsonl").read_bytes()


def test_names_come_from_the_header(tmp_path: Path) -> None:
    path = tmp_path / "sqlite3.h"
    path.write_text(HEADER)
    assert sqlite.names_of_header(path) == (
        "3.40.1",
        {
            "SQLITE_OK": 0,
            "SQLITE_ERROR": 1,
            "SQLITE_IOERR": 10,
            "SQLITE_DONE": 101,
            "SQLITE_IOERR_READ": 266,
            "SQLITE_IOERR_SHORT_READ": 522,
            "SQLITE_OK_SYMLINK": 512,
        },
        "sqlite3.h",
    )


def test_names_come_from_apsw() -> None:
    # The shape of apsw's mappings: both ways in one dict. The package itself is no dependency.
    module = SimpleNamespace(
        sqlite_lib_version=lambda: "3.51.1",
        mapping_result_codes={"SQLITE_BUSY": 5, 5: "SQLITE_BUSY"},
        mapping_extended_result_codes={"SQLITE_BUSY_SNAPSHOT": 517, 517: "SQLITE_BUSY_SNAPSHOT"},
    )
    names = sqlite.names_of_apsw(module)
    assert names == ("3.51.1", {"SQLITE_BUSY": 5, "SQLITE_BUSY_SNAPSHOT": 517}, "the Python package apsw")


def test_another_file_is_no_header_and_no_library(tmp_path: Path) -> None:
    path = tmp_path / "sqlite3.h"
    with pytest.raises(CatalogError, match=r"sqlite3\.h: the C file cannot be read: No such file or directory"):
        sqlite.names_of_header(path)
    path.write_text("int main(void) { return 0; }\n")
    with pytest.raises(CatalogError, match=r"no constant named like SQLITE_\\w\+ is defined here"):
        sqlite.names_of_header(path)
    path.write_text(HEADER.replace("/* end-of-error-codes */", ""))
    with pytest.raises(CatalogError, match=r"not a sqlite3\.h: it has no version, or its error codes are not marked"):
        sqlite.names_of_header(path)
    with pytest.raises(CatalogError, match="not a SQLite library that can be asked"):
        sqlite.harvest(path, sqlite.Names("3.40.1", {}, "sqlite3.h"))
    with pytest.raises(CatalogError, match="not a SQLite library that can be asked"):
        sqlite.harvest(Path(errno.__file__ if hasattr(errno, "__file__") else "libc.so.6"), sqlite.Names("3", {}, ""))


def test_names_of_another_version_are_refused(sqlite_library: Path) -> None:
    with pytest.raises(CatalogError, match=r"the library is SQLite 3\.[\d.]+ and the names are of 3\.1\.0; take those"):
        sqlite.harvest(sqlite_library, sqlite.Names("3.1.0", {"SQLITE_OK": 0}, "sqlite3.h"))
