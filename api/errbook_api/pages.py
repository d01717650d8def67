"""Answers as Markdown and as plain text, for bots, editors and ``curl``."""

from collections.abc import Iterator
from typing import Any

from errbook.entry import Entry
from errbook.knowledge import Knowledge
from errbook.render import findings, markdown, text
from errbook_api.negotiation import MARKDOWN

_LISTS = ("conditions", "categories", "classes", "engines")


def render(answer: dict[str, Any], knowledge: Knowledge, media_type: str) -> bytes:
    """Return a parsed answer of `errbook.answers` in a media type: Markdown, or plain text of 80 columns."""
    marked = media_type == MARKDOWN
    if "error" in answer:
        parts = [_page(answer["error"], knowledge, marked)]
    elif "differences" in answer:
        # The knowledge keeps what it found out; the answer is nothing else.
        parts = [findings.page(knowledge.findings(), knowledge, marked=marked)]
    else:
        errors = answer.get("errors", [])
        whole = [item for item in errors if "meaning" in item]
        parts = [_page(item, knowledge, marked) for item in whole]
        rows = [*_heads(answer, marked), *(_row(item, marked) for item in errors if "meaning" not in item)]
        rows += [_row(item, marked) for item in answer.get("more", [])]
        rows += [_term(item, name, marked) for name in _LISTS for item in answer.get(name, [])]
        if rows:
            parts.append("\n".join(rows) + "\n")
    return ("\n---\n\n" if marked else f"\n{'─' * 80}\n\n").join(parts).encode()


def _page(item: dict[str, Any], knowledge: Knowledge, marked: bool) -> str:
    entry = Entry.of(item)
    return markdown.page(entry, knowledge) if marked else text.page(entry, knowledge)


def _heads(answer: dict[str, Any], marked: bool) -> Iterator[str]:
    for name in ("condition", "category", "class", "engine"):
        if item := answer.get(name):
            about = item.get("description") or item.get("summary") or f"Defined by: {item['origin']}."
            yield f"# {item['title']}" if marked else item["title"]
            yield from ("", markdown.escape(about) if marked else about, "")


def _row(item: dict[str, Any], marked: bool) -> str:
    if not marked:
        return f"{item['id']}  {item['symbol']}  {item['title']}"
    name = markdown.inline(f"{item['id']} {item['symbol']}")
    return f"- [{name}]({item['page']}) {markdown.escape(item['title'])}: {markdown.escape(item['summary'])}"


def _term(item: dict[str, Any], plural: str, marked: bool) -> str:
    key = {"conditions": "condition", "categories": "category", "classes": "class", "engines": "engine"}[plural]
    about = item.get("description") or item.get("summary") or item["origin"]
    if not marked:
        return f"{item[key]}  {item['title']}: {about}"
    return f"- {markdown.inline(item[key])} {markdown.escape(item['title'])}: {markdown.escape(about)}"
