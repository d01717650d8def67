"""A text as words with their places, the same in Python and in the browser (site/errbook_site/docs/assets).

What people paste has been through logs, quoting, JSON, HTML and terminals. Everything that such a way puts between
words is blanked here without changing the length of the text, so that a place in the folded text is a place in the
pasted one. A word is a run of letters, digits and underscores, in lower case; of scripts that put no spaces between
words, each character is one.
"""

from __future__ import annotations

import re
from typing import Final

FILLER: Final = "\u2060"
"""Stands for the rest of an escaped letter; it is part of the word around it and is taken out of it."""

# Only from the first of many backslashes: from each, a row of them would take time in proportion to its square.
_ESCAPE: Final = re.compile(
    r"(?<!\\)\\+(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[nrtfbv](?=[^a-z]|[A-Z]|$)|[nrt])|&#x?[0-9a-fA-F]{1,6};|&[a-zA-Z]{2,6};"
    r"|\x1b\[[0-9;]{0,16}[A-Za-z]|%(?:2[0-9A-Fa-f]|0[AaDd])|\xad|\u200b|\u200c|\u200d|\ufeff"
)
_UNSEEN: Final = "\xad\u200b\u200c\u200d\ufeff"
"""Characters without a width: what stands around them is one word."""

_WORD: Final = re.compile(
    "[\u2e80-\u30ff\u3130-\u318f\u31f0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f]"
    "|(?:(?![\u2e80-\u30ff\u3130-\u318f\u31f0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f])[\\w\u2060])+"
)


def fold(text: str) -> str:
    """Return a text of the same length in which escapes are what they stand for, or blank."""
    return _ESCAPE.sub(_unescape, text)


def _unescape(match: re.Match[str]) -> str:
    found = match[0]
    if found in _UNSEEN:
        return FILLER
    digits = found.lstrip("\\")
    if found[0] == "\\" and digits[0] in "ux":
        letter = chr(int(digits[1:], 16))
        if letter.isalnum():
            return letter + FILLER * (len(found) - 1)
    return " " * len(found)


def words(text: str) -> tuple[list[str], list[int], list[int]]:
    """Return the words of a folded text, and where each begins and ends, in characters."""
    found: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _WORD.finditer(text):
        word = match[0]
        if FILLER in word:
            word = word.replace(FILLER, "")
            if not word:
                continue
        found.append(word.lower())
        starts.append(match.start())
        ends.append(match.end())
    return found, starts, ends
