"""What two catalogs say differently: the same number in MySQL and MariaDB, and two series of one engine."""

from collections.abc import Iterator, Mapping
from typing import Final

from errbook_site.code_pages import page
from errbook_site.codes import Codes, Json
from errbook_site.page import ANSWERS, Heading, Page

FACTS: Final[Mapping[str, str]] = {
    "symbol": "Symbol",
    "sqlstate": "SQLSTATE",
    "where": "Appears",
    "obsolete": "No longer raised",
    "kind": "Kind",
}
"""What a fact of a code is called."""


def pages(codes: Codes, answered: Mapping[str, Json]) -> Iterator[Page]:
    """Give the pages of same numbers with different meanings, and of what changed between two series.

    `answered` are the answers to what changed, by the path of their file.
    """
    if codes.siblings:
        yield _same(codes, *codes.siblings)
    for engine in codes.by_engine:
        for address, older, newer in codes.changes.get(engine, ()):
            if found := answered.get(f"{ANSWERS}catalogs/{engine}/changes/{older}/{newer}.json"):
                yield _changes(codes, found, address)


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
            "Both raise the number, and mean different things by it. A page or a program that is made for one is wrong "
            "for the other.",
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


def _changes(codes: Codes, found: Json, address: str) -> Page:
    engine, older, newer = found["engine"], found["from"]["series"], found["to"]["series"]
    name = codes.terms.engine(engine)
    renamed = [item for item in found["changed"] if item["facts"]]
    reworded = [item for item in found["changed"] if item["messages"]["added"] or item["messages"]["removed"]]
    headings = [("added", "Added", found["added"]), ("removed", "Removed", found["removed"])]
    groups = [(*heading, [link for link in heading[2] if not link["obsolete"]]) for heading in headings]
    toc = [*headings, ("facts", "Changed", renamed), ("messages", "Messages", reworded)]
    return page(
        address,
        f"{name} errors: what changed from {older} to {newer}",
        f"Error codes that {name} {found['to']['version']} has and {found['from']['version']} has not, the other way "
        "round, and those that are not what they were.",
        "codes_changes",
        codes,
        [Heading(2, anchor, heading) for anchor, heading, items in toc if items],
        engine=engine,
        found=found,
        groups=groups,
        renamed=renamed,
        reworded=reworded,
        facts=FACTS,
        older=older,
        newer=newer,
        pairs=codes.changes[engine],
    )
