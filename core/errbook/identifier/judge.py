"""From what was found in a text to the errors in it: what agrees is put together, the root cause comes first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

SURE = 0.6
"""Confidence from which on the order in the text decides, and below which the less sure come last."""

TOP = 0.99
"""Confidence that nothing goes beyond: a text can always be about something else."""

LEAST = 0.5
"""Confidence below which nothing is said."""

MOST = 8
"""Errors that one text gives."""

GENERAL = frozenset(
    {"b1105", "b1030", "m1105", "a1105", "m10584", "b1201", "b1218", "p25P02", "p08006", "p08001", "b1317", "m3011"}
)
"""Codes that carry or follow another error: where both stand in a text, the other is the cause."""


class Hit(NamedTuple):
    """One piece of evidence: its kind, the references it speaks for (the likeliest first), how sure, and where."""

    kind: str
    refs: tuple[str, ...]
    weight: float
    start: int
    end: int
    parameters: tuple[tuple[str, str], ...] = ()
    root: bool = False
    variant: str | None = None


class Match(NamedTuple):
    """An error: its reference, how sure, by what kinds of evidence, where in the text, and the message's parameters."""

    ref: str
    confidence: float
    matched_by: tuple[str, ...]
    span: tuple[int, int]
    parameters: tuple[tuple[str, str], ...]
    variant: str | None


def judge(hits: Sequence[Hit], states: Mapping[str, str]) -> list[Match]:
    """Return the errors that the evidence gives, the root cause first.

    `states` gives the SQLSTATE of a reference. A hit of kind ``sqlstate`` has SQLSTATEs with ``=`` before them in place
    of references: it speaks for what others found.
    """
    said = {ref for hit in hits if hit.kind in ("code", "symbol", "exception") for ref in hit.refs}
    printed = {ref[1:] for hit in hits if hit.kind == "sqlstate" for ref in hit.refs}
    groups: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.kind != "sqlstate":
            groups.setdefault(_choice(hit.refs, said, printed, states), []).append(hit)
    groups = _extended(groups)
    found = []
    for ref, items in groups.items():
        best: dict[str, Hit] = {}
        for hit in items:
            if hit.kind not in best or (hit.weight, -hit.start) > (best[hit.kind].weight, -best[hit.kind].start):
                best[hit.kind] = hit
        doubt = 1.0
        for hit in best.values():
            doubt *= 1 - hit.weight
        kinds = sorted(best)
        if states.get(ref) in printed and states.get(ref):
            doubt *= 0.7
            kinds = sorted({*kinds, "sqlstate"})
        confidence = min(TOP, math.floor((1 - doubt) * 1000 + 0.5) / 1000)
        if confidence < LEAST:
            continue
        shown = max(items, key=lambda hit: (hit.kind == "message", hit.weight, -hit.start))
        first = min(hit.start for hit in items)
        order = (not any(hit.root for hit in items), confidence < SURE, ref in GENERAL or ref.startswith("p01"), first)
        found.append(
            (order, Match(ref, confidence, tuple(kinds), (shown.start, shown.end), shown.parameters, shown.variant))
        )
    explained = _explained(found, groups, hits, states)
    found = [item for item in found if item[1].ref not in explained]
    found.sort(key=lambda item: (item[0], item[1].ref))
    return [match for _, match in found[:MOST]]


def _explained(
    found: Sequence[tuple[Any, Match]],
    groups: Mapping[str, Sequence[Hit]],
    hits: Sequence[Hit],
    states: Mapping[str, str],
) -> set[str]:
    """Return PostgreSQL's references for which only a SQLSTATE speaks that an error of MySQL beside it has, too."""
    shared = {states.get(match.ref) for _, match in found if match.ref[0] in "bma" and match.confidence >= SURE}
    anyones = {(ref[1:], hit.start) for hit in hits if hit.kind == "sqlstate" for ref in hit.refs}
    return {
        match.ref
        for _, match in found
        if match.ref[0] == "p"
        and match.ref[1:] in shared
        and all((match.ref[1:], hit.start) in anyones for hit in groups[match.ref])
    }


def _choice(refs: Sequence[str], said: set[str], printed: set[str], states: Mapping[str, str]) -> str:
    """Return the reference among several that other evidence speaks for, else the first."""
    for ref in refs:
        if ref in said:
            return ref
    for ref in refs:
        if states.get(ref) in printed:
            return ref
    return refs[0]


def _extended(groups: dict[str, list[Hit]]) -> dict[str, list[Hit]]:
    """Let SQLite's primary code speak for the extended one that a text shows too (the low byte is the primary)."""
    extended = [ref for ref in groups if ref[0] == "s" and ref[1:].isdecimal() and int(ref[1:]) > 255]
    for ref in extended:
        primary = f"s{int(ref[1:]) & 255}"
        if primary in groups and primary != ref:
            groups[ref] = [*groups[ref], *groups.pop(primary)]
    return groups
