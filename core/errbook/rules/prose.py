"""Prose: no placeholders, no filler, and no markup besides `inline code`, paragraphs and lists."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from errbook.problem import shown
from errbook.rules.rule import Finding, Rule, Subject

_UNWRITTEN: Final = re.compile(
    r"\b(?:TODO|FIXME|TBD|TBC|[Ll]orem ipsum)\b|^\s*Write: .*|^\s*(?:…|\.\.\.|-+|\?+)\s*$|\b(?:XXX+|xxx+)\b"
)
_FILLER: Final = re.compile(
    r"\b(?:(?:check|review|verify) (?:your|the) (?:configuration|settings|syntax|setup)(?=[.,;]|$| and )"
    r"|(?:contact|ask|call) (?:your|the) (?:(?:database|system|server) )?"
    r"(?:administrator|admin|dba|provider|vendor|support)\b"
    r"|(?:ensure|make sure|verify) (?:that )?(?:the|your) "
    r"(?:query|statement|syntax|configuration) is (?:correct|valid|right)"
    r"|(?:see|refer to|consult|read) (?:the )?(?:official )?"
    r"(?:documentation|manual|docs)(?: for (?:more|further) \w+)?(?=[.,;]|$)"
    r"|for (?:various|some|many) reasons"
    r"|(?:can|may) have (?:many|various|several|different) (?:causes|reasons)"
    r"|try again later(?=[.,;]|$)"
    r"|it is (?:important|worth noting|recommended) (?:to note )?that)",
    re.IGNORECASE,
)
_MASK: Final = "\x00"
_MARKUP: Final = (
    (re.compile(r"<[A-Za-z/!?]"), "a `<` that starts an HTML tag", "Put it between backquotes"),
    (
        re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]{1,30});"),
        "an HTML entity",
        "Write the character itself",
    ),
    (
        re.compile(r"^ {0,3}#{1,6}(?:\s|$)", re.M),
        "a heading",
        "Write a sentence; the page has its own headings",
    ),
    (
        re.compile(r"^ {0,3}(?:```|~~~)", re.M),
        "a code fence",
        "Put code into `code`, `run` or between backquotes",
    ),
    (
        re.compile(r"^ {0,3}(?:=+|-{2,}|\*{3,}|_{3,})\s*$", re.M),
        "a rule or underline",
        "Separate by an empty line",
    ),
    (re.compile(r"!\[[^\]\n]{0,200}\]\("), "an image", "Say it in words"),
    (re.compile(r"(?<!!)\[[^\]\n]{1,200}\](?:\(|\[|:\s)|\[\^"), "a link", "Put the page into `sources`"),
    (re.compile(r"^[ \t]*\|", re.M), "a table row", "Write a list, with `- ` before each item"),
    (re.compile(r"^[ \t]*>", re.M), "a quotation", "Write a sentence, or put the sign between backquotes"),
    (
        re.compile(r"^[ \t]*(?:[*+]|\d{1,9}[.)])\s", re.M),
        "a list that is not of `- ` items",
        "Start each item with `- `",
    ),
    (re.compile(r"^(?: {4}|\t)", re.M), "a line indented like code", "Remove the indent"),
    (
        re.compile(r"^(?:!!!|\?\?\?|--8<--|:::)", re.M),
        "a block of the page's own language",
        "Write a sentence",
    ),
    (re.compile(r"\bhttps?://|\bwww\.\w"), "a bare address", "Put the page into `sources`"),
    (
        re.compile(
            r"(?<![\w*\\])\*{1,3}(?=[^\s*])[^*\n]{1,200}?\*|(?<![\w\\])_{1,3}(?=[^\s_])[^_\n]{1,200}?(?<!\s)_(?!\w)"
        ),
        "emphasis",
        "Say it in words, or put the name between backquotes",
    ),
)
# One search that fails tells most texts apart from those worth a closer look.
_SIGNS: Final = re.compile(r"[<&#~\[|>*_]|://|www\.|^[ \t]*(?:[+=]|--|\d+[.)]\s| {3}|!!!|\?\?\?|:::)", re.M)
_TEMPLATE: Final = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|\{:")
_BACKQUOTES: Final = re.compile(r"`+")
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n")
_SENTENCE_END: Final = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\betc)(?<!\bvs)[.!?][\"')]*\s+(?=[\"'(]*[A-Z\x00])")


def unwritten(subject: Subject) -> Iterator[Finding]:
    """Find what somebody meant to write later."""
    for where, sort, text in subject.texts:
        shape = _masked(text)[0] if sort == "prose" else text
        for match in _UNWRITTEN.finditer(shape):
            word = match[0].strip()
            if sort in ("code", "exact", "message") and not word.startswith(("TODO", "FIXME", "TBD", "Write: ")):
                continue
            if word.startswith("Write: "):
                yield Finding(
                    where,
                    "this is still the text of the scaffold",
                    f"Do what it says: {word[7:]}",
                    match.start(),
                )
            else:
                yield Finding(
                    where,
                    f"{shown(word)} holds the place of something",
                    "Write it, or remove it",
                    match.start(),
                )
            break


def filler(subject: Subject) -> Iterator[Finding]:
    """Find phrases that help nobody."""
    for where, sort, text in subject.texts:
        if sort in ("prose", "label") and (match := _FILLER.search(text)):
            message = f"{shown(match[0])} tells the reader nothing"
            yield Finding(where, message, "Say what to run, and what the result means", match.start())


def markup(subject: Subject) -> Iterator[Finding]:
    """Find markup that a page cannot show, or that would break it."""
    for where, sort, text in subject.texts:
        if sort == "label" and "\n" in text.strip():
            yield Finding(where, "this is one line of the page, and has several", "Write it in one line")
        if sort != "prose":
            continue
        if "{" in text or "}" in text:
            for match in _TEMPLATE.finditer(text):
                message = f"{shown(match[0])} is read by the page's templates"
                yield Finding(where, message, "Put a space between the two signs", match.start())
                break
        shape, unbalanced = _masked(text)
        if unbalanced >= 0:
            message = "a backquote opens code that is not closed in its paragraph"
            yield Finding(where, message, "Close it, or write ' for a quote", unbalanced)
        if not _SIGNS.search(shape):
            continue
        for pattern, what, advice in _MARKUP:
            if sign := pattern.search(shape):
                yield Finding(where, f"there is {what}", advice, sign.start())


def sentence(subject: Subject) -> Iterator[Finding]:
    """Find summaries that are not one sentence."""
    text = subject.data.get("summary")
    if subject.source.kind != "entry" or text is None:
        return
    shape = _masked(text.strip())[0]
    if not shape.endswith((".", "!", "?", '."', ".)")):
        yield Finding(("summary",), "the summary does not end with a full stop", "End the sentence")
    if match := _SENTENCE_END.search(shape):
        advice = "Keep what happened and what decides the way out; the rest goes into `meaning`"
        yield Finding(("summary",), "the summary is more than one sentence", advice, match.start())


@lru_cache(maxsize=256)
def _masked(text: str) -> tuple[str, int]:
    """Return the text with its inline code blanked out, and the place of the first backquote that is not closed, or -1.

    Code spans end at a run of as many backquotes as began them, in the same paragraph (CommonMark 6.1). The
    result has the length of the text, so that places in one are places in the other.
    """
    if "`" not in text:
        return text, -1
    parts: list[str] = []
    done, unbalanced = 0, -1
    borders = [match.start() for match in _PARAGRAPH.finditer(text)]
    runs = [(match.start(), match.end()) for match in _BACKQUOTES.finditer(text)]
    at = 0
    border = 0
    while at < len(runs):
        start, end = runs[at]
        while border < len(borders) and borders[border] < start:
            border += 1
        limit = borders[border] if border < len(borders) else len(text)
        close = at + 1
        while close < len(runs) and runs[close][0] < limit and runs[close][1] - runs[close][0] != end - start:
            close += 1
        if close >= len(runs) or runs[close][0] >= limit:
            unbalanced = start
            break
        parts += [text[done:start], _MASK * (runs[close][1] - start)]
        done = runs[close][1]
        at = close + 1
    return "".join([*parts, text[done:]]), unbalanced


RULES: Final = (
    Rule(
        "filler",
        "any",
        "No phrases that fit every error: each sentence says something about this one.",
        "Say what to run, and what the result means.",
        filler,
    ),
    Rule(
        "markup",
        "any",
        "Prose has `inline code`, paragraphs and lists of `- ` items, and no other markup.",
        "Put names between backquotes, code into `code`, pages into `sources`.",
        markup,
    ),
    Rule(
        "summary-sentence",
        "entry",
        "The summary is one sentence.",
        "Keep one; move the rest to `meaning`.",
        sentence,
    ),
    Rule("unwritten", "any", "Nothing is left to be written later.", "Write it, or remove it.", unwritten),
)
