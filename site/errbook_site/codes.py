"""Every code that the catalogs know, as pages list them: read from the knowledge once, and grouped as it is shown."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from errbook.database import SYSTEM
from errbook.knowledge import Knowledge
from errbook_site.terms import Terms

Json = dict[str, Any]

WHERE: Final[Mapping[str | None, str]] = {
    "client": "To the client",
    "log": "Error log only",
    "library": "Client library",
    "program": "Another program",
    None: "",
}
"""Where a code or message appears, in words."""

APART: Final = 150
"""A SQLSTATE with more messages than that has them on a page of their own: the page of its class stays readable."""

_LIST: Final = 3
"""So many neighbouring series are said as `13 to 15`; fewer are listed."""


class Codes:
    """All codes by engine (`system` holds the numbers that stand inside messages), and the catalogs they come from.

    A code is its public JSON object. `pages` has the address of every code's row, by identity. `changes` has by engine
    the address of every page that compares two series, with the two. `siblings` are the two engines that use the same
    numbers, where there are catalogs of both.
    """

    def __init__(self, knowledge: Knowledge, terms: Terms) -> None:
        self.terms = terms
        self.by_engine: dict[str, list[Json]] = {
            engine: found
            for engine in (*terms.engines, SYSTEM)
            if (found := [json.loads(text) for text in knowledge.codes_raw(engine)])
        }
        self.by_id = {code["id"]: code for found in self.by_engine.values() for code in found}
        self.catalogs: dict[str, list[Json]] = defaultdict(list)
        for header in knowledge.catalogs():
            self.catalogs[header["engine"]].append(header)
        self.series = {engine: [item["series"] for item in found] for engine, found in self.catalogs.items()}
        # Of two siblings, the page that compares them belongs to the one that stands first in lists.
        self.siblings: tuple[str, str] | None = next(
            (
                (engine, about["sibling"])
                for engine, about in terms.engines.items()
                if engine in self.by_engine and about["sibling"] in self.by_engine
            ),
            None,
        )
        self.changes = {
            engine: [(f"{engine}/changes/{older}-{newer}/", older, newer) for older, newer in pairs(found)]
            for engine, found in self.series.items()
            if engine in terms.engines and len(found) > 1
        }
        self.pages: dict[str, str] = {identity: code["page"].lstrip("/") for identity, code in self.by_id.items()}

    def of(self, engines: Iterable[str], code: str) -> list[Json]:
        """Return what the catalogs have under a code of some engines; engines that lack it are left out."""
        return [found for engine in engines if (found := self.by_id.get(f"{engine}/{code}"))]

    def groups(self, engine: str) -> dict[str, list[Json]]:
        """Return the codes of an engine by the address of the page that shows them, in order."""
        found: dict[str, list[Json]] = defaultdict(list)
        for code in self.by_engine.get(engine, ()):
            found[self.pages[code["id"]].partition("#")[0]].append(code)
        return found

    def messages_page(self, code: Json) -> str:
        """Return the address at which the messages of a code are shown."""
        return f"{code['engine']}/codes/{code['code']}/" if self.apart(code) else self.pages[code["id"]]

    def apart(self, code: Json) -> bool:
        """Tell whether a code has a page for its messages alone."""
        return len(code["messages"]) > APART

    def span(self, engine: str, series: Sequence[str]) -> str:
        """Say in which series something is: ``13 to 18``, ``10.11, 11.8``."""
        return span(series, self.series.get(engine, ()))

    def versions(self, engine: str) -> str:
        """Return the exact versions that an engine's catalogs are of: ``MariaDB 10.11.19 and 11.8.9``."""
        found = [header["version"] for header in self.catalogs[engine]]
        return f"{self.terms.engine(engine)} {listed(found)}"

    def counts(self, found: Iterable[Json]) -> Json:
        """Count codes by what a list of pages says of them."""
        counted = {"all": 0, "client": 0, "log": 0, "library": 0, "obsolete": 0, "written": 0}
        for code in found:
            counted["all"] += 1
            counted["obsolete" if code["obsolete"] else code["where"] or "client"] += 1
            counted["written"] += code["entry"] is not None
        return counted


def listed(items: Sequence[str]) -> str:
    """Return items as a phrase: ``a, b and c``."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def span(series: Sequence[str], known: Sequence[str]) -> str:
    """Say in which of the `known` series something is, neighbours as a range."""
    runs: list[list[str]] = []
    for name in known:
        if name not in series:
            runs.append([])
        elif runs:
            runs[-1].append(name)
        else:
            runs.append([name])
    parts = [[f"{run[0]} to {run[-1]}"] if len(run) >= _LIST else run for run in runs]
    return ", ".join(name for part in parts for name in part)


def pairs(series: list[str]) -> list[tuple[str, str]]:
    """Return which series of an engine are compared: each with the next, and the oldest with the newest."""
    found = list(pairwise(series))
    return [*found, (series[0], series[-1])] if len(series) > 2 else found
