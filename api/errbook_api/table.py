"""The table of ready answers: from a request's path to the representation that is sent, most of them made at load.

A lookup costs one look into a dictionary. The table is bounded: what does not fit is computed when it is asked for, by
the same functions of the library, and so to the same bytes.
"""

import sys
from typing import NamedTuple

from errbook import answers
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


class Table:
    """The ready answers by path. Lookups of codes without an entry are made ready when they are first asked for.

    There are tens of thousands of these, most of which nobody ever asks for; one costs less than a millisecond.
    """

    def __init__(self, knowledge: Knowledge, policy: Policy, limit: int) -> None:
        """Begin with nothing ready; `limit` is in bytes of bodies."""
        self._knowledge, self._policy, self._limit = knowledge, policy, limit
        self._ready: dict[str, Ready] = {}
        self._kept: dict[str, Ready] = {}
        self._later: dict[str, str] = {}
        self._spent = 0

    def __len__(self) -> int:
        """Return how many paths are ready, or will be when they are asked for."""
        return len(self._ready) + len(self._later)

    def get(self, path: str) -> Ready | None:
        """Return what answers a path; None where FastAPI does."""
        return self._ready.get(path) or (self._first(path) if path in self._later else None)

    def fill(self, before: "Table | None") -> None:
        """Make answers ready until the limit; what `before` has ready and did not change is taken from there."""
        ready = before._ready if before else {}
        for name, body in answers.answers(self._knowledge):
            path = f"/{name.removesuffix('.json')}"
            old = ready.get(path)
            if not self._add(path, old if old and old.representation.body == body else self._make(path, body)):
                return
        for name in answers.unwritten(self._knowledge):
            path = f"/{name.removesuffix('.json')}"
            if path not in self._ready:
                self._later.update((prefix + path, name) for prefix in PREFIXES[:2])

    def _first(self, asked: str) -> Ready | None:
        name = self._later[asked]
        path = f"/{name.removesuffix('.json')}"
        for prefix in PREFIXES[:2]:
            self._later.pop(prefix + path, None)
        body = answers.lookup(self._knowledge, name)
        if body is None:
            return None
        ready = self._make(path, body)
        if not self._add(path, ready):
            # The table is full: from now on FastAPI answers what is not in it.
            self._later = {}
        return ready

    def _make(self, path: str, body: bytes) -> Ready:
        representation = represent(body, JSON, self._policy, vary=VARY)
        # An entry that two engines share is one object.
        return self._kept.setdefault(representation.tag, Ready(representation, route(path), outcome(path, body)))

    def _add(self, path: str, ready: Ready) -> bool:
        """Keep an answer; tell whether there was room for it."""
        if self._spent + ready.representation.size > self._limit:
            return False
        self._spent += ready.representation.size
        for prefix in PREFIXES[:2]:
            self._ready[prefix + path] = ready
        return True


def build(knowledge: Knowledge, policy: Policy, limit: int, before: Table | None = None) -> Table:
    """Return the table for a knowledge; `limit` is in bytes of bodies.

    What did not change since `before`, the table in use, is taken from there, which saves time and memory in a reload.
    """
    table = Table(knowledge, policy, limit)
    table.fill(before)
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
