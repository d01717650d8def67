"""``errbook compile``: check the knowledge and compile it."""

import argparse
import sys
from collections.abc import Sequence

from errbook import places, problem
from errbook.compile import CheckFailed, compile_knowledge


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    return argparse.ArgumentParser(
        prog="errbook compile",
        description="Check every entry and write the compiled file that all lookups read. "
        "Exit codes: 0 done, 1 problems, 2 bad usage.",
    )


def run(arguments: Sequence[str]) -> int:
    """Check and compile; return the exit code."""
    parser().parse_args(arguments)
    target = places.database()
    if str(target).startswith(f"{places.DATA}/"):
        print(f"{target}: came compiled with the package")
        return 0
    try:
        report = compile_knowledge(places.layers(), target)
    except CheckFailed as failed:
        for item in failed.problems:
            print(problem.text(item))
        print(f"errbook: {failed}", file=sys.stderr)
        return 1
    print(f"{report.entries} entries, {report.size / 1024:.0f} KiB, digest {report.digest}: {target}")
    return 0
