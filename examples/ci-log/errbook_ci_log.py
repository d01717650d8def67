"""Explains the database errors in a log of a build, for the summary of the job.

    python errbook_ci_log.py build.log [MORE.log …]

Writes Markdown to the file that GITHUB_STEP_SUMMARY names, or to standard output. Exit code 0, whatever was found: a
build fails for its own reasons. 2 for a log that cannot be read.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import errbook
from errbook import Identified, Knowledge, chat

SURE = 0.5
"""Confidence from which an error is worth a place in the summary."""

MOST = 10
"""How many different errors are explained; a broken build repeats few."""

WINDOW = 8_000
"""Characters that are looked at together: enough for a stack trace, few enough to tell one failure from the next."""

NOTES = ("Likeliest cause", "First thing to type")
"""What of an answer a summary holds, besides whether to retry."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Found(NamedTuple):
    """An error, where it stands first (file and line, and the line itself), and how often it comes."""

    error: Identified
    where: str
    line: str
    times: int


def windows(text: str) -> Iterator[tuple[int, str]]:
    """Give a log in pieces that end where a line ends, each with the number of its first line."""
    lines = text.splitlines(keepends=True)
    start, size = 0, 0
    for at, line in enumerate(lines):
        if size + len(line) > WINDOW and at > start:
            yield start + 1, "".join(lines[start:at])
            start, size = at, 0
        size += len(line)
    yield start + 1, "".join(lines[start:])


def errors(knowledge: Knowledge, path: Path) -> Iterator[Found]:
    """Give every error of a log that is sure enough, as often as it comes."""
    text = _COLOURS.sub("", path.read_text(encoding="utf-8", errors="replace"))
    for first, piece in windows(text):
        for error in knowledge.identify(piece):
            if error.confidence >= SURE:
                before = piece[: error.span[0]]
                line = piece.splitlines()[before.count("\n")].strip()
                yield Found(error, f"{path.name}:{first + before.count(chr(10))}", line[:300], 1)


def summary(knowledge: Knowledge, paths: list[Path], site: str = "") -> str:
    """Return the Markdown of the summary; OSError for a log that cannot be read."""
    found: dict[tuple[str, str], Found] = {}
    for path in paths:
        for item in errors(knowledge, path):
            key = (item.error.engine, item.error.code)
            before = found.get(key)
            found[key] = before._replace(times=before.times + 1) if before else item
    if not found:
        return "## Database errors\n\nNone in this log.\n"
    parts = ["## Database errors"]
    for item in list(found.values())[:MOST]:
        parts += explained(knowledge, item, site)
    if len(found) > MOST:
        parts.append(f"And {len(found) - MOST} more.")
    return "\n\n".join(parts) + "\n"


def explained(knowledge: Knowledge, item: Found, site: str) -> Iterator[str]:
    """Give the parts of one error's explanation."""
    answer = chat.answer(knowledge, chat.asked(f"{item.error.engine} {item.error.code}"))
    title = answer.title if answer.sort != "nothing" else f"{item.error.engine} {item.error.code}"
    link = f" [Page]({site.rstrip('/')}{answer.pages[0].path})" if site and answer.sort == "entry" else ""
    times = f", {item.times} times" if item.times > 1 else ""
    yield f"### {title}"
    yield f"`{item.where}`{times}, {item.error.confidence:.0%} sure.{link}"
    yield fenced(item.line, "text")
    if answer.sort not in ("entry", "code"):
        return
    yield answer.summary
    for note in answer.notes:
        if note.where == "retry":
            yield f"**{note.heading}.** {note.prose}"
        elif note.heading in NOTES:
            yield f"**{note.heading}.** {note.prose}"
            yield from [fenced(note.code.text, note.code.language)] if note.code else []
            yield from [note.after] if note.after else []


def fenced(text: str, language: str) -> str:
    """Return a block of code that nothing in the text can end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def main(arguments: list[str]) -> int:
    """Explain the logs that are named; return the exit code."""
    if not arguments:
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    with errbook.open() as knowledge:
        try:
            text = summary(knowledge, [Path(name) for name in arguments], os.environ.get("ERRBOOK_SITE_URL", ""))
        except OSError as error:
            print(f"errbook_ci_log: {error}", file=sys.stderr)
            return 2
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target:
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(text)
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
