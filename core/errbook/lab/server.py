"""The servers of the lab, as `servers.yaml` describes them."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

FILE = Path(__file__).with_name("servers.yaml")


class LabError(Exception):
    """Something of the lab is wrong; the message says what, and what to do."""


class Tree(NamedTuple):
    """Files that are fetched together: packages of a Debian suite, or one package of npm."""

    name: str
    debian: str | None
    """The suite, None for a package of npm."""
    packages: tuple[str, ...]
    """Debian's packages, or the one of npm with its version as ``name@version``."""
    keeps: tuple[str, ...]
    """What is kept of them, as paths relative to the tree; empty for all."""
    needs: tuple[str, ...]
    """Files that must be there, relative to the tree."""
    offers: tuple[str, ...]
    """Names of programs that shell steps find on their PATH."""
    python: str | None
    """The version of Python for which it is made, where it is a module; others do without it."""


class Family(NamedTuple):
    """What the servers of one kind share. The fields are explained in `servers.yaml`; empty where there is nothing."""

    name: str
    drivers: tuple[str, ...]
    initialise: tuple[str, ...]
    start: tuple[str, ...]
    version: tuple[str, ...]
    client: tuple[str, ...]
    ready: str
    stop: str
    fixed: frozenset[str]
    prepare: str
    section: str
    user: str | None
    port: int | None
    socket: str | None
    configuration: str


class Server(NamedTuple):
    """One server of the lab. A series identifies it; the exact version is asked of the running server."""

    id: str
    """``engine:series``, such as ``mysql:9.7``."""
    engine: str
    series: str
    family: str
    """mysql, mariadb, postgresql or sqlite: how it is handled."""
    tree: str | None
    """The tree that holds the server; None where the server is a Python module."""
    client: str | None
    """The tree that holds its command-line client."""
    also: tuple[str, ...]
    """Trees that scenarios on this server need beside those."""
    modules: tuple[str, ...]
    """The Python modules that carry the server, for SQLite from a wheel; the first takes the place of sqlite3."""
    headers: str | None
    """The tree with the headers of its client library, in which harvesting reads symbols; None where it needs none."""

    @property
    def trees(self) -> tuple[Tree, ...]:
        """Every tree it needs with the running Python, its own first."""
        names = dict.fromkeys(name for name in (self.tree, self.client, *self.also) if name)
        return tuple(tree for name in names if (tree := trees()[name]).python in (None, PYTHON))

    @property
    def fetched(self) -> tuple[Tree, ...]:
        """Every tree that is fetched for it: those that it needs to run, and its headers."""
        return (*self.trees, *([trees()[self.headers]] if self.headers else []))

    @property
    def kind(self) -> Family:
        """The family, with all that servers of it share."""
        return families()[self.family]


@cache
def _data() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data: dict[str, Any] = yaml.load(FILE.read_bytes(), Loader=loader)  # noqa: S506 - both are safe loaders
    return data


@cache
def trees() -> Mapping[str, Tree]:
    """Return every tree by its name."""
    return {name: _tree(name, given) for name, given in _data()["trees"].items()}


def _tree(name: str, given: Mapping[str, Any]) -> Tree:
    machine = platform.machine()
    here = {"machine": {"x86_64": "x64", "aarch64": "arm64"}.get(machine, machine), "multiarch": f"{machine}-linux-gnu"}

    def words(key: str) -> tuple[str, ...]:
        return tuple(word.format_map(here) for word in given.get(key, ()))

    suite, python = given.get("debian"), given.get("python")
    packages = words("packages") if suite else (f"{given['npm'].format_map(here)}@{given['version']}",)
    return Tree(name, suite, packages, words("keeps"), words("needs"), words("offers"), python)


@cache
def families() -> Mapping[str, Family]:
    """Return every family by its name."""
    return {name: _family(name, given) for name, given in _data()["families"].items()}


def _family(name: str, given: Mapping[str, Any]) -> Family:
    return Family(
        name,
        drivers=tuple(given.get("drivers", ())),
        initialise=tuple(given.get("initialise", ())),
        start=tuple(given.get("start", ())),
        version=tuple(given.get("version", ())),
        client=tuple(given.get("client", ())),
        ready=given.get("ready", ""),
        stop=given.get("stop", ""),
        fixed=frozenset(given.get("fixed", ())),
        prepare=given.get("prepare", ""),
        section=given.get("section", ""),
        user=given.get("user"),
        port=given.get("port"),
        socket=given.get("socket"),
        configuration=given.get("configuration", ""),
    )


@cache
def servers() -> tuple[Server, ...]:
    """Return every server, in the order of the file."""
    return tuple(_server(name, given) for name, given in _data()["servers"].items())


def _server(name: str, given: Mapping[str, Any]) -> Server:
    engine, _, series = name.partition(":")
    trees = (given.get("tree"), given.get("client"), tuple(given.get("also", ())))
    return Server(name, engine, series, given["family"], *trees, tuple(given.get("modules", ())), given.get("headers"))


def select(names: Sequence[str]) -> list[Server]:
    """Return the servers of the given names: ``mysql:9.7`` is one, ``mariadb`` is all of it; no name at all means all.

    LabError for a name that is none. The order is that of the file, and each server comes once.
    """
    known = servers()
    for name in names:
        if not any(name in (server.id, server.engine) for server in known):
            every = ", ".join(server.id for server in known)
            raise LabError(f"{name!r} is not a server of the lab; use one of {every}")
    return [server for server in known if not names or server.id in names or server.engine in names]


def bytes_of(size: str | None) -> int | None:
    """Return the bytes of a size as scenarios write it, such as ``8 MiB``; None of None."""
    if size is None:
        return None
    number, unit = size.split()
    return int(number) << {"KiB": 10, "MiB": 20, "GiB": 30}[unit]
