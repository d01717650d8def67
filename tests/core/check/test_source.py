"""Reading one file: what is refused, where it is said to be, and that nothing costs more than its size."""

import os
from pathlib import Path
from typing import Any

import pytest

from errbook.problem import text
from errbook.source import MAX_BYTES, MAX_ITEMS, MAX_PROBLEMS, Source, read


def problems(layer: Any, content: str | bytes, file: str = "postgresql/55P03.yaml") -> list[str]:
    path = layer.write(file, content)
    found, said = read(path, layer.root)
    assert found is None or isinstance(found, Source)
    return [text(problem).removeprefix(f"{path}:") for problem in said]


def source(layer: Any, content: str) -> Source:
    found, said = read(layer.write("postgresql/55P03.yaml", content), layer.root)
    assert said == []
    assert found is not None
    return found


@pytest.mark.parametrize("content", ["", "# only a comment\n", "\n\n", "---\n", "~\n"])
def test_a_file_without_values_is_empty(layer: Any, content: str) -> None:
    assert problems(layer, content) == [
        "1:1: empty-file: the file holds no values. Write the entry, or delete the file"
    ]


def test_a_file_that_is_not_utf8_says_where(layer: Any) -> None:
    assert problems(layer, b"a: b\ntitle: \xe9t\xe9\n") == [
        "2:8: not-utf8: byte 12 (0xe9) is not UTF-8. Save the file as UTF-8"
    ]


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_a_byte_order_mark_is_refused(layer: Any, mark: bytes) -> None:
    assert problems(layer, mark + b"a: b\n") == [
        "1:1: byte-order-mark: the file starts with a byte order mark. Save it as UTF-8 without BOM"
    ]


def test_a_large_file_is_refused_before_it_is_read_whole(layer: Any) -> None:
    assert problems(layer, b"a: " + b"x" * MAX_BYTES) == [
        "1:1: file-too-large: the file is larger than 256 kB. Keep to what one error needs; a real entry is below 40 kB"
    ]


def test_a_sparse_terabyte_costs_nothing(layer: Any) -> None:
    path = layer.write("postgresql/55P03.yaml", b"")
    os.truncate(path, 1 << 40)
    assert [problem.rule for problem in read(path, layer.root)[1]] == ["file-too-large"]


def test_a_directory_is_a_problem(layer: Any) -> None:
    path = layer.path("postgresql/1.yaml")
    path.mkdir()
    assert text(read(path, layer.root)[1][0]).removeprefix(f"{path}:") == (
        "1:1: unreadable-file: this is a directory. Put a YAML file here, or rename the directory"
    )


def test_a_link_that_leads_nowhere_is_a_problem(layer: Any) -> None:
    path = layer.path("postgresql/1.yaml")
    path.symlink_to("2.yaml")
    assert text(read(path, layer.root)[1][0]).removeprefix(f"{path}:") == (
        "1:1: unreadable-file: the symbolic link leads nowhere. Put the file itself here, or remove the link"
    )


def test_a_link_to_itself_is_a_problem(layer: Any) -> None:
    path = layer.path("postgresql/1.yaml")
    path.symlink_to("1.yaml")
    assert [problem.rule for problem in read(path, layer.root)[1]] == ["unreadable-file"]


def test_a_link_that_leaves_the_layer_is_refused(layer: Any, tmp_path: Path) -> None:
    outside = tmp_path / "secret.yaml"
    outside.write_text("a: b\n")
    path = layer.path("postgresql/1.yaml")
    path.symlink_to(outside)
    assert text(read(path, layer.root)[1][0]).removeprefix(f"{path}:") == (
        f"1:1: outside-layer: the symbolic link leads out of the layer, to `{outside}`. Put the file itself here"
    )


def test_a_link_within_the_layer_is_followed(layer: Any) -> None:
    path = layer.path("mariadb/1205.yaml")
    path.symlink_to("../mysql/1205.yaml")
    found, said = read(path, layer.root)
    assert (found and found.engine, said) == ("mariadb", [])


def test_a_named_pipe_is_not_waited_for(layer: Any) -> None:
    path = layer.path("postgresql/1.yaml")
    os.mkfifo(path)
    assert [problem.message for problem in read(path, layer.root)[1]] == ["this is not a regular file"]


def test_duplicate_keys_name_the_first_line_each_time(layer: Any) -> None:
    assert problems(layer, "a: 1\nb: 2\na: 3\na: 4\n") == [
        "3:1: duplicate-key: `a` is given twice; the first is on line 1. Keep one of them",
        "4:1: duplicate-key: `a` is given twice; the first is on line 1. Keep one of them",
    ]


def test_every_anchor_alias_and_tag_is_named(layer: Any) -> None:
    found = problems(layer, "a: &x [1]\nb: *x\nc: !!str 5\nd: !local v\n")
    assert [line.split(": ")[0] + " " + line.split(": ")[1] for line in found] == [
        "1:4 anchor",
        "2:4 anchor",
        "3:4 explicit-tag",
        "4:4 explicit-tag",
    ]


def test_deep_values_are_refused(layer: Any) -> None:
    assert problems(layer, "a: " + "[" * 40 + "]" * 40)[0] == (
        "1:35: too-deep: the values are nested deeper than 32 levels. Look for brackets or dashes that were not meant"
    )


def test_long_lists_are_refused(layer: Any) -> None:
    assert problems(layer, "a: [" + "1, " * 300 + "]") == [
        "1:4: too-many-items: this holds 300 items, and the limit is 256. Keep to what one error needs"
    ]


LAUGHS = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
BOMBS = {
    "brackets": "[" * 100_000,
    "balanced": "a: " + "[" * 100_000 + "]" * 100_000,
    "braces": "{" * 100_000,
    "mixed": "[{" * 50_000,
    "dashes": "- " * 100_000,
    "questions": "? " * 100_000,
    "indents": "".join(f"{' ' * at}a:\n" for at in range(600)),
    "sequences": "".join(f"{' ' * at}-\n" for at in range(600)),
    "laughs": LAUGHS,
    "aliases": "a: &a x\nb: [" + "*a, " * 50_000 + "]",
    "keys": "".join(f"k{at}: 1\n" for at in range(25_000)),
    "same keys": "k: 1\n" * 40_000,
    "digits": f"a: {'9' * 200_000}",
    "sixties": f"a: 1{':59' * 60_000}",
    "exponent": "a: 1.0e+999999999",
    "quotes": f"a: {chr(34)}{'x' * 200_000}",
    "backquotes": "summary: |\n  " + " ".join("`" * (at % 300 + 1) for at in range(1400)),
    "brackets in prose": "summary: |\n  " + "[" * 200_000,
    "stars in prose": "summary: |\n  " + "*a" * 100_000,
    "anchors": "".join(f"k{at}: &a{at} x\n" for at in range(14_000)),
    "controls": "a: " + "\x01" * 200_000,
    "tabs": "a:\n" + "\t" * 200_000,
    "invisible": "a: " + "\u200b" * 80_000,
    "lookalikes": "a: " + "\u0430p" * 60_000,
    "alike items": "related:\n" + "- {error: mysql/1, why: x}\n" * 9_000,
    "empty lines": "\n" * 250_000 + "a: b",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_gives_problems_or_values_and_does_not_hang(layer: Any, bomb: str) -> None:
    layer.write("postgresql/1.yaml", BOMBS[bomb])
    assert 1 <= len(layer.check("postgresql/1.yaml")) <= MAX_PROBLEMS + MAX_ITEMS


def test_values_are_those_of_yaml_but_steps_may_say_on(layer: Any) -> None:
    content = 'on: a\nt: true\nn: null\ni: 0x1f\no: 010\nf: 1.5\ns: "1"\nw: off\nm: 1:30\nl: [a, 2]\n'
    data = source(layer, content).data
    assert data == {
        "on": "a",
        "t": True,
        "n": None,
        "i": 31,
        "o": 8,
        "f": 1.5,
        "s": "1",
        "w": False,
        "m": 90,
        "l": ["a", 2],
    }


def test_positions_of_values_keys_and_what_is_not_there(layer: Any) -> None:
    made = source(layer, "a:\n  - b: c\n    d:\n      e: f\n")
    assert made.position(("a", 0, "b")) == (2, 8)
    assert made.position(("a", 0, "b"), key=True) == (2, 5)
    assert made.position(("a", 0, "d", "x", 7)) == (4, 7)
    assert made.position(("a", 5)) == (2, 3)
    assert made.position(()) == (1, 1)


def test_positions_within_texts(layer: Any) -> None:
    made = source(layer, "a: |\n\n    one\n      two\nb: 'one two'\nc: one two\nd: >-\n  one\n  two\ne: 'it''s two'\n")
    assert made.value(("a",)) == "\none\n  two\n"
    assert made.position_in(("a",), 7) == (4, 7)
    assert made.position_in(("b",), 4) == (5, 9)
    assert made.position_in(("c",), 4) == (6, 8)
    assert made.position_in(("d",), 4) == (7, 4)
    assert made.position_in(("e",), 5) == (10, 4)


def test_lines_may_end_as_on_windows(layer: Any) -> None:
    assert source(layer, "a: b\r\nc: |\r\n  d\r\n").data == {"a": "b", "c": "d\n"}
