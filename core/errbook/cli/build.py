"""``errbook build``: compile the knowledge and build the site."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from errbook import places
from errbook.cli import reading


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook build",
        description="Check and compile the knowledge, then build the site. Exit codes: 0 done, 1 problems, 2 usage.",
    )
    made.add_argument("--only", choices=["db", "site"], help="just the compiled file, or just the site")
    made.add_argument("--output", type=Path, help="where the site goes (default: build/site)")
    return made


def run(arguments: Sequence[str]) -> int:
    """Build; return the exit code."""
    options = parser().parse_args(arguments)
    if options.only != "site":
        import sys

        from errbook import problem
        from errbook.compile import CheckFailed, compile_knowledge

        target = places.database()
        try:
            report = compile_knowledge(places.layers(), target)
        except CheckFailed as failed:
            for item in failed.problems:
                print(problem.text(item))
            print(f"errbook: {failed}", file=sys.stderr)
            return 1
        print(f"{report.entries} entries, {report.size / 1024:.0f} KiB, digest {report.digest}: {target}")
    if options.only != "db":
        from errbook_site import build

        with reading.knowledge() as knowledge:
            out = options.output or (places.checkout() or Path.cwd()) / "build" / "site"
            build.run(knowledge, out)
        print(f"site: {out}")
    return 0
