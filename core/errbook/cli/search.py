"""``errbook search WORDS…``: find entries by words."""

import argparse
import json
import sys
from collections.abc import Sequence

from errbook.cli import reading, terminal
from errbook.knowledge import FILTERS


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook search",
        description="Find entries by words. Exit codes: 0 found, 1 not found, 2 bad usage.",
    )
    made.add_argument("words", nargs="+", metavar="WORD", help="words of the message, the condition, the cause")
    for name in FILTERS:
        made.add_argument(f"--{name}", help=f"only entries of this {name}")
    made.add_argument("--limit", type=int, default=20, help="at most so many (default: %(default)s)")
    made.add_argument("--json", action="store_true", help="as JSON, one object")
    return made


def run(arguments: Sequence[str]) -> int:
    """Search; return the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    if options.limit < 1:
        made.error("--limit: use a number from 1")
    text = " ".join(options.words)
    filters = {name: getattr(options, name) for name in FILTERS}
    with reading.knowledge() as knowledge:
        if options.json:
            from errbook import answers

            answer = answers.search(knowledge, text, options.limit, **filters)
            sys.stdout.write(answer.decode())
            return 0 if json.loads(answer)["count"] else 1
        links = knowledge.search(text, options.limit, **filters)
    if not links:
        print(f"errbook: nothing has the words {text!r}", file=sys.stderr)
        return 1
    from errbook.render.text import row

    style = terminal.style()
    terminal.show("".join(f"{row(link, style)}\n" for link in links))
    return 0
