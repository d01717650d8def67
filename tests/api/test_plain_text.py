"""What ``curl`` shows: every lookup as plain text of 80 columns, written up or not, in one engine or several."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

import errbook
from errbook import answers
from errbook.knowledge import Knowledge
from errbook_api import pages
from errbook_api.negotiation import TEXT

EVERY = 60
"""Of the codes without an entry each sixtieth is looked up."""

_CODE = frozenset({"run", "text", "value", "setup"})
"""Where the public JSON has code, whose lines are never broken."""


@pytest.fixture(scope="module")
def knowledge() -> Iterator[Knowledge]:
    """The real knowledge."""
    with errbook.open() as opened:
        yield opened


def code_lines(value: Any) -> Iterator[str]:
    """Give every line of code in an answer."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in _CODE and isinstance(item, str):
                yield from (line.strip() for line in item.splitlines())
            else:
                yield from code_lines(item)
    elif isinstance(value, list):
        for item in value:
            yield from code_lines(item)


def too_long(knowledge: Knowledge, name: str) -> list[str]:
    """Return the lines of prose that are longer than 80 columns, but for those that hold one long word."""
    body = answers.find(knowledge, name)
    answer = json.loads(body or b'{"errors":[]}')
    code = set(code_lines(answer["errors"]))
    lines = pages.render(answer, knowledge, TEXT).decode().splitlines()
    long = [line for line in lines if len(line) > 80 and line.strip() not in code]
    return [line for line in long if max(map(len, line.split())) < 50]


def test_every_lookup_fits_80_columns(knowledge: Knowledge) -> None:
    names = {name for name, _ in knowledge.names()}
    names |= {link.code for link in knowledge.codes(written=False)[::EVERY]}
    assert {name: lines for name in names if (lines := too_long(knowledge, name))} == {}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("1040", ["MySQL, MariaDB 1040  ER_CON_COUNT_ERROR  SQLSTATE 08004", "First: "]),
        ("40001", ["PostgreSQL 40001", "MySQL, MariaDB 1213", "─" * 80]),
        ("13426", ["MySQL 13426", "Not written up yet."]),
        ("1041", ["MySQL 1041", "MariaDB 1041"]),
    ],
)
def test_the_answer_says_what_it_is(knowledge: Knowledge, name: str, shown: list[str]) -> None:
    text = pages.render(json.loads(answers.find(knowledge, name) or b""), knowledge, TEXT).decode()
    for part in shown:
        assert part in text
