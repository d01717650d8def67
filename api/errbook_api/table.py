"""The table of ready answers: from a request's path to the representation that is sent, computed at load.

A lookup costs one look into a dictionary. The table is bounded: what does not fit is computed when it is asked for, by
the same functions of the library, and so to the same bytes.
"""

import sys
from collections.abc import Mapping
from typing import NamedTuple

from errbook.answers import answers
from errbook.knowledge import Knowledge
from errbook_api.negotiation import JSON
from errbook_api.representation import Policy, Representation, represent

PREFIXES = ("", "/v1", "/api/v1")
"""Where the service answers: bare, by version, and where the static files are on any host."""

VARY = ("Accept", "Accept-Encoding")


class Ready(NamedTuple):
    """One ready answer: its representation, the route it belongs to, and what it counts as (None for no lookup)."""

    representation: Representation
    route: str
    outcome: str | None


Table = Mapping[str, Ready]


def build(knowledge: Knowledge, policy: Policy, limit: int, before: Table | None = None) -> Table:
    """Return the table for a knowledge; `limit` is in bytes of bodies.

    What did not change since `before`, the table in use, is taken from there, which saves time and memory in a reload.
    """
    table: dict[str, Ready] = {}
    kept: dict[str, Ready] = {}
    spent = 0
    for path, body in answers(knowledge, unwritten=True):
        path = f"/{path.removesuffix('.json')}"
        old = before.get(path) if before else None
        if old and old.representation.body == body:
            ready = old
        else:
            representation = represent(body, JSON, policy, vary=VARY)
            # An entry that two engines share is one object.
            ready = kept.setdefault(representation.tag, Ready(representation, route(path), outcome(path, body)))
        spent += ready.representation.size
        if spent > limit:
            break
        for prefix in PREFIXES[:2]:
            table[prefix + path] = ready
    return table


def route(path: str) -> str:
    """Return the route of an answer's path: that of ``/errors/mysql/1040`` is ``/errors/{engine}/{code}``."""
    parts = path.strip("/").split("/")
    names = {
        "errors": ("{engine}", "{code}") if len(parts) > 2 else ("{query}",),
        "sqlstates": ("{sqlstate}",),
        "conditions": ("{condition}",),
        "categories": ("{category}",),
        "engines": ("{engine}",),
        "codes": ("{engine}", "{span}"),
        "catalogs": ("{engine}", "changes", "{old}", "{new}"),
    }
    # One text for all: the same few routes are those of thousands of answers.
    return sys.intern("/".join(["", parts[0], *names.get(parts[0], ())[: len(parts) - 1]]))


def outcome(path: str, body: bytes) -> str | None:
    """Return what a lookup counts as by its answer's path and bytes; None where the answer is no lookup.

    Of the path only the number of its parts counts: ``/errors/1040`` finds, ``/errors/mysql/1040`` names one.
    """
    if not path.startswith("/errors/"):
        return None
    if path.count("/") == 2:
        # Quotes in a query have a backslash before them, so this is the number of entries.
        count = int(body.partition(b'"count":')[2].partition(b",")[0])
        return "unwritten" if count == 0 else "several" if count > 1 else "found"
    return "unwritten" if body.partition(b'"error":')[2].startswith(b"null") else "found"
