"""``errbook new ENGINE CODE``: start a new entry."""

import argparse
import sys
from collections.abc import Sequence

from errbook import scaffold
from errbook.cli import reading
from errbook.query import is_slug


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook new",
        description="Start a new entry: a file with every part of an entry and what belongs there. "
        "Exit codes: 0 written, 1 it exists already, 2 bad usage.",
    )
    made.add_argument("engine", metavar="ENGINE", help="the engine, by any of its names; ENGINE/CODE is the same")
    made.add_argument(
        "code", metavar="CODE", nargs="?", help="the engine's own code; for a message without one, a slug"
    )
    return made


def run(arguments: Sequence[str]) -> int:
    """Write the file; return the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    name, code = options.engine, options.code
    if code is None:
        name, _, code = name.partition("/")
    if not code:
        made.error("which code? For example: errbook new mysql 1205")
    with reading.knowledge() as knowledge:
        engine = knowledge.engine(name)
        if engine is None:
            known = ", ".join(engine["engine"] for engine in knowledge.engines())
            made.error(f"{name!r} is not an engine; use one of {known}")
        existing = knowledge.get(engine["engine"], code)
    if engine["sqlstates"] == "code" and not is_slug(code):
        code = code.upper()
    try:
        path = scaffold.target(engine["engine"], code)
        text = scaffold.text(path, engine, code)
    except scaffold.ScaffoldError as error:
        made.error(str(error))
    if existing or path.exists():
        print(f"errbook: {existing.source_file if existing else path} exists already; edit it", file=sys.stderr)
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    print(f"{path}\nNext: write it, then\n  errbook check {path}\n  errbook preview {engine['engine']}/{code}")
    return 0
