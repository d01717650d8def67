"""How far the knowledge reaches: what is written, what was executed and where, what was not and why, what is next.

A pure function of the entries, the codes that catalogs list, the servers of the lab and what is wanted. Everything that
is executed by itself is counted by itself: an entry, and each of its variants. The public object is `coverage` in
schema/public.schema.json.
"""

from __future__ import annotations

from errbook.entry import as_json
from errbook.findings import link_of
from errbook.record import Record
from errbook.verification import sort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from errbook.entry import Entry, Run
    from errbook.opened import Link

NEVER_RUN = "Not run there yet."


class Fixes(Record):
    """How many fixes there are: in all, those that can be executed, those that were proven.

    A fix is proven where at least one server bore it out, as it is now, and none did otherwise. `percent` is what of
    the executable ones was proven, null where there is none.
    """

    total: int
    executable: int
    proven: int
    percent: float | None


class OfEngine(Record):
    """One engine: its entries, how many codes its catalogs list and how many of those are written up, and the rest."""

    engine: str
    entries: int
    codes: int
    written: int
    scenarios: int
    executed: int
    stale: int
    fixes: Fixes


class OfServer(Record):
    """One server of the lab: its exact versions in the evidence, and what became of each scenario for its engine."""

    server: str
    engine: str
    series: str
    versions: tuple[str, ...]
    scenarios: int
    reproduced: int
    stale: int
    exempt: int
    disputed: int
    missing: int


class Stale(Record):
    """An entry or a variant whose executable part changed since, and the servers whose evidence is older."""

    error: Link
    servers: tuple[str, ...]


class Gap(Record):
    """What was not executed: the scenario, or the fix of that number; where (everywhere if empty), and why."""

    error: Link
    fix: int | None
    servers: tuple[str, ...]
    reason: str


class Want(Record):
    """A code or message to be written up next; `page` is where its code stands, null for a message without one."""

    rank: int
    engine: str
    code: str
    symbol: str | None
    why: str
    page: str | None
    contribute: str


class Coverage(Record):
    """Everything that is said of the knowledge as a whole."""

    entries: int
    scenarios: int
    executed: int
    fixes: Fixes
    engines: tuple[OfEngine, ...]
    servers: tuple[OfServer, ...]
    stale: tuple[Stale, ...]
    not_executed: tuple[Gap, ...]
    wanted: tuple[Want, ...]

    def public(self) -> dict[str, Any]:
        """Return the public object, without the version of its form."""
        value: dict[str, Any] = as_json(self)
        return value


class _Count:
    """The counts of one engine, or of all."""

    def __init__(self) -> None:
        self.entries = self.scenarios = self.executed = self.stale = self.fixes = self.executable = self.proven = 0

    def add(self, part: Entry) -> None:
        self.scenarios += 1
        self.executed += _executed(part)
        self.stale += any(run.stale for run in part.verification.servers)
        for number, fix in enumerate(part.fixes, 1):
            self.fixes += 1
            self.executable += fix.not_executable is None
            self.proven += fix.not_executable is None and _proven(part, number)

    def of_fixes(self) -> Fixes:
        # Cut, not rounded: what is not wholly proven is not 100.
        percent = 1000 * self.proven // self.executable / 10 if self.executable else None
        return Fixes(self.fixes, self.executable, self.proven, percent)


def coverage(entries: Iterable[Entry], codes: Mapping[str, tuple[int, int]], wanted: Iterable[Want]) -> Coverage:
    """Return the coverage; one entry is looked at at a time.

    `codes` gives for each engine how many codes its catalogs list, and how many of those have an entry. Engines come in
    its order.
    """
    from errbook.lab.server import servers

    total, by_engine = _Count(), {engine: _Count() for engine in codes}
    rows = {server.id: dict.fromkeys(("scenarios", *_SORTS.values(), "stale", "missing"), 0) for server in servers()}
    versions: dict[str, dict[str, None]] = {server: {} for server in rows}
    stale: list[Stale] = []
    gaps: list[Gap] = []
    for entry in entries:
        counts = [total, *(by_engine[engine] for engine in entry.engines if engine in by_engine)]
        for count in counts:
            count.entries += 1
        for part in (entry, *map(entry.of_variant, entry.variants)):
            for count in counts:
                count.add(part)
            if old := tuple(run.server for run in part.verification.servers if run.stale):
                stale.append(Stale(link_of(part), old))
            gaps += _gaps(part)
            for run in part.verification.servers:
                if row := rows.get(run.server):
                    row["scenarios"] += 1
                    row["stale" if run.stale else _SORTS[sort(run.outcome)]] += 1
                    versions[run.server][run.version or run.series] = None
            for server in part.verification.missing:
                if row := rows.get(server):
                    row["scenarios"] += 1
                    row["missing"] += 1
    return Coverage(
        total.entries,
        total.scenarios,
        total.executed,
        total.of_fixes(),
        tuple(
            OfEngine(name, made.entries, *codes[name], made.scenarios, made.executed, made.stale, made.of_fixes())
            for name, made in by_engine.items()
        ),
        tuple(
            OfServer(server.id, server.engine, server.series, tuple(versions[server.id]), **rows[server.id])
            for server in servers()
            if server.engine in by_engine
        ),
        tuple(stale),
        tuple(gaps),
        tuple(wanted),
    )


_SORTS = {"good": "reproduced", "exempt": "exempt", "bad": "disputed", "open": "disputed"}
"""What an outcome means for the entry, and how a server's column names it."""


def _current(part: Entry) -> list[Run]:
    return [run for run in part.verification.servers if not run.stale]


def _good(part: Entry) -> list[Run]:
    return [run for run in _current(part) if sort(run.outcome) == "good"]


def _executed(part: Entry) -> bool:
    return bool(_good(part))


def _proven(part: Entry, number: int) -> bool:
    """Tell whether a fix was proven somewhere, and nowhere otherwise."""
    found = {sort(fix.outcome) for run in _good(part) for fix in run.fixes if fix.fix == number}
    return "good" in found and not found & {"bad", "open"}


def _gaps(part: Entry) -> Iterator[Gap]:
    """Give what of an entry or a variant was not executed, each reason once with the servers that it holds for."""
    link = link_of(part)
    never = part.reproduce.not_executable
    if never is not None:
        yield Gap(link, None, (), never)
    for at, fix in enumerate(part.fixes, 1):
        if fix.not_executable is not None:
            yield Gap(link, at, (), fix.not_executable)
            continue
        here = [item for run in _good(part) for item in run.fixes if item.fix == at]
        if here and all(item.outcome == "not-applicable" for item in here):
            yield Gap(link, at, (), here[0].detail or NEVER_RUN)
    found: dict[tuple[int | None, str], list[str]] = {}
    for run in _current(part):
        if sort(run.outcome) != "good" and never is None:
            found.setdefault((None, run.detail or _says("server_outcome", run.outcome)), []).append(run.server)
        for item in run.fixes if sort(run.outcome) == "good" else ():
            exempt = part.fixes[item.fix - 1].not_executable is not None if item.fix <= len(part.fixes) else True
            if item.outcome not in ("proven", "not-applicable") and not exempt:
                found.setdefault((item.fix, item.detail or _says("fix_outcome", item.outcome)), []).append(run.server)
    if part.verification.missing and never is None:
        found[None, NEVER_RUN] = list(part.verification.missing)
    for (number, reason), where in found.items():
        yield Gap(link, number, tuple(where), reason)


def _says(vocabulary: str, outcome: str) -> str:
    from errbook.schema import vocabularies

    return next(f"{term.title}." for term in vocabularies()[vocabulary] if term.value == outcome)
