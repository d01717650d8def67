"""``errbook check [PATH…]``: find what is wrong in entries."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from errbook import places, problem
from errbook.check import check


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook check",
        description="Find everything that is wrong in the knowledge, each problem with its file, line and column, "
        "and with what to write instead. Exit codes: 0 nothing, 1 problems, 2 bad usage.",
    )
    made.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files or folders; default: everything")
    made.add_argument("--format", choices=["text", "github", "json"], default="text", help="default: %(default)s")
    return made


def run(arguments: Sequence[str]) -> int:
    """Check; return the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    if missing := [str(path) for path in options.paths if not path.exists()]:
        made.error(f"there is no {', '.join(missing)}; name files or folders below errors/, evidence/ or catalog/")
    problems = check(places.layers(), options.paths)
    if options.format == "json":
        sys.stdout.write(problem.as_json(problems))
    else:
        form = problem.github if options.format == "github" else problem.text
        for item in problems:
            print(form(item))
    files = len({item.path for item in problems})
    if problems:
        print(
            f"errbook: {len(problems)} problem{'s' * (len(problems) != 1)} in {files} file{'s' * (files != 1)}",
            file=sys.stderr,
        )
    elif options.format == "text":
        print("errbook: no problems", file=sys.stderr)
    return 1 if problems else 0
