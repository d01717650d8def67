"""Answering a stream of texts: a line of JSON in, a line of JSON out, at the speed of a log.

Most lines of a log hold no error and differ from an earlier one in numbers only. Such a line is not read at all: what
stands in it, with zeros for digits, is known to be quiet (`errbook.identifier.quiet`). Every other line is.
"""

import json
import re
import sys
from typing import Any, Final

from errbook.identifier.quiet import ZEROS
from errbook.knowledge import Knowledge

FORMS: Final = 65_536
"""So many forms of quiet lines are remembered."""

LONGEST: Final = 4096
"""Bytes of a line of which the form is remembered."""

PATIENCE: Final = 1024
"""Lines after which it is seen whether remembering forms is worth while."""

_HEAD: Final = re.compile(rb'(\{"id": ?)(?:\d+|"[^"\\]*")(, ?"text": ?")')
_ESCAPED: Final = (b"\\u", b"\\x", b"%0", b"&#")


class Stream:
    """Answers lines; `code` becomes 2 when one of them could not be read."""

    def __init__(self, knowledge: Knowledge, limit: int) -> None:
        """`limit` is the most errors of a text that are given."""
        self._knowledge, self._limit = knowledge, limit
        self._tells: Any = None
        self._quiet: set[bytes] = set()
        self._before, self._between = b'{"id": ', b', "text": "'
        self._number = self._asked = self._known = 0
        self.code = 0

    def answer(self, piece: bytes) -> bytes:
        """Return the answers to whole lines, one a line."""
        made: list[bytes] = []
        add, quiet, zeros = made.append, self._quiet, ZEROS
        before, between = self._before, self._between
        length, first = len(before), self._number
        lines = piece.split(b"\n")
        if not lines[-1]:
            lines.pop()
        for number, line in enumerate(lines, first + 1):
            head, _, tail = line.partition(between)
            if tail.translate(zeros) in quiet and head.startswith(before) and _plain(name := head[length:]):
                add(b'{"id":%b,"matches":[]}\n' % name)
            else:
                add(self._read(line, number))
                if self._between is not between or self._before is not before:
                    before, between = self._before, self._between
                    length = len(before)
        self._number = first + len(lines)
        self._known += len(lines)
        return b"".join(made)

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
        if not found:
            self._remember(line, given["text"])
        answer = {"id": given.get("id"), "matches": [item.public() for item in found]}
        return dumps(answer).encode() + b"\n"

    def _remember(self, line: bytes, text: str) -> None:
        """Remember the form of a line that holds nothing, where no line of the form does."""
        # Where lines do not repeat themselves, it is tried seldom.
        worth = self._asked < PATIENCE or self._known > 2 * self._asked or not self._asked % 16
        match = _HEAD.match(line)
        if not (worth and match) or len(line) > LONGEST:
            return
        if (match[1], match[2]) != (self._before, self._between):
            self._before, self._between = match[1], match[2]
            self._quiet.clear()
        form = line[match.end() :].translate(ZEROS)
        if any(escape in form for escape in _ESCAPED) or not _only_text(b'{"text":"' + form):
            return
        if self._tells is None:
            self._tells = self._knowledge.quiet()
        if self._tells(text):
            if len(self._quiet) >= FORMS:
                self._quiet.clear()
            self._quiet.add(form)


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


def dumps(value: object) -> str:
    """Return JSON in one line."""
    # A text may hold halves of surrogate pairs, which UTF-8 cannot carry: those stay escaped.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()
