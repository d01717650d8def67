"""Variants: the well-known messages of one code, each executed and shown as an entry of its own would be."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

MARK = "#"
"""What stands between the identity of an entry and the id of its variant: ``sqlite/1#no-such-table``."""


def split(identity: str) -> tuple[str, str | None]:
    """Return the identity of the entry and the id of the variant, None where the whole entry is meant."""
    entry, mark, variant = identity.partition(MARK)
    return entry, variant if mark else None


def whole(entry: Mapping[str, Any], variant: Mapping[str, Any]) -> dict[str, Any]:
    """Return a variant as a public object of the form of its entry, so that it can be executed and judged as one.

    What it does not have of its own is the entry's. Its identity has the variant's id behind MARK.
    """
    return {
        **entry,
        "id": f"{entry['id']}{MARK}{variant['id']}",
        "title": variant["title"],
        "messages": variant["messages"],
        "causes": variant["causes"],
        "reproduce": variant["reproduce"] or entry["reproduce"],
        "fixes": variant["fixes"],
        "variants": [],
        "verification": variant["verification"],
        "confidence": variant["confidence"],
        "page": variant["page"],
    }


def executed(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give everything of a public entry that is executed by itself: the entry, then each of its variants."""
    yield entry
    for variant in entry["variants"]:
        yield whole(entry, variant)
