"""What executing the entries found out: where servers and versions differ, from each other or from what is declared.

A pure function of the entries. Only runs that hold for an entry as it is now are compared. The public object is
`findings` in schema/public.schema.json.
"""

from __future__ import annotations

from errbook.entry import as_json
from errbook.opened import Link
from errbook.record import Record
from errbook.render.servers import code
from errbook.variants import split
from errbook.wording import client_error, grouped, normalised

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from errbook.entry import Declared, Entry, Run, Version
    from errbook.wording import Group

KINDS = ("code", "sqlstate", "message", "client", "declared")
"""Kinds of difference, in the order in which they are told; each is explained in the public schema (`difference`)."""


_WORDS = {
    "code": ("code", "error"),
    "sqlstate": ("sqlstate",),
    "message": ("message", "wording", " says "),
    "client": ("client", "prints"),
}
"""Words by which a note tells that it is of the sort of a kind of difference."""


class Where(Record):
    """A server, by its identity, and its exact version."""

    server: str
    version: str


class Seen(Record):
    """What was said on some servers, and by whom: a driver or a command-line client. `exact`: by all to the letter."""

    servers: tuple[Where, ...]
    by: str
    text: str
    exact: bool


class Difference(Record):
    """One difference. `also` names the kinds in which the same servers differ in the same way."""

    kind: str
    also: tuple[str, ...]
    error: Link
    declared: Declared | None
    seen: tuple[Seen, ...]


class Note(Record):
    """What an entry notes about versions. `shown_by` are the kinds of difference of which it tells, and which runs show
    between just these versions and the others."""

    engine: str
    range: str
    note: str
    shown_by: tuple[str, ...]


class Noted(Record):
    """The notes of one entry."""

    error: Link
    versions: tuple[Note, ...]


class Findings(Record):
    """Everything that was found out: differences by kind, notes by entry."""

    differences: tuple[Difference, ...]
    notes: tuple[Noted, ...]

    def public(self) -> dict[str, Any]:
        """Return the public object, without the version of its form."""
        return {"count": len(self.differences), **as_json(self)}


def findings(entries: Iterable[Entry]) -> Findings:
    """Return what the evidence and the version notes of entries show; one entry is looked at at a time."""
    differences: list[Difference] = []
    notes: list[Noted] = []
    for entry in entries:
        found = _differences(entry)
        # What differs in a variant is told of the variant; notes are compared with it all the same.
        found += [item for variant in entry.variants for item in _differences(entry.of_variant(variant))]
        differences += found
        if entry.versions:
            shown = tuple(_note(version, entry, found) for version in entry.versions)
            notes.append(Noted(link_of(entry), shown))
    differences.sort(key=lambda item: KINDS.index(item.kind))
    return Findings(tuple(differences), tuple(notes))


def current(entry: Entry) -> list[Run]:
    """Return the runs that hold for the entry as it is now."""
    return [run for run in entry.verification.servers if not run.stale]


def raised(entry: Entry) -> tuple[Group, ...]:
    """Return what the drivers raised, as code, SQLSTATE and message, with the runs in which they did."""
    runs = [run for run in current(entry) if run.observed]
    return grouped(
        runs,
        lambda run: f"{_code(entry, run)}: {_message(run)}",
        lambda run: (_code(entry, run), normalised(_message(run))),
    )


def printed(entry: Entry) -> tuple[Group, ...]:
    """Return what the command-line clients printed, with the runs in which they did."""
    return grouped([run for run in current(entry) if run.client], _client)


def declared(entry: Entry, run: Run) -> str:
    """Return the code and the SQLSTATE under which an error is known to the engine of a run."""
    return code(entry, run.declared.code, run.declared.sqlstate)


def otherwise(entry: Entry, group: Group, client: bool) -> str | None:
    """Return what a driver, or a client, reports in place of the declared code; None where it reports that one."""
    run = group.runs[0]
    if client:
        found = client_error(_client(run))
        said = code(entry, *found) if found else declared(entry, run)
    else:
        said = _code(entry, run)
    return None if said == declared(entry, run) else said


def speakers(group: Group, client: bool) -> str:
    """Return who said what a group has in common: command-line clients, or drivers with their versions."""
    named = [run.client.program if client and run.client else run.driver or "" for run in group.runs]
    return ", ".join(dict.fromkeys(named))


def _code(entry: Entry, run: Run) -> str:
    seen = run.observed
    return code(entry, seen.code, seen.sqlstate) if seen else ""


def _message(run: Run) -> str:
    return run.observed.message if run.observed else ""


def _client(run: Run) -> str:
    return run.client.text if run.client else ""


def _differences(entry: Entry) -> list[Difference]:
    drivers = [run for run in current(entry) if run.observed]

    def said(run: Run) -> str:
        return f"{_code(entry, run)}: {_message(run)}"

    candidates = [
        ("code", grouped(drivers, said, lambda run: run.observed and run.observed.code)),
        ("sqlstate", grouped(drivers, said, lambda run: run.observed and run.observed.sqlstate)),
        ("message", grouped(drivers, _message)),
        ("client", printed(entry)),
    ]
    found: list[Difference] = []
    for kind, groups in candidates:
        if len(groups) < 2:
            continue
        for at, before in enumerate(found):
            # The same servers on the same sides: it is one difference, told once.
            if _sides(before.seen) == _sides(tuple(_seen(group, kind) for group in groups)):
                found[at] = before._replace(also=(*before.also, kind))
                break
        else:
            found.append(Difference(kind, (), link_of(entry), None, tuple(_seen(group, kind) for group in groups)))
    others = [(group, False) for group in raised(entry)] + [(group, True) for group in printed(entry)]
    odd = [(group, client) for group, client in others if otherwise(entry, group, client)]
    if odd:
        seen = tuple(_seen(group, "client" if client else "code") for group, client in odd)
        found.append(Difference("declared", (), link_of(entry), odd[0][0].runs[0].declared, seen))
    return found


def _sides(seen: tuple[Seen, ...]) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(where.server for where in item.servers) for item in seen)


def _seen(group: Group, kind: str) -> Seen:
    servers = tuple(Where(run.server, run.version) for run in group.runs)
    return Seen(servers, speakers(group, kind == "client"), group.text, group.exact)


def _note(version: Version, entry: Entry, found: list[Difference]) -> Note:
    from errbook.lab.plan import within

    inside = {
        run.server
        for run in current(entry)
        if run.engine == version.engine and (version.range == "all" or within(run.series, version.range))
    }
    words = f" {version.note.lower()} "
    shown = [
        kind
        for item in found
        if _separates(item, inside)
        for kind in (item.kind, *item.also)
        if any(word in words for word in _WORDS.get(kind, ()))
    ]
    return Note(version.engine, version.range, version.note, tuple(shown))


def _separates(difference: Difference, inside: set[str]) -> bool:
    """Tell whether a difference runs exactly between the servers inside of a range and the others."""
    sides = _sides(difference.seen)
    within = [side <= inside for side in sides]
    return any(within) and not all(within) and all(side <= inside or not side & inside for side in sides)


def link_of(entry: Entry) -> Link:
    """Return the link to an entry, or to the variant that was put in the form of one."""
    identity, variant = split(entry.id)
    named = {name: getattr(entry, name) for name in Link._fields if name != "variant"}
    return Link(**{**named, "id": identity, "variant": variant})
