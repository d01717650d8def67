"""No file makes the checker raise, and every problem has a place inside its file."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errbook.check import check
from errbook.problem import Problem
from errbook.source import Source, parse, read

DATA = Path(__file__).parent / "data"
ENTRY = (DATA / "errors" / "postgresql" / "55P03.yaml").read_text("utf-8")
LINES = ENTRY.splitlines(keepends=True)
PIECES = [
    "a",
    "code",
    "on",
    "5",
    "01000",
    "~",
    "yes",
    "é",
    "'",
    "|",
    ">",
    "[",
    "]",
    "{",
    "}",
    ",",
    "*a",
    "!",
    "#",
    "%",
    "<<",
    "\\",
    "`",
]
SPACED = ['"', "- ", ": ", "? ", "\n", "\n  ", "&a ", "!!x ", "---\n", "...\n", "\t", "\r", "\x85", "\u2028"]
WORDS = st.sampled_from([*PIECES, *SPACED])
RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def in_file(problems: list[Problem], content: bytes) -> None:
    lines = content.decode("utf-8", "replace").split("\n")
    for problem in problems:
        assert 1 <= problem.line <= len(lines), problem
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1, problem
        assert problem.message
        assert problem.advice


def checked(folder: Path, content: bytes) -> None:
    path = folder / "errors" / "postgresql" / "55P03.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    source, problems = read(path, folder)
    assert source or problems
    in_file(problems, content)
    in_file([problem for problem in check([folder, DATA], [path]) if problem.path == str(path)], content)


@RELAXED
@given(st.binary(max_size=400))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    checked(tmp_path, content)


@RELAXED
@given(st.text(max_size=200))
def test_any_text(tmp_path: Path, content: str) -> None:
    checked(tmp_path, content.encode("utf-8", "replace"))


@RELAXED
@given(st.lists(WORDS, max_size=60))
def test_any_yaml_like_text(tmp_path: Path, words: list[str]) -> None:
    checked(tmp_path, "".join(words).encode())


@RELAXED
@given(
    st.integers(0, len(LINES) - 1), st.integers(0, len(LINES) - 1), st.sampled_from(["drop", "copy", "swap", "dedent"])
)
def test_entries_with_lines_out_of_place(tmp_path: Path, at: int, other: int, how: str) -> None:
    lines = list(LINES)
    if how == "drop":
        del lines[at]
    elif how == "copy":
        lines.insert(other, lines[at])
    elif how == "swap":
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines[at] = lines[at].lstrip()
    checked(tmp_path, "".join(lines).encode())


@RELAXED
@given(st.integers(0, len(ENTRY)), st.integers(0, 30), st.lists(WORDS, max_size=4))
def test_entries_with_text_put_in(tmp_path: Path, at: int, cut: int, words: list[str]) -> None:
    checked(tmp_path, (ENTRY[:at] + "".join(words) + ENTRY[at + cut :]).encode())


@RELAXED
@given(st.data())
def test_entries_with_another_value(tmp_path: Path, data: st.DataObject) -> None:
    line = data.draw(st.integers(1, len(LINES) - 1))
    name, colon, _ = LINES[line].partition(": ")
    value = data.draw(
        st.sampled_from(["", "5", "true", "[]", "{}", "[[a]]", "{a: {b: c}}", "''", "- x", '"\\0"', "$code"])
    )
    lines = [*LINES[:line], f"{name}{colon}{value}\n", *LINES[line + 1 :]]
    checked(tmp_path, "".join(lines).encode())


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.text(max_size=8) | st.integers() | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
)
def test_json_is_read_as_it_is_or_refused(value: object) -> None:
    root, data, flaws = parse(json.dumps({"value": value}, ensure_ascii=False))
    assert flaws or (root is not None and data == {"value": value})


def test_a_source_without_problems_has_its_values() -> None:
    path = DATA / "errors" / "postgresql" / "55P03.yaml"
    source, problems = read(path, DATA)
    assert isinstance(source, Source)
    assert problems == []
    assert source.data["reproduce"]["steps"][0]["on"] == "a"
