"""The Markdown twin: what a writer types shows as it was typed, and nothing of it becomes markup."""

import json
import re

import pytest

from errbook import answers
from errbook.knowledge import Knowledge
from errbook.render import condition, markdown


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


def test_the_page_of_a_condition_has_every_part_once(knowledge: Knowledge) -> None:
    for guide in knowledge.conditions():
        body = answers.term(knowledge, "conditions", guide["condition"])
        assert body
        text = condition.page(json.loads(body), knowledge)
        heads = ("What each engine does", "Handle it on every engine", "What differs", "Executed", "The entries")
        for head in heads:
            assert text.count(f"\n## {head}\n") == 1, (guide["id"], head)
        assert markdown.block("python", guide["handling"]["python"]) in text
        assert "\n### What the drivers raised\n" in text
        assert "**Executed** on MySQL 9.7" in text
        played = [len(part["scenario"]["steps"]) for part in guide["behaviours"]]
        one = text.count("\nThen this program, in which `$code` is the one above:\n")
        several = text.count("\nThen these steps, in which `$code` is the program above:\n")
        assert (one, several) == (played.count(1), len(played) - played.count(1)), guide["id"]
        links = re.findall(r"\]\((/[^)]*)\)", text)
        assert links
        assert all(link.endswith("/index.md") and "#" not in link for link in links), links


def test_a_condition_that_is_not_written_up_is_the_list_of_its_entries(knowledge: Knowledge) -> None:
    written = {guide["condition"] for guide in knowledge.conditions()}
    entry = next(entry for entry in knowledge.all() if entry.condition not in written)
    about = knowledge.term("condition", entry.condition)
    body = answers.term(knowledge, "conditions", entry.condition)
    assert body
    text = condition.page(json.loads(body), knowledge)
    assert text.startswith(f"# {about.title}\n\n")
    assert f"]({entry.page}index.md): " in text
    assert f"{entry.code}: " in text


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
