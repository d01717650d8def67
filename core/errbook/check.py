"""The checker: every problem of the knowledge, each with its place and what to write instead.

Files are streamed. What is kept of an entry is a few names, for the rules that compare entries at the end, so
that ten thousand entries need little memory and each costs the same.
"""

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from errbook import rules
from errbook.catalogs import Catalogs
from errbook.problem import Problem, shown
from errbook.rules import form
from errbook.rules.knowledge import Condition, Facts, Index, Named, Recorded, Wanted
from errbook.rules.repeats import FILE as PHRASES
from errbook.rules.rule import Engine, Finding, Subject
from errbook.rules.wanted import FILE as WANTED
from errbook.source import CONDITIONS, MAX_PROBLEMS, Kind, Source, display, kind_of, read, record_again

_DIGITS: Final = re.compile(r"([0-9]+)")
_ORDER: Final[tuple[Kind, ...]] = ("engine", "sqlstates", "entry", "condition", "wanted", "evidence")
_FOLDERS: Final = ("errors", "evidence", "catalog")
"""What a layer holds; only the first must be there."""
_BELOW: Final = "Name a file or directory below errors/, evidence/ or catalog/"


class Identity(NamedTuple):
    """Who an entry is: its engine and its code. Its text form is ``engine/code``."""

    engine: str
    code: str

    def __str__(self) -> str:
        """Return ``engine/code``."""
        return f"{self.engine}/{self.code}"


class File(NamedTuple):
    """A file of the knowledge: its path, its layer and the layer's number, and what it holds by its path."""

    path: Path
    layer: Path
    rank: int
    kind: Kind
    engine: str
    name: str
    hidden: bool = False

    @property
    def order(self) -> tuple[Any, ...]:
        """Engines, SQLSTATE classes, entries by engine and code, conditions, wanted, evidence; numbers by value."""
        code = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in _DIGITS.split(self.name) if part]
        return _ORDER.index(self.kind), self.engine, code, self.name, self.rank


def identity(source: Source) -> Identity:
    """Return the identity of an entry, which is its path: errors/<engine>/<code>.yaml."""
    return Identity(source.engine, source.name)


def check(
    layers: Sequence[Path],
    only: Sequence[Path] = (),
    on_valid: Callable[[Source], None] | None = None,
    catalogs: Catalogs | None = None,
    without: Collection[str] = (),
) -> list[Problem]:
    """Check the knowledge in ``layers`` and return its problems, sorted by file and place.

    Each layer is a directory that holds a folder ``errors``, and may hold folders ``evidence`` and ``catalog``; a file
    hides the one of the same path in later layers. ``catalogs`` are those of the layers, for a caller that reads them
    too. ``without`` names files, as problems do, that are taken for not there; what a file says of others is not
    checked then. With ``only``, problems of these files and directories alone are returned; where they lie in a layer
    that was not given, it comes first. ``on_valid`` is called with each file that has no problem of its own: engines,
    SQLSTATE classes, then entries by engine and code, then conditions, what the layers want, then evidence as entries.
    Nothing is raised for what a file holds; what ``on_valid`` raises passes through.
    """
    given = [_absolute(layer) for layer in layers]
    selection, problems = _selection(given, only)
    files, strays = _walk(selection.layers)
    files = [file for file in files if display(file.path) not in without]
    problems += [problem for path, problem in strays if selection.holds(path)]
    known = catalogs or Catalogs(selection.layers)
    return sorted({*problems, *_Checker(selection, files, on_valid, known, without=bool(without)).problems()})


@dataclass(frozen=True)
class _Selection:
    """The layers to read, and what to report on: everything, or these files and what lies below these directories."""

    layers: tuple[Path, ...]
    everything: bool
    paths: frozenset[Path]

    def holds(self, path: Path) -> bool:
        return self.everything or path in self.paths or any(parent in self.paths for parent in path.parents)


def _selection(layers: list[Path], only: Sequence[Path]) -> tuple[_Selection, list[Problem]]:
    problems: list[Problem] = []
    found = list(layers)
    first: list[Path] = []
    chosen: set[Path] = set()
    for path in only:
        full = _absolute(path)
        if not os.path.lexists(full):
            problems.append(_missing(path, "the path does not exist", _BELOW))
            continue
        chosen.add(full)
        layer = _layer_of(full, [*first, *found])
        if layer is None:
            problems.append(_missing(path, "the path lies below no folder named errors, evidence or catalog", _BELOW))
        elif layer not in found and layer not in first:
            first.append(layer)
    return _Selection((*first, *found), not only, frozenset(chosen)), problems


def _layer_of(path: Path, layers: Sequence[Path]) -> Path | None:
    """Return the layer a path belongs to: a known one, else the parent of the innermost folder of such a name."""
    for layer in layers:
        if path == layer or any(path.is_relative_to(layer / folder) for folder in _FOLDERS):
            return layer
    for parent in (path, *path.parents):
        if parent.name in _FOLDERS and parent.is_dir() and (parent.parent / "errors").is_dir():
            return parent.parent
    return path if (path / "errors").is_dir() else None


def _absolute(path: Path) -> Path:
    # Path.resolve would follow symbolic links, and problems would name files that nobody asked for.
    return Path(os.path.abspath(path))  # noqa: PTH100 - see above


def _missing(path: Path, message: str, advice: str) -> Problem:
    return Problem(display(path), 1, 1, "unreadable-file", message, advice)


def _walk(layers: Sequence[Path]) -> tuple[list[File], list[tuple[Path, Problem]]]:
    """Return the files of all layers in order, hidden ones marked, and what has no place among them."""
    files: list[File] = []
    strays: list[tuple[Path, Problem]] = []
    seen: set[tuple[bool, str, str, int | None]] = set()
    engines = {path.parent.name for layer in layers for path in (layer / "errors").glob("*/engine.yaml")}
    for rank, layer in enumerate(layers):
        for path, stray in (*_listed(layer, engines), *_recorded(layer, engines)):
            if stray:
                strays.append((path, Problem(display(path), 1, 1, *stray)))
                continue
            file = File(path, layer, rank, *kind_of(path, layer))
            # Each layer wants what it wants: no list hides another.
            key = file.kind == "evidence", file.engine, file.name, rank if file.kind == "wanted" else None
            files.append(file._replace(hidden=key in seen))
            seen.add(key)
    return sorted(files, key=lambda file: file.order), strays


Listed = tuple[Path, tuple[str, str, str] | None]
"""A path, and rule, message and advice where it is no file of ours."""


def _listed(layer: Path, engines: set[str]) -> Iterator[Listed]:
    """Yield the files below a layer's ``errors``, with rule, message and advice where something is no file of ours."""
    root = layer / "errors"
    try:
        top = sorted(root.iterdir())
    except OSError as error:
        yield (
            root,
            (
                "unreadable-file",
                f"the folder cannot be read: {error.strerror}",
                "Name a directory that holds it",
            ),
        )
        return
    for path in top:
        if path.name.startswith("."):
            continue
        if not path.is_dir():
            if path.name == PHRASES:
                continue
            if path.name in ("sqlstates.yaml", WANTED):
                yield path, None
            else:
                yield path, _stray(path, "Move it out of errors/; an entry is errors/<engine>/<code>.yaml")
            continue
        if path.name not in engines and path.name != CONDITIONS:
            message = f"{shown(path.name)} is the folder of no engine: it has no engine.yaml"
            likely = form.nearest(path.name, engines)
            advice = f"Rename it to `{likely}`, or write {display(path)}/engine.yaml" if likely else "Write engine.yaml"
            yield path, ("unknown-file", message, advice)
        for file, stray in _inside(path):
            if stray or file.suffix == ".yaml":
                yield file, stray
            else:
                advice = f"Rename it to {file.stem}.yaml" if file.suffix == ".yml" else "Move it out of errors/"
                yield file, _stray(file, advice)


def _recorded(layer: Path, engines: set[str]) -> Iterator[Listed]:
    """Yield the files below a layer's ``evidence``, where it has one, in the same way."""
    root = layer / "evidence"
    for path, stray in _inside(root) if root.is_dir() else ():
        if stray:
            yield path, stray
        elif not path.is_dir():
            yield path, _stray(path, "Move it out of evidence/; evidence is evidence/<engine>/<code>.json")
        elif path.name not in engines and path.name != CONDITIONS:
            message = f"{shown(path.name)} is the folder of no engine"
            likely = form.nearest(path.name, engines)
            yield path, ("unknown-file", message, f"Rename it to `{likely}`" if likely else "Remove it")
        else:
            for file, inner in _inside(path):
                good = inner or file.suffix == ".json"
                yield file, inner if good else _stray(file, "Move it out of evidence/")


def _inside(folder: Path) -> Iterator[Listed]:
    """Yield what a folder holds, in order; dot files are nobody's business."""
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        message = f"the folder cannot be read: {error.strerror}"
        yield folder, ("unreadable-file", message, "Make it readable")
        return
    yield from ((path, None) for path in found if not path.name.startswith("."))


def _stray(path: Path, advice: str) -> tuple[str, str, str]:
    return "unknown-file", f"{shown(path.name)} has no place here", advice


class _Checker:
    """One run over the files."""

    def __init__(
        self,
        selection: _Selection,
        files: list[File],
        on_valid: Callable[[Source], None] | None,
        catalogs: Catalogs,
        *,
        without: bool,
    ) -> None:
        self._selection = selection
        self._without = without
        self._catalogs = catalogs
        self._shared = [file for file in files if file.kind in ("engine", "sqlstates")]
        self._entries = [file for file in files if file.kind == "entry"]
        self._conditions = [file for file in files if file.kind == "condition"]
        self._wanted = [file for file in files if file.kind == "wanted"]
        self._evidence = [file for file in files if file.kind == "evidence"]
        self._by_identity = {(file.engine, file.name): file for file in self._entries if not file.hidden}
        self._on_valid = on_valid
        self._engines: Mapping[str, Engine] = {}
        self._classes: frozenset[str] = frozenset()
        self._index = Index(self._load, listed=self._listed)
        for engine, code in self._by_identity:
            self._index.folders.setdefault(code, set()).add(engine)

    def problems(self) -> Iterator[Problem]:
        """Yield the problems of everything that is selected: of shared files, entries, evidence, then across them."""
        yield from self._read_shared()
        yield from self._read_phrases()
        for file in self._entries:
            if not self._selection.holds(file.path) or (file.hidden and self._selection.everything):
                continue
            source, problems = read(file.path, file.layer)
            if source:
                problems += self._apply(source)
            yield from sorted(problems)[:MAX_PROBLEMS]
            if file.hidden:
                continue
            key = file.engine, file.name
            self._index.facts[key] = _facts(file, source)
            self._index.reported.append(key)
            self._compare(file, source if not problems else None)
            if source and not problems and self._on_valid:
                self._on_valid(source)
        yield from self._read_conditions()
        yield from self._read_wanted()
        yield from self._read_evidence()
        yield from self._catalogs.problems(self._selection.holds)
        # What is left out would be missed by everything that refers to it.
        if not self._without:
            for across in dict.fromkeys(rule.across for rule in rules.in_scope("knowledge") if rule.across):
                yield from across(self._index)

    def _read_conditions(self) -> Iterator[Problem]:
        for file in self._conditions:
            if file.hidden and (self._selection.everything or not self._selection.holds(file.path)):
                continue
            source, problems = read(file.path, file.layer)
            wanted = self._selection.holds(file.path)
            if source:
                problems += self._apply(source)
            if wanted:
                yield from sorted(problems)[:MAX_PROBLEMS]
            if file.hidden:
                continue
            self._index.conditions[file.name] = _condition(file, source, reported=wanted)
            if wanted:
                self._compare(file, source if not problems else None)
            if wanted and source and not problems and self._on_valid:
                self._on_valid(source)

    def _compare(self, file: File, source: Source | None) -> None:
        """Take the sentences of an entry or a condition; None where it has problems of its own."""
        if source:
            self._index.sentences.add(display(file.path), file.rank, source)
        else:
            # Its sentences are not known, so no phrase can be called one too many.
            self._index.sentences.everything = False

    def _read_phrases(self) -> Iterator[Problem]:
        """Read the phrases that may stand in two entries, of each layer that lists some."""
        sentences = self._index.sentences
        sentences.everything = self._selection.everything
        for rank, layer in enumerate(self._selection.layers):
            path = layer / "errors" / PHRASES
            if path.is_file():
                source, problems = read(path, layer)
                if source:
                    problems += sentences.allow(display(path), rank, source.data, source.position)
                if self._selection.holds(path):
                    yield from problems

    def _read_wanted(self) -> Iterator[Problem]:
        """Read what each layer wants, and yield the problems of its list."""
        for file in self._wanted:
            if not self._selection.holds(file.path):
                continue
            source, problems = read(file.path, file.layer)
            if source:
                problems += self._apply(source)
            yield from sorted(problems)[:MAX_PROBLEMS]
            if source and not problems:
                path = display(file.path)
                for at, item in enumerate(source.data["wanted"]):
                    place = source.position(("wanted", at, "code"))
                    self._index.wanted.append(Wanted(path, file.rank, f"{item['engine']}/{item['code']}", *place))
                if self._on_valid:
                    self._on_valid(source)

    def _read_evidence(self) -> Iterator[Problem]:
        for file in self._evidence:
            if not self._selection.holds(file.path) or (file.hidden and self._selection.everything):
                continue
            source, problems = read(file.path, file.layer)
            if source:
                problems += self._apply(source)
            yield from sorted(problems)[:MAX_PROBLEMS]
            self._index.evidence.append(_recorded_facts(file, source))
            if source and not problems and not file.hidden and self._on_valid:
                self._on_valid(source)

    def _read_shared(self) -> Iterator[Problem]:
        """Read the engines and the SQLSTATE classes, which entries are checked against, and yield their problems."""
        found = [(file, *read(file.path, file.layer)) for file in self._shared if not file.hidden]
        engines: dict[str, Engine] = {}
        for file, source, _ in found:
            if file.kind == "engine":
                engines[file.engine] = _engine(file.engine, source)
            elif source:
                self._classes = frozenset(_classes(source.data))
        self._engines = engines
        for file, source, problems in found:
            if source:
                problems += self._apply(source)
            if not self._selection.holds(file.path):
                continue
            yield from sorted(problems)[:MAX_PROBLEMS]
            if source and not problems and self._on_valid:
                self._on_valid(source)

    def _apply(self, source: Source) -> list[Problem]:
        """Return what the schema and the rules of one file find."""
        path = display(source.path)
        if source.kind == "evidence":
            return [
                Problem(path, *_place(source, item), rule, item.message, item.advice) for rule, item in _told(source)
            ]
        found: list[tuple[str, Finding]] = []
        unquoted = [
            ("unquoted-code" if finding.where[-1] in ("code", "example") else "unquoted-sqlstate", finding)
            for finding in form.unquoted(Subject(source, source.data, {}, frozenset()))
        ]
        places = {tuple(finding.where) for _, finding in unquoted}
        broken = form.broken(source.kind, source.data)
        # A code without quotes is often no text for the schema; one message about it is enough.
        found += unquoted
        found += [(item.rule, form.quoted(source, item)) for item in broken if tuple(item.finding.where) not in places]
        whole = source.data
        if broken or places:
            bad = {finding.where[0] for _, finding in found if finding.where}
            whole = {name: value for name, value in whole.items() if name not in bad}
        subject = Subject(source, whole, self._engines, self._classes, self._catalogs)
        for rule in (*rules.in_scope("any"), *rules.in_scope(source.kind)):
            if rule.check:
                found += [(rule.name, finding) for finding in rule.check(subject)]
        return [
            Problem(path, *_place(source, finding), rule, finding.message, finding.advice) for rule, finding in found
        ]

    def _listed(self, engine: str, code: str) -> bool:
        # Where nobody has asked the engine, nothing is known against a code.
        found = self._catalogs.engine(engine)
        return (found is None and engine in self._engines) or (found is not None and found.find(code) is not None)

    def _load(self, engine: str, code: str) -> Facts:
        file = self._by_identity[engine, code]
        return _facts(file, read(file.path, file.layer)[0])


def _place(source: Source, finding: Finding) -> tuple[int, int]:
    if finding.offset is not None:
        return source.position_in(finding.where, finding.offset)
    return source.position(finding.where, finding.key)


def _told(source: Source) -> Iterator[tuple[str, Finding]]:
    """Yield what the schema and the rules find in a file of evidence; nobody edits one, so the advice is one."""
    broken = form.broken("evidence", source.data)
    again = record_again(source.engine, source.name)
    yield from ((item.rule, item.finding._replace(advice=again)) for item in broken)
    bad = {item.finding.where[0] for item in broken if item.finding.where}
    whole = {name: value for name, value in source.data.items() if name not in bad}
    subject = Subject(source, whole, {}, frozenset())
    for rule in rules.in_scope("evidence"):
        if rule.check:
            yield from ((rule.name, finding) for finding in rule.check(subject))


def _recorded_facts(file: File, source: Source | None) -> Recorded:
    servers = source.data.get("servers") if source else None
    names = servers if isinstance(servers, dict) else ()
    named = [Named(name, *source.position(("servers", name), key=True)) for name in names] if source else []
    listed = source.data.get("variants") if source else None
    ids = listed if isinstance(listed, dict) else ()
    variants = [Named(name, *source.position(("variants", name), key=True)) for name in ids] if source else []
    return Recorded(display(file.path), file.engine, file.name, tuple(named), tuple(variants))


def _condition(file: File, source: Source | None, *, reported: bool) -> Condition:
    """Return what is kept of a condition; nothing but its path where it does not fit its schema."""
    path = display(file.path)
    if source is None or form.broken("condition", source.data):
        return Condition(path)
    parts = source.data["behaviours"]
    engines = tuple(engine for part in parts for engine in part["engines"])
    errors = tuple(
        Named(error, *source.position(("behaviours", at, "errors", number)))
        for at, part in enumerate(parts)
        for number, error in enumerate(part["errors"])
    )
    return Condition(path, engines, errors, reported)


def _facts(file: File, source: Source | None) -> Facts:
    """Return what is kept of an entry; the path speaks where its data does not."""
    path = display(file.path)
    own = Named(file.engine, 1, 1)
    if source is None:
        return Facts(path, file.rank, file.engine, file.name, (own,), whole=False)
    listed = source.data.get("engines")
    engines = [
        Named(name, *source.position(("engines", at)))
        for at, name in enumerate(listed if isinstance(listed, list) else ())
        if isinstance(name, str)
    ]
    if all(named.name != file.engine for named in engines):
        engines.insert(0, own)
    items = source.data.get("related")
    related = [
        Named(item["error"], *source.position(("related", at, "error")))
        for at, item in enumerate(items if isinstance(items, list) else ())
        if isinstance(item, dict) and isinstance(item.get("error"), str) and "/" in item["error"]
    ]
    listed = source.data.get("variants")
    variants = (
        [item["id"] for item in listed if isinstance(item, dict) and isinstance(item.get("id"), str)]
        if (isinstance(listed, list))
        else []
    )
    return Facts(path, file.rank, file.engine, file.name, tuple(engines), tuple(related), variants=tuple(variants))


def _engine(name: str, source: Source | None) -> Engine:
    """Return what rules need of an engine; a file that does not fit the schema gives its name alone."""
    if source is None or form.broken("engine", source.data):
        return Engine(name)
    data = source.data
    code = data["code"]
    try:
        re.compile(code["pattern"])
    except re.error:
        return Engine(name, data["title"], data.get("sibling", ""))
    return Engine(
        name,
        data["title"],
        data.get("sibling", ""),
        code["pattern"],
        code["name"],
        code["example"],
        data["sqlstates"],
        True,
    )


def _classes(data: Mapping[str, Any]) -> Iterator[str]:
    rows = data.get("classes")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("class"), str):
            yield row["class"]
