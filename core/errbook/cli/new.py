"""``errbook new ENGINE CODE``: start a new entry."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from errbook import scaffold
from errbook.cli import reading
from errbook.codes import Code
from errbook.knowledge import Knowledge
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
            names = ", ".join(engine["engine"] for engine in knowledge.engines())
            made.error(f"{name!r} is not an engine; use one of {names}")
        existing = knowledge.get(engine["engine"], code)
        if engine["sqlstates"] == "code" and not is_slug(code):
            code = code.upper()
        asked = engine
        engine, known, shared = _known(knowledge, engine, code)
        listed = any(item["engine"] == engine["engine"] for item in knowledge.catalogs())
    try:
        path = scaffold.target(engine["engine"], code)
        text = scaffold.text(path, engine, code, known, shared)
    except scaffold.ScaffoldError as error:
        made.error(str(error))
    if existing or path.exists():
        print(f"errbook: {existing.source_file if existing else path} exists already; edit it", file=sys.stderr)
        return 1
    if asked["engine"] != engine["engine"]:
        print(f"errbook: the same error in {engine['title']}, so one entry for both, below its folder", file=sys.stderr)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    if listed and known is None and not is_slug(code):
        print(f"errbook: no catalog of {engine['engine']} has {code}; is it the right one?", file=sys.stderr)
    identity = f"{engine['engine']}/{code}"
    print(f"{path}\nNext: write it, then")
    for command, what in (("check", path), ("verify", identity), ("preview", identity)):
        print(f"  errbook {command} {what}")
    return 0


def _known(
    knowledge: Knowledge, engine: dict[str, Any], code: str
) -> tuple[dict[str, Any], Code | None, tuple[str, Code] | None]:
    """Return the engine whose folder the entry belongs to, what catalogs have of the code, and what the sibling has.

    The sibling's title and code are given where it has the same error: then the entry is for both, and stands below the
    engine that is first in lists.
    """
    known = knowledge.code(engine["engine"], code)
    if known is None or known.sibling is None or not known.sibling.same:
        return engine, known, None
    other = knowledge.code(*known.sibling.id.split("/"))
    pair = {item.engine: item for item in (known, other) if item}
    first, *rest = [item for item in knowledge.engines() if item["engine"] in pair]
    shared = (rest[0]["title"], pair[rest[0]["engine"]]) if rest else None
    return first, pair[first["engine"]], shared
