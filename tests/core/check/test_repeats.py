"""Sentences that stand in two entries, and the list of the few that may."""

from pathlib import Path
from typing import Any

from tests.core.check.conftest import Layer

from errbook.check import check

MY, PG, LITE = "mysql/1205.yaml", "postgresql/55P03.yaml", "sqlite/5.yaml"
CONDITION = "conditions/lock-not-available.yaml"
LISTED = "This phrase may stand in both of them."
SAID = "Somebody else holds the lock that is wanted."


def both(layer: Any, mysql: str = SAID, postgresql: str = SAID) -> None:
    """Put a sentence in front of the meaning of two entries."""
    layer.write("phrases.yaml", f"phrases:\n  - {LISTED}\n")
    for file in (MY, PG):
        layer.edit(file, "\nmeaning: |\n  ", f"\nmeaning: |\n  {LISTED} ")
    for file, sentence in ((MY, mysql), (PG, postgresql)):
        layer.edit(file, "\nmeaning: |\n  ", f"\nmeaning: |\n  {sentence} ")


def test_a_sentence_of_two_entries_is_named_with_both_places(layer: Any) -> None:
    both(layer)
    lines = {
        file: 1 + layer.path(file).read_text("utf-8")[: layer.path(file).read_text("utf-8").index(SAID)].count("\n")
        for file in (MY, PG)
    }
    assert [line.replace(f"{layer.root}/errors/", "") for line in layer.lines()] == [
        f"{PG}:{lines[PG]}:3: repeated-sentence: `{SAID}` stands in {MY}:{lines[MY]} too. "
        "Say in one of them what is true of that error alone; a fixed phrase belongs in errors/phrases.yaml"
    ]


def test_a_condition_is_compared_with_entries_and_with_other_conditions(layer: Any) -> None:
    both(layer, postgresql="Nobody knows who holds it.")
    layer.edit(CONDITION, "transaction: ", f"transaction: {SAID} ")
    where = f"{CONDITION}:9:18: repeated-sentence: `{SAID}` stands in"
    (line,) = layer.lines()
    assert line.replace(f"{layer.root}/errors/", "").startswith(f"{where} {MY}:")
    layer.edit(MY, SAID, "Nobody knows who holds it then.")
    assert layer.lines() == []
    other = layer.path(CONDITION).read_text("utf-8").replace("lock-not-available\n", "lock-wait-timeout\n")
    layer.write("conditions/lock-wait-timeout.yaml", other)
    assert f"conditions/lock-wait-timeout.yaml:9:18: repeated-sentence: `{SAID}` stands in" in "\n".join(layer.lines())
    # What is said of a scenario belongs to the scenario.
    assert [line for line in layer.lines() if "refused a row" in line] == []


def test_capitals_and_punctuation_make_no_other_sentence(layer: Any) -> None:
    both(layer, postgresql='Somebody else "holds" the lock, that is WANTED!')
    assert [": repeated-sentence: " in line for line in layer.lines()] == [True]


def test_short_sentences_and_other_code_may_repeat(layer: Any) -> None:
    both(
        layer,
        "Somebody holds it now. Run `SELECT 1` to see the holder.",
        "Somebody holds it now. Run `SELECT 2` to see the holder.",
    )
    assert layer.lines() == []


def test_a_listed_phrase_may_repeat_and_is_named_when_nobody_needs_it(layer: Any) -> None:
    both(layer)
    layer.write("phrases.yaml", f"phrases:\n  - {LISTED}\n  - {SAID}\n")
    assert layer.lines() == []
    layer.edit(PG, f"{SAID} ", "")
    assert layer.lines() == [
        "phrases.yaml:3:5: fixed-phrase: `somebody else holds the lock that is wanted` stands in no two entries. "
        "Remove it from the list"
    ]
    assert layer.lines(MY) == []


def test_a_list_of_phrases_has_one_form(layer: Any) -> None:
    layer.write("phrases.yaml", "sentences: []\n")
    assert layer.lines() == [
        "phrases.yaml:1:1: fixed-phrase: the file is not one list named `phrases`. "
        "Write `phrases:` and below it a `- sentence` for each, or delete the file"
    ]
    both(layer)
    layer.write("phrases.yaml", f"phrases:\n  - {LISTED}\n  - {SAID}\n  - {SAID}\n  - So few words.\n")
    assert layer.lines() == [
        f"phrases.yaml:4:5: fixed-phrase: `{SAID}` is listed twice. Remove one of them",
        "phrases.yaml:5:5: fixed-phrase: `So few words.` has fewer than five words. "
        "Remove it; what is so short may repeat",
    ]


def test_a_layer_without_a_list_is_not_compared(layer: Any) -> None:
    both(layer)
    layer.path("phrases.yaml").unlink()
    assert layer.lines() == []


def test_a_phrase_is_not_called_needless_while_an_entry_has_problems(layer: Any) -> None:
    both(layer)
    layer.edit(PG, "severity:", "sevrity:")
    assert [line for line in layer.lines() if "phrase" in line] == []


def test_a_phrase_may_be_needed_by_a_condition_alone(layer: Any) -> None:
    both(layer, postgresql="Nobody knows who holds it.")
    layer.edit(CONDITION, "transaction: ", f"transaction: {SAID} ")
    layer.write("phrases.yaml", f"phrases:\n  - {LISTED}\n  - {SAID}\n")
    assert layer.lines() == []


def test_a_private_layer_is_compared_with_itself_alone(layer: Any, tmp_path: Path) -> None:
    both(layer)
    layer.write("phrases.yaml", f"phrases:\n  - {LISTED}\n  - {SAID}\n")
    private = Layer(tmp_path / "private")
    private.write(MY, layer.path(MY).read_text("utf-8"))
    # The same words stand in an entry below: without a list of its own, and with one, that is nobody's business.
    assert check([private.root, layer.root]) == []
    private.write("phrases.yaml", f"phrases:\n  - {LISTED}\n")
    assert [problem.rule for problem in check([private.root, layer.root])] == ["fixed-phrase"]
