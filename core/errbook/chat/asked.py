"""What somebody typed after ``/errbook``, and what the knowledge has under it."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from errbook import variants
from errbook.opened import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from errbook.codes import CodeLink
    from errbook.entry import Entry
    from errbook.knowledge import Knowledge

MAX_TEXT = 40_000
"""Longer texts are refused by whoever takes them in; no platform lets one message be longer (Slack: 40,000)."""

_HELP = frozenset({"", "help", "?", "-h", "--help", "hilfe", "aide", "ayuda"})
_SHARE = ("share", "--share")
_NEAR = 5
_MATCHES = 8
"""How many errors of one text are looked at."""

_MISSPELT = 3
"""Words up to which a text may be a misspelt name."""

_LINKS = 100
"""Of thousands of codes that go by one name no more are looked at; those with an entry come first."""

_QUOTES = "`\"'<>\u00b4\u2018\u2019\u201c\u201d"
_KEPT = frozenset("\n\t")


class Asked(NamedTuple):
    """`text` is what to look for; `share` tells whether everybody in the channel is to see the answer."""

    text: str
    share: bool
    help: bool


class Found(NamedTuple):
    """What there is. Either entries or codes are sure; `near` and `near_codes` are there for want of them.

    `engine` is the engine that was named, by its identity; `total` counts the codes, of which only the first are given;
    `named` is false where the text was no name, and what is found has its words. Of several errors in one text the
    first, the root cause, is found, and `also` holds links to the others. `foreign` is an error of an engine without
    entries, such as ``oracle ORA-00001``. `confidence`, from 0 to 1, is that of an error recognised in a text, and
    `filled` what that text gave to the statements of the entry, quoted for the engine.
    """

    entries: tuple[Entry, ...] = ()
    codes: tuple[CodeLink, ...] = ()
    total: int = 0
    near: tuple[Link, ...] = ()
    near_codes: tuple[CodeLink, ...] = ()
    engine: str | None = None
    named: bool = True
    also: tuple[Link | CodeLink, ...] = ()
    foreign: str | None = None
    confidence: float | None = None
    filled: tuple[str, ...] = ()


def asked(text: str) -> Asked:
    """Return what a text asks for: ``1040``, ``mysql 1205``, ``share 40001``, a pasted log line, ``help``, nothing.

    Characters that nobody sees (zero-width ones, marks of direction, controls) are left out, and quotes around it all.
    """
    # A lone surrogate cannot be stored or sent; it comes from JSON such as "\ud800".
    seen = "".join(c if c in _KEPT or unicodedata.category(c) not in ("Cf", "Cc", "Cs") else " " * (c != "\u200b")
                   for c in text)  # fmt: skip
    words = seen.strip().strip(_QUOTES).strip()
    first, _, rest = words.partition(" ")
    share = first.lower() in _SHARE
    words = rest.strip() if share else words
    return Asked(words, share, words.lower() in _HELP)


def find(knowledge: Knowledge, text: str) -> Found:
    """Return what a code, symbol or SQLSTATE names, or else what a pasted text speaks of."""
    from errbook import query

    short = " ".join(text.split())
    if (named := variants.split(short))[1]:
        found = [entry.of_message(named[1].lower()) for entry in knowledge.find(named[0])]
        if len(found) == 1 and variants.split(found[0].id)[1]:
            return Found((found[0],), engine=found[0].engine)
    engine = query.parse(short, knowledge.engine_names()).engine
    entries = tuple(knowledge.find(short))
    shown = {entry.id for entry in entries}
    total, _, links = knowledge.find_codes_raw(short, 0, _LINKS)
    codes = tuple(link for link in links if link.entry not in shown)
    if entries or codes:
        return Found(entries, codes, total - len(links) + len(codes), engine=engine)
    return recognised(knowledge, text)


def recognised(knowledge: Knowledge, text: str) -> Found:
    """Return what a text that is no name speaks of: the one place that decides how such a text is read."""
    return _identified(knowledge, text) or _searched(knowledge, " ".join(text.split()))


def _identified(knowledge: Knowledge, text: str) -> Found | None:
    """Return the root cause of what a text tells, and the other errors in it; None where it tells of none."""
    links: dict[str, Link | CodeLink] = {}
    engine = foreign = cause = None
    for item in knowledge.identify(text)[:_MATCHES]:
        if knowledge.engine(item.engine) is None:
            foreign = foreign or f"{item.engine} {item.code}"
            continue
        engine = engine or item.engine
        # The error log of MySQL pads its numbers, which `find_codes` knows.
        codes = [] if item.entry else knowledge.find_codes(f"{item.engine} {item.code}")
        link = knowledge.link(item.entry) if item.entry else next(iter(codes), None)
        if link:
            cause = cause or item
            links.setdefault(link.id, link)
    found = list(links.values())
    if not found or cause is None:
        return Found(foreign=foreign) if foreign else None
    first, also = found[0], tuple(found[1:])
    confidence = cause.confidence
    if isinstance(first, Link) and (told := knowledge.told(cause)):
        entry, filled = told
        return Found((entry,), engine=engine, named=False, also=also, confidence=confidence, filled=filled)
    known = tuple(link for link in (first,) if not isinstance(link, Link))
    return Found((), known, len(known), engine=engine, named=False, also=also, confidence=confidence)


def _searched(knowledge: Knowledge, text: str) -> Found:
    """Return what has all words of a text, or what is near to it."""
    links = knowledge.search(text, _NEAR, False)
    codes = _unwritten(knowledge.search_codes(text, _NEAR, loose=False))
    if links:
        entries = [knowledge.get(link.engine, link.code) for link in links]
        return Found(tuple(entry for entry in entries if entry), codes, len(codes), named=False)
    if codes:
        return Found(near_codes=codes)
    if len(text.split()) <= _MISSPELT:
        return Found(near=tuple(knowledge.suggest(text, _NEAR)), near_codes=_unwritten(knowledge.suggest_codes(text)))
    links = knowledge.search(text, _NEAR)
    # Any word of any message is a hundred times the work, and says less than what has some words of an entry.
    return Found(near=tuple(links), near_codes=() if links else _unwritten(knowledge.search_codes(text, _NEAR)))


def _unwritten(links: list[CodeLink]) -> tuple[CodeLink, ...]:
    return tuple(link for link in links if link.entry is None)
