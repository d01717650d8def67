"""Every entry, a code of every kind and every other answer fit what the platforms take, on every platform."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

import errbook
from errbook import chat
from errbook.chat import Answer, Choice, Code, Note, Page
from errbook.knowledge import Knowledge
from errbook_api.chat import discord, mattermost, slack, teams

SITE = "https://errors.example.com"
EVERY = 40
"""Of the codes without an entry each fortieth is rendered; all of them would be 19,000."""


@pytest.fixture(scope="module")
def knowledge() -> Iterator[Knowledge]:
    """The real knowledge."""
    with errbook.open() as opened:
        yield opened


def questions(knowledge: Knowledge) -> Iterator[str]:
    """Give what can be asked: each entry under each of its names and engines, codes, and what finds nothing."""
    yield from ("", "help", "asdfqwer", "lock", "deadlock found when trying", "08999", "x" * 4000, "HY000", "errno 13")
    for entry in knowledge.all():
        yield from (f"{engine} {entry.code}" for engine in entry.engines)
        yield from (entry.code, entry.symbol or "", entry.sqlstate or "")
        yield from (message.text for message in entry.messages)
    for number, link in enumerate(knowledge.codes(written=False)):
        if number % EVERY == 0:
            yield link.id.replace("/", " ")


def fits_slack(answer: Answer, shared: bool) -> None:
    message = slack.render(answer, SITE, shared=shared)
    assert len(message["blocks"]) <= slack.LIMITS["blocks"]
    assert len(json.dumps(message, ensure_ascii=False)) <= slack.LIMITS["message"]
    for block in message["blocks"]:
        # The models refuse what is over a limit.
        Block.parse(block).validate_json()  # type: ignore[union-attr] # parse gives None for None only
        if block["type"] == "actions":
            names = [element["action_id"] for element in block["elements"]]
            assert len(names) == len(set(names)) <= slack.LIMITS["actions"]
            assert all(len(element["text"]["text"]) <= slack.LIMITS["button"] for element in block["elements"])


def fits_discord(answer: Answer, shared: bool) -> None:
    message = discord.render(answer, SITE, shared=shared)
    limits = discord.LIMITS
    embeds, total = message["embeds"], 0
    assert 1 <= len(embeds) <= limits["embeds"]
    for embed in embeds:
        parts = [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
        for text, limit in zip(parts, ("title", "description", "footer"), strict=True):
            assert len(text) <= limits[limit]
        assert parts[1].strip()
        total += sum(map(len, parts))
    assert total <= limits["message"]
    rows = message.get("components", [])
    assert len(rows) <= limits["rows"]
    for row in rows:
        assert 1 <= len(row["components"]) <= limits["row"]
        for item in row["components"]:
            assert 1 <= len(item["label"]) <= limits["label"]
            assert len(item.get("custom_id", "")) <= limits["custom_id"]
            assert len(item.get("url", "")) <= limits["url"]
    names = [item["custom_id"] for row in rows for item in row["components"] if "custom_id" in item]
    assert len(names) == len(set(names))


def fits_teams(answer: Answer) -> None:
    message = teams.render(answer, SITE)
    assert len(json.dumps(message).encode()) <= teams.LIMITS["message"]
    assert all(
        block["type"] in ("RichTextBlock", "Container") for block in message["attachments"][0]["content"]["body"]
    )


def fits_mattermost(answer: Answer) -> None:
    assert len(mattermost.render(answer, SITE)) <= mattermost.LIMITS["post"]


def fits(answer: Answer) -> None:
    """See that an answer fits everywhere."""
    for shared in (False, True):
        fits_slack(answer, shared)
        fits_discord(answer, shared)
    fits_teams(answer)
    fits_mattermost(answer)


def test_every_answer_fits_every_platform(knowledge: Knowledge) -> None:
    sorts = set()
    for question in questions(knowledge):
        answer = chat.answer(knowledge, chat.asked(question))
        sorts.add(answer.sort)
        fits(answer)
    assert sorts == {"entry", "code", "several", "nothing", "help"}


def test_no_entry_of_today_loses_its_statement_on_any_platform(knowledge: Knowledge) -> None:
    for entry in knowledge.all():
        answer = chat.answer(knowledge, chat.asked(f"{entry.engine} {entry.code}"))
        for limit, size in ((slack.LIMIT, slack._section), (discord.LIMIT, discord._description)):
            fit = chat.fitted(answer, limit, lambda note: len(size(note)))  # noqa: B023 - used at once
            kept = [note.code for note in fit.notes if note.code]
            assert kept == [note.code for note in answer.notes if note.code], entry.id
            assert len(fit.notes) == len(answer.notes), entry.id


PROSE = st.text(alphabet=st.sampled_from("ab &<>*_`.@|:\n\\[]()é😀"), max_size=6000)
NOTES = st.builds(
    Note,
    heading=st.text(max_size=60),
    prose=PROSE,
    code=st.none() | st.builds(Code, lead=st.just("Run"), language=st.just("sql"), text=PROSE.filter(str.strip)),
    after=PROSE,
    where=st.just("causes"),
)
CHOICES = st.lists(
    st.builds(
        Choice,
        label=st.text(min_size=1, max_size=300),
        query=st.from_regex(r"[a-z]{1,10} [0-9A-Z]{1,6}", fullmatch=True),
    ),
    max_size=30,
    unique_by=lambda choice: choice.query,
)
ANSWERS = st.builds(
    Answer,
    sort=st.just("entry"),
    title=st.text(alphabet=st.sampled_from("ab &<>*_`."), min_size=1, max_size=400).filter(str.strip),
    about=st.lists(PROSE.filter(str.strip), max_size=3).map(tuple),
    summary=PROSE.filter(str.strip),
    notes=st.lists(NOTES.filter(lambda note: bool(note.prose.strip())), max_size=12).map(tuple),
    choices_heading=st.just("Choose"),
    choices=CHOICES.map(tuple),
    pages=st.just((Page("Page", "/mysql/1040/"),)),
    risk=st.sampled_from(["", "low", "critical"]),
    query=st.just("mysql 1040"),
)


# Long texts take long to make up on a machine that is busy.
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answer=ANSWERS)
def test_whatever_is_written_fits_every_platform(answer: Answer) -> None:
    fits(answer)


@given(text=st.text(alphabet=st.sampled_from("ab `.\n"), max_size=300), limit=st.integers(10, 200))
def test_prose_ends_with_a_sentence(text: str, limit: int) -> None:
    from errbook.render.cut import shortened

    kept = shortened(text, limit)
    assert len(kept) <= limit
    if kept != text.strip():
        assert kept.endswith(("…", ".")) or text.strip()[len(kept) :].lstrip(" ").startswith("\n")


def test_code_is_whole_or_left_out() -> None:
    note = Note("First thing to type", "Do this.", Code("", "sql", "SELECT 1;\n" * 500), "It costs nothing.", "fix-1")
    answer = Answer("entry", "x", (), "Summary.", (note,), pages=(Page("Page", "/mysql/1/"),))
    for rendered in (discord.render(answer, SITE), slack.render(answer, SITE)):
        text: Any = json.dumps(rendered)
        assert "SELECT" not in text
        assert "it is on the page" in text
