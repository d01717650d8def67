"""Files that grow: followed through renaming and making again, and through cutting, as logrotate does both."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

PIECE: Final = 1 << 20
"""Bytes that are read at once."""

PAUSE: Final = 0.2
"""Seconds between two looks at files that have not grown."""


class File:
    """One file that is followed. OSError where it cannot be opened at first; later it may be missing for a while."""

    def __init__(self, path: Path, new: bool = False) -> None:
        """`new` leaves out what the file holds already."""
        self.path = path
        self._open: BinaryIO = path.open("rb", buffering=0)
        self._held = b""
        if new:
            self._open.seek(0, os.SEEK_END)

    def lines(self, last: bool = False) -> bytes:
        """Return the next whole lines, empty where there are none now; with `last` also a line that does not end."""
        read = self._open.read(PIECE)
        if not read and not last:
            read = self._rotated()
        held = self._held + read
        cut = len(held) if (last and not read) or len(held) > 4 * PIECE else held.rfind(b"\n") + 1
        self._held = held[cut:]
        return held[:cut]

    def _rotated(self) -> bytes:
        """Go to the beginning of a new file or of a cut one, and return what is read next; empty where nothing is."""
        now = os.fstat(self._open.fileno())
        if now.st_size < self._open.tell():
            self._open.seek(0)
            return self._open.read(PIECE)
        try:
            there = self.path.stat()
            if (there.st_dev, there.st_ino) == (now.st_dev, now.st_ino):
                return b""
            opened = self.path.open("rb", buffering=0)
        except OSError:
            # Between renaming and making again there is none.
            return b""
        if rest := self._open.read(PIECE):
            # Written after the last look and before there was a new file; that one is opened when no more comes.
            opened.close()
            return rest
        self._open.close()
        self._open = opened
        return self._open.read(PIECE)

    def close(self) -> None:
        """Close the file."""
        self._open.close()


def follow(files: list[File], once: bool = False) -> Iterator[tuple[int, bytes]]:
    """Give whole lines as files get them, each with the number of its file; with `once` until all are read."""
    while True:
        quiet = True
        for number, file in enumerate(files):
            while piece := file.lines():
                quiet = False
                yield number, piece
        if quiet:
            if once:
                break
            time.sleep(PAUSE)
    for number, file in enumerate(files):
        if piece := file.lines(last=True):
            yield number, piece


def piped(descriptor: int) -> Iterator[tuple[int, bytes]]:
    """Give whole lines of a pipe as they come, until it ends."""
    held = b""
    while read := os.read(descriptor, PIECE):
        held += read
        cut = len(held) if len(held) > 4 * PIECE else held.rfind(b"\n") + 1
        if cut:
            piece, held = held[:cut], held[cut:]
            yield 0, piece
    if held:
        yield 0, held
