"""``errbook build``: compile the knowledge and build the site."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from errbook.cli import compile as compiling
from errbook.cli import reading
from errbook_site import build


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook build",
        description="Check and compile the knowledge, then build the site. "
        "Exit codes: 0 done, 1 problems, 2 bad usage.",
    )
    made.add_argument("--output", type=Path, help="where the site goes (default: build/site)")
    return made


def run(arguments: Sequence[str]) -> int:
    """Build; return the exit code."""
    options = parser().parse_args(arguments)
    if code := compiling.run([]):
        return code
    with reading.knowledge() as knowledge:
        out = build.run(knowledge, options.output)
    print(f"site: {out}")
    return 0
