"""From pieces of a log to the errors in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from errbook.identified import Identified
from errbook.watcher.needles import Find
from errbook.watcher.shape import shape

SHAPES: Final = 8192
"""So many shapes are remembered; the one that was longest not seen is forgotten first."""

BEFORE: Final = 3
"""Lines before one that are read with it where it does not tell all by itself."""

HINTS: Final = (b"mysql:\n", b"postgresql:\n", b"sqlite:\n")
"""Lines that name an engine; a line that tells of an error behind one of them is read with the real lines before it."""

MOST_READ: Final = 4096
"""Bytes of a line that are read, those around what was found in it."""

MOST_ERRORS: Final = 4096
"""So many distinct errors are counted; texts of attackers must not fill the memory."""

Identify = Callable[[str], Sequence[Identified]]


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
        cache: OrderedDict[bytes, tuple[Identified | None, bool]],
    ) -> None:
        self._find, self._identify = find, identify
        self._counts, self._cache = counts, cache
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
        """Return the error that a line tells of: by itself, or with the lines before it."""
        found, open_ = self._remembered(line, 0)
        if open_ and (context := before()):
            found, _ = self._remembered(context + line, len(context))
        return found

    def _remembered(self, text: bytes, since: int) -> tuple[Identified | None, bool]:
        """Return the error in a text that ends behind a place, and whether lines before the text could tell one."""
        cache, key = self._cache, shape(text)
        if key in cache:
            cache.move_to_end(key)
            return cache[key]
        found = self._first(text, since)
        # The shape itself is asked too: where it tells something else, what was left out of it matters.
        again = self._first(key, 0) if found else None
        answer = found, not found and not since and any(self._first(hint + text, len(hint)) for hint in HINTS)
        if found is None or (again and (again.engine, again.code) == (found.engine, found.code)):
            cache[key] = answer
            if len(cache) > SHAPES:
                cache.popitem(last=False)
        return answer

    def _first(self, text: bytes, since: int) -> Identified | None:
        """Return the first error that ends behind a place, in bytes."""
        place = len(text[:since].decode("utf-8", "replace"))
        return next((item for item in self._identify(text.decode("utf-8", "replace")) if item.span[1] > place), None)

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
