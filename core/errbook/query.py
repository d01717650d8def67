"""What people type when they look an error up, brought into a form that can be looked up.

``1040``, ``mysql 1040``, ``MySQL/1040``, ``ERROR 1040 (08004)``, ``er_con_count_error``, ``SQLSTATE[42P01]``,
``pg:23505`` and ``SQLITE_BUSY`` are all queries. Nothing here reads the knowledge: the caller gives engine names.
"""

from __future__ import annotations

from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LENGTH = 200
"""Longer queries are no code and no symbol; they are refused before anything is done with them."""

_SEPARATORS = str.maketrans(dict.fromkeys("/:,;()[]#'\"=.", " "))
_NOISE = frozenset({"ERROR", "ERR", "ERRNO", "ERRORCODE", "CODE", "SQLSTATE", "STATE", "NO", "NUMBER"})


class Query(Record):
    """`names` are the candidates in upper case, most telling first; `engine` is the engine that was named, or None."""

    names: tuple[str, ...]
    engine: str | None


def is_sqlstate(text: str) -> bool:
    """Tell whether a text has the form of a SQLSTATE: five digits or upper-case letters."""
    return len(text) == 5 and text.isascii() and text.isalnum() and text == text.upper()


def words(text: str) -> list[str]:
    """Return the runs of letters, digits and underscores in the first MAX_LENGTH characters of a text."""
    return "".join(c if c.isalnum() or c == "_" else " " for c in text[:MAX_LENGTH]).split()


def parse(text: str, engines: Mapping[str, str]) -> Query:
    """Return what is asked for.

    `engines` maps each name of an engine, in lower case, to its identity. Words that only announce a code ("error",
    "SQLSTATE") are dropped as long as something is left without them.
    """
    if len(text) > MAX_LENGTH:
        return Query((), None)
    typed = text.translate(_SEPARATORS).split()
    engine = None
    rest = []
    for word in typed:
        named = engines.get(word.lower())
        if named and engine is None and len(typed) > 1:
            engine = named
        else:
            rest.append(word.upper())
    names = tuple(dict.fromkeys(word for word in rest if word not in _NOISE)) or tuple(dict.fromkeys(rest))
    if len(names) == 1 and engine is None:
        return _glued(names[0], engines)
    return Query(names, engine)


def _glued(name: str, engines: Mapping[str, str]) -> Query:
    """Take "MYSQL-1040" and "PG42P01" apart; a symbol such as ER_1040 stays whole."""
    digit = next((at for at, character in enumerate(name) if character.isdigit()), len(name))
    engine = engines.get(name[:digit].rstrip("-").lower())
    return Query((name[digit:],), engine) if engine and name[digit:].isalnum() else Query((name,), None)
