"""``errbook watch``: what passes through, what is said of it, and that it follows files."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from errbook.identified import Identified
from errbook.identifier.dataset import tables
from errbook.identifier.dialects import compiled
from errbook.knowledge import Knowledge
from errbook.watcher.follow import File
from errbook.watcher.lines import SHAPES, Lines, Told
from errbook.watcher.needles import MARKS, finder, needles
from errbook.watcher.shape import shape

QUIET = b"2026-01-02T12:00:00Z INFO GET /api/v1/orders/4711 status=200 duration=31ms\n"
TWICE = (
    b"2026-01-02T12:00:01Z ERROR shop: (1062, \"Duplicate entry 'ada@example.com' for key 'users.email'\")\n"
    b"2026-01-02T12:00:02Z ERROR shop: (1062, \"Duplicate entry 'bob@example.com' for key 'users.email'\")\n"
)
DEADLOCK = b"2026-01-02 12:00:03.000 UTC [4711] ERROR:  deadlock detected\n"

Watch = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def watch(database: Path) -> Iterator[Watch]:
    """Start ``errbook watch`` on the real knowledge."""
    started: list[subprocess.Popen[bytes]] = []

    def watch(*arguments: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "errbook", "watch", *map(str, arguments)],
            env={**os.environ, "ERRBOOK_DB": str(database)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield watch
    for process in started:
        process.kill()
        process.communicate()


def test_a_pipe_passes_unchanged_and_each_error_is_explained_once(watch: Watch) -> None:
    log = QUIET + TWICE + QUIET * 50 + DEADLOCK + b"\xff\x00 no text \r\n" + TWICE + b"no end of line"
    out, said = watch().communicate(log, timeout=60)
    assert out == log
    text = said.decode()
    assert text.count("errbook | MySQL 1062  ER_DUP_ENTRY") == 1
    assert text.count("errbook | errbook mysql 1062\n") == 1
    assert text.count("errbook | PostgreSQL 40P01") == 1
    assert text.endswith(
        "errbook: 5 lines tell of 2 different errors\n  4  MySQL 1062  ER_DUP_ENTRY\n"
        "  1  PostgreSQL 40P01  deadlock_detected\n"
    )
    assert "\x1b" not in text


def test_an_explanation_follows_its_line(database: Path, tmp_path: Path) -> None:
    """Both outputs in one file, as a terminal shows them."""
    target = tmp_path / "both"
    with target.open("wb") as both:
        subprocess.run(
            [sys.executable, "-m", "errbook", "watch"],
            env={**os.environ, "ERRBOOK_DB": str(database)},
            input=QUIET + DEADLOCK + QUIET,
            stdout=both,
            stderr=both,
            check=True,
            timeout=60,
        )
    text = target.read_bytes()
    assert text.startswith(QUIET + DEADLOCK + b"errbook | PostgreSQL 40P01")
    assert text.index(b"errbook postgresql 40P01\n" + QUIET) < text.index(b"errbook: 1 lines tell")


def test_a_log_without_errors_says_so(watch: Watch, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(QUIET * 3)
    out, said = watch("--once", log).communicate(timeout=60)
    assert (out, said) == (QUIET * 3, b"errbook: no database errors that are known here\n")
    out, said = watch("--once", "--quiet", log).communicate(timeout=60)
    assert out == b""


def test_a_file_that_is_not_there_is_bad_usage(watch: Watch, tmp_path: Path) -> None:
    process = watch(tmp_path / "none.log")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.decode() == f"errbook: {tmp_path / 'none.log'}: No such file or directory\n"


def read(process: subprocess.Popen[bytes], size: int) -> bytes:
    """Read so many bytes of a process's output, however many writes they come in."""
    assert process.stdout
    got = b""
    while len(got) < size:
        piece = os.read(process.stdout.fileno(), size - len(got))
        assert piece, got
        got += piece
    return got


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_file_is_followed_through_rotation_and_cutting(watch: Watch, tmp_path: Path, ending: int) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(QUIET)
    process = watch(log)
    assert read(process, len(QUIET)) == QUIET
    with log.open("ab") as more:
        more.write(TWICE)
    assert read(process, len(TWICE)) == TWICE
    # As logrotate does: renamed, written to for a while longer, and made again.
    old = log.rename(tmp_path / "app.log.1")
    with old.open("ab") as more:
        more.write(DEADLOCK)
    assert read(process, len(DEADLOCK)) == DEADLOCK
    log.write_bytes(QUIET + TWICE)
    assert read(process, len(QUIET + TWICE)) == QUIET + TWICE
    # And by copytruncate.
    log.write_bytes(b"")
    time.sleep(1)
    with log.open("ab") as more:
        more.write(DEADLOCK)
    assert read(process, len(DEADLOCK)) == DEADLOCK
    process.send_signal(ending)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said.decode().endswith("  4  MySQL 1062  ER_DUP_ENTRY\n  2  PostgreSQL 40P01  deadlock_detected\n")


def test_what_was_written_just_before_a_rotation_is_not_lost(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(QUIET)
    file = File(log)
    assert file.lines() == QUIET
    # All between two looks: a last line, the renaming, and the new file's first line.
    with log.open("ab") as more:
        more.write(DEADLOCK)
    log.rename(tmp_path / "app.log.1")
    log.write_bytes(TWICE)
    assert (file.lines(), file.lines(), file.lines()) == (DEADLOCK, TWICE, b"")
    file.close()


def test_only_what_is_new_of_several_files(watch: Watch, tmp_path: Path) -> None:
    logs = [tmp_path / name for name in ("one.log", "two.log")]
    for log in logs:
        log.write_bytes(TWICE)
    out, said = watch("--new", "--once", *logs).communicate(timeout=60)
    assert (out, said) == (b"", b"errbook: no database errors that are known here\n")
    out, said = watch("--once", *logs).communicate(timeout=60)
    assert out == TWICE * 2
    assert said.endswith(b"  4  MySQL 1062  ER_DUP_ENTRY\n")


@pytest.fixture
def lines(knowledge: Knowledge) -> Lines:
    find = finder(needles(message.text for entry in knowledge.all() for message in entry.messages))
    return Lines(find, knowledge.identify, {}, OrderedDict())


def errors(lines: Lines, *pieces: bytes) -> list[tuple[str, str]]:
    return [(seen.error.engine, seen.error.code) for piece in pieces for seen in lines.read(piece)]


def test_a_line_is_read_with_those_before_it_where_they_tell_the_engine(lines: Lines) -> None:
    alone = b"    dump error: 1146\n"
    assert errors(lines, QUIET + alone) == []
    assert errors(lines, b"shop: mysql said\n" + alone) == [("mysql", "1146")]
    # In another piece of the log, too.
    assert errors(lines, b"shop: mysql said\n", b"    dump error: 1045\n") == [("mysql", "1045")]


def test_a_code_is_part_of_a_shape_and_a_value_is_not() -> None:
    one = b"2026-01-02 12:00:01 ERROR 1062 (23000): Duplicate entry '17' for key 'users.email'"
    two = b"2026-01-03 13:10:59 ERROR 1062 (23000): Duplicate entry 'x-9' for key 'users.name'"
    assert shape(one) == shape(two)
    for code in (b"1062", b"MY-012592", b"23505", b"42P01"):
        for form in (b"errno: %s", b"SQLSTATE[%s]", b"(SQLSTATE %s)", b'"code":"%s"', b"[ERROR] [%s]", b"ERROR:  %s: "):
            kept = form % code
            assert code[-4:] in shape(kept) or form == b"[ERROR] [%s]", kept


@pytest.mark.parametrize("dialect", tables()[0]["dialects"], ids=lambda item: str(item["name"]))
def test_the_code_of_each_dialect_is_part_of_its_shape(dialect: dict[str, Any]) -> None:
    text = dialect["example"][0]
    match = compiled(dialect["pattern"], bool(dialect.get("exact"))).search(text)
    assert match
    for name, code in match.groupdict().items():
        if code and (not name.startswith("state") or not match.groupdict().get("code")):
            assert code.encode() in shape(text.encode()), shape(text.encode())


def test_lines_of_one_shape_are_not_taken_for_each_other(lines: Lines) -> None:
    forms = (
        b"SQL Error: %d, SQLState: HY000\n",
        b"mysql errno: %d\n",
        b"MySQL error %d: no\n",
        b"[1] mysqli (HY000/%d): x\n",
    )
    for form in forms:
        codes = [str(number) for number in (1040, 1045, 1054, 1064, 1146)]
        lines = Lines(lines._find, lines._identify, {}, OrderedDict())
        assert [code for _, code in errors(lines, *(form % int(code) for code in codes))] == codes, form


def test_every_message_of_an_entry_is_read(knowledge: Knowledge) -> None:
    messages = [message.text for entry in knowledge.all() for message in entry.messages]
    find = finder(needles(messages))
    assert [text for text in messages if not find(text.encode())] == []
    assert min(len(mark.encode()) for mark in MARKS) >= 4


def test_memory_does_not_grow_with_the_log(lines: Lines) -> None:
    """A log of nothing but lines that are all different, each of them an error or like one."""

    def piece() -> bytes:
        words = ("".join(secrets.choice("abcdefghijklmnop") for _ in range(12)) for _ in range(500))
        return b"".join(f"ERROR job {word} of mysql failed\n".encode() for word in words)

    cache = lines._cache
    errors(lines, piece())
    assert 0 < len(cache) <= 500
    cache.clear()
    cache.update((str(number).encode(), Told(None)) for number in range(SHAPES))
    errors(lines, piece())
    assert len(cache) == SHAPES


def test_a_line_without_end_is_passed_on_and_read_in_part(lines: Lines) -> None:
    def asked(text: str) -> list[Identified]:
        assert len(text) <= 3 * 4096
        return []

    long = b"x" * 3_000_000 + b" ERROR " + b"y" * 3_000_000
    found = Lines(lines._find, asked, {}, OrderedDict())
    assert errors(found, long + b"\n" + TWICE) == []
