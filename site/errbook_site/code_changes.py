"""What two catalogs say differently: the same number in MySQL and MariaDB, and two series of one engine."""

from collections.abc import Iterator, Mapping
from typing import Final

from errbook.knowledge import Knowledge
from errbook_site.code_pages import page
from errbook_site.codes import Codes, Json
from errbook_site.page import Heading, Page

FACTS: Final[Mapping[str, str]] = {
    "symbol": "Symbol",
    "sqlstate": "SQLSTATE",
    "where": "Appears",
    "obsolete": "No longer raised",
    "kind": "Kind",
}
"""What a fact of a code is called."""


def pages(knowledge: Knowledge, codes: Codes) -> Iterator[Page]:
    """Give the pages of same numbers with different meanings, and of what changed between two series."""
    if codes.siblings:
        yield _same(codes, *codes.siblings)
    for engine in codes.by_engine:
        for address, older, newer in codes.changes.get(engine, ()):
            yield _changes(knowledge, codes, engine, address, older, newer)


def _same(codes: Codes, engine: str, sibling: str) -> Page:
    """Return the page of the numbers that two siblings use for different things, or call by different names."""
    different: list[tuple[Json, Json]] = []
    retired: list[tuple[Json, Json]] = []
    renamed: list[tuple[Json, Json]] = []
    for code in codes.by_engine[engine]:
        found = code["sibling"]
        if not found:
            continue
        other = codes.by_id[found["id"]]
        if not found["same"]:
            (retired if code["obsolete"] or other["obsolete"] else different).append((code, other))
        elif code["symbol"] != found["symbol"] and not (code["obsolete"] or other["obsolete"]):
            renamed.append((code, other))
    names = [codes.terms.engine(name) for name in (engine, sibling)]
    groups = [
        (
            "different",
            "Different errors",
            "Both raise the number, and mean different things by it. A message, a page or a program that is made for one "
            "is wrong for the other.",
            different,
        ),
        (
            "retired",
            "One of the two no longer raises it",
            "The number means something else in the other, so only one meaning can be met on a current server.",
            retired,
        ),
        ("renamed", "The same error under another name", "Only the symbol differs.", renamed),
    ]
    return page(
        f"{engine}/same-number/",
        f"Same number, different meaning in {names[0]} and {names[1]}",
        f"{len(different)} error numbers mean one thing in {names[0]} and another in {names[1]}; look at the server "
        "before you look up the number.",
        "same_number",
        codes,
        [Heading(2, anchor, title) for anchor, title, _, rows in groups if rows],
        engines=(engine, sibling),
        groups=groups,
    )


def _changes(knowledge: Knowledge, codes: Codes, engine: str, address: str, older: str, newer: str) -> Page:
    found = knowledge.changes(engine, older, newer)
    assert found is not None, "both series have a catalog"  # noqa: S101 - they come from the list of catalogs
    name = codes.terms.engine(engine)
    renamed = [item for item in found["changed"] if item["facts"]]
    reworded = [item for item in found["changed"] if item["messages"]["added"] or item["messages"]["removed"]]
    groups = [("added", "Added", len(found["added"])), ("removed", "Removed", len(found["removed"]))]
    groups += [("facts", "Changed", len(renamed)), ("messages", "Messages", len(reworded))]
    return page(
        address,
        f"What changed in {name}'s errors from {older} to {newer}",
        f"Error codes that {name} {found['to']['version']} has and {found['from']['version']} has not, the other way "
        "round, and those that are not what they were.",
        "codes_changes",
        codes,
        [Heading(2, anchor, title) for anchor, title, count in groups if count],
        engine=engine,
        found=found,
        renamed=renamed,
        reworded=reworded,
        facts=FACTS,
        older=older,
        newer=newer,
        pairs=codes.changes[engine],
    )
