"""Variants of a code, and messages that have a slug in place of a code."""

import json
from typing import Any

import pytest
from tests.core.check.test_catalogs import lines, put

PG = "postgresql/55P03.yaml"
VARIANT = """\
variants:
  - id: no-wait
    title: The lock is held
    messages:
      - text: could not obtain lock on row in relation "{relation}"
        where: PostgreSQL server
    causes:
      - cause: Somebody holds the row and the statement was told not to wait.
        confirm:
          run: SHOW lock_timeout;
          reads: Any value, for the clause of the statement comes first.
    reproduce:
      about: A session asks for a held row.
      run: SELECT 1;
    fixes:
      - title: Leave the clause out
        when: The other transaction is short and waiting costs little.
        changes: query
        cost: The statement may wait for as long as the other holds the row.
        code:
          language: sql
          text: SELECT 2;
        why: Without the clause the request queues for the row.
        proof:
          - run: $code
"""
CATALOG = {
    "code": "55P03",
    "symbol": "lock_not_available",
    "message": 'could not obtain lock on row in relation "%s"',
    "where": "client",
}


@pytest.fixture
def varied(layer: Any) -> Any:
    """Return the small knowledge with a variant in it."""
    text = layer.path(PG).read_text("utf-8").replace("\navoid:\n", f"\n{VARIANT}avoid:\n", 1)
    layer.write(PG, text)
    return layer


def test_a_variant_is_held_to_what_an_entry_is_held_to(varied: Any) -> None:
    assert varied.lines() == []
    varied.edit(PG, "          - run: $code\navoid", "          - on: zeta\n            run: SELECT 3;\navoid")
    assert [line.split(": ")[1] for line in varied.lines()] == ["proof-without-code", "unknown-session"]


def test_ids_are_unique_and_no_part_of_the_page(varied: Any) -> None:
    varied.edit(PG, "id: no-wait", "id: fix-1")
    assert varied.lines() == [
        f"{PG}:{_line(varied, 'id: fix-1')}:9: variant-id: `fix-1` is the anchor of a part of every page. "
        "Use words of the message, such as `no-such-table`"
    ]


def test_the_message_is_compared_with_the_catalogs(varied: Any) -> None:
    put(varied, "postgresql", "18", CATALOG)
    assert lines(varied) == []
    real = '      - text: could not obtain lock on row in relation "{relation}"'
    other = '      - text: could not get the lock on "{relation}"'
    varied.edit(PG, real, other)
    (line,) = lines(varied)
    assert ": catalog-variant: no catalog of postgresql has this message under 55P03. " in line
    where = "        where: PostgreSQL server\n    causes"
    varied.edit(PG, where, "        where: a pool\n        client: true\n    causes")
    assert lines(varied) == []
    varied.edit(PG, other, real)
    (line,) = lines(varied)
    assert ": catalog-variant: " in line
    assert line.endswith("is a server's: a catalog has it. Remove the line")


def test_evidence_of_a_variant_that_is_gone(varied: Any) -> None:
    record = {
        "version": "18.4",
        "digest": "0" * 16,
        "date": "2026-11-24",
        "seconds": 0.1,
        "outcome": "reproduced",
        "detail": None,
        "declared": {"code": "55P03", "sqlstate": "55P03", "messages": ["could not"]},
        "observed": None,
        "driver": None,
        "client": None,
        "fixes": [],
    }
    plain = {**record, "declared": {"code": "55P03", "sqlstate": "55P03"}}
    value = {"entry": "postgresql/55P03", "servers": {"postgresql:18": plain}}
    path = varied.root / "evidence/postgresql/55P03.json"
    path.parent.mkdir(parents=True)
    for name, says in (("no-wait", []), ("gone", ["postgresql/55P03 has no variant `gone`"])):
        whole = {**value, "variants": {name: {"postgresql:18": record}}}
        path.write_text(json.dumps(whole, indent=2) + "\n")
        found = [line.split(": evidence-variant: ")[1].split(". ")[0] for line in lines(varied)]
        assert found == says


SLUG = "postgresql/no-more-connections.yaml"


@pytest.fixture
def slugged(layer: Any) -> Any:
    """Return the small knowledge with a message that has no code."""
    text = layer.path(PG).read_text("utf-8")
    text = text.replace('code: "55P03"', 'code: "no-more-connections"').replace("symbol: lock_not_available\n", "")
    text = text.replace('sqlstate: "55P03"\n', 'sqlstate: "08P01"\nunderlying: "08P01"\n')
    layer.write(SLUG, text[: text.index("related:")] + text[text.index("sources:") :] if "related:" in text else text)
    return layer


def test_a_message_without_a_code(slugged: Any) -> None:
    assert slugged.lines() == []
    slugged.edit(SLUG, 'underlying: "08P01"\n', "")
    (line,) = slugged.lines()
    assert ": code-or-slug: nothing says how the reproduction is to be known: the message has no code. " in line
    slugged.edit(SLUG, "severity:", "symbol: SOME\nseverity:")
    assert any(
        ": code-or-slug: `no-more-connections` is a message without a code. Remove" in x for x in slugged.lines()
    )


def test_a_code_has_a_symbol(layer: Any) -> None:
    layer.edit(PG, "symbol: lock_not_available\n", "")
    assert [line.split(": ", 1)[1] for line in layer.lines()] == [
        "code-or-slug: `symbol` is missing. Add the engine's own name of the code"
    ]


def test_what_a_program_prints_stands_where_it_raises(layer: Any) -> None:
    layer.edit(PG, "      raises: true\n", "      raises: true\n      prints: could not obtain lock\n")
    (line,) = layer.lines()
    assert (
        ": prints-raises: `prints` belongs to the shell or Python step that raises the error. Move or remove it" in line
    )


def _line(layer: Any, text: str) -> int:
    found: list[str] = layer.path(PG).read_text("utf-8").splitlines()
    return next(at for at, row in enumerate(found, 1) if text in row)
