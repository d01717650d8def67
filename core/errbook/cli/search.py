"""``errbook search WORDS…``: find entries by words, and codes by those of their messages."""

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
        description="Find entries by words, and codes without an entry by the words of their messages. "
        "Exit codes: 0 found, 1 not found, 2 bad usage.",
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
            found = json.loads(answer)
            return 0 if found["errors"] or found["codes"] else 1
        narrowed = any(value for name, value in filters.items() if name != "engine")
        for loose in (False, True):
            # A message that has all words says more than entries that have some of them.
            links = knowledge.search(text, options.limit, loose, **filters)
            codes = [] if narrowed else knowledge.search_codes(text, options.limit, options.engine, loose=loose)
            if links or codes:
                break
        codes_first = bool(codes) and knowledge.codes_first(text, options.engine)
    shown = {link.id for link in links}
    codes = [link for link in codes if link.entry not in shown]
    # What fits best comes first, and is not what the limit cuts off.
    if codes_first:
        links = links[: max(options.limit - len(codes), 0)]
    codes = codes[: options.limit - len(links)]
    if not (links or codes):
        print(f"errbook: nothing has the words {text!r}", file=sys.stderr)
        return 1
    from errbook.render import code
    from errbook.render.text import row

    style = terminal.style()
    written = [row(link, style) for link in links]
    unread = ["Not written up yet:"] * bool(codes) + [f"  {code.row(link, style)}" for link in codes]
    if codes_first:
        rows = [*unread, *(["With some of the words:"] * bool(written)), *(f"  {line}" for line in written)]
    else:
        rows = [*written, *unread]
    terminal.show("".join(f"{line}\n" for line in rows))
    return 0
