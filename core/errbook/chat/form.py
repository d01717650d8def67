"""The parts of an answer, in the order in which they are read."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """Something to type, word for word. `lead` says what it is, and in which file it belongs where it does."""

    lead: str
    language: str
    text: str


class Note(NamedTuple):
    """One part: a heading, prose (`inline code` is its only markup, paragraphs are separated by an empty line), code.

    `where` is the anchor of the same part on the answer's page; `after` is prose that follows the code.
    """

    heading: str
    prose: str
    code: Code | None = None
    after: str = ""
    where: str = ""


class Choice(NamedTuple):
    """Another answer that may be meant: what it is called, and what asks for exactly it (``mysql 1205``)."""

    label: str
    query: str


class Page(NamedTuple):
    """A page of the site: what the link says, and its path below the site's address."""

    label: str
    path: str


class Answer(NamedTuple):
    """What is said. `sort` is ``entry``, ``code``, ``several``, ``nothing`` or ``help``.

    `risk` is the level of the entry's risk, empty without an entry. `about` has what is said in a word each (symbol,
    SQLSTATE, severity). `choices` are headed by `choices_heading`. `query` asks for exactly this answer, empty where it
    is not to be shared. `pages` begins with the page of the whole answer, where there is one. `own` tells that it holds
    what stands in the asker's text.
    """

    sort: str
    title: str
    about: tuple[str, ...]
    summary: str
    notes: tuple[Note, ...] = ()
    choices_heading: str = ""
    choices: tuple[Choice, ...] = ()
    pages: tuple[Page, ...] = ()
    risk: str = ""
    query: str = ""
    own: bool = False
