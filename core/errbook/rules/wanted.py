"""The list of what is wanted next, `errors/wanted.yaml`: every item is there to be written, and none is written yet.

Each layer may have a list of its own: a private layer wants what its own people look for. A list is held to the entries
of its own layer and of those below, since nobody can take an item out of somebody else's list.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from errbook.problem import Problem, shown
from errbook.query import is_slug
from errbook.rules.form import nearest
from errbook.rules.rule import Finding, Rule, Subject

if TYPE_CHECKING:
    from errbook.rules.knowledge import Index

FILE: Final = "wanted.yaml"


def code(subject: Subject) -> Iterator[Finding]:
    """Find items of an engine that is not there, and codes that their engine does not have."""
    for at, item in enumerate(subject.data.get("wanted", ())):
        engine, wanted = subject.engines.get(item["engine"]), item["code"]
        if engine is None:
            likely = nearest(item["engine"], subject.engines)
            message = f"{shown(item['engine'])} is no engine: it has no engine.yaml"
            advice = f"Write `{likely}`" if likely else f"Write one of {', '.join(sorted(subject.engines))}"
            yield Finding(("wanted", at, "engine"), message, advice)
        elif not is_slug(wanted) and engine.pattern and not re.search(engine.pattern, wanted):
            message = f"{shown(wanted)} is no {engine.code_name} of {engine.title}, nor a slug"
            yield Finding(("wanted", at, "code"), message, f"Those look like {engine.example}")
        elif not is_slug(wanted) and subject.catalogs:
            catalogs = subject.catalogs.engine(item["engine"])
            if catalogs and catalogs.find(wanted) is None:
                message = f"no catalog of {item['engine']} has {wanted}"
                yield Finding(("wanted", at, "code"), message, "Write a code that a server has, or a slug")


def symbol(subject: Subject) -> Iterator[Finding]:
    """Compare symbols with those of the newest servers."""
    for at, item in enumerate(subject.data.get("wanted", ())):
        catalogs = subject.catalogs.engine(item["engine"]) if subject.catalogs else None
        known = catalogs.find(item["code"]) if catalogs else None
        expected, own = known.newest.get("symbol") if known else None, item.get("symbol")
        if is_slug(item["code"]):
            if own:
                message = f"{shown(item['code'])} is a slug, and has no symbol"
                yield Finding(("wanted", at, "symbol"), message, "Remove the line", key=True)
        elif known and expected and own is None:
            message = f"the symbol of {item['code']} is missing"
            yield Finding(("wanted", at), message, f"Add `symbol: {expected}`")
        elif known and own and own not in (expected, *known.newest.get("aliases", ())):
            message = f"the symbol of {item['code']} is {shown(expected)}, not {shown(own)}"
            yield Finding(("wanted", at, "symbol"), message, f"Write `{expected}`" if expected else "Remove the line")


def order(subject: Subject) -> Iterator[Finding]:
    """Find ranks that do not go up, and items that stand in the list twice."""
    before = 0
    seen: dict[tuple[str, str], int] = {}
    for at, item in enumerate(subject.data.get("wanted", ())):
        if item["rank"] <= before:
            message = f"rank {item['rank']} follows rank {before}"
            yield Finding(("wanted", at, "rank"), message, "Move the item to its place, or give it a rank of its own")
        before = max(before, item["rank"])
        key = item["engine"], item["code"].upper()
        if key in seen:
            message = f"{item['engine']}/{item['code']} is wanted twice, the first time at rank {seen[key]}"
            yield Finding(("wanted", at, "code"), message, "Remove one of them")
        seen.setdefault(key, item["rank"])


def written(index: "Index") -> Iterator[Problem]:
    """Find items that an entry of the same layer, or of one below, answers for."""
    for item in index.wanted:
        found = index.find(item.identity)
        if found and found.layer >= item.layer:
            message = f"{item.identity} is written up in {found.path}"
            yield Problem(item.path, item.line, item.column, "wanted-written", message, "Remove it from the list")


RULES: Final = (
    Rule(
        "wanted-code", "wanted", "A wanted code is one that a catalog of its engine has, or a slug.", "Mend it.", code
    ),
    Rule(
        "wanted-order",
        "wanted",
        "The list is in the order of its ranks, and nothing is wanted twice.",
        "Move it, or remove it.",
        order,
    ),
    Rule(
        "wanted-symbol",
        "wanted",
        "The symbol of a wanted code is the one that the newest server has.",
        "Write the server's.",
        symbol,
    ),
    Rule(
        "wanted-written",
        "knowledge",
        "What is written up is wanted no more.",
        "Remove it from errors/wanted.yaml.",
        across=written,
    ),
)
