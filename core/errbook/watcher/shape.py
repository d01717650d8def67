"""A line of a log without what changes from one such line to the next: numbers, identities, quoted values.

Two lines of one shape tell of the same error. What may be a code stays, though it is a number.
"""

from __future__ import annotations

import re
from typing import Final

_KEPT: Final = (
    # A word before it says that it is a code: errno: 1062, SQLSTATE[HY000] [2002], Error 1062 (23000), MY-012592.
    rb"(?:(?i:['\"]?[a-z_]{0,12}(?:err(?:or|no)?|code|state|msg|number|level))|\b(?:MY|ORA|TNS|PLS|DPY|no|FATAL))"
    rb"(?i: code| number| no\.?)?[^\w\n]{0,5}\w{1,6}(?!\w|\.\d)(?:[^\w\n]{1,4}[0-9A-Z]{1,6}(?!\w|\.\d))?"
    # It stands as only codes do: (1062, 1049 (42000), [23000][1062], (HY000/2002), #1045 -, 42P01:
    rb"|\(\d{1,5}(?=[,)])|\b\d{4,6} \([0-9A-Z]{5}\)|\[[0-9A-Z]{5}\] ?\[\d{1,5}\]|\([0-9A-Z]{5}/\d{4}\)"
    rb"|#\d{4} - |\b[0-9P][0-9A-Z]{4}(?=: {1,2}[a-z])|\bCode: \d{1,4}|\bE\d{4,5}\b|[a-z]?: \d{1,4} "
    rb"|\b[A-Z]{2,5}\d?-\d{4,5}\b|\bSQL\d{4,5}[NCW]\b|=> \w{1,6}\b"
    # Names of engines with a number in them, and the ports of two.
    rb"|\b(?:sqlite3|mysql2|psycopg2|jdbc4|db2|utf8\w*)(?!\w)|:(?:3306|5432)\b"
)
_DROPPED: Final = (
    # A value in quotes that has no space, and no capitals that make a symbol.
    rb"(?<!\w)'(?:[a-z0-9]|\w{1,80}\d)[\w.@:/+-]{0,120}'|(?<!\w)\"(?:[a-z0-9]|\w{1,80}\d)[\w.@:/+-]{0,120}\""
    rb"|`[^`\n]{0,80}`|\w*\d\w*"
)
_OTHER: Final = rb"[A-Za-z_\x80-\xff]+|[^\w\x80-\xff'\"`][^\w\x80-\xff'\"`(\[#:=]*|['\"`]"
_PIECE: Final = re.compile(rb"(" + _KEPT + rb"|(?!" + _DROPPED + rb")(?:" + _OTHER + rb"))|" + _DROPPED)


DIGITS: Final = b"0123456789"


def shape(line: bytes) -> bytes:
    """Return a line's shape; whatever changes is left out of it."""
    return b"".join(_PIECE.findall(line))


def codes(line: bytes) -> tuple[bytes, ...]:
    """Return the pieces of a line's shape that have digits.

    A line that is the same but for its digits, and has these, has the same shape.
    """
    return tuple({piece for piece in _PIECE.findall(line) if piece.translate(None, DIGITS) != piece})
