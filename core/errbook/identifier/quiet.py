"""Telling of a text, and of every text that differs from it in digits only, that no error is in it.

Logs repeat themselves but for numbers. What is found in a text depends on the numbers in it in two ways: they are
codes where a dialect says so, and parts of words. Here all digits are zeros, in the text, in the vocabulary and in the
patterns, so that what is not found here is found in no text of the same form, whatever its digits are. The other way
round nothing is said: a text that is not quiet may hold nothing all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from errbook.identifier.dialects import Needs, Patterns
from errbook.identifier.messages import ZEROS, Messages, zeros
from errbook.identifier.words import fold, words

ZERO_BYTES: Final = bytes.maketrans(b"123456789", b"000000000")
"""Makes all digits of bytes zeros."""

ESCAPES: Final = ("\\u", "\\x", "%0", "&#")
"""What may be an escape, of which the digits say what it stands for; such a text is never quiet."""

# Names of groups and repetitions stay; so does whatever a backslash is before.
_LITERAL: Final = re.compile(r"\\.|\(\?<\w+>|\{\d+(?:,\d*)?\}|\[\^?(?:\\.|[^\]\\])+\]|[0-9]", re.DOTALL)


class Quiet:
    """The vocabulary with zeros for digits, ready to be asked."""

    def __init__(
        self,
        messages: Messages,
        dialects: Iterable[tuple[tuple[str, ...], str, bool]],
        symbols: Iterable[str],
        classes: Iterable[str],
        telling: Iterable[str],
    ) -> None:
        """Take messages with zeros for digits, dialects as needs, pattern, whether exact, and words in lower case."""
        self._messages = messages
        given = list(dialects)
        self._needs = Needs([need.translate(ZEROS) for need in needs] for needs, _, _ in given)
        self._patterns = Patterns((widened(pattern), exact) for _, pattern, exact in given)
        self._symbols = zeros(word for word in symbols if "_" in word)
        self._classes = zeros(classes)
        self._telling = zeros(telling)

    def __call__(self, text: str) -> bool:
        """Tell whether nothing is found in the text, nor in any other of its form."""
        text = text.translate(ZEROS)
        if any(escape in text for escape in ESCAPES):
            return False
        folded = fold(text)
        found, _, _ = words(folded)
        told = set(found)
        if (
            told & self._symbols
            or told & self._classes
            or {word.removesuffix("error") for word in told} & self._classes
        ):
            return False
        if len(told & self._telling) > 1 or self._messages.find(found):
            return False
        return not any(self._patterns[number].search(folded) for number in self._needs.met(folded.lower()))


def widened(pattern: str) -> str:
    """Return a pattern that finds, in a text whose digits are zeros, whatever it finds with any digits."""

    def wide(match: re.Match[str]) -> str:
        found = match[0]
        if found.isdecimal():
            return "0"
        if found[0] == "[" and "0-9" not in found and re.search("[0-9]", found):
            # What stands for some digits stands for all; what leaves some out leaves none out.
            return re.sub("[0-9](?:-[0-9])?", "", found) if found[1] == "^" else f"[0{found[1:]}"
        return found

    return _LITERAL.sub(wide, pattern)
