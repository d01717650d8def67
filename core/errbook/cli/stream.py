"""Answering a stream of texts: a line of JSON in, a line of JSON out, at the speed of a log.

Lines of a log differ from earlier ones in numbers only, and most hold no error. Many lines are looked up at once, with
zeros for digits: those that are known to be quiet (`errbook.identifier.quiet`) are not read at all. Of the others, a
line like an earlier one is answered as that was (`errbook.cli.remembered`), and the rest is read.
"""

import json
import re
import sys
from io import BytesIO
from typing import Any, Final

from errbook.cli.remembered import Form, dumps, form, matches
from errbook.identifier.quiet import ZERO_BYTES
from errbook.knowledge import Knowledge

FORMS: Final = 65_536
"""So many forms of lines are remembered, of each kind."""

LONGEST: Final = 4096
"""Bytes of a line of which the form is remembered."""

PATIENCE: Final = 1024
"""Lines after which it is seen whether remembering forms is worth while."""

_HEAD: Final = re.compile(rb'(\{"id": ?)(?:\d+|"[^"\\]*")(, ?"text": ?")')
_ESCAPED: Final = (b"\\u", b"\\x", b"%0", b"&#")
_OPEN: Final = b'{"id":'
_NOTHING: Final = b',"matches":[]}'
_ZERO: Final = _OPEN + b"0"
_NEXT: Final = _NOTHING + b"\n" + _OPEN


class Stream:
    """Answers lines; `code` becomes 2 when one of them could not be read."""

    def __init__(self, knowledge: Knowledge, limit: int) -> None:
        """`limit` is the most errors of a text that are given."""
        self._knowledge, self._limit = knowledge, limit
        self._tells: Any = None
        self._alike: Any = None
        self._written(b'{"id": ', b', "text": "')
        self._number = self._asked = self._known = 0
        self.code = 0

    def _written(self, before: bytes, between: bytes) -> None:
        """Take how lines are written around their id, and forget those that were written otherwise."""
        self._before, self._between = before, between
        self._least = LONGEST
        self._text = self._rest_of_line()
        self._whole: set[bytes] = set()
        """Whole lines with their ends, with zeros for digits, of which the text is quiet and the id a number."""
        self._quiet: set[bytes] = set()
        """What stands in quiet lines behind the quote that opens the text, with zeros for digits."""
        self._once: set[int] = set()
        self._forms: dict[bytes, Form | None] = {}

    def _rest_of_line(self) -> re.Pattern[bytes]:
        """Return what finds, in lines of `_whole`, all from the comma after one's id to the next one's id.

        As many bytes as even the shortest has are skipped without a look at them.
        """
        skipped = self._least - 1
        return re.compile(rb",(?s:.{%d}).*+\n(?s:.{0,%d})" % (skipped, len(self._before)))

    def _whole_line(self, zeroed: bytes, name: bytes) -> None:
        """Remember a whole quiet line."""
        rest = len(zeroed) - len(self._before) - len(name)
        if rest < self._least:
            self._least = rest
            self._text = self._rest_of_line()
        _add(self._whole, zeroed + b"\n")

    def answer(self, piece: bytes) -> bytes:
        """Return the answers to whole lines, one a line."""
        if not piece.endswith(b"\n"):
            piece += b"\n"
        zeroed = piece.translate(ZERO_BYTES)
        # A third of what splitlines takes, and only a line feed ends a line.
        lines = BytesIO(zeroed).readlines()
        flags = bytes(map(self._whole.__contains__, lines))
        # What is read on the way may be written otherwise; what is looked up here was written like this.
        before, text = self._before, self._text
        made: list[bytes] = []
        number = self._number
        at = done = 0
        index = flags.find(b"\0")
        while index >= 0:
            line = lines[index]
            if index > done:
                start = zeroed.find(b"\n%b" % line, at) + 1
                made.append(self._nothing(piece[at:start], before, text, number + done + 1))
                at = start
            end = at + len(line)
            made.append(self._line(piece[at : end - 1], line[:-1], number + index + 1))
            at, done = end, index + 1
            index = flags.find(b"\0", done)
        if at < len(piece):
            made.append(self._nothing(piece[at:], before, text, number + done + 1))
        self._number += len(lines)
        self._known += len(lines)
        return b"".join(made)

    def _nothing(self, piece: bytes, before: bytes, text: re.Pattern[bytes], number: int) -> bytes:
        """Return the answers to whole lines in which nothing is found; `number` is that of the first."""
        # From the text of one line to the id of the next; of the last one too much is written.
        made = text.sub(_NEXT, piece)
        if _ZERO in made or piece.startswith(before + b"0"):
            # A number of JSON does not begin with zero, which cannot be told where all digits are zeros.
            lines = enumerate(piece[:-1].split(b"\n"), number)
            return b"".join(self._line(line, line.translate(ZERO_BYTES), at) for at, line in lines)
        return _OPEN + made[len(before) : -len(_OPEN)]

    def _line(self, line: bytes, zeroed: bytes, number: int) -> bytes:
        """Return the answer to a line; `zeroed` is the line with zeros for digits."""
        head, _, tail = line.partition(self._between)
        if head.startswith(self._before) and _plain(name := head[len(self._before) :]):
            known = zeroed[len(head) + len(self._between) :]
            if known in self._quiet:
                if name.isdigit():
                    self._whole_line(zeroed, name)
                return b'{"id":%b%b\n' % (name, _NOTHING)
            if (like := self._forms.get(known)) and (said := like.answer(tail)):
                return b'{"id":%b%b' % (name, said)
        return self._read(line, number)

    def _read(self, line: bytes, number: int) -> bytes:
        if not line.strip():
            return b""
        self._asked += 1
        try:
            given: Any = json.loads(line.decode("utf-8", errors="replace"))
        except (ValueError, RecursionError) as error:
            given, why = None, f"this is no JSON ({error})"
        else:
            why = 'this is no object with a "text"'
        if not isinstance(given, dict) or not isinstance(given.get("text"), str):
            print(f'errbook: line {number}: {why}; write {{"id": 1, "text": "…"}}', file=sys.stderr)
            self.code = 2
            return b""
        found = self._knowledge.identify(given["text"])[: self._limit]
        # Where lines do not repeat themselves, it is tried seldom to remember one.
        if len(line) <= LONGEST and (self._asked < PATIENCE or self._known > 2 * self._asked or not self._asked % 16):
            self._remember(line, given["text"], found)
        return f'{{"id":{dumps(given.get("id"))}'.encode() + matches(found)

    def _remember(self, line: bytes, text: str, found: list[Any]) -> None:
        """Remember a line, if what is found in it is found in others too that are written like it."""
        match = _HEAD.match(line)
        if not match:
            return
        if (match[1], match[2]) != (self._before, self._between):
            self._written(match[1], match[2])
        tail = line[match.end() :]
        zeroed = tail.translate(ZERO_BYTES)
        if any(escape in zeroed for escape in _ESCAPED) or not _only_text(b'{"text":"' + zeroed):
            return
        if not found:
            self._tells = self._tells or self._knowledge.quiet()
            if self._tells(text):
                _add(self._quiet, zeroed)
                return
        seen = hash(zeroed)
        if seen not in self._once:
            # Most of what is seen once is never seen again.
            _add(self._once, seen)
            return
        self._alike = self._alike or self._knowledge.alike()
        if zeroed not in self._forms:
            if len(self._forms) >= FORMS:
                self._forms.clear()
            self._forms[zeroed] = form(tail, text, self._alike)
        like = self._forms[zeroed]
        if like and not like.remember(tail, text, found, lambda other: self._knowledge.identify(other)[: self._limit]):
            self._forms[zeroed] = None


def _add(held: set[Any], item: bytes | int) -> None:
    """Add to a set that does not grow without end."""
    if len(held) >= FORMS:
        held.clear()
    held.add(item)


def _plain(name: bytes) -> bool:
    """Tell whether an id is written as it is given out: a number, or a string of letters, digits and hyphens."""
    if name.isdigit():
        return len(name) < 19 and (name[0] != 48 or name == b"0")
    return name[:1] == name[-1:] == b'"' and name[1:-1].replace(b"-", b"").isalnum()


def _only_text(line: bytes) -> bool:
    """Tell whether a line is an object with one text and no id."""
    try:
        keys = json.loads(line.decode("utf-8", "replace"), object_pairs_hook=lambda pairs: [key for key, _ in pairs])
    except (ValueError, RecursionError):
        return False
    return isinstance(keys, list) and keys.count("text") == 1 and "id" not in keys
