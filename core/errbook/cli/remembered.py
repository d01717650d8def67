"""Answers that are given again: of texts of one form, which is a line of JSON with zeros for digits.

What is remembered is the answer as bytes, cut where it quotes digits of the line; a line of the same form, with the
same digits where digits matter (`errbook.identifier.alike`), is answered by quoting its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Final

from errbook.identified import Identified
from errbook.identifier.alike import Alike, Span
from errbook.identifier.words import fold

_DIGITS: Final = re.compile(rb"[0-9]+")
_ESCAPE: Final = re.compile(r'\\(?P<letter>["\\/bfnrt])|"')
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK: Final = re.compile(f"{_OPEN}([0-9]+){_CLOSE}".encode())
_TRIES: Final = 3

MOST: Final = 4096
"""So many answers are remembered of a form; a counter may stand where a code stands."""

Key = tuple[bytes, ...]
Identify = Callable[[str], Sequence[Identified]]


class Form:
    """The answers to lines of one form. A tail is what stands in a line behind the quote that opens its text."""

    def __init__(self, kept: Sequence[slice], words: Sequence[slice], vocabulary: frozenset[bytes]) -> None:
        self._kept, self._words, self._vocabulary = kept, words, vocabulary
        self._answers: dict[Key, tuple[bytes | slice, ...]] = {}

    def key(self, tail: bytes) -> Key:
        """Return the digits that matter of a tail."""
        vocabulary = self._vocabulary
        asked = [word if (word := tail[place].lower()) in vocabulary else b"" for place in self._words]
        return (*[tail[place] for place in self._kept], *asked)

    def answer(self, tail: bytes) -> bytes | None:
        """Return what follows the id in the answer; None where none is remembered."""
        pieces = self._answers.get(self.key(tail))
        if pieces is None:
            return None
        return b"".join([piece if isinstance(piece, bytes) else tail[piece] for piece in pieces])

    def remember(self, tail: bytes, text: str, found: Sequence[Identified], identify: Identify) -> bool:
        """Remember the answer to a tail, which is written in JSON as `text`; return whether it could be.

        It cannot where it is not certain what the answer quotes, or where a tail with other digits is told otherwise.
        """
        pieces = _pieces(tail, text, found)
        if pieces is None:
            return False
        key = self.key(tail)
        if len(self._answers) >= MOST:
            self._answers.clear()
        self._answers[key] = pieces
        for add in range(1, 1 + _TRIES):
            other = self._changed(tail, add)
            if self.key(other) == key:
                said = matches(identify(json.loads(b'{"text":"' + other)["text"]))
                if said != self.answer(other):
                    del self._answers[key]
                    return False
                break
        return True

    def _changed(self, tail: bytes, add: int) -> bytes:
        """Return a tail with other digits where they should not matter."""
        kept = {at for place in self._kept for at in range(place.start, place.stop)}
        made = bytearray(tail)
        for match in _DIGITS.finditer(tail):
            for at in range(*match.span()):
                if at not in kept:
                    made[at] = 48 + (tail[at] - 48 + add * (1 + at % 3)) % 10
        return bytes(made)


def form(tail: bytes, text: str, alike: Alike) -> Form | None:
    """Return the form of a tail that is written in JSON as `text`, without answers; None where there can be none."""
    places = _places(tail, len(text))
    mould = alike.mould(text) if places else None
    if not places or mould is None:
        return None

    def raw(spans: Sequence[Span]) -> list[slice]:
        return [slice(places[start], places[end]) for start, end in spans]

    return Form(raw(mould.kept), raw(mould.words), alike.words)


def matches(found: Sequence[Identified]) -> bytes:
    """Return what follows the id in the answer for what was found."""
    return f',"matches":{dumps([item.public() for item in found])}}}\n'.encode()


def dumps(value: object) -> str:
    """Return JSON in one line."""
    # A text may hold halves of surrogate pairs, which UTF-8 cannot carry: those stay escaped.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()


def _places(tail: bytes, length: int) -> list[int] | None:
    """Return where in a tail each character of its text begins, and the last one ends; None where they do not fit."""
    try:
        written = tail.decode()
    except UnicodeDecodeError:
        return None
    places: list[int] = []
    at = done = 0
    for match in _ESCAPE.finditer(written):
        plain = written[done : match.start()]
        for character in plain:
            places.append(at)
            at += len(character.encode())
        places.append(at)
        if not match["letter"]:
            return places if len(places) == length + 1 else None
        at += 2
        done = match.end()
    return None


def _pieces(tail: bytes, text: str, found: Sequence[Identified]) -> tuple[bytes | slice, ...] | None:
    """Return the answer, cut where it quotes what has digits; None where it is not certain what it quotes."""
    places = _places(tail, len(text))
    if not places:
        return None
    # What is quoted comes from there, and a folded text is as long as the text.
    folded = fold(text)
    quoted: list[slice] = []
    marked = []
    for item in found:
        values = {}
        for name, value in item.parameters.items():
            if _OPEN in value:
                return None
            if any(character in "0123456789" for character in value):
                at = folded.find(value)
                # Twice in the text, and it is not certain which of the two it is.
                if at < 0 or folded.find(value, at + 1) >= 0:
                    return None
                place = slice(places[at], places[at + len(value)])
                # A line may be written with other escapes than an answer.
                if tail[place] != dumps(value)[1:-1].encode():
                    return None
                values[name] = f"{_OPEN}{len(quoted)}{_CLOSE}"
                quoted.append(place)
            else:
                values[name] = value
        marked.append(Identified(*item._replace(parameters=values)) if values else item)
    pieces: list[bytes | slice] = []
    for number, part in enumerate(_MARK.split(matches(marked))):
        pieces.append(quoted[int(part)] if number % 2 else part)
    return tuple(pieces)
