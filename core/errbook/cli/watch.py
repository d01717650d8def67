"""``errbook watch``: logs pass through, and each error in them is explained where it first appears."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

from errbook.cli import reading, terminal
from errbook.identified import Identified
from errbook.knowledge import Knowledge
from errbook.watcher import follow
from errbook.watcher.lines import Lines, Seen, Told
from errbook.watcher.needles import finder, needles

_WIDTH = 100


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook watch",
        description="Watch logs: every line passes through to standard output, unchanged, and each database error is "
        "explained once, on standard error, where it first appears. At the end, which is that of the pipe or Ctrl-C, "
        "the lines of each error are counted. Files are followed when they grow, are rotated, or are cut. A line is "
        "read where it has a word such as ERROR, a form of code, or words of a message that an entry explains. "
        "The extra errbook[fast] makes it forty times as fast. "
        "Exit codes: 0 watched, 2 bad usage or a file that cannot be read.",
    )
    made.add_argument("file", nargs="*", metavar="FILE", type=Path, help="logs; standard input where none is given")
    made.add_argument("--new", action="store_true", help="leave out what the files hold already")
    made.add_argument("--once", action="store_true", help="end where the files end")
    made.add_argument("--quiet", action="store_true", help="pass nothing through; only explain and count")
    return made


def run(arguments: Sequence[str]) -> int:
    """Watch; return the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    if (options.new or options.once) and not options.file:
        made.error("--new and --once are about files; name one")
    with reading.knowledge() as knowledge:
        # Opened before anything is printed, so that a name that is wrong is said at once.
        files = [follow.File(path, options.new) for path in options.file]
        pieces = follow.follow(files, options.once) if files else follow.piped(sys.stdin.fileno())
        watch = _Watch(knowledge, max(1, len(files)), not options.quiet)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            watch.run(pieces)
        except KeyboardInterrupt:
            pass
        finally:
            for file in files:
                file.close()
        watch.finish()
    return 0


class _Watch:
    """Passes pieces through and says what is in them."""

    def __init__(self, knowledge: Knowledge, logs: int, passed: bool) -> None:
        self._knowledge, self._passed = knowledge, passed
        self._style = terminal.style(sys.stderr)
        self._counts: dict[tuple[str, str], int] = {}
        self._first: dict[tuple[str, str], Identified] = {}
        cache: OrderedDict[bytes, Told] = OrderedDict()
        find = finder(needles(message.text for entry in knowledge.all() for message in entry.messages))
        self._logs = [Lines(find, knowledge.identify, self._counts, cache) for _ in range(logs)]

    def run(self, pieces: Iterator[tuple[int, bytes]]) -> None:
        """Read until the pieces end; KeyboardInterrupt from the reader."""
        for number, piece in pieces:
            written = 0
            for seen in self._logs[number].read(piece):
                self._first[seen.error.engine, seen.error.code] = seen.error
                self._write(memoryview(piece)[written : seen.end])
                written = seen.end
                self._say(self._explained(seen))
            self._write(memoryview(piece)[written:])

    def finish(self) -> None:
        """Print the counts, the most frequent first."""
        total = sum(self._counts.values())
        if not total:
            self._say("errbook: no database errors that are known here\n")
            return
        width = len(f"{max(self._counts.values()):,}")
        lines = [f"errbook: {total:,} lines tell of {len(self._counts):,} different errors"]
        for name, count in sorted(self._counts.items(), key=lambda item: (-item[1], item[0])):
            lines.append(f"  {count:>{width},}  {self._named(self._first[name])}")
        self._say("\n".join(lines) + "\n")

    def _write(self, piece: memoryview) -> None:
        if self._passed:
            out = sys.stdout.fileno()
            while piece:
                piece = piece[os.write(out, piece) :]

    def _say(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()

    def _named(self, error: Identified) -> str:
        from errbook.render import servers

        title = f"{servers.names(self._knowledge).engine(error.engine)} {error.code}"
        symbol = error.symbol if error.symbol and error.symbol != error.code else ""
        return f"{self._style.mark('strong', title)}  {symbol}".rstrip()

    def _explained(self, seen: Seen) -> str:
        """Return a few lines about an error: what it is, the first thing to do, and where to read on."""
        from errbook.render.text import card

        error, style = seen.error, self._style
        entry = self._knowledge.get(*error.entry.split("/", 1)) if error.entry else None
        lines = [f"{self._named(error)}, {error.confidence:.0%} sure"]
        if entry:
            lines += card(entry.of_message(error.variant), self._knowledge, _WIDTH - 11, style).splitlines()[1:]
            lines.append(f"errbook {entry.engine} {entry.code}{f'#{error.variant}' if error.variant else ''}")
        elif self._knowledge.engine(error.engine):
            asked = error.code.removeprefix("MY-").lstrip("0") if error.code.startswith("MY-") else error.code
            lines.append(f"Not written up yet: errbook {error.engine} {asked}")
        else:
            lines.append("errbook has no entries for this engine.")
        return "".join(f"{style.mark('faint', 'errbook |')} {line}".rstrip() + "\n" for line in lines)
