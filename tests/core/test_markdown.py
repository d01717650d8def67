"""The Markdown twin: what a writer types shows as it was typed, and nothing of it becomes markup."""

import pytest

from errbook.knowledge import Knowledge
from errbook.render import markdown


@pytest.mark.parametrize(
    ("prose", "escaped"),
    [
        ("max_connections is reached", "max_connections is reached"),
        ("_emphasis_ and *more*", r"\_emphasis\_ and \*more\*"),
        ("a <b> [link](x)", r"a \<b\> \[link\](x)"),
        ("`code *stays*` but *this*", r"`code *stays*` but \*this\*"),
        ("# no heading, issue #5", r"\# no heading, issue #5"),
    ],
)
def test_prose_is_escaped_where_it_would_be_markup(prose: str, escaped: str) -> None:
    assert markdown.escape(prose) == escaped


def test_code_cannot_end_its_block() -> None:
    assert markdown.block("sql", "```\nDROP").startswith("````sql\n")
    assert markdown.inline("a`b") == "``a`b``"


def test_every_entry_has_every_part_once(knowledge: Knowledge) -> None:
    for entry in knowledge.all():
        text = markdown.page(entry, knowledge)
        for head in ("Production risk", "Retry", "What this means", "Why it happens", "Fixes", "Sources"):
            assert text.count(f"\n## {head}\n") == 1, (entry.id, head)
        # Every line of a table has as many cells as its head.
        for block in text.split("\n\n"):
            rows = block.split("\n")
            if rows[0].startswith("| "):
                assert len({row.replace(r"\|", "").count("|") for row in rows}) == 1, block
