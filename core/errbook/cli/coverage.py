"""``errbook coverage``: what is written and executed, what is not and why, and what is wanted next."""

import argparse
import sys
from collections.abc import Sequence

from errbook.cli import reading, terminal


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook coverage",
        description="Show how far the knowledge reaches: entries, what of them was executed and on which versions, "
        "evidence that is older than what it is of, what was not executed and why, and what is wanted next "
        "(errors/wanted.yaml). Exit codes: 0 shown, 2 bad usage.",
    )
    made.add_argument("--json", action="store_true", help="as JSON, one object: what the API answers at /coverage")
    return made


def run(arguments: Sequence[str]) -> int:
    """Show it; return the exit code."""
    options = parser().parse_args(arguments)
    with reading.knowledge() as knowledge:
        if options.json:
            from errbook import answers

            sys.stdout.write(answers.coverage(knowledge).decode())
            return 0
        from errbook.render import coverage

        terminal.show(coverage.page(knowledge.coverage(), knowledge, marked=False))
    return 0
