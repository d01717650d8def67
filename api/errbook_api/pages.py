"""Answers as Markdown and as plain text, for bots, editors and ``curl``."""

from collections.abc import Iterator
from typing import Any

from errbook.codes import Code, CodeLink
from errbook.entry import Entry
from errbook.knowledge import Knowledge
from errbook.render import code, code_markdown, condition, coverage, findings, markdown, servers, text
from errbook.render.paper import cut
from errbook_api.negotiation import MARKDOWN

COLUMNS = 80
"""The width of plain text. Code is never broken, nor is a word."""

_LISTS = ("conditions", "categories", "classes", "engines")


def render(answer: dict[str, Any], knowledge: Knowledge, media_type: str) -> bytes:
    """Return a parsed answer of `errbook.answers` in a media type: Markdown, or plain text of 80 columns."""
    marked = media_type == MARKDOWN
    if "error" in answer:
        # The entry says all that is asked for; without one there is what servers say themselves.
        parts = [
            _page(answer["error"], knowledge, marked) if answer["error"] else _code(answer["code"], knowledge, marked)
        ]
    elif "differences" in answer:
        # The knowledge keeps what it found out; the answer is nothing else.
        parts = [findings.page(knowledge.findings(), knowledge, marked=marked)]
    elif marked and "guide" in answer:
        parts = [condition.page(answer, knowledge)]
    elif "not_executed" in answer:
        parts = [coverage.page(knowledge.coverage(), knowledge, marked=marked)]
    else:
        errors = answer.get("errors", [])
        whole = [item for item in errors if "meaning" in item]
        parts = [_page(item, knowledge, marked) for item in whole]
        links = [_row(item, marked) for item in errors if "meaning" not in item]
        # Of a search the codes may fit better.
        late = links if answer.get("first") == "codes" else []
        rows = [*_heads(answer, marked), *([] if late else links)]
        rows += [_row(item, marked) for item in answer.get("more", [])]
        codes = answer.get("codes", [])
        if not errors and "messages" in next(iter(codes), {}):
            parts += [_code(item, knowledge, marked) for item in codes]
        else:
            rows += [_code_row(item, marked) for item in codes if not _shown(item, errors)]
        rows += [_code_row(item, marked) for item in answer.get("more_codes", []) if not _shown(item, errors)]
        rows += late
        rows += list(_changes(answer, marked)) if "changed" in answer else []
        rows += [_catalog(item, marked) for item in answer.get("catalogs", [])]
        rows += [_term(item, name, marked) for name in _LISTS for item in answer.get(name, [])]
        if rows:
            parts.append("\n".join(rows) + "\n")
    return ("\n---\n\n" if marked else f"\n{'─' * COLUMNS}\n\n").join(parts).encode()


def _page(item: dict[str, Any], knowledge: Knowledge, marked: bool) -> str:
    entry = Entry.of(item)
    return markdown.page(entry, knowledge) if marked else text.page(entry, knowledge)


def _code(item: dict[str, Any], knowledge: Knowledge, marked: bool) -> str:
    known = Code.of(item)
    return code_markdown.page(known, knowledge) if marked else code.page(known, knowledge)


def _shown(item: dict[str, Any], errors: list[dict[str, Any]]) -> bool:
    """Tell whether the entry of a code is among the errors of the same answer."""
    entry = item["entry"]
    return (entry["id"] if isinstance(entry, dict) else entry) in [error["id"] for error in errors]


def _code_row(item: dict[str, Any], marked: bool) -> str:
    message = item["message"] if "message" in item else next((each["text"] for each in item["messages"]), None)
    entry = item["entry"]["id"] if isinstance(item["entry"], dict) else item["entry"]
    given = {name: item[name] for name in CodeLink._fields if name not in ("message", "entry")}
    link = CodeLink(**given, message=message, entry=entry)
    return code_markdown.row(link) if marked else code.row(link, width=COLUMNS)


def _changes(answer: dict[str, Any], marked: bool) -> Iterator[str]:
    yield f"{'# ' * marked}{answer['engine']} {answer['from']['version']} to {answer['to']['version']}"
    for name in ("added", "removed"):
        yield from ("", f"{'## ' * marked}{name.capitalize()}: {len(answer[name])}", "")
        yield from (_code_row(item, marked) for item in answer[name])
    yield from ("", f"{'## ' * marked}Changed: {len(answer['changed'])}", "")
    for item in answer["changed"]:
        name = " ".join(part for part in (item["id"], item["symbol"]) if part)
        yield f"- {markdown.inline(name)}" if marked else name
        yield from (f"  - {fact['name']}: {fact['before']} → {fact['after']}" for fact in item["facts"])
        for part in ("removed", "added"):
            texts = [" ".join(servers.visible(text).split()) for text in item["messages"][part]]
            yield from (f"  - {part}: {markdown.inline(text) if marked else text}" for text in texts)


def _catalog(item: dict[str, Any], marked: bool) -> str:
    said = f"{item['engine']} {item['series']}: version {item['version']}, {item['rows']} rows"
    return f"- {said}" if marked else said


def _heads(answer: dict[str, Any], marked: bool) -> Iterator[str]:
    for name in ("condition", "category", "class", "engine"):
        if item := answer.get(name):
            about = item.get("description") or item.get("summary") or f"Defined by: {item['origin']}."
            yield f"# {item['title']}" if marked else item["title"]
            yield from ("", markdown.escape(about) if marked else about, "")


def _row(item: dict[str, Any], marked: bool) -> str:
    if not marked:
        identity = f"{item['id']}#{item['variant']}" if item.get("variant") else item["id"]
        return cut("  ".join(part for part in (identity, item["symbol"], item["title"]) if part), COLUMNS)
    name = markdown.inline(" ".join(part for part in (item["id"], item["symbol"]) if part))
    return f"- [{name}]({item['page']}) {markdown.escape(item['title'])}: {markdown.escape(item['summary'])}"


def _term(item: dict[str, Any], plural: str, marked: bool) -> str:
    key = {"conditions": "condition", "categories": "category", "classes": "class", "engines": "engine"}[plural]
    about = item.get("description") or item.get("summary") or item["origin"]
    if not marked:
        return f"{item[key]}  {item['title']}: {about}"
    return f"- {markdown.inline(item[key])} {markdown.escape(item['title'])}: {markdown.escape(about)}"
