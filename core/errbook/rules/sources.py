"""Where the facts come from."""

from collections.abc import Iterator
from typing import Final

from errbook.problem import shown
from errbook.rules.rule import Finding, Rule, Subject


def official(subject: Subject) -> Iterator[Finding]:
    """Find an entry that no official documentation backs."""
    sources = subject.data.get("sources")
    if sources and all(source["kind"] != "official" for source in sources):
        advice = "Add the page of the engine's own documentation, with `kind: official`, first"
        yield Finding(("sources",), "no source is the official documentation", advice, key=True)


def first(subject: Subject) -> Iterator[Finding]:
    """Find official documentation that is listed after other sources."""
    kinds = [source["kind"] for source in subject.data.get("sources", ())]
    if "official" in kinds and kinds[0] != "official":
        at = kinds.index("official")
        message = "the official documentation is not the first source"
        yield Finding(("sources", 0, "kind"), message, f"Put item {at + 1} first")


def twice(subject: Subject) -> Iterator[Finding]:
    """Find a page that is listed twice."""
    seen: dict[str, int] = {}
    for at, source in enumerate(subject.data.get("sources", ())):
        url = source["url"]
        if url.rstrip("/") in seen:
            message = f"{shown(url, 120)} is item {seen[url.rstrip('/')] + 1} already"
            yield Finding(("sources", at, "url"), message, "Keep one of them")
        seen.setdefault(url.rstrip("/"), at)


RULES: Final = (
    Rule(
        "no-official-source",
        "entry",
        "At least one source is the official documentation.",
        "Add the page of the engine's own documentation.",
        official,
    ),
    Rule("official-source-first", "entry", "The official documentation is the first source.", "Reorder.", first),
    Rule("source-twice", "entry", "A page is listed once.", "Keep one of them.", twice),
)
