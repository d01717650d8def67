"""`errbook check --similar`: paragraphs of two entries that read alike."""

import json
from pathlib import Path
from typing import Any

import pytest

from errbook.check import check
from errbook.cli.check import run
from errbook.similar import Pair, Paragraph, pairs, paragraphs

MY, PG = "mysql/1205.yaml", "postgresql/55P03.yaml"
ONE = "The row is held by a session that has not committed, and the one that waits gives up after its limit."
OTHER = "The row is held by a session that has not committed, and the one that waits gives up after a second."


def paragraph(path: str, text: str) -> Paragraph:
    return Paragraph(path, 1, 1, text)


def added(layer: Any) -> None:
    """Put a paragraph in front of the meaning of two entries."""
    for file, text in ((MY, ONE), (PG, OTHER)):
        layer.edit(file, "\nmeaning: |\n  ", f"\nmeaning: |\n  {text}\n\n  ")


def of_layer(layer: Any) -> list[Pair]:
    found: list[Paragraph] = []
    problems = check(
        [layer.root],
        (),
        lambda source: found.extend(paragraphs(source) if source.kind in ("entry", "condition") else ()),
    )
    assert problems == []
    return pairs(found)


def test_like_paragraphs_of_two_entries_are_found_with_both_places(layer: Any) -> None:
    added(layer)
    pair = of_layer(layer)[0]
    assert [(part.path.removeprefix(f"{layer.root}/errors/"), part.text) for part in pair[1:]] == [
        (MY, ONE),
        (PG, OTHER),
    ]
    for part in (pair.one, pair.other):
        line = Path(part.path).read_text("utf-8").splitlines()[part.line - 1]
        assert line[part.column - 1 :] == part.text


def test_a_condition_is_compared_too(layer: Any) -> None:
    layer.edit(MY, "\nmeaning: |\n  ", f"\nmeaning: |\n  {ONE}\n\n  ")
    layer.edit("conditions/lock-not-available.yaml", "It fails at once.", OTHER)
    pair = of_layer(layer)[0]
    assert (pair.one.text, pair.other.text) == (ONE, OTHER)


def test_the_similarity_is_the_share_of_runs_of_three_words() -> None:
    one = "a b c d e f g h i j"  # 8 runs
    other = "a b c d e f g h X Y"  # 8 runs, of which 6 are the same
    assert pairs([paragraph("one", one), paragraph("other", other)]) == [
        Pair(6 / 10, paragraph("one", one), paragraph("other", other))
    ]
    assert pairs([paragraph("one", one), paragraph("other", one.upper())])[0].similarity == 1
    assert pairs([paragraph("one", one), paragraph("other", " ".join(reversed(one.split())))]) == []


def test_the_most_alike_come_first_and_one_entry_is_not_compared_with_itself() -> None:
    near, far = "a b c d e f g h i X", "a b c d e f X Y Z W"
    found = pairs([paragraph("one", "a b c d e f g h i j"), paragraph("two", far), paragraph("three", near)])
    assert [(pair.one.path, pair.other.path) for pair in found] == [("one", "three"), ("one", "two"), ("two", "three")]
    assert pairs([paragraph("one", near), paragraph("one", near)]) == []


def test_the_command_shows_them_and_names_what_is_left_out(
    layer: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    added(layer)
    monkeypatch.setenv("ERRBOOK_PATH", str(layer.root))
    assert run(["--similar", str(layer.path(MY))]) == 0
    out, err = capsys.readouterr()
    first, mine, theirs, *_ = out.splitlines()
    assert first.endswith("% alike")
    assert mine.startswith(f"  {layer.path(MY)}:")
    assert mine.endswith(ONE)
    assert theirs.startswith(f"  {layer.path(PG)}:")
    assert theirs.endswith(OTHER)
    assert " pair" in err

    assert run(["--similar", "--format", "json", str(layer.path(PG))]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body[0]["similarity"] == pytest.approx(float(first.split("%")[0]) / 100, abs=0.006)
    assert [part["text"] for part in body[0]["paragraphs"]] == [ONE, OTHER]

    layer.edit(PG, "severity:", "sevrity:")
    assert run(["--similar"]) == 0
    assert f"left out, since they have problems: {layer.path(PG)}" in capsys.readouterr().err


def test_there_is_no_workflow_command_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(["--similar", "--format", "github"])
    assert "--similar has no form github" in capsys.readouterr().err
