"""Telling which texts that differ in digits only get the same answer, wherever errors stand in them.

Two things of a text's digits matter to an answer: those that a dialect takes for a code, and those of a word that the
vocabulary has. A mould says where such digits may stand in texts of one form, which is a text with zeros for digits.
Texts of one form that have the same there get the same answer but for what it quotes of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from errbook.identifier.dialects import Patterns
from errbook.identifier.messages import ZEROS, zeros
from errbook.identifier.quiet import ESCAPES, widened
from errbook.identifier.words import FILLER, fold, words

_DIGIT: Final = re.compile("[0-9]")

Span = tuple[int, int]


class Mould(NamedTuple):
    """Where digits matter in texts of one form, in characters: `kept` always, `words` where the vocabulary has it."""

    kept: tuple[Span, ...]
    words: tuple[Span, ...]


class Alike:
    """The vocabulary's words that have digits, and the dialects as they match where all digits are zeros."""

    def __init__(
        self,
        vocabulary: Iterable[str],
        prefixes: Iterable[str],
        classes: Iterable[str],
        telling: Iterable[str],
        dialects: Iterable[Mapping[str, Any]],
    ) -> None:
        """Take all words of messages, symbols and hints, beginnings of hints, names of exceptions and of languages."""
        self.words: frozenset[bytes] = frozenset(word.encode() for word in vocabulary if _DIGIT.search(word))
        """The vocabulary's words with digits, in small letters."""
        self._zeroed = frozenset(word.decode().translate(ZEROS) for word in self.words)
        self._prefixes = tuple({prefix.translate(ZEROS) for prefix in prefixes if _DIGIT.search(prefix)})
        self._classes = frozenset(word.translate(ZEROS) for word in classes if _DIGIT.search(word))
        self._telling = zeros(telling)
        given = list(dialects)
        wide = [widened(item["pattern"]) for item in given]
        self._dialects = [
            # What it needs, and whether its pattern has digits of its own.
            (tuple(need.translate(ZEROS) for need in item["needs"]), one != item["pattern"])
            for item, one in zip(given, wide, strict=True)
        ]
        # Ahead of each place: one match must not hide another that begins within it.
        self._patterns = Patterns(
            (f"(?=({one}))", bool(item.get("exact"))) for item, one in zip(given, wide, strict=True)
        )

    def mould(self, text: str) -> Mould | None:
        """Return the mould of a text's form; None where nothing is said of it."""
        text = text.translate(ZEROS)
        folded = fold(text)
        # Words with characters that are not seen stand otherwise in the line than in the vocabulary.
        if FILLER in folded or any(escape in text for escape in ESCAPES):
            return None
        found, starts, ends = words(folded)
        if len(set(found) & self._telling) > 1:
            # Another language has words of its own.
            return None
        kept: set[Span] = set()
        asked: list[Span] = []
        for word, start, end in zip(found, starts, ends, strict=True):
            if "0" not in word:
                continue
            if word.startswith(self._prefixes) or word.removesuffix("error") in self._classes:
                kept.add((start, end))
            elif not folded[start:end].isascii():
                # Other letters may be the same in small ones: a Kelvin sign is a k.
                kept.add((start, end))
            elif word in self._zeroed:
                asked.append((start, end))
        lowered = folded.lower()
        for item, (needs, whole) in enumerate(self._dialects):
            if any(need in lowered for need in needs):
                pattern = self._patterns[item]
                for match in pattern.finditer(folded):
                    # What a group names is looked up; where a pattern has digits of its own, all of them count.
                    for number in (1,) if whole else range(2, pattern.groups + 1):
                        start, end = match.span(number)
                        if "0" in folded[max(start, 0) : end]:
                            kept.add((start, end))
        return Mould(tuple(sorted(kept)), tuple(asked))
