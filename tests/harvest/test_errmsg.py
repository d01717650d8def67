"""errmsg.sys and perror: files as the formats say, cut off or foreign ones, and those of real servers."""

import struct
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import pytest

from errbook.harvest import errmsg, perror
from errbook.harvest.catalog import CatalogError

from .conftest import LabServer

TEXTS = ["hashchk", "NO", "Too many connections", "zwölf", "first\nsecond\n", ""]


def mysql_file(texts: list[str], charset: int = 8) -> bytes:
    """Return an errmsg.sys as MySQL's build writes it."""
    stored = [text.encode() + b"\0" for text in texts]
    starts = [0, *accumulate(map(len, stored))][:-1]
    header = b"\xfe\xfe\x03\x01\x01\0" + struct.pack("<II", sum(map(len, stored)), len(stored))
    return header.ljust(30, b"\0") + bytes([charset, 0]) + struct.pack(f"<{len(stored)}I", *starts) + b"".join(stored)


def mariadb_file(sections: list[list[str]]) -> bytes:
    """Return an errmsg.sys as MariaDB's build writes it, with what is left over in the place of the last length."""
    stored = [text.encode() + b"\0" for section in sections for text in section]
    lengths = [*map(len, stored[:-1]), 51312]
    header = b"\xfe\xfe\x02\x05\x01\0" + struct.pack("<IHHH", sum(map(len, stored)), 3209, len(stored), len(sections))
    counts = struct.pack(f"<{len(sections)}H", *map(len, sections))
    return header.ljust(32, b"\0") + counts + struct.pack(f"<{len(stored)}H", *lengths) + b"".join(stored)


def test_the_texts_of_mysql_come_without_numbers(tmp_path: Path) -> None:
    path = tmp_path / "errmsg.sys"
    path.write_bytes(mysql_file(TEXTS))
    assert errmsg.read(path) == ("mysql", [], TEXTS)


def test_the_texts_of_mariadb_come_with_numbers_by_section(tmp_path: Path) -> None:
    path = tmp_path / "errmsg.sys"
    path.write_bytes(mariadb_file([TEXTS[:2], [], TEXTS[2:]]))
    assert errmsg.read(path) == ("mariadb", [1000, 1001, 3000, 3001, 3002, 3003], TEXTS)


@pytest.mark.parametrize("whole", [mysql_file(TEXTS), mariadb_file([TEXTS, TEXTS])], ids=["mysql", "mariadb"])
def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "errmsg.sys"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(CatalogError, match=r"is cut off|not an errmsg\.sys"):
            errmsg.read(path)
    path.write_bytes(whole + b"x")
    with pytest.raises(CatalogError, match="has something after its end"):
        errmsg.read(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"not an errmsg\.sys"),
        (b"SQLite format 3\0".ljust(100, b"\0"), r"not an errmsg\.sys"),
        (b"\xfe\xfe\x07\x01".ljust(64, b"\0"), r"an errmsg\.sys of version 7\.1"),
        (mysql_file(TEXTS).replace(b"NO\0", b"N\0O"), "the table of texts does not fit"),
        (mysql_file(["a", "b"]).replace(b"a\0b\0", b"a\0bc"), "promises 2 texts, it has 1"),
        (mysql_file(["a", "bc"]).replace(b"a\0bc\0", b"a\0b\xff\0"), "a text is not UTF-8"),
        (mariadb_file([TEXTS]).replace(b"NO\0", b"N\0O"), "the table of texts does not fit"),
    ],
)
def test_a_file_that_is_foreign_or_contradicts_itself_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "errmsg.sys"
    path.write_bytes(data)
    with pytest.raises(CatalogError, match=message):
        errmsg.read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"none\.sys: the server's messages cannot be read: No such file"):
        errmsg.read(tmp_path / "none.sys")


@pytest.mark.parametrize("name", ["mysql:9.7", "mariadb:10.11", "mariadb:11.8"])
def test_every_language_of_a_real_server_is_read(
    lab_server: Callable[[str], LabServer], tmp_path: Path, name: str
) -> None:
    paths = sorted(lab_server(name).tree.glob("usr/share/m*/*/errmsg.sys"))
    read = {path.parent.name: errmsg.read(path) for path in paths}
    assert {"english", "german", "japanese"} <= set(read)
    assert {found.flavour for found in read.values()} == {name.partition(":")[0]}
    assert len({len(found.texts) for found in read.values()}) == 1
    whole = next(path for path in paths if path.parent.name == "english").read_bytes()
    cut = tmp_path / "errmsg.sys"
    for size in (31, 33, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:size])
        with pytest.raises(CatalogError, match=r"is cut off|not an errmsg\.sys"):
            errmsg.read(cut)


def explained(output: str) -> perror.Explained:
    found = perror.Explained({}, {}, {}, {})
    perror.parse(output, found)
    return found


def test_perror_of_mysql_is_told_apart_by_whose_number_it_is() -> None:
    found = explained(
        "OS error code  13:  Permission denied\n"
        "MySQL error code MY-000013: Can't get stat of '%s' (OS errno %d - %s)\n"
        "OS error code 122:  Disk quota exceeded\n"
        "MySQL error code MY-000122 (handler): Internal (unspecified) error in handler\n"
        "MySQL error code MY-001040 (ER_CON_COUNT_ERROR): Too many connections\n"
        "MySQL error code MY-010048 (ER_WITH_LINES): first\n"
        "\n"
        "third\n"
        "MySQL error code MY-010049 (ER_EMPTY): \n"
    )
    assert found.system == {13: "Permission denied", 122: "Disk quota exceeded"}
    assert found.mysys == {13: "Can't get stat of '%s' (OS errno %d - %s)"}
    assert found.handler == {122: "Internal (unspecified) error in handler"}
    assert found.server == {
        1040: ("ER_CON_COUNT_ERROR", "Too many connections"),
        10048: ("ER_WITH_LINES", "first\n\nthird"),
        10049: ("ER_EMPTY", ""),
    }


def test_perror_of_mariadb_is_told_apart_and_its_links_are_left_out() -> None:
    found = explained(
        "OS error code  13:  Permission denied\n"
        "MariaDB error code 122: Internal (unspecified) error in handler\n"
        "MariaDB error code 1408 (ER_STARTUP): %s: ready for connections.\n"
        "Version: '%s'  socket: '%s'  port: %d  %s\n"
        "Learn more: https://err.mariadb.com/1408\n"
    )
    assert found.handler == {122: "Internal (unspecified) error in handler"}
    assert found.server == {
        1408: ("ER_STARTUP", "%s: ready for connections.\nVersion: '%s'  socket: '%s'  port: %d  %s")
    }


def test_a_program_that_is_not_perror_is_refused() -> None:
    with pytest.raises(CatalogError, match="it printed `Usage: perror`, which is no form that errbook knows"):
        explained("Usage: perror\n")
    with pytest.raises(CatalogError, match="it names no error of a server"):
        perror.ask(lambda _: "OS error code   1:  Operation not permitted\n")
