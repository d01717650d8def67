"""Every rule, with a file that breaks it and the message that says so."""

from typing import Any, NamedTuple

import pytest

from errbook import rules

PG, MY, LITE = "postgresql/55P03.yaml", "mysql/1205.yaml", "sqlite/5.yaml"


class Case(NamedTuple):
    rule: str
    file: str
    old: str
    new: str
    expected: str
    """``line:column: rule: message. advice``."""


CASES = [
    CASES_HERE
]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.rule}-{at}" for at, case in enumerate(CASES)])
def test_a_broken_file_gives_the_message(layer: Any, case: Case) -> None:
    layer.edit(case.file, case.old, case.new)
    assert layer.lines() == [f"{case.file}:{case.expected}"]
