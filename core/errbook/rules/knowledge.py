"""What needs all identities: related errors that exist and name each other, and one file for an identity."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from errbook.problem import Problem, shown
from errbook.rules.form import nearest
from errbook.rules.repeats import Sentences
from errbook.rules.rule import Rule


class Named(NamedTuple):
    """A name in an entry, an engine or a related error, and where it stands."""

    name: str
    line: int
    column: int


class Facts(NamedTuple):
    """What is kept of an entry: its file, the number of its layer, its engines and its related errors.

    ``whole`` is false where the file could not be read; then its path is all that is known.
    """

    path: str
    layer: int
    engine: str
    code: str
    engines: tuple[Named, ...]
    related: tuple[Named, ...] = ()
    whole: bool = True
    variants: tuple[str, ...] = ()

    @property
    def identities(self) -> tuple[str, ...]:
        """Every ``engine/code`` that the entry answers for."""
        return tuple(f"{engine.name}/{self.code}" for engine in self.engines)


class Recorded(NamedTuple):
    """What is kept of a file of evidence: its path, whose it is by its path, and the servers that it tells of."""

    path: str
    engine: str
    code: str
    servers: tuple[Named, ...] = ()
    variants: tuple[Named, ...] = ()


class Condition(NamedTuple):
    """What is kept of a condition: its file, its engines and its errors; `reported` where problems are wanted of it."""

    path: str
    engines: tuple[str, ...] = ()
    related: tuple[Named, ...] = ()
    reported: bool = False


class Wanted(NamedTuple):
    """What is kept of an item of a wanted.yaml: the number of its layer, its ``engine/code``, and where that stands."""

    path: str
    layer: int
    identity: str
    line: int
    column: int


@dataclass
class Index:
    """The identities of all entries. Facts come in while files are checked; what is missing is read on demand."""

    load: Callable[[str, str], Facts]
    folders: dict[str, set[str]] = field(default_factory=dict)
    """The engines whose folders hold a file for a code."""
    facts: dict[tuple[str, str], Facts] = field(default_factory=dict)
    reported: list[tuple[str, str]] = field(default_factory=list)
    """The entries that problems are wanted for, in order."""
    evidence: list[Recorded] = field(default_factory=list)
    """The files of evidence that problems are wanted for, in order."""
    wanted: list[Wanted] = field(default_factory=list)
    """What is wanted in the files that problems are wanted for, in order."""
    sentences: Sentences = field(default_factory=Sentences)
    """The sentences of the entries that problems are wanted for."""

    listed: Callable[[str, str], bool] = lambda _engine, _code: False
    """Whether an engine may have a code that nobody has written up: a catalog has it, or there is no catalog."""
    conditions: dict[str, Condition] = field(default_factory=dict)
    """The conditions that are written up, by name."""

    def get(self, engine: str, code: str) -> Facts:
        """Return the facts of the file errors/<engine>/<code>.yaml, which must be one of ``folders``."""
        key = engine, code
        if key not in self.facts:
            self.facts[key] = self.load(engine, code)
        return self.facts[key]

    def find(self, identity: str) -> Facts | None:
        """Return the facts of the entry that answers for ``engine/code``, by its own folder or as a shared one."""
        engine, _, code = identity.partition("/")
        holders = self.folders.get(code, set())
        if engine in holders:
            return self.get(engine, code)
        for folder in sorted(holders):
            facts = self.get(folder, code)
            if any(named.name == engine for named in facts.engines):
                return facts
        return None


def related(index: Index) -> Iterator[Problem]:
    """Find related errors that are not there, are the entry itself, are named twice, or do not name the entry back."""
    for key in index.reported:
        facts = index.get(*key)
        seen: dict[str, int] = {}
        for target in facts.related:
            place = facts.path, target.line, target.column
            other = index.find(target.name)
            if other is None:
                yield Problem(*place, "dangling-related", *_dangling(index, target.name))
                continue
            mine = f"{facts.engine}/{facts.code}"
            theirs = f"{other.engine}/{other.code}"
            if theirs == mine:
                message = f"{shown(target.name)} is this entry itself"
                yield Problem(*place, "self-related", message, "Name another error, or remove the item")
            elif theirs in seen:
                message = f"{shown(target.name)} is related on line {seen[theirs]} already"
                yield Problem(*place, "related-twice", message, "Keep one of them")
            elif other.whole and other.layer == facts.layer and not _names(other, facts, index):
                message = f"{theirs} does not name {mine} back"
                advice = f"Add `- error: {mine}` under `related` in {other.path}, or remove this item"
                yield Problem(*place, "related-both-ways", message, advice)
            seen.setdefault(theirs, target.line)


def identities(index: Index) -> Iterator[Problem]:
    """Find identities that two files answer for."""
    for engine, code in index.reported:
        facts = index.get(engine, code)
        for folder in sorted(index.folders.get(code, set()) - {engine}):
            other = index.get(folder, code)
            theirs = {named.name for named in other.engines}
            # What lies in a lower layer cannot be changed from here: the file above it has to give way.
            if other.layer < facts.layer:
                continue
            for named in facts.engines:
                if named.name in theirs:
                    message = f"{named.name}/{code} is answered by {other.path} too"
                    advice = "Keep one file: a shared entry where the condition is the same, else one engine in each"
                    yield Problem(facts.path, named.line, named.column, "duplicate-identity", message, advice)


def _names(other: Facts, facts: Facts, index: Index) -> bool:
    return any(index.find(target.name) is facts for target in other.related)


def _dangling(index: Index, identity: str) -> tuple[str, str]:
    code = identity.partition("/")[2]
    likely = nearest(identity, [f"{folder}/{code}" for folder in index.folders.get(code, ())])
    message = f"{shown(identity)} has no entry"
    if likely:
        return (
            message,
            f"Write `{likely}` if that is meant, else write errors/{identity}.yaml first or remove the item",
        )
    return message, f"Write errors/{identity}.yaml first, or remove the item"


RULES: Final = (
    Rule(
        "dangling-related",
        "knowledge",
        "A related error has an entry.",
        "Write that entry first, or remove the item.",
        across=related,
    ),
    Rule(
        "duplicate-identity",
        "knowledge",
        "One file answers for an engine and a code.",
        "Keep one file: a shared entry where the condition is the same, else one engine in each.",
        across=identities,
    ),
    Rule(
        "related-both-ways",
        "knowledge",
        "Neighbours name each other: whoever confuses two errors may start from either.",
        "Add the item to the other entry as well.",
        across=related,
    ),
    Rule("related-twice", "knowledge", "A neighbour is named once.", "Keep one of them.", across=related),
    Rule(
        "self-related",
        "knowledge",
        "An entry is not its own neighbour.",
        "Name another error.",
        across=related,
    ),
)
