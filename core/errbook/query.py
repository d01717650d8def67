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

MAX_SPAN = 1000
"""So many numbers one range holds at most."""

_LONGEST = 10
_SEPARATORS = str.maketrans(dict.fromkeys("/:,;()[]#'\"=.", " "))
_NOISE = frozenset({"ERROR", "ERR", "ERRNO", "ERRORCODE", "CODE", "SQLSTATE", "STATE", "NO", "NUMBER"})
_CLASS = frozenset({"CLASS", "SQLSTATE", "STATE"})
_LOGGED = "MY-"
"""What MySQL writes before a number in its error log: ``[MY-010926]``."""
_LOGGING = "mysql"
_OPERATING_SYSTEM = ("os", "handler")
_WHOSE = (
    (frozenset({"HANDLER", "STORAGE"}), ("handler", "os")),
    (frozenset({"INNODB"}), ("innodb", "handler")),
    (frozenset({"MYSYS"}), ("mysys",)),
    (frozenset({"OS", "ERRNO", "ERRCODE", "OPERATING", "SYSTEM"}), _OPERATING_SYSTEM),
)
"""Words that say whose a number is, and the namespaces to look in, the likeliest first."""
_FIRST_HANDLER = 120
"""``HA_ERR_FIRST``: the numbers of storage engines begin here, and where they do, ``errno`` means theirs."""


class Query(Record):
    """`names` are the candidates in upper case, most telling first; `engine` is the engine that was named, or None."""

    names: tuple[str, ...]
    engine: str | None


class Span(Record):
    """A range of codes, with both its ends."""

    first: str
    last: str


def span(text: str, *, states: bool) -> Span:
    """Return the range that a text means: ``3000-3099``, one code, or where `states`, a class of SQLSTATEs: ``23``.

    ValueError, which says what a range is, where it is none or has more than MAX_SPAN numbers.
    """
    first, dash, last = (part.strip().upper() for part in text[:MAX_LENGTH].partition("-"))
    if states and not dash and len(first) == 2:
        first, last = f"{first}000", f"{first}ZZZ"
    last = last if dash or last else first
    fits = all(part.isascii() and part.isalnum() and len(part) <= _LONGEST for part in (first, last))
    if not fits or first.rjust(_LONGEST, "0") > last.rjust(_LONGEST, "0"):
        raise ValueError(f"{text[:80]!r} is no range of codes; ask for one such as 3000-3099{', or 23' * states}")
    if first.isdecimal() and last.isdecimal() and not states and int(last) - int(first) >= MAX_SPAN:
        raise ValueError(f"{text[:80]!r} has more than {MAX_SPAN} numbers; ask for one such as 3000-3099")
    return Span(first, last)


def is_sqlstate(text: str) -> bool:
    """Tell whether a text has the form of a SQLSTATE: five digits or upper-case letters."""
    return len(text) == 5 and text.isascii() and text.isalnum() and text == text.upper()


def is_slug(code: str) -> bool:
    """Tell whether a code is a slug, the words of a message that has no code: small letters and a hyphen."""
    return "-" in code and code == code.lower() and code[0].isalpha()


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
    for at, word in enumerate(rest):
        if (number := logged(word)) != word:
            rest[at] = number
            engine = engine or engines.get(_LOGGING)
    names = tuple(dict.fromkeys(word for word in rest if word not in _NOISE)) or tuple(dict.fromkeys(rest))
    if len(names) == 1 and engine is None:
        return _glued(names[0], engines)
    return Query(names, engine)


def state_class(text: str) -> str | None:
    """Return the two characters of a class of SQLSTATEs where a text asks for one: ``class 08``, ``SQLSTATE 23``."""
    typed = text[:MAX_LENGTH].translate(_SEPARATORS).upper().split()
    rest = [word for word in typed if word not in _CLASS]
    one = len(rest) == 1 and len(rest[0]) == 2 and is_sqlstate(f"{rest[0]}000")
    return rest[0] if one and len(typed) > 1 else None


def logged(word: str) -> str:
    """Return the number of a code as MySQL's error log writes it, ``MY-010926``; any other word as it is."""
    number = word[len(_LOGGED) :]
    return number.lstrip("0") or "0" if word.startswith(_LOGGED) and number.isdecimal() else word


def whose(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Return a number and whose it may be, the likeliest first, where a text speaks of one that is no engine's own.

    ``errno 13``, ``OS error 28``, ``os/13``, ``Got error 122 from storage engine`` and ``InnoDB error 194`` do. Of a
    storage engine's, small numbers are the operating system's, handed through; of ``errno``, large ones are a storage
    engine's.
    """
    if len(text) > MAX_LENGTH:
        return None
    typed = text.translate(_SEPARATORS).upper().split()
    numbers = {word for word in typed if word.isascii() and word.isdecimal()}
    spaces = next((spaces for words, spaces in _WHOSE if not words.isdisjoint(typed)), None)
    if spaces is None or len(numbers) != 1:
        return None
    number = numbers.pop().lstrip("0") or "0"
    if "os" in spaces:
        spaces = _OPERATING_SYSTEM if int(number) < _FIRST_HANDLER else _OPERATING_SYSTEM[::-1]
    return number, spaces


def _glued(name: str, engines: Mapping[str, str]) -> Query:
    """Take "MYSQL-1040" and "PG42P01" apart; a symbol such as ER_1040 stays whole."""
    digit = next((at for at, character in enumerate(name) if character.isdigit()), len(name))
    engine = engines.get(name[:digit].rstrip("-").lower())
    return Query((name[digit:],), engine) if engine and name[digit:].isalnum() else Query((name,), None)
