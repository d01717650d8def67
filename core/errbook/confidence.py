"""How far an entry can be trusted: computed here and nowhere else, from its evidence and its sources.

The levels are explained in schema/public.schema.json (`confidence`) and on the page "How to read an entry":

disputed          a server did not reproduce the error, or a fix did not do what its proof asks
stale             the executable part changed since it was executed
partly-executed   some of it was executed, and the reason says what was not
executed          every server raised the error and bore out every fix that can be executed
sourced           nothing of it was executed

The first of them that is the case is the level, so a doubt is never hidden by what went well beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from errbook.render.servers import joined, listed, numbered
from errbook.verification import sort

Record = Mapping[str, Any]

_EXEMPT: Final = {"not-executable": "not executable on", "not-applicable": "not applicable to"}


def of(entry: Mapping[str, Any], titles: Mapping[str, str]) -> dict[str, str]:
    """Return the object `confidence` of a public entry that has its `verification`.

    `titles` gives the title of an engine, for the sentence that is the reason.
    """
    level, parts = _Judge(entry, titles).judge()
    level, parts = _with_variants(level, parts, entry["variants"])
    reason = "; ".join(parts)
    return {"level": level, "reason": f"{reason[:1].upper()}{reason[1:]}."}


_DOUBTS: Final = ("disputed", "stale", "partly-executed")
"""Levels that a variant hands on to its entry, the worst first."""


def _with_variants(level: str, parts: list[str], variants: Sequence[Record]) -> tuple[str, list[str]]:
    """Return the level of an entry that has variants, and its reason: a doubt about one of them is one about it."""
    by_level: dict[str, list[str]] = {}
    for variant in variants:
        by_level.setdefault(variant["confidence"]["level"], []).append(f"`{variant['id']}`")
    if not by_level:
        return level, parts
    if ran := by_level.get("executed"):
        parts = [*parts, f"{len(ran)} of {len(variants)} variants executed"]
    for doubt in _DOUBTS:
        if named := by_level.get(doubt):
            parts = [*parts, f"{doubt.replace('-', ' ')}: {joined(named)}"]
            level = min(level, doubt, key=_RANK.index)
    if named := by_level.get("sourced"):
        parts = [*parts, f"not executed: {joined(named)}"]
        level = "partly-executed" if level == "executed" else level
    return level, parts


_RANK: Final = ("disputed", "stale", "partly-executed", "executed", "sourced")


class _Judge:
    """One entry, its records by what they mean, and the phrases of the reason."""

    def __init__(self, entry: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        self._entry, self._titles = entry, titles
        records: Sequence[Record] = entry["verification"]["servers"]
        self._stale = [record for record in records if record["stale"]]
        self._current = [record for record in records if not record["stale"]]
        self._good = [record for record in self._current if sort(record["outcome"]) == "good"]

    def judge(self) -> tuple[str, list[str]]:
        """Return the level and the parts of the sentence."""
        if disputes := [*self._not_reproduced(), *self._fixes("bad", "not proven on")]:
            return "disputed", [*disputes, *self._reproduced()]
        if self._stale:
            since = f"the executable part changed since it was executed on {self._names(self._stale)}"
            now = [f"reproduced as it is now on {self._names(self._good)}"] if self._good else []
            return "stale", [since, *now, *self._missing()]
        if not self._good and not self._left():
            return "sourced", [f"{self._sources()}; {self._why_not()}"]
        parts = [*self._reproduced(), *self._proven(), *self._exempt()]
        left = [*self._left(), *self._missing()]
        return ("partly-executed" if left else "executed"), [*parts, *left]

    def _names(self, records: Iterable[Record]) -> str:
        return listed((self._title(record["engine"]), record["version"] or record["series"]) for record in records)

    def _title(self, engine: str) -> str:
        return self._titles.get(engine, engine)

    def _reproduced(self) -> list[str]:
        return [f"reproduced on {self._names(self._good)}"] if self._good else []

    def _not_reproduced(self) -> list[str]:
        by_outcome: dict[str, list[Record]] = {}
        for record in self._current:
            if sort(record["outcome"]) == "bad":
                by_outcome.setdefault(record["outcome"], []).append(record)
        return [
            f"not reproduced on {self._names(records)} ({_says('server_outcome', outcome)})"
            for outcome, records in by_outcome.items()
        ]

    def _missing(self) -> list[str]:
        missing = [server.partition(":") for server in self._entry["verification"]["missing"]]
        names = listed((self._title(engine), series) for engine, _, series in missing)
        return [f"not yet executed on {names}"] if missing else []

    def _executable(self, record: Record) -> list[int]:
        """Return the numbers of the fixes that are to be proven on a server: they are for it, and have no exemption."""
        told = {fix["fix"]: fix["outcome"] for fix in record["fixes"]}
        return [
            number
            for number, fix in enumerate(self._entry["fixes"], 1)
            if fix["not_executable"] is None
            and (not fix["engines"] or record["engine"] in fix["engines"])
            and told.get(number) != "not-applicable"
        ]

    def _fixes(self, wanted: str, says: str) -> list[str]:
        """Return a phrase for each fix with an outcome of a sort, on servers that raised the error."""
        found: dict[tuple[int, str], list[Record]] = {}
        for record in self._good:
            for fix in record["fixes"]:
                if sort(fix["outcome"]) == wanted:
                    found.setdefault((fix["fix"], fix["outcome"]), []).append(record)
        return [
            f"fix {number} {says} {self._names(records)} ({_says('fix_outcome', outcome)})"
            for (number, outcome), records in sorted(found.items(), key=lambda item: item[0])
        ]

    def _left(self) -> list[str]:
        """Return what was executed and settles nothing, and the fixes that nobody executed where the error came."""
        needless = [record for record in self._current if record["outcome"] == "exemption-unneeded"]
        found = [f"called not executable, and yet executed on {self._names(needless)}"] if needless else []
        found += self._fixes("open", "not settled on")
        silent: dict[int, list[Record]] = {}
        for record in self._good:
            told = {fix["fix"] for fix in record["fixes"]}
            for number in self._executable(record):
                if number not in told:
                    silent.setdefault(number, []).append(record)
        return found + [f"fix {number} not yet executed on {self._names(where)}" for number, where in silent.items()]

    def _proven(self) -> list[str]:
        """Return how many of the executable fixes were proven: once where it is the same on every server."""
        counts: dict[tuple[int, int], list[Record]] = {}
        for record in self._good:
            executable = set(self._executable(record))
            proven = {fix["fix"] for fix in record["fixes"] if fix["outcome"] == "proven"}
            counts.setdefault((len(proven & executable), len(executable)), []).append(record)
        if len(counts) == 1:
            ((proven_count, count),) = counts
            each = " on each" if len(self._good) > 1 else ""
            return [f"{proven_count} of {count} executable fix{'es' * (count != 1)} proven{each}"] if count else []
        return [
            f"{proven_count} of {count} executable fix{'es' * (count != 1)} proven on {self._names(records)}"
            for (proven_count, count), records in counts.items()
        ]

    def _not_here(self) -> list[str]:
        found = []
        for outcome, says in _EXEMPT.items():
            if records := [record for record in self._current if record["outcome"] == outcome]:
                found.append(f"{says} {self._names(records)}")
        return found

    def _exempt(self) -> list[str]:
        found = self._not_here()
        never = [number for number, fix in enumerate(self._entry["fixes"], 1) if fix["not_executable"] is not None]
        if never:
            found.append(f"{numbered(never)} not executable")
        for record in self._good:
            executable = self._executable(record)
            not_here = [f["fix"] for f in record["fixes"] if sort(f["outcome"]) == "exempt" and f["fix"] in executable]
            if not_here:
                found.append(f"{numbered(not_here)} not executable on {self._names([record])}")
        return found

    def _sources(self) -> str:
        official = sum(source["kind"] == "official" for source in self._entry["sources"])
        other = len(self._entry["sources"]) - official
        counts = [f"{official} official source{'s' * (official != 1)}"] if official else []
        counts += [f"{other} other{'s' * (other != 1)}"] if other else []
        return joined(counts) or "no source"

    def _why_not(self) -> str:
        if self._entry["reproduce"]["not_executable"] is not None:
            return "the reproduction is not executable"
        if self._current:
            return "; ".join([*self._not_here(), *self._missing()])
        return "not yet executed on any server"


def _says(vocabulary: str, outcome: str) -> str:
    from errbook.schema import vocabularies

    return next(term.title.lower() for term in vocabularies()[vocabulary] if term.value == outcome)
