"""``errbook identify``: from any text to the errors in it."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from errbook import answers
from errbook.cli import reading, terminal
from errbook.cli.remembered import dumps
from errbook.cli.stream import Stream
from errbook.entry import Entry
from errbook.identified import Identified
from errbook.knowledge import Knowledge
from errbook.render.style import Style

MOST = 8
"""How many errors of one text are shown."""

PIECE = 1 << 18
"""Bytes of a stream that are read at once."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook identify",
        description="Find the database errors in any text: a log line, a stack trace, a message in German. The root "
        "cause comes first. Nothing of it leaves this machine. Exit codes: 0 found, 1 nothing found, 2 bad usage or "
        "input; with --jsonl 0 when every line was read.",
    )
    made.add_argument("text", nargs="*", metavar="TEXT", help="the text; standard input where nothing is given")
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON, one object")
    form.add_argument(
        "--jsonl", action="store_true", help='read {"id": …, "text": …} a line, write {"id": …, "matches": […]} a line'
    )
    made.add_argument("--limit", type=int, default=MOST, help="at most so many errors a text (default: %(default)s)")
    return made


def run(arguments: Sequence[str]) -> int:
    """Identify; return the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    if options.limit < 1:
        made.error("--limit: use a number from 1")
    if options.jsonl and options.text:
        made.error("--jsonl reads standard input; leave the text out")
    with reading.knowledge() as knowledge:
        if options.jsonl:
            return _lines(knowledge, options.limit)
        text = " ".join(options.text) if options.text else _input()
        found = knowledge.identify(text)[: options.limit]
        if options.json:
            sys.stdout.write(dumps({"matches": answers.matches(knowledge, found)}) + "\n")
        elif found:
            terminal.show(_page(knowledge, found, text))
    if not found:
        if not options.json:
            print("errbook: no database error that is known here; try: errbook search WORDS", file=sys.stderr)
        return 1
    return 0


def _input() -> str:
    if sys.stdin.isatty():
        print("errbook: paste the text, then press Ctrl-D", file=sys.stderr)
    # What is no UTF-8 is part of the text all the same; it is no error of the person who pastes it.
    return sys.stdin.buffer.read().decode("utf-8", errors="replace")


def _lines(knowledge: Knowledge, limit: int) -> int:
    """Answer line by line; a line that cannot be read is said on standard error, and the others are answered."""
    stream = Stream(knowledge, limit)
    out = sys.stdout.buffer
    for piece in _pieces(sys.stdin.buffer):
        out.write(stream.answer(piece))
        # Whoever waits for answers gets those that there are.
        out.flush()
    return stream.code


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    """Give whole lines as they come, many at once; the last one may end without a line end."""
    held: list[bytes] = []
    while read := stream.read1(PIECE):  # type: ignore[attr-defined] # a buffered reader has it
        cut = read.rfind(b"\n") + 1
        if cut:
            # Of what was read, one copy is made.
            yield b"".join((*held, memoryview(read)[:cut]))
            held = []
        if cut < len(read):
            held.append(read[cut:])
    if held:
        yield b"".join(held)


def _page(knowledge: Knowledge, found: Sequence[Identified], text: str) -> str:
    """Return the errors, each with where it stands, what it is and where to read on."""
    from errbook.render import servers
    from errbook.render.text import card

    style, width = terminal.style(), terminal.width()
    names = servers.names(knowledge)
    parts = []
    for number, item in enumerate(found, 1):
        title = f"{names.engine(item.engine)} {item.code}"
        about = "  ".join(part for part in (item.symbol if item.symbol != item.code else None, item.sqlstate) if part)
        lines = [f"{number}. {style.mark('strong', title)}  {about}".rstrip()]
        lines.append(f"   {_quoted(text, item.span, style)}")
        by = ", ".join(item.matched_by)
        lines.append(style.mark("faint", f"   {item.confidence:.0%} sure, by {by}"))
        lines += [f"   {servers.visible(name)}: {servers.visible(value)}" for name, value in item.parameters.items()]
        entry = knowledge.get(*item.entry.split("/", 1)) if item.entry else None
        if entry:
            shown = card(entry.of_message(item.variant), knowledge, width - 3, style)
            lines += [f"   {line}" for line in shown.splitlines()[1:]]
            lines += [f"   {line}" for line in _filled(knowledge, entry, item, style)]
            lines.append(f"   errbook {entry.engine} {entry.code}{f'#{item.variant}' if item.variant else ''}")
        elif knowledge.engine(item.engine):
            asked = item.code.removeprefix("MY-").lstrip("0") if item.code.startswith("MY-") else item.code
            lines.append(f"   Not written up yet: errbook {item.engine} {asked}")
        else:
            lines.append("   errbook has no entries for this engine.")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _filled(knowledge: Knowledge, entry: Entry, item: Identified, style: Style) -> Iterator[str]:
    """Give the first confirmation and the first fix that the message fills in, with what was filled in marked."""
    from errbook.render.servers import visible

    shown: set[str] = set()
    for filled in knowledge.filled(item):
        if filled.part in shown:
            continue
        shown.add(filled.part)
        title = entry.of_message(item.variant).fixes[filled.number - 1].title if filled.part == "fix" else None
        put_in = ", ".join(dict.fromkeys(filled.text[start:end] for start, end in filled.spans))
        what = f"Fix {filled.number}: {title}" if title else f"Is it cause {filled.number}? Run"
        yield f"{what} (filled in: {visible(put_in)})"
        pieces: list[str] = []
        done = 0
        for start, end in filled.spans:
            pieces += (visible(filled.text[done:start]), style.mark("strong", visible(filled.text[start:end])))
            done = end
        pieces.append(visible(filled.text[done:]))
        yield from (f"    {line}".rstrip() for line in "".join(pieces).split("\n"))


def _quoted(text: str, span: tuple[int, int], style: Style) -> str:
    """Return the line around a place, cut to what a terminal shows, with the place marked."""
    from errbook.render.servers import visible

    start, end = span
    end = min(end, start + 200)
    since = max(text.rfind("\n", 0, start) + 1, start - 40)
    line = text.find("\n", end)
    to = min(line if line >= 0 else len(text), end + 40)
    before, after = ("…" if since and text[since - 1] != "\n" else ""), ("…" if to < len(text) and line != to else "")
    parts = [" ".join(visible(part).split(" ")) for part in (text[since:start], text[start:end], text[end:to])]
    shown = f"{before}{parts[0]}{style.mark('bad', parts[1])}{parts[2]}{after}"
    return " ".join(shown.split("\n"))
