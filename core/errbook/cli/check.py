"""``errbook check [PATH…]``: find what is wrong in entries."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from errbook import places, problem
from errbook.check import check
from errbook.source import Source


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook check",
        description="Find everything that is wrong in the knowledge, each problem with its file, line and column, "
        "and with what to write instead. Exit codes: 0 nothing, 1 problems, 2 bad usage.",
    )
    made.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files or folders; default: everything")
    made.add_argument("--format", choices=["text", "github", "json"], default="text", help="default: %(default)s")
    made.add_argument(
        "--similar",
        action="store_true",
        help="check nothing; show paragraphs of two entries that read alike, most alike first, for a reviewer to judge",
    )
    return made


def run(arguments: Sequence[str]) -> int:
    """Check; return the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    if missing := [str(path) for path in options.paths if not path.exists()]:
        made.error(f"there is no {', '.join(missing)}; name files or folders below errors/, evidence/ or catalog/")
    if options.similar:
        if options.format == "github":
            made.error("--similar has no form github: it finds nothing wrong; use text or json")
        return _similar(options.paths, as_json=options.format == "json")
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


def _similar(paths: Sequence[Path], *, as_json: bool) -> int:
    """Print pairs of like paragraphs, with `paths` only those of which one lies there; return the exit code."""
    from errbook import similar

    found: list[similar.Paragraph] = []
    read: set[str] = set()

    def keep(source: Source) -> None:
        if source.kind in ("entry", "condition"):
            read.add(str(source.path))
            found.extend(similar.paragraphs(source))

    wrong = check(places.layers(), (), keep)
    chosen = [path.resolve() for path in paths]

    def wanted(paragraph: similar.Paragraph) -> bool:
        path = Path(paragraph.path).resolve()
        return not chosen or any(path == item or item in path.parents for item in chosen)

    pairs = [pair for pair in similar.pairs(found) if wanted(pair.one) or wanted(pair.other)]
    if as_json:
        told = [
            {"similarity": round(pair.similarity, 3), "paragraphs": [pair.one._asdict(), pair.other._asdict()]}
            for pair in pairs
        ]
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return 0
    for pair in pairs:
        print(f"{pair.similarity:.0%} alike")
        for path, line, column, text in (pair.one, pair.other):
            print(f"  {path}:{line}:{column}: {problem.shown(text, 200)[1:-1]}")
    if left := {item.path for item in wrong if item.path.endswith(".yaml")}:
        print(f"errbook: left out, since they have problems: {', '.join(sorted(left))}", file=sys.stderr)
    count = len(pairs)
    print(f"errbook: {count} pair{'s' * (count != 1)} in {len(read)} files", file=sys.stderr)
    return 0
