"""The catalogs of all layers, merged: every code that some server knows, with the facts of each series.

A layer's folder ``catalog`` holds ``<engine>/<series>.jsonl`` (`errbook.harvest.catalog` describes the format), and the
numbers that are no engine's own under ``system``. A series of an earlier layer takes the place of the same series of
a later one. The rows of all series of an engine are merged by code; each fact keeps the series that it holds for.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from errbook import catalog, codes
from errbook.database import SYSTEM
from errbook.harvest.catalog import Catalog, CatalogError, Row, read
from errbook.problem import Problem, shown
from errbook.source import display

FOLDER: Final = "catalog"
"""The folder of a layer that holds catalogs."""

LANGUAGES: Final = "languages.jsonl"
"""The file of an engine that holds its messages in other languages; it is compiled for the identifier only."""

LICENSE: Final = "LICENSE"
"""The file with the terms of those messages."""

CLIENT_LIBRARIES: Final = frozenset({"mysql", "mariadb"})
"""Engines whose client library has numbers of its own, from 2000 and from 5000 on."""

_CLASS: Final = "class"
_ACCESS: Final = "-access"
"""Kinds of PostgreSQL's rows, which `errbook.harvest.postgresql` describes."""

_SYMBOL: Final = re.compile(r"\w{1,128}", re.ASCII)
_STATE: Final = re.compile(r"[0-9A-Z]{5}")
_CODE: Final = re.compile(r"[0-9A-Z]{1,10}")
_PLACED: Final = re.compile(r"(?::(\d+))?: (.*)", re.DOTALL)


class Key(NamedTuple):
    """What tells a code of an engine from its others."""

    namespace: str
    code: str


class Message(NamedTuple):
    """What tells a message of a code from its others.

    `where` and `module` are those of messages that are many; `errno` names the errors of the operating system that make
    the server choose this code for the message, empty where it always does.
    """

    text: str
    severity: str | None
    where: str | None
    module: str | None
    errno: tuple[str, ...]


@dataclass(slots=True)
class Merged:
    """A code with the facts of every series that knows it. `rows` are those that name it, by series, oldest first."""

    engine: str
    key: Key
    rows: dict[str, Row] = field(default_factory=dict)
    messages: dict[Message, dict[str, list[str]]] = field(default_factory=dict)
    plurals: set[str] = field(default_factory=set)

    @property
    def newest(self) -> Row:
        """The row that names it in the newest series that has it."""
        return next(reversed(self.rows.values()))

    def add(self, series: str, row: Row, errno: Sequence[str] = ()) -> None:
        """Take a row of a series; series come oldest first. `errno` is that of the message."""
        # The row that names the code is the first one; what follows in the same series are messages alone.
        first = series not in self.rows
        if first:
            self.rows[series] = row
        if "plural" in row:
            self.plurals.add(row["plural"])
        if "message" in row:
            where = None if first else row.get("where")
            key = Message(row["message"], row.get("severity"), where, self._module(row), tuple(errno))
            lists = self.messages.setdefault(key, {"detail": [], "hint": [], "series": []})
            for name in ("detail", "hint"):
                lists[name] += [text for text in row.get(name, ()) if text not in lists[name]]
            if series not in lists["series"]:
                lists["series"].append(series)

    def _module(self, row: Row) -> str | None:
        return None if self.engine == SYSTEM else row.get("namespace")

    def values(self, name: str) -> list[Any]:
        """Return the different values of a field of its rows, newest first."""
        found = [row[name] for row in self.rows.values() if name in row]
        return list(dict.fromkeys(reversed(found)))

    def templates(self) -> list[tuple[Message, dict[str, list[str]]]]:
        """Return the messages with their lists: those of newer series first, the server's own before its extensions'.

        Of these, what clients are sent comes before what only the log has; else they are in the catalogs' order.
        """
        rank = {series: at for at, series in enumerate(self.rows)}
        return sorted(
            self.messages.items(),
            key=lambda item: (
                -rank[item[1]["series"][-1]],
                item[0].module is not None,
                bool(item[0].errno),
                item[0].where not in (None, "client"),
            ),
        )


class Engine(NamedTuple):
    """All catalogs of an engine merged: their headers, oldest series first, and the codes."""

    headers: list[dict[str, Any]]
    codes: dict[Key, Merged]

    def find(self, code: str) -> Merged | None:
        """Return a code by its number or SQLSTATE: the server's, else the client library's."""
        return self.codes.get(Key("server", code)) or self.codes.get(Key("client", code))


class File(NamedTuple):
    """A catalog's file, the layer it lies in, and the engine and series that its path names."""

    path: Path
    layer: Path
    engine: str
    series: str


class Catalogs:
    """The catalogs of some layers, the one that wins first. A file is read once, when somebody asks for its engine."""

    def __init__(self, layers: Sequence[Path]) -> None:
        """Look which files there are; reads none."""
        self._known = {path.parent.name for layer in layers for path in (layer / "errors").glob("*/engine.yaml")}
        self._files: dict[str, dict[str, File]] = {}
        self._hidden: list[File] = []
        self._languages: list[Path] = []
        self._merged: dict[str, Engine] = {}
        self._problems: dict[Path, Problem] = {}
        for layer in layers:
            self._walk(layer, layer / FOLDER)

    def _walk(self, layer: Path, root: Path) -> None:
        for folder in _inside(root):
            if not folder.is_dir():
                self._stray(folder, f"Move it out of {FOLDER}/; a catalog is {FOLDER}/<engine>/<series>.jsonl")
                continue
            if folder.name not in {*self._known, SYSTEM}:
                self._stray(folder, f"Name it as its engine, or write errors/{folder.name}/engine.yaml first")
                continue
            for path in _inside(folder):
                if path.name == LANGUAGES:
                    self._languages.append(path)
                if path.name in (LANGUAGES, LICENSE):
                    continue
                if path.suffix != ".jsonl":
                    self._stray(path, f"Move it out of {FOLDER}/, or harvest a catalog: <series>.jsonl")
                    continue
                file = File(path, layer, folder.name, path.stem)
                taken = self._files.setdefault(file.engine, {})
                if file.series in taken:
                    self._hidden.append(file)
                else:
                    taken[file.series] = file

    def _stray(self, path: Path, advice: str) -> None:
        message = f"{shown(path.name)} has no place here"
        self._problems[path] = Problem(display(path), 1, 1, "unknown-file", message, advice)

    def engines(self) -> list[str]:
        """Return the engines that there are catalogs of, by name; `system` is last."""
        return sorted(self._files, key=lambda name: (name == SYSTEM, name))

    def engine(self, name: str) -> Engine | None:
        """Return an engine's catalogs merged; None where there are none. Files with problems are left out."""
        if name not in self._files:
            return None
        if name not in self._merged:
            made = Engine([], {})
            for series in sorted(self._files[name], key=catalog.natural):
                if found := self._read(self._files[name][series]):
                    _merge(made, name, found)
            self._merged[name] = made
        return self._merged[name]

    def languages(self) -> dict[str, Path]:
        """Return the files of messages in other languages, by engine; of several layers' the one that wins."""
        return {path.parent.name: path for path in reversed(self._languages)}

    def problems(self, holds: Callable[[Path], bool]) -> Iterator[Problem]:
        """Yield the problems of the files that `holds` is true of, of hidden ones too; only those need be read."""
        for name, files in self._files.items():
            if any(holds(file.path) for file in files.values()):
                self.engine(name)
        for file in self._hidden:
            if holds(file.path):
                self._read(file)
        for path in filter(holds, self._languages):
            # Only a knowledge that has such a file pays for what reads it.
            from errbook.harvest.postgresql_languages import read_languages

            try:
                read_languages(path)
            except CatalogError as error:
                self._problems[path] = _problem(path, error)
        yield from (problem for path, problem in self._problems.items() if holds(path))

    def _read(self, file: File) -> Catalog | None:
        try:
            found = _read(file)
        except CatalogError as error:
            self._problems[file.path] = _problem(file.path, error)
            return None
        return found


def _inside(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _read(file: File) -> Catalog:
    """Read a catalog and compare it with its path; CatalogError."""
    path = file.path
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(file.layer)):
        raise CatalogError(f"{path}: the symbolic link leads out of the layer; put the file itself here")
    if not path.is_file():
        raise CatalogError(f"{path}: this is not a regular file; put a catalog here, or remove it")
    try:
        found = read(path)
    except OSError as error:
        raise CatalogError(f"{path}: the file cannot be read: {error.strerror}; make it readable") from None
    header = found.header
    for name, expected in (("engine", file.engine), ("series", file.series)):
        if header[name] != expected:
            there = f"{FOLDER}/{file.engine}/{file.series}.jsonl"
            raise CatalogError(
                f"{path}:1: the {name} is {shown(header[name])}, and the file is {there}; "
                f"move it to {FOLDER}/{header['engine']}/{header['series']}.jsonl"
            )
    if "language" in header:
        raise CatalogError(
            f"{path}:1: the messages are in {shown(header['language'])}, and here stand the English ones; "
            "harvest it again in English"
        )
    spaces = codes.SYSTEM_NAMESPACES if file.engine == SYSTEM else None
    for number, row in enumerate(found.rows, 2):
        names = [row.get("symbol", "_"), *row.get("formerly", ()), *row.get("aliases", ())]
        if row["code"] and not _CODE.fullmatch(row["code"]):
            raise CatalogError(f"{path}:{number}: {shown(row['code'])} is no code; harvest it again")
        if spaces and row.get("namespace") not in spaces:
            what = shown(row.get("namespace", ""))
            raise CatalogError(
                f"{path}:{number}: {what} is no namespace of {file.engine}: those are {', '.join(spaces)}; "
                "harvest it again"
            )
        if wrong := [name for name in names if not _SYMBOL.fullmatch(name)]:
            raise CatalogError(f"{path}:{number}: {shown(wrong[0])} is no symbol; harvest it again")
        if not _STATE.fullmatch(row.get("sqlstate", "00000")):
            raise CatalogError(f"{path}:{number}: {shown(row['sqlstate'])} is no SQLSTATE; harvest it again")
    for number in _halves(path):
        raise CatalogError(f"{path}:{number}: this row has half a character; harvest it again")
    return found


def _halves(path: Path) -> Iterator[int]:
    """Yield the numbers of lines with half of a pair of surrogates, which JSON can spell and UTF-8 cannot."""
    content = path.read_bytes()
    if rb"\ud" in content or rb"\uD" in content:
        for number, line in enumerate(content.split(b"\n"), 1):
            try:
                json.dumps(json.loads(line or b"0"), ensure_ascii=False).encode()
            except UnicodeEncodeError:
                yield number


def _problem(path: Path, error: CatalogError) -> Problem:
    """Return the problem that an error of a catalog's file is: it names the file, the line, and what to do last."""
    placed = _PLACED.fullmatch(str(error).removeprefix(str(path)))
    line, text = (int(placed[1] or 1), placed[2]) if placed else (1, str(error))
    message, _, advice = text.rpartition("; ")
    advice = advice[:1].upper() + advice[1:] if message else "Harvest it again"
    return Problem(display(path), line, 1, "catalog-form", message or text, advice)


def _merge(made: Engine, name: str, found: Catalog) -> None:
    """Add the rows of a catalog; catalogs come oldest series first."""
    made.headers.append(found.header)
    label = found.header["series"]
    if name == SYSTEM:
        label = label.replace("-", " ", 1)
    library = name in CLIENT_LIBRARIES
    access: dict[str, dict[str, list[str]]] = {}
    undecided: list[Row] = []
    for row in found.rows:
        code, kind = row["code"], row.get("kind", "")
        if kind == _CLASS:
            continue
        if kind.endswith(_ACCESS):
            # Which code a message has is decided by the operating system's error, or here is said how.
            if code:
                access.setdefault(kind, {}).setdefault(code, []).append(row["symbol"])
            else:
                undecided.append(row)
            continue
        if code:
            space = row["namespace"] if name == SYSTEM else "server"
            if library and row.get("where") == "library":
                space = "client"
            _add(made, name, Key(space, code), label, row)
    for row in undecided:
        for code, symbols in access.get(row["kind"], {}).items():
            _add(made, name, Key("server", code), label, row, symbols)


def _add(made: Engine, name: str, key: Key, label: str, row: Row, errno: Sequence[str] = ()) -> None:
    kept = made.codes.get(key)
    if kept is None:
        kept = made.codes[key] = Merged(name, key)
    kept.add(label, row, errno)
