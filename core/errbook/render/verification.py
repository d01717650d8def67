"""What executing an entry showed, in words: the same on every surface."""

from __future__ import annotations

from errbook.record import Record
from errbook.verification import sort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from errbook.entry import Entry, FixRun, Run
    from errbook.render.servers import Names

SINCE = "The executable part changed since it was executed on"


class Says(Record):
    """One statement. `sort` is good, bad, open, exempt or stale; `lead` says it in a word, `rest` goes on with it."""

    sort: str
    lead: str
    rest: str

    def text(self) -> str:
        """Return the statement as one text."""
        return f"{self.lead} {self.rest}".strip()


class Reason(Record):
    """Why something came out otherwise than reproduced or proven: what, how it ended, where, and the detail."""

    sort: str
    what: str
    ended: str
    where: str
    detail: str


def reproduction(entry: Entry, names: Names) -> list[Says]:
    """Return what is known of the reproduction."""
    exempt = entry.reproduce.not_executable
    found = [Says("exempt", "Not executable.", exempt)] if exempt else []
    runs = [(run, run.outcome, run.detail) for run in entry.verification.servers]
    return found + _said(runs, "server_outcome", "reproduced", entry.verification.missing, bool(exempt), names)


def fix(entry: Entry, number: int, names: Names) -> list[Says]:
    """Return what is known of a fix, given by its number from 1."""
    shown = entry.fixes[number - 1]
    exempt = shown.not_executable
    found = [Says("exempt", "Not executable.", exempt)] if exempt else []
    # Runs of another state of the entry may know fewer fixes, or more.
    runs = [
        (run, item.outcome, item.detail)
        for run in entry.verification.servers
        for item in run.fixes
        if item.fix == number and item.outcome != "not-applicable"
    ]
    missing = [
        server
        for server in entry.verification.missing
        if not shown.engines or server.partition(":")[0] in shown.engines
    ]
    return found + _said(runs, "fix_outcome", "proven", missing, bool(exempt), names)


def _said(
    runs: Sequence[tuple[Run, str, str | None]],
    vocabulary: str,
    good: str,
    missing: Sequence[str],
    exempt: bool,
    names: Names,
) -> list[Says]:
    by_outcome: dict[str, list[tuple[Run, str | None]]] = {}
    for run, outcome, detail in runs:
        if not run.stale and not (exempt and outcome == "not-executable"):
            by_outcome.setdefault(outcome, []).append((run, detail))
    found = []
    for outcome, items in sorted(by_outcome.items(), key=lambda item: sort(item[0]) != "good"):
        kind, where = sort(outcome), names.runs(run for run, _ in items)
        title = names.term(vocabulary, outcome)
        # The reason of an exemption, and where a failure lies, are the same on most servers; the panel has them all.
        detail = f" {_sentence(items[0][1])}" if len({detail for _, detail in items}) == 1 else ""
        if kind == "good":
            found.append(Says(kind, "Executed:", f"{good} on {where}."))
        elif kind == "bad":
            found.append(Says(kind, "Executed:", f"{title.lower()} on {where}.{detail}".rstrip()))
        else:
            found.append(Says(kind, title, f"on {where}.{detail}".rstrip()))
    if stale := [run for run, outcome, _ in runs if run.stale and not exempt]:
        found.append(Says("stale", "Stale.", f"{SINCE} {names.runs(stale)}."))
    if not exempt and missing and found:
        found.append(Says("open", "Not yet executed", f"on {names.servers(missing)}."))
    elif not exempt and not found:
        found.append(Says("open", "Not yet executed.", ""))
    return found


def _sentence(detail: str | None) -> str:
    return f"{detail[:1].upper()}{detail[1:]}" if detail else ""


def reasons(entry: Entry, names: Names) -> list[Reason]:
    """Return why things came out otherwise, in the order of the entry, what is the same on several servers once."""
    found: dict[tuple[int, str, str, str], list[Run]] = {}
    for run in entry.verification.servers:
        if run.stale:
            continue
        if run.outcome != "reproduced":
            title = names.term("server_outcome", run.outcome)
            found.setdefault((0, title, sort(run.outcome), _sentence(run.detail)), []).append(run)
        for item in run.fixes:
            # Where the error was not raised no fix was run, and the reason is that of the reproduction.
            if item.outcome not in ("proven", "not-run"):
                title = names.term("fix_outcome", item.outcome)
                found.setdefault((item.fix, title, sort(item.outcome), _sentence(item.detail)), []).append(run)
    return [
        Reason(kind, f"Fix {number}" if number else "Reproduction", ended, names.runs(runs), detail)
        for (number, ended, kind, detail), runs in sorted(found.items(), key=lambda item: item[0][0])
    ]


def told(run: Run) -> dict[int, FixRun]:
    """Return what a run tells of each fix, by its number."""
    return {item.fix: item for item in run.fixes}
