"""Variants and messages without a code, judged by what a driver or a program says, on real servers."""

from pathlib import Path

from tests.lab.made import Json, entry, fix, outcomes, play, step

from errbook.lab import evidence, outcome

MISSING = step("run", "SELECT * FROM nowhere;", raises=True)


def variant(name: str, text: str, *steps: Json) -> Json:
    """Return a variant in the form in which it is executed."""
    made = entry("sqlite", "1", *steps, name=f"#one-{name}", fixes=(fix(step("run", "$code")),))
    return {**made, "messages": [{"text": text, "where": "SQLite library"}]}


def slug(name: str, *steps: Json, underlying: str | None = None) -> Json:
    """Return a message without a code, in the form in which it is executed."""
    made = entry("sqlite", "some-message", *steps, name=f"-{name}")
    return {
        **made,
        "code": "some-message",
        "underlying": underlying,
        "messages": [{"text": "no such {thing}: nowhere"}],
    }


def program(text: str, prints: str) -> Json:
    return {**step("shell", text, raises=True), "prints": prints}


def test_a_variant_needs_its_code_and_its_message() -> None:
    found = play(
        variant("right", "no such table: {table}", MISSING),
        variant("other", "no such column: {column}", MISSING),
        server="sqlite:3.51",
    )
    assert {name: result.record["outcome"] for name, result in found.items()} == {
        "right": outcome.REPRODUCED,
        "other": outcome.RAISED_OTHER,
    }
    record = found["right"].record
    assert record["declared"]["messages"] == ["no such table: {table}"]
    assert record["fixes"][0]["outcome"] == outcome.PROVEN
    assert "`no such column: {column}`" in found["other"].record["detail"]


def test_a_message_without_a_code_is_what_a_program_prints() -> None:
    said = "Communications link {what}"
    found = play(
        slug("prints", program("for i in 1 2 3 4 5 6 7 8 9; do echo Communications link failure; done; exit 1", said)),
        slug("silent", program("echo something else; exit 1", said)),
        slug("content", program("echo Communications link failure", said)),
        slug("underlying", MISSING, underlying="1"),
        slug("other-code", MISSING, underlying="5"),
        server="sqlite:3.51",
    )
    got = {name.rpartition("-")[2]: result.record for name, result in found.items()}
    assert {name: record["outcome"] for name, record in got.items()} == {
        "prints": outcome.REPRODUCED,
        "silent": outcome.RAISED_OTHER,
        "content": outcome.RAISED_NOTHING,
        "underlying": outcome.REPRODUCED,
        "code": outcome.RAISED_OTHER,
    }
    assert got["prints"]["declared"] == {"code": "some-message", "sqlstate": None, "messages": [said]}
    assert got["prints"]["observed"]["code"] is None


def test_what_is_to_be_printed_decides_also_where_there_is_a_code() -> None:
    said = "Communications link {what}"
    one, other = (
        entry("sqlite", "1", program(f"echo {text}; exit 1", said), name=f"-{name}")
        for name, text in (("right", "Communications link failure"), ("other", "something else"))
    )
    assert outcomes(play(one, other, server="sqlite:3.51")) == {
        "right": outcome.REPRODUCED,
        "other": outcome.RAISED_OTHER,
    }


def test_evidence_of_variants_is_beside_that_of_their_entry(tmp_path: Path) -> None:
    file = evidence.path(tmp_path, "sqlite/1#one")
    assert file == evidence.path(tmp_path, "sqlite/1")
    record = play(variant("right", "no such table: {table}", MISSING), server="sqlite:3.51")["right"].record
    ids = ["one", "two"]
    assert evidence.write(file, "sqlite/1", {"sqlite:3.51": record}, [], ids)
    assert evidence.write(file, "sqlite/1#one", {"sqlite:3.51": record}, [], ids)
    assert evidence.write(file, "sqlite/1#two", {"sqlite:3.51": record}, [], ids)
    assert not evidence.write(file, "sqlite/1#two", {"sqlite:3.51": record}, [], ids)
    assert evidence.read(file) == evidence.read(file, "one") == evidence.read(file, "two")
    # A variant that the entry no longer has goes with the next that is written.
    assert evidence.write(file, "sqlite/1", {"sqlite:3.51": record}, [], ["two"])
    assert evidence.read(file, "one") == {}
    assert evidence.read(file, "two")
