"""Paragraphs of two entries that are much alike: what a reviewer compares, and no program can judge.

The measure is the Jaccard index of word shingles (A. Broder, "On the resemblance and containment of documents", 1997):
the runs of three words that two paragraphs have in common, divided by all that either of them has. 0 is nothing in
common, 1 is the same words in the same order. Compared are the paragraphs of prose that have ten words or more, in
small letters and without punctuation; what scenarios say is left out, as `errbook.rules.repeats` does.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from errbook.rules import repeats
from errbook.source import Source, display

LEAST: Final = 0.2
"""Pairs below this similarity are not shown: of two short ones, they share a turn of phrase."""

_RUN: Final = 3
_SHORTEST: Final = 10
_BETWEEN: Final = re.compile(r"\n[ \t]*\n")


class Paragraph(NamedTuple):
    """A paragraph of an entry: the file, line and column where it begins, and its text on one line."""

    path: str
    line: int
    column: int
    text: str


class Pair(NamedTuple):
    """Two paragraphs of different entries, and how much they are alike: from 0, exclusive, to 1."""

    similarity: float
    one: Paragraph
    other: Paragraph


def paragraphs(source: Source) -> Iterator[Paragraph]:
    """Yield the paragraphs of an entry or a condition that are long enough to be compared."""
    for where, text in repeats.prose(source.kind, source.data):
        start = 0
        for end, after in [*((found.start(), found.end()) for found in _BETWEEN.finditer(text)), (len(text), 0)]:
            part = text[start:end]
            if len(repeats.normal(part).split()) >= _SHORTEST:
                offset = start + len(part) - len(part.lstrip())
                yield Paragraph(display(source.path), *source.position_in(where, offset), " ".join(part.split()))
            start = after


def pairs(found: Iterable[Paragraph], least: float = LEAST) -> list[Pair]:
    """Return the pairs of paragraphs of different files that are alike by `least` or more, most alike first.

    Only paragraphs that share a run of words are compared, so that the work grows with what is shared, not with the
    square of the paragraphs.
    """
    known: list[tuple[Paragraph, int]] = []
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    alike: list[Pair] = []
    for paragraph in found:
        words = repeats.normal(paragraph.text).split()
        runs = set(zip(*(words[at:] for at in range(_RUN)), strict=False))
        shared = Counter(number for run in runs for number in holders[run])
        for number, count in shared.items():
            other, size = known[number]
            similarity = count / (len(runs) + size - count)
            if similarity >= least and other.path != paragraph.path:
                alike.append(Pair(similarity, other, paragraph))
        for run in runs:
            holders[run].append(len(known))
        known.append((paragraph, len(runs)))
    return sorted(alike, key=lambda pair: (-pair.similarity, pair.one, pair.other))
