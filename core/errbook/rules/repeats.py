"""Sentences that stand in two entries: whoever reads one entry for another's sentence has not been told of the error.

Conditions that are written up count as entries here. Compared are the sentences of prose that have five words or more,
in small letters and without punctuation. What `reproduce` says is left out, and what is said of a condition's
`scenario`: evidence belongs to a scenario as it is written. A layer is held to this where it has a file
``errors/phrases.yaml``, and for its own entries: it lists the few phrases that may repeat, in one field, ``phrases``, a
list of sentences.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from errbook.problem import Problem, shown
from errbook.rules import strings
from errbook.rules.rule import Rule

if TYPE_CHECKING:
    from errbook.rules.knowledge import Index
    from errbook.source import Kind, Source

FILE: Final = "phrases.yaml"
_SHORTEST: Final = 5
_BETWEEN: Final = re.compile(r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<=[.!?])[\"')]*\s+|\n[ \t]*\n|(?:^|\n)[ \t]*- ")
_SCENARIOS: Final = frozenset({"reproduce", "scenario"})
_WORD: Final = re.compile(r"`[^`]*`|[^\W_]+")


class Phrase(NamedTuple):
    """A phrase that may repeat: where it is listed, the number of the layer, and its words."""

    path: str
    line: int
    column: int
    rank: int
    words: str


class Repeat(NamedTuple):
    """A sentence that stood in an entry before: where it stands now, and the path and line of the first one."""

    path: str
    line: int
    column: int
    rank: int
    sentence: str
    words: str
    first: str
    first_line: int


@dataclass
class Sentences:
    """The sentences seen so far. Of each, a number and its first place are kept; of those seen again, the text."""

    files: list[str] = field(default_factory=list)
    """The path of each entry that was added."""
    places: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """The number of the entry that holds a sentence first, and the line, by the layer and the hash of the words."""
    repeats: list[Repeat] = field(default_factory=list)
    phrases: list[Phrase] = field(default_factory=list)
    layers: set[int] = field(default_factory=set)
    """The numbers of the layers that have a list of phrases: what others hold is not compared."""
    everything: bool = True
    """Whether all entries are added, so that a phrase without a repeat is one too many."""

    def add(
        self,
        path: str,
        rank: int,
        source: "Source",
    ) -> None:
        """Add an entry or a condition of the layer ``rank``.

        A sentence that stands in one entry twice is no repeat.
        """
        if rank not in self.layers:
            return
        at = len(self.files)
        self.files.append(path)
        for where, offset, sentence in sentences(source.kind, source.data):
            words = normal(sentence)
            first = self.places.get((rank, hash(words)))
            if first is None:
                self.places[rank, hash(words)] = at, source.position_in(where, offset)[0]
            elif first[0] != at:
                place = path, *source.position_in(where, offset)
                self.repeats.append(Repeat(*place, rank, sentence, words, self.files[first[0]], first[1]))

    def allow(
        self, path: str, rank: int, data: Mapping[str, Any], position: Callable[..., tuple[int, int]]
    ) -> list[Problem]:
        """Take the phrases of a file ``phrases.yaml``, and return what is wrong with its list."""
        self.layers.add(rank)
        listed = data.get("phrases")
        if set(data) != {"phrases"} or not isinstance(listed, list) or not listed:
            advice = "Write `phrases:` and below it a `- sentence` for each, or delete the file"
            return [Problem(path, 1, 1, "fixed-phrase", "the file is not one list named `phrases`", advice)]
        problems: list[Problem] = []
        seen: set[str] = set()
        for at, text in enumerate(listed):
            place = path, *position(("phrases", at))
            words = normal(text) if isinstance(text, str) else ""
            if words in seen:
                problems.append(Problem(*place, "fixed-phrase", f"{shown(text)} is listed twice", "Remove one of them"))
            elif len(words.split()) < _SHORTEST:
                message = f"{shown(text)} has fewer than five words"
                problems.append(Problem(*place, "fixed-phrase", message, "Remove it; what is so short may repeat"))
            else:
                seen.add(words)
                self.phrases.append(Phrase(*place, rank, words))
        return problems


def normal(sentence: str) -> str:
    """Return the words of a sentence in small letters, without punctuation; inline code is kept as it is."""
    return " ".join(word if word[0] == "`" else word.lower() for word in _WORD.findall(sentence))


def prose(kind: "Kind", data: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the place and the text of each piece of prose that is compared; ``kind`` is that of the file."""
    for where, sort, text in strings.texts(kind, data):
        if sort == "prose" and _SCENARIOS.isdisjoint(where):
            yield where, text


def sentences(kind: "Kind", data: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], int, str]]:
    """Yield the place, the offset in its text and the text of each sentence of a file's prose that is compared."""
    for where, text in prose(kind, data):
        start = 0
        for end, after in [*((found.start(), found.end()) for found in _BETWEEN.finditer(text)), (len(text), 0)]:
            sentence = text[start:end]
            if len(normal(sentence).split()) >= _SHORTEST:
                yield where, start + len(sentence) - len(sentence.lstrip()), sentence.strip()
            start = after


def repeated(index: "Index") -> Iterator[Problem]:
    """Find sentences of two entries, and fixed phrases that are not listed well or not needed."""
    known = index.sentences
    phrases = {(phrase.rank, phrase.words) for phrase in known.phrases}
    needed = {(item.rank, item.words) for item in known.repeats}
    for item in known.repeats:
        if (item.rank, item.words) not in phrases:
            message = f"{shown(item.sentence)} stands in {item.first}:{item.first_line} too"
            advice = f"Say in one of them what is true of that error alone; a fixed phrase belongs in errors/{FILE}"
            yield Problem(item.path, item.line, item.column, "repeated-sentence", message, advice)
    for phrase in known.phrases:
        # A lower layer is checked by itself: here, entries above it may hide those that need its phrases.
        if known.everything and phrase.rank == 0 and (phrase.rank, phrase.words) not in needed:
            message = f"{shown(phrase.words)} stands in no two entries"
            place = phrase.path, phrase.line, phrase.column
            yield Problem(*place, "fixed-phrase", message, "Remove it from the list")


RULES: Final = (
    Rule(
        "fixed-phrase",
        "knowledge",
        "errors/phrases.yaml lists the phrases that may stand in two entries or conditions, and no other.",
        "Remove what no two of them hold.",
        across=repeated,
    ),
    Rule(
        "repeated-sentence",
        "knowledge",
        "No sentence of five words or more stands in two entries, or in a condition too.",
        "Say what is true of this error alone, or list the phrase in errors/phrases.yaml.",
        across=repeated,
    ),
)
