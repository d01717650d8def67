"""Finding messages in a text: candidates by their anchors, then each checked by its runs of words in order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Final, NamedTuple

ZEROS: Final = str.maketrans("123456789", "000000000")
"""Makes all digits of a text zeros."""

_DIGIT: Final = re.compile("[0-9]")

MOST_BETWEEN = 24
"""Words that a gap may hold between two runs of a message's own words."""

FREE = 6
"""Words in gaps, all together, that cost nothing; a placeholder seldom holds more."""

PRICE = 0.4
"""Bits that each further word costs."""


def zeros(words: Iterable[str]) -> frozenset[str]:
    """Return words, none of which has a line feed, with zeros for digits."""
    # All at once: a call for each word takes several times as long.
    joined = "\n".join(words)
    return frozenset(joined.translate(ZEROS).split("\n")) if joined else frozenset()


class Message(NamedTuple):
    """A message as `errbook.identifier.layout` describes it; `first` and `last` are the places of its outer words."""

    bits: int
    flags: str
    refs: tuple[str, ...]
    words: tuple[str, ...]
    first: int
    last: int


class Found(NamedTuple):
    """A message in a text: its bits after the price of gaps, the places of its words, and those of its gaps.

    `start` and `end` count words, `end` is behind the last. A gap is its name and the word places around it.
    """

    message: Message
    bits: float
    start: int
    end: int
    gaps: tuple[tuple[str, int, int], ...]


class Messages:
    """The messages of one part, filed under their anchors."""

    def __init__(self, lines: list[str], flags: str = "") -> None:
        """Take the lines of a part; `flags` is what all of its messages have besides their own."""
        self._lines, self._flags = lines, flags
        self._ready: dict[int, tuple[Message, int]] = {}
        self._filed: dict[str, list[int]] = {}
        filed = self._filed
        for number, line in enumerate(lines):
            key = _key(line)
            if key in filed:
                filed[key].append(number)
            else:
                filed[key] = [number]

    def numbered(self) -> set[str]:
        """Return the words of messages that have digits."""
        texts = (self._lines[number].rpartition("\t")[2] for number in self._with_digits)
        return {word for text in texts for word in text.split(" ") if _DIGIT.search(word)}

    @cached_property
    def _with_digits(self) -> list[int]:
        """The numbers of the lines that have digits in their words."""
        texts = (line.rpartition("\t")[2] for line in self._lines)
        whole = "\n".join(texts).encode()
        # One deletion in all of them is faster than a search in each.
        pairs = zip(whole.split(b"\n"), whole.translate(None, b"0123456789").split(b"\n"), strict=True)
        return [number for number, (text, bare) in enumerate(pairs) if len(text) != len(bare)]

    def zeroed(self) -> Messages:
        """Return what stands in a text with zeros for digits where one of these messages stands in the text."""
        made = Messages([], self._flags)
        made._lines, made._filed = list(self._lines), dict(self._filed)
        for number in self._with_digits:
            # Under its old key it does no harm: its words do not fit there.
            made._lines[number] = line = _zeroed(self._lines[number])
            key = _key(line)
            made._filed[key] = [*made._filed.get(key, ()), number]
        return made

    def find(self, words: list[str]) -> list[Found]:
        """Return every message that the words hold, in the order of the text; work is linear in the words."""
        found = []
        filed = self._filed
        before = ""
        for at, word in enumerate(words):
            for key, place in ((f"{before} {word}", at - 1), (word, at)):
                for number in filed.get(key, ()):
                    message, anchor = self._ready.get(number) or self._read(number)
                    if hit := _check(message, anchor, words, place):
                        found.append(hit)
            before = word
        return found

    def _read(self, number: int) -> tuple[Message, int]:
        bits, anchor, flags, refs, text = self._lines[number].split("\t")
        words = tuple(text.split(" "))
        first = int(words[0][0] == "*")
        last = len(words) - 1 - int(words[-1][0] == "*")
        made = Message(int(bits), flags + self._flags, tuple(refs.split(",")), words, first, last), int(anchor) + first
        self._ready[number] = made
        return made


def _key(line: str) -> str:
    """Return the words by which a message is found: its anchor, and the word behind it where one is."""
    _, anchor, _, _, words = line.split("\t")
    parts = words.split(" ")
    at = int(anchor) + (words[0] == "*")
    if at + 1 < len(parts) and parts[at + 1][0] != "*":
        return f"{parts[at]} {parts[at + 1]}"
    return parts[at]


def _zeroed(line: str) -> str:
    """Return the line of a message with zeros for the digits in its words."""
    bits, anchor, flags, refs, text = line.split("\t")
    words = text.translate(ZEROS).split(" ")
    gaps = [at for at, word in enumerate(words) if word[0] == "*" and 0 < at < len(words) - 1]
    if gaps and "0" in "".join(words[gaps[0] : gaps[-1]]):
        # The nearest run is taken, and of a run with zeros one may be nearer from which the next is out of reach:
        # the run of the anchor has to do.
        at = since = to = int(anchor) + (words[0][0] == "*")
        while since and words[since - 1][0] != "*":
            since -= 1
        while to < len(words) and words[to][0] != "*":
            to += 1
        anchor, words = str(at - since), words[since:to]
    return "\t".join((bits, anchor, flags, refs, " ".join(words)))


def _check(message: Message, anchor: int, text: list[str], at: int) -> Found | None:
    """Return the message where its word `anchor` is the text's word `at`, None where the rest does not fit."""
    words, size = message.words, len(text)
    gaps: list[tuple[str, int, int]] = []
    # To the left: the rest of the anchor's own run, then each gap and run before it.
    place, start = anchor, at
    while place > message.first:
        place -= 1
        word = words[place]
        if word[0] == "*":
            head = place - 1
            while head > message.first and words[head - 1][0] != "*":
                head -= 1
            begin = _before(text, start, words[head:place])
            if begin < 0:
                return None
            gaps.append((word[1:], begin + place - head, start))
            start, place = begin, head
        else:
            start -= 1
            if start < 0 or text[start] != word:
                return None
    # To the right, in the same way.
    place, end = anchor, at + 1
    while place < message.last:
        place += 1
        word = words[place]
        if word[0] == "*":
            tail = place + 1
            while tail <= message.last and words[tail][0] != "*":
                tail += 1
            begin = _after(text, end, words[place + 1 : tail])
            if begin < 0:
                return None
            gaps.append((word[1:], end, begin))
            end, place = begin + tail - place - 1, tail - 1
        else:
            if end >= size or text[end] != word:
                return None
            end += 1
    held = sum(to - since for _, since, to in gaps)
    return Found(message, message.bits - PRICE * max(0, held - FREE), start, end, tuple(gaps))


def _before(text: list[str], end: int, run: tuple[str, ...]) -> int:
    """Return where a run of words begins that ends at most MOST_BETWEEN words before `end`; -1 where there is none."""
    length = len(run)
    last = run[-1]
    for at in range(end - 1, max(-1, end - 2 - MOST_BETWEEN), -1):
        begin = at - length + 1
        if text[at] == last and begin >= 0 and (length == 1 or tuple(text[begin : at + 1]) == run):
            return begin
    return -1


def _after(text: list[str], start: int, run: tuple[str, ...]) -> int:
    """Return where a run of words begins at most MOST_BETWEEN words behind `start`; -1 where there is none."""
    length = len(run)
    first = run[0]
    for at in range(start, min(len(text), start + MOST_BETWEEN + 1)):
        if text[at] == first and (length == 1 or tuple(text[at : at + length]) == run):
            return at
    return -1
