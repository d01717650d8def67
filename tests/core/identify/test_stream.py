"""``identify --jsonl``: lines that are not read are answered as if they were, and lines like no other are read."""

import json
import random
import re
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest
from tests.core.conftest import ROOT

from errbook.cli.remembered import dumps
from errbook.cli.stream import Stream
from errbook.identified import Identified
from errbook.identifier.dataset import tables
from errbook.identifier.dialects import compiled
from errbook.identifier.quiet import Quiet, widened
from errbook.identifier.words import fold
from errbook.knowledge import Knowledge

CORPUS = sorted((ROOT / "tests/data/identify").glob("*.jsonl"))
DIALECTS = tables()[0]["dialects"]
ZEROS = str.maketrans("123456789", "000000000")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [json.loads(line)["text"] for file in CORPUS for line in file.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def quiet(knowledge: Knowledge) -> Quiet:
    return knowledge.quiet()


def shuffled(text: str, seed: int) -> str:
    """Return a text with other digits."""
    chosen = random.Random(seed)  # noqa: S311 - no secret
    return re.sub("[0-9]", lambda _: chosen.choice("0123456789"), text)


def expected(knowledge: Knowledge, rows: list[dict[str, Any]]) -> bytes:
    """Return what is answered where every line is read."""
    found = ({"id": row["id"], "matches": [item.public() for item in knowledge.identify(row["text"])]} for row in rows)
    return "".join(dumps(answer) + "\n" for answer in found).encode()


@pytest.mark.parametrize("written", ["spaced", "compact", "escaped"])
def test_the_corpus_is_answered_as_if_every_line_were_read(
    knowledge: Knowledge, texts: list[str], written: str
) -> None:
    """Each text five times, with other digits: the later ones may be told by the form of the first."""
    chosen = [shuffled(text, time) if time else text for time in range(5) for text in texts[::5]]
    rows = [{"id": number, "text": text} for number, text in enumerate(chosen)]
    form: dict[str, Any] = {"spaced": {"ensure_ascii": False}, "compact": {"separators": (",", ":")}, "escaped": {}}
    lines = "".join(json.dumps(row, **form[written]) + "\n" for row in rows).encode("utf-8", "surrogatepass")
    stream = Stream(knowledge, 99)
    answered = b"".join(stream.answer(line) for line in lines.splitlines(keepends=True))
    assert answered == expected(knowledge, rows)
    assert Stream(knowledge, 99).answer(lines) == answered
    assert stream.code == 0


def test_an_error_is_read_twice_and_then_answered_as_before(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it quotes is the line's own, and other digits where a code stands are another error."""
    said = "2026-01-02T03:04:%02d ERROR shop: (%d, \"Duplicate entry '%d' for key 'orders.PRIMARY'\")"
    rows = [{"id": at, "text": said % (at % 60, (1062, 1586)[at % 7 == 0], 1000 + at)} for at in range(300)]
    want = expected(knowledge, rows)
    asked: list[str] = []
    identify = knowledge.identify

    def counted(text: str) -> list[Identified]:
        asked.append(text)
        return identify(text)

    monkeypatch.setattr(knowledge, "identify", counted)
    assert Stream(knowledge, 8).answer("".join(f"{json.dumps(row)}\n" for row in rows).encode()) == want
    # Each code once, once more to remember it, and with other digits; again where a number is a word of a message.
    assert len(asked) < 60


@pytest.mark.parametrize("more", [', "level": "error"}', ', "line": 7, "at": "a/%d"}', "}\r"])
def test_what_follows_the_text_of_an_error(knowledge: Knowledge, more: str) -> None:
    said = "ERROR 1062 (23000): Duplicate entry '%d' for key 'orders.PRIMARY'"
    rows = [{"id": at, "text": said % (1000 + at)} for at in range(20)]
    lines = "".join(json.dumps(row)[:-1] + more.replace("%d", str(row["id"])) + "\n" for row in rows).encode()
    assert Stream(knowledge, 8).answer(lines) == expected(knowledge, rows)


def test_an_answer_quotes_the_text_and_nothing_else_of_the_line(knowledge: Knowledge) -> None:
    """PHP writes a slash with an escape: the value does not stand in the line as it stands in the answer."""
    said = "ERROR 1062 (23000): Duplicate entry 'a/7' for key 'orders.PRIMARY'"
    rows = [{"id": at, "text": said, "url": f"a#{7 if at < 5 else at}"} for at in range(10)]
    written = (json.dumps(row).replace("/", "\\/").replace("#", "/") + "\n" for row in rows)
    assert Stream(knowledge, 8).answer("".join(written).encode()) == expected(knowledge, rows)


@pytest.mark.parametrize(
    "symbol", ["ER_HEALTH_WARNING_DIS\u212a_USAGE_LEVEL_%d", "ER_HEALTH_WARNING_DISK_USAGE\u200b_LEVEL_%d"]
)
def test_a_symbol_that_is_written_otherwise_than_it_reads(knowledge: Knowledge, symbol: str) -> None:
    rows = [{"id": at, "text": f"mysql {symbol % at}"} for at in (6, 5, 4, 3, 2, 1)]
    want = expected(knowledge, rows)
    assert want.count(b"[]") == 3
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    assert Stream(knowledge, 8).answer(lines.encode()) == want


def test_lines_that_are_written_in_two_ways(knowledge: Knowledge) -> None:
    rows = [{"id": at, "text": f"2026-01-02 INFO GET /orders/{at} took {at} ms"} for at in range(3000)]
    forms: tuple[dict[str, Any], ...] = ({}, {"separators": (",", ":")}, {"separators": (", ", ":")})
    lines = "".join(json.dumps(row, **forms[at // 500 % 3]) + "\n" for at, row in enumerate(rows)).encode()
    stream = Stream(knowledge, 8)
    cuts = [*range(0, len(lines), 20_000), len(lines)]
    ends = [0, *(lines.find(b"\n", cut) + 1 for cut in cuts[1:-1]), len(lines)]
    answered = b"".join(stream.answer(lines[since:to]) for since, to in pairwise(ends))
    assert answered == expected(knowledge, rows)


@pytest.mark.parametrize("end", ["\r\n", "\n\n", "\n"])
def test_ends_of_lines(knowledge: Knowledge, end: str) -> None:
    lines = end.join(HEALTHY % (at, at, at) for at in range(2000)).encode()
    stream = Stream(knowledge, 8)
    half = lines.index(b"\n", len(lines) // 2) + 1
    answered = [json.loads(line) for line in (stream.answer(lines[:half]) + stream.answer(lines[half:])).splitlines()]
    assert answered == [{"id": at, "matches": []} for at in range(2000)]
    assert stream.code == 0


def test_in_a_quiet_text_nothing_is_found_whatever_its_digits_are(
    knowledge: Knowledge, quiet: Quiet, texts: list[str]
) -> None:
    found = [text for text in texts if quiet(text)]
    assert len(found) > 300
    for seed, text in enumerate(found):
        assert knowledge.identify(text) == []
        assert knowledge.identify(shuffled(text, seed)) == []


def test_what_is_near_with_zeros_for_digits_does_not_hide_what_is_meant(knowledge: Knowledge, quiet: Quiet) -> None:
    """The message's own ``flags 0x`` is near enough to ``failed``, the other one is not."""
    words = " w" * 20
    text = f"shmat(id 5, addr x, flags 1x{words} flags 0x{words} failed: x"
    assert knowledge.identify(text)
    assert not quiet(text)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda item: str(item["name"]))
def test_a_code_is_found_by_its_form_alone(quiet: Quiet, dialect: dict[str, Any]) -> None:
    text = dialect["example"][0]
    pattern = compiled(widened(dialect["pattern"]), bool(dialect.get("exact")))
    assert pattern.search(fold(text.translate(ZEROS)))
    assert not quiet(text)


@pytest.mark.parametrize(
    ("pattern", "made"),
    [
        (r"(?<code2>[1-9]\d{0,2}) 10", r"(?<code2>[01-9]\d{0,2}) 00"),
        (r"[0-9A-Z]{5}\[23000\]", r"[0-9A-Z]{5}\[00000\]"),
        (r"[^5x]\\1", r"[^x]\\0"),
        (r"[^0-9]", r"[^0-9]"),
    ],
)
def test_what_stands_for_a_digit_stands_for_zero(pattern: str, made: str) -> None:
    assert widened(pattern) == made


HEALTHY = '{"id": %s, "text": "2026-01-02 INFO GET /orders/%d took %d ms"}'


@pytest.mark.parametrize(
    "line",
    [
        '{"id": 007, "text": "2026-01-02 INFO GET /orders/1 took 1 ms"}',
        '{"id": 5, "id": 6, "text": "2026-01-02 INFO GET /orders/1 took 1 ms"}',
        '{"id": "a\\u0041", "text": "2026-01-02 INFO GET /orders/1 took 1 ms"}',
        '{"id": [1], "text": "2026-01-02 INFO GET /orders/1 took 1 ms"}',
        '{"id": 9, "text": "2026-01-02 INFO GET /orders/1 took 1 ms", "id": 8}',
        '{"id": 9, "text": "2026-01-02 INFO GET /orders/1 took 1 ms", "text": "ERROR 1062 (23000): x"}',
        '{"text": "2026-01-02 INFO GET /orders/1 took 1 ms", "id": 4}',
        '{"id": 9, "text": "2026-01-02 INFO GET /orders/1 took 1 ms"} x',
        '{"id": 9, "text": "a\\u0031 GET"}',
        '{"id": %s, "text": "x"}' % ("9" * 30),
        '{"text": "no id"}',
        "",
        "[]",
    ],
)
def test_odd_lines_are_read(knowledge: Knowledge, line: str) -> None:
    """After many ordinary ones, an odd line is answered as by a stream that has seen nothing."""
    stream = Stream(knowledge, 8)
    stream.answer("".join(f"{HEALTHY % (at, at, at)}\n" for at in range(50)).encode())
    fresh = Stream(knowledge, 8)
    assert stream.answer(line.encode()) == fresh.answer(line.encode())
    assert stream.code == fresh.code


def test_ids_come_back_as_they_were(knowledge: Knowledge) -> None:
    ids = ["0", "7", '"a-b"', '"\\u00e9"', "null", "1.5", '{"a": 1}', '"x y"', "-3", "true"]
    lines = "".join(f"{HEALTHY % (name, 1, 1)}\n" for name in ids * 2).encode()
    answered = [json.loads(line) for line in Stream(knowledge, 8).answer(lines).splitlines()]
    assert answered == [{"id": json.loads(name), "matches": []} for name in ids * 2]


def test_pieces_and_a_last_line_without_an_end() -> None:
    rows = [{"id": at, "text": "x" * 3000 + f" {at}"} for at in range(1000)]
    given = "\n".join(json.dumps(row) for row in rows)
    ran = subprocess.run(
        [sys.executable, "-m", "errbook", "identify", "--jsonl"],
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [json.loads(line)["id"] for line in ran.stdout.splitlines()] == list(range(1000))


def test_answers_are_there_before_the_stream_ends() -> None:
    command = [sys.executable, "-m", "errbook", "identify", "--jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        for at in range(3):
            process.stdin.write(f"{HEALTHY % (at, at, at)}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == {"id": at, "matches": []}
        process.stdin.close()
