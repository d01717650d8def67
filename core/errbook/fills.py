"""The reader's own names and values in an entry's SQL, from the parameters of the message that was found.

An entry says which names in its code a parameter stands for (``fills`` in schema/entry.schema.json); where they are
was found when it was compiled (`errbook.sql_places`). Here values are quoted and put in, the same as the browser does
it (``filled`` in site/errbook_site/docs/assets/errbook/identify.js).

A value comes from whoever could write into a log, so it is hostile: whatever it is, it ends up inside one quoted
identifier, one string or one number, or nowhere. What could be taken for something else by eye or by a terminal
(control and formatting characters, line ends, writing direction) is not put in at all.

Sources of the quoting: https://dev.mysql.com/doc/refman/8.4/en/identifiers.html and string-literals.html,
https://www.postgresql.org/docs/current/sql-syntax-lexical.html, https://sqlite.org/lang_keywords.html.
"""

from __future__ import annotations

import re

from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from errbook.entry import Entry, Fill
    from errbook.identified import Identified

LONGEST = 256
"""Characters of a value that is put in; a longer one is no name, and messages cut values anyway."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffd\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Control characters, what has no width, what turns the direction of writing, line ends, halves of characters."""

_NUMBER = re.compile(r"[0-9]{1,19}")
_MY = ("mysql", "mariadb")
_DOUBLE = ("postgresql", "sqlite")


class Filled(Record):
    """A statement of an entry with the reader's own names in it.

    `part` is ``cause`` or ``fix``, `number` the place in the entry's (or the variant's) list, from 1. `spans` are the
    places in `text` that were filled in, each with its begin and its end in characters.
    """

    part: str
    number: int
    text: str
    spans: tuple[tuple[int, int], ...]

    def public(self) -> dict[str, Any]:
        """Return it as its public JSON object (``filled`` in schema/public.schema.json)."""
        return {**self._asdict(), "spans": [list(span) for span in self.spans]}


def filled(entry: Entry, found: Identified) -> list[Filled]:
    """Return every statement of an entry that what was found fills in, those of causes first.

    `found` is an error of that entry. What is for other engines is left out; so is what nothing was put into.
    """
    variant = next((item for item in entry.variants if item.id == found.variant), None)
    part = variant or entry
    blocks = [("cause", at, item, item.confirm.run, item.confirm.fills) for at, item in enumerate(part.causes, 1)]
    blocks += [("fix", at, item, item.code.text, item.code.fills) for at, item in enumerate(part.fixes, 1)]  # type: ignore[misc] # both have engines
    made = []
    for name, number, item, text, fills in blocks:
        if fills and (not item.engines or found.engine in item.engines):
            new, spans = put(text, fills, found.parameters, found.engine)
            if spans:
                made.append(Filled(name, number, new, spans))
    return made


def told(entry: Entry, found: Identified) -> tuple[Entry, tuple[str, ...]]:
    """Return the entry, or its variant, as the message tells it: statements filled in, and what was put into them."""
    shown = entry.of_message(found.variant)
    causes, fixes = list(shown.causes), list(shown.fixes)
    values: dict[str, None] = {}
    for item in filled(entry, found):
        at = item.number - 1
        if item.part == "cause":
            causes[at] = causes[at]._replace(confirm=causes[at].confirm._replace(run=item.text, fills=()))
        else:
            fixes[at] = fixes[at]._replace(code=fixes[at].code._replace(text=item.text, fills=()))
        values |= dict.fromkeys(item.text[start:end] for start, end in item.spans)
    return shown._replace(causes=tuple(causes), fixes=tuple(fixes)), tuple(values)


def put(
    text: str, fills: Sequence[Fill], parameters: Mapping[str, str], engine: str
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return a text with values put in where there are any, and where they are now."""
    pieces: list[str] = []
    spans = []
    done = size = 0
    for fill in fills:
        given = parameters.get(fill.parameter)
        value = quoted(given, fill.form, fill.part, engine) if given and fill.start >= done else None
        if value is None:
            continue
        pieces += (text[done : fill.start], value)
        size += fill.start - done
        spans.append((size, size + len(value)))
        size += len(value)
        done = fill.end
    return "".join((*pieces, text[done:])), tuple(spans)


def quoted(value: str, form: str, part: str | None, engine: str) -> str | None:
    """Return a value as SQL of an engine in the form that a place takes; None where it must not or cannot be put in.

    `part` takes one side of the dot in ``table.name``: ``first`` only where there is one dot, ``last`` where there is
    at most one. Forms: ``identifier``; ``path``, an identifier with up to two qualifiers; ``grant``, a database as
    GRANT reads it, where `_` and `%` stand for other characters; ``text``; ``path-text``, a text that holds a path, as
    PostgreSQL's `regclass` reads it; ``number``.
    """
    if len(value) > LONGEST or _UNSAFE.search(value):
        return None
    names = value.split(".")
    if part:
        if len(names) > 2 or (part == "first" and len(names) != 2):
            return None
        value = names[0] if part == "first" else names[-1]
        names = [value]
    elif form not in ("path", "path-text"):
        names = [value]
    if not value or len(names) > 3 or not all(names) or engine not in (*_MY, *_DOUBLE):
        return None
    if form == "number":
        return value if _NUMBER.fullmatch(value) else None
    if form == "text":
        return _text(value, engine)
    if form == "grant":
        names = [re.sub(r"([\\_%])", r"\\\1", value)]
    mark = "`" if engine in _MY else '"'
    path = ".".join(f"{mark}{name.replace(mark, mark * 2)}{mark}" for name in names)
    return _text(path, engine) if form == "path-text" else path


def _text(value: str, engine: str) -> str:
    value = value.replace("'", "''")
    if "\\" not in value or engine == "sqlite":
        return f"'{value}'"
    # With sql_mode NO_BACKSLASH_ESCAPES two backslashes are two, and the text still ends where it should.
    value = value.replace("\\", "\\\\")
    return f"E'{value}'" if engine == "postgresql" else f"'{value}'"
