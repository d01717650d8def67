"""Texts that are labelled with what really happened, and how many of them the identifier gets right.

A file has one JSON object a line: `text`, `engine` and `codes` (None and empty where there is no error), and whether
the text `has_code_in_text`, is `localized`, and is `doubtful`: then nobody can tell, and it is left out.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from errbook.identified import Identified

CORPUS = Path(__file__).resolve().parents[1] / "tests/data/identify"

SHIPPED = frozenset({"postgresql"})
"""Engines whose messages in other languages come with errbook; those of MySQL and MariaDB may not be given on."""

Row = dict[str, Any]


def rows(paths: Iterable[Path]) -> Iterator[Row]:
    """Give the rows of files, without the doubtful."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row: Row = json.loads(line)
                if not row["doubtful"]:
                    yield row


def kind(row: Row) -> str:
    """Return what a text has to be told by."""
    if row["engine"] is None:
        return "no error"
    if row["has_code_in_text"]:
        return "code, symbol or SQLSTATE"
    if not row["localized"]:
        return "message only"
    return f"message only, {'shipped' if row['engine'] in SHIPPED else 'other'} languages"


def right(row: Row, found: Sequence[Identified]) -> bool:
    """Tell whether the first error found is the one that happened; nothing where none did.

    A code that MySQL and MariaDB share is the same error whichever of the two is named.
    """
    if row["engine"] is None:
        return not found
    if not found:
        return False
    first = found[0]
    family = {"mariadb": "mysql"}
    engines = {family.get(name, name) for name in (row["engine"], first.engine)}
    names = {first.code, first.code.removeprefix("MY-").lstrip("0"), first.symbol, first.sqlstate}
    codes = {code.removeprefix("MY-").lstrip("0") if code.startswith("MY-") else code for code in row["codes"]}
    if row["engine"] in family.values() or row["engine"] in family:
        names.discard(first.sqlstate)
    return len(engines) == 1 and bool(names & codes)


def score(rows: Iterable[Row], identify: Callable[[str], Sequence[Identified]]) -> dict[tuple[str, str], Counter[bool]]:
    """Return by kind of text and engine how many texts are right and how many are not."""
    counts: dict[tuple[str, str], Counter[bool]] = {}
    for row in rows:
        name = kind(row), row["engine"] or "-"
        counts.setdefault(name, Counter())[right(row, identify(row["text"]))] += 1
    return counts
