"""From pieces of a log to the errors in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from errbook.identified import Identified
from errbook.watcher.needles import Find
from errbook.watcher.shape import DIGITS, codes, shape

SHAPES: Final = 8192
"""So many shapes are remembered; the one that was longest not seen is forgotten first."""

BEFORE: Final = 3
"""Lines before one in which the engine may be named, where the line tells an error only together with its engine."""

HINTS: Final = (b"mariadb", b"mysql", b"postgres", b"sqlite")
"""Words that name an engine, of which what drivers and tools are called is made."""

MOST_READ: Final = 4096
"""Bytes of a line that are read, those around what was found in it."""

MOST_ERRORS: Final = 4096
"""So many distinct errors are counted; texts of attackers must not fill the memory."""

Identify = Callable[[str], Sequence[Identified]]


class Told(NamedTuple):
    """What a line tells: an error, or one for each of `HINTS` that the lines before it may hold."""

    error: Identified | None
    hinted: tuple[tuple[bytes, Identified], ...] = ()


class Seen(NamedTuple):
    """An error that stands here for the first time: what it is, its line, and where the line ends in the piece."""

    error: Identified
    line: str
    end: int


class Lines:
    """Reads one log, piece by piece. Logs that are watched together share `counts` and `cache`.

    `counts` are the lines by engine and code. Memory does not grow with the log.
    """

    def __init__(
        self,
        find: Find,
        identify: Identify,
        counts: dict[tuple[str, str], int],
        cache: OrderedDict[bytes, Told],
    ) -> None:
        self._find, self._identify = find, identify
        self._counts, self._cache = counts, cache
        # By a line without digits: what of it may be codes, and what it tells. Ten times as fast as making the shape.
        self._same: dict[bytes, tuple[tuple[bytes, ...], Told]] = {}
        self._tail = b""

    def read(self, piece: bytes) -> Iterator[Seen]:
        """Give the errors that stand in whole lines for the first time; `piece` ends with a line."""
        done = 0
        for at in self._find(piece):
            if at < done:
                continue
            since = piece.rfind(b"\n", done, at) + 1 or done
            end = piece.find(b"\n", at)
            done = len(piece) if end < 0 else end + 1
            # What stands before the first needle of a long line is seldom worth more than what stands behind it.
            start = max(since, at - MOST_READ // 2)
            line = piece[start : min(done, start + MOST_READ)].rstrip(b"\r\n")
            error = self._told(line, lambda since=since: self._before(piece, since))  # type: ignore[misc] # bound now
            if error is None:
                continue
            name = error.engine, error.code
            if name in self._counts:
                self._counts[name] += 1
            elif len(self._counts) < MOST_ERRORS:
                self._counts[name] = 1
                yield Seen(error, line.decode("utf-8", "replace"), done)
        self._tail = self._before(piece, len(piece))

    def _told(self, line: bytes, before: Callable[[], bytes]) -> Identified | None:
        """Return the error that a line tells of: by itself, or by the engine that the lines before it name."""
        told = self._remembered(line)
        if told.hinted:
            context = before().lower()
            return next((error for hint, error in told.hinted if hint in context), None)
        return told.error

    def _remembered(self, line: bytes) -> Told:
        bare = line.translate(None, DIGITS)
        same = self._same.get(bare)
        if same:
            for code in same[0]:
                if code not in line:
                    break
            else:
                return same[1]
        cache, key = self._cache, shape(line)
        if key in cache:
            cache.move_to_end(key)
            told = cache[key]
        else:
            told = self._tell(line)
            # The shape itself is asked too: where it tells something else, what was left out of it matters.
            if told.error and not _agree(told.error, self._first(key)):
                return told
            cache[key] = told
            if len(cache) > SHAPES:
                cache.popitem(last=False)
        if len(self._same) >= SHAPES:
            self._same.clear()
        self._same[bare] = codes(line), told
        return told

    def _tell(self, line: bytes) -> Told:
        if found := self._first(line):
            return Told(found)
        hinted = ((hint, self._first(hint + b":\n" + line)) for hint in HINTS)
        return Told(None, tuple((hint, error) for hint, error in hinted if error))

    def _first(self, text: bytes) -> Identified | None:
        return next(iter(self._identify(text.decode("utf-8", "replace"))), None)

    def _before(self, piece: bytes, end: int) -> bytes:
        """Return the last lines before a place, those of earlier pieces included, cut to what is read of a line."""
        since = end
        for _ in range(BEFORE):
            if since == 0:
                break
            since = piece.rfind(b"\n", 0, since - 1) + 1
        held = piece[since:end]
        if since == 0:
            held = b"".join((self._tail + held).splitlines(keepends=True)[-BEFORE:])
        return held[-MOST_READ:]


def _agree(one: Identified, other: Identified | None) -> bool:
    return other is not None and (one.engine, one.code) == (other.engine, other.code)
