"""Finding the lines of a log that are worth reading.

A line is read where it holds a word by which logs tell errors, the beginning of a form in which codes are printed, or
words of a message that an entry explains. What no catalog but ours knows and no such word announces is not read: nine
thousand messages have words that any log is full of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

MARKS: Final = (
    # How logs and programs announce an error, in the ways to write it.
    *("error", "Error", "ERROR", "fatal", "Fatal", "FATAL", "PANIC", "xception", "EXCEPTION", " failed", " denied"),
    *("errno", "Errno", "[Err]"),
    # PostgreSQL's severities in other languages.
    *("FEHLER:", "ERREUR", "ERRO:", "エラー:", "შეცდომა:", "오류:", "ОШИБКА:", "ПОМИЛКА:", "错误:", "錯誤:", " FEL:"),
    *("BŁĄD:", "HATA:", "CHYBA:", "ΣΦΑΛΜΑ:"),
    # Codes: SQLSTATEs, symbols, and what only one engine's logs have.
    *("SQLSTATE", "SQLState", "sqlState", "sqlstate", "SQL state", "SQL_STATE", " ER_", "'ER_", '"ER_', "(ER_"),
    *(
        "SQLITE_",
        "PG::",
        "psycopg",
        ":3306",
        ":5432",
        ".s.PGSQL",
        "mysqld.sock",
        "at RAISE",
        "at ASSERT",
        "[MY-0",
        "(HY000/",
    ),
    *("ORA-", "TNS-", "Msg ", "E11000", "DB::", "SQLCODE", "SQL0", "WRONGTYPE", "NOAUTH", "MISCONF", "CROSSSLOT"),
)
"""By these a line is read whatever it says: substrings, capitals and small letters as printed.

None has fewer than four bytes: the packed search falls to a tenth of its speed for shorter ones.
"""

MOST_PACKED: Final = 60
"""So many needles are searched for by comparing many bytes in one instruction; more of them byte by byte."""

_GAP: Final = re.compile(r"\{\w+\}")
_WORDS: Final = 3
_LEAST: Final = 6

Find = Callable[[bytes], list[int]]
"""Return places in a piece of a log at which needles stand; at least one in each line that holds any, in order."""


def needles(messages: Iterable[str]) -> list[bytes]:
    """Return `MARKS` and as few fragments more as it takes that each message (``{name}`` is a gap) holds one."""
    found = list(MARKS)
    for message in sorted(messages, key=len):
        pieces = [piece.strip(" '\"`(),.:;") for piece in _GAP.split(message)]
        if any(needle in piece for piece in pieces for needle in found):
            continue
        longest = max(pieces, key=len)
        fragment = " ".join(longest.split(" ")[:_WORDS])
        if len(fragment) >= _LEAST:
            found.append(fragment)
    return [needle.encode() for needle in found]


def finder(wanted: list[bytes]) -> Find:
    """Return what finds needles: Aho-Corasick by the extra ``fast``, or the regular expressions of Python."""
    try:
        # The extra ``fast``: forty times as fast.
        from ahocorasick_rs import BytesAhoCorasick, MatchKind
    except ModuleNotFoundError:
        return _compiled(wanted)
    # Only this kind of match is searched for with packed comparisons (Teddy), twenty times as fast as byte by byte.
    packs = [
        BytesAhoCorasick(wanted[at : at + MOST_PACKED], matchkind=MatchKind.LeftmostFirst)
        for at in range(0, len(wanted), MOST_PACKED)
    ]

    def find(piece: bytes) -> list[int]:
        return sorted(start for pack in packs for _, start, _ in pack.find_matches_as_indexes(piece))

    return find


def _compiled(wanted: list[bytes]) -> Find:
    # By their first bytes, so that a place is given up after one comparison.
    groups: dict[bytes, list[bytes]] = {}
    for needle in wanted:
        groups.setdefault(needle[:1], []).append(needle[1:])
    parts = [re.escape(first) + b"(?:" + b"|".join(map(re.escape, rest)) + b")" for first, rest in groups.items()]
    pattern = re.compile(b"|".join(parts))

    def find(piece: bytes) -> list[int]:
        return [match.start() for match in pattern.finditer(piece)]

    return find
