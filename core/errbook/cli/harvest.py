"""``errbook harvest [ENGINE]``: ask servers of the lab for all their codes, and write or compare catalogs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from errbook import places
from errbook.catalogs import LANGUAGES
from errbook.database import SYSTEM
from errbook.harvest import family, mariadb, mysql, sqlite, system
from errbook.harvest.catalog import Catalog, CatalogError, Row, encode, read, write
from errbook.lab import cache
from errbook.lab import places as places_of_lab
from errbook.lab.driver import Refused
from errbook.lab.question import Question
from errbook.lab.server import LabError, Server, select, trees

ENGINES = ("mysql", "mariadb", "postgresql", "sqlite", SYSTEM)

_SHOWN = 20
"""So many differences of one catalog are printed."""


class Lacking(Exception):  # noqa: N818 - named for what is so
    """A catalog needs something that was not named; the message says what."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook harvest",
        description="Ask servers of the lab for every code that they know, and write a catalog of each. A catalog in a "
        "private knowledge base counts at once. Get servers with: errbook lab get.",
        epilog="exit codes: 0 done, or all as it was; 1 a catalog could not be made, or differs; 2 bad usage; "
        "3 nothing differs, and some could not be compared here",
    )
    made.add_argument(
        "engine", nargs="?", choices=ENGINES, metavar="ENGINE", help=f"{', '.join(ENGINES)}; default: all"
    )
    made.add_argument(
        "--server",
        action="append",
        default=[],
        metavar="SERVER",
        help="such as mysql:9.7; repeat for more; default: all",
    )
    made.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="the knowledge base to write to, as ERRBOOK_PATH names it; default: this checkout",
    )
    made.add_argument(
        "--source",
        type=Path,
        metavar="DIR",
        help="unpacked source of the server: PostgreSQL's messages and InnoDB's numbers stand only there; for SQLite, "
        "a folder with sqlite3.h",
    )
    made.add_argument(
        "--languages",
        action="store_true",
        help="the messages of MySQL or MariaDB in other languages, for the identifier of a private knowledge base "
        "(--out): they are the server's, under its licence",
    )
    made.add_argument("--check", action="store_true", help="write nothing; compare with the catalogs that are there")
    return made


def run(arguments: Sequence[str]) -> int:
    """Harvest; return the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    try:
        chosen = select(options.server)
    except LabError as error:
        made.error(str(error))
    if options.source and not options.source.is_dir():
        made.error(f"--source: there is no folder {options.source}")
    if options.languages:
        return _languages(made, options, chosen)
    base = options.out or places.checkout()
    if base is None:
        made.error("there is no checkout here; name a knowledge base: --out DIR")
    jobs = [(engine, server) for server in chosen for engine in _engines(options.engine, server)]
    if not jobs:
        made.error(f"{', '.join(options.server)} has no codes of {options.engine}")
    failed = lacking = False
    for engine, server in jobs:
        try:
            found = _harvest(engine, server, options.source)
            said = _compare(base, found) if options.check else _write(base, found)
        except Lacking as reason:
            _say(f"{server.id}: {engine}: {reason}")
            lacking = True
        except (CatalogError, LabError) as error:
            _say(f"{server.id}: {error}")
            failed = True
        else:
            failed = failed or said
    return 1 if failed else 3 if lacking and options.check else 1 if lacking else 0


def _languages(made: argparse.ArgumentParser, options: argparse.Namespace, chosen: Sequence[Server]) -> int:
    """Write the messages of servers in other languages into a private knowledge base; return the exit code."""
    if options.engine not in ("mysql", "mariadb"):
        made.error("--languages: name mysql or mariadb; PostgreSQL's are a part of errbook")
    if options.check or options.source:
        made.error("--languages goes with --server and --out only")
    if options.out is None or options.out.resolve() == places.checkout():
        made.error("--languages: they are not errbook's to publish; name a private knowledge base: --out DIR")
    servers = [server for server in chosen if server.engine == options.engine]
    if not servers:
        made.error(f"{', '.join(options.server)} is no server of {options.engine}")
    from errbook.harvest import family_languages
    from errbook.harvest.postgresql_languages import write_languages

    # The newest server: its files have what the older ones have.
    server = servers[-1]
    try:
        if reason := cache.missing(server):
            raise Lacking(reason)
        tree = places_of_lab.tree_folder(trees()[str(server.tree)])
        found = family_languages.harvest(tree, server.engine, cache.version(server) or server.series)
    except (Lacking, CatalogError, LabError) as error:
        _say(f"{server.id}: {error}")
        return 1
    path = Path(options.out, "catalog", server.engine, LANGUAGES)
    (options.out / "errors").mkdir(parents=True, exist_ok=True)
    write_languages(path, found.header, found.rows)
    print(f"{path}: {found.header['rows']:,} messages of {server.id} in {len(found.header['languages'])} languages")
    return 0


def _say(line: str) -> None:
    print(f"errbook: {line}", file=sys.stderr, flush=True)


def _engines(engine: str | None, server: Server) -> list[str]:
    """Return what a server gives catalogs of: its engine, and for some, the numbers inside of messages."""
    gives = [server.engine, *([SYSTEM] if server.engine in ("mysql", "mariadb") else [])]
    return [name for name in gives if engine in (None, name)]


def _harvest(engine: str, server: Server, source: Path | None) -> Catalog:
    """Return the catalog; CatalogError, LabError, and Lacking where something must be named for it."""
    if reason := cache.missing(server):
        raise Lacking(reason)
    if engine == "postgresql":
        return _postgresql(server, source)
    if engine == "sqlite":
        return _sqlite(server, source)
    with Question(server) as asked:

        def query(statement: str) -> Sequence[Sequence[Any]]:
            try:
                return asked.query(statement)
            except Refused as refused:
                raise family.Refused(refused.code or "", refused.sqlstate or "", refused.message) from None

        if engine == SYSTEM:
            return system.storage(server.engine, asked.tree, query, asked.run, source)
        if engine == "mysql":
            return mysql.harvest(asked.tree, query, asked.run, headers(server))
        return mariadb.harvest(asked.tree, query, asked.run, headers(server))


def headers(server: Server) -> Path | None:
    """Return the root of the headers that were got for a server; None where there are none of its version."""
    if server.headers is None or cache.broken(tree := trees()[server.headers]):
        return None
    folder = places_of_lab.tree_folder(tree)
    version = folder / "usr/include" / server.engine / f"{server.engine}_version.h"
    try:
        family.same_version(version, cache.version(server) or "")
    except CatalogError as error:
        # Both come from the same mirror, and may have been got on different days.
        _say(f"{server.id}: without the symbols of the client library: {error}")
        return None
    return folder


def _postgresql(server: Server, source: Path | None) -> Catalog:
    if source is None:
        package = f"postgresql-{server.series}"
        raise Lacking(
            f"its messages stand only in its source; get that, on Debian with `apt-get source {package}`, and name the "
            "folder that it is unpacked to: --source DIR"
        )
    from errbook.harvest import postgresql
    from errbook.harvest.postgresql_source import harvest_source

    files = postgresql.server(places_of_lab.tree_folder(trees()[str(server.tree)]))
    return postgresql.harvest_with_source(server.series, harvest_source(source), files).catalog


def _sqlite(server: Server, source: Path | None) -> Catalog:
    from importlib import import_module

    if server.modules:
        carrier = import_module(server.modules[0])
        library = next(Path(str(carrier.__file__)).parent.glob("_sqlite3*.so"))
        return sqlite.harvest(library, sqlite.names_of_apsw(import_module("apsw")))
    header = source / "sqlite3.h" if source else None
    if header is None and server.headers and not cache.broken(got := trees()[server.headers]):
        header = places_of_lab.tree_folder(got) / "usr/include/sqlite3.h"
    if header is None:
        raise Lacking(f"the names of its codes stand in sqlite3.h; run: errbook lab get {server.id}")
    tree = server.trees[0]
    library = places_of_lab.tree_folder(tree) / next(name for name in tree.needs if ".so" in name)
    return sqlite.harvest(library, sqlite.names_of_header(header))


def _path(base: Path, found: Catalog) -> Path:
    engine, series = found.header["engine"], found.header["series"]
    return Path(base, "catalog", engine, f"{series}.jsonl")


def _lost(path: Path, found: Catalog) -> list[str]:
    """Return the sources of the catalog that is there and that this one was made without."""
    return (
        [line for line in read(path).header["sources"] if line not in found.header["sources"]] if path.exists() else []
    )


def _write(base: Path, found: Catalog) -> bool:
    """Write a catalog; tell whether it was not, for it would lose facts of the one that is there."""
    path = _path(base, found)
    if lost := _lost(path, found):
        _say(f"{path}: left as it is: it knows more than this machine can tell. Without: {'; '.join(lost)}")
        _say("harvest into another knowledge base: --out DIR")
        return True
    if not path.exists() and (richer := _richer(base, found)):
        _say(f"{path}: not written: {richer} knows more, and this would hide it. Without: {_without(richer, found)}")
        return False
    (base / "errors").mkdir(parents=True, exist_ok=True)
    write(path, *found)
    print(f"{path}: {found.header['rows']:,} rows of {found.header['engine']} {found.header['version']}")
    return False


def _without(path: Path, found: Catalog) -> str:
    return "; ".join(_lost(path, found))


def _richer(base: Path, found: Catalog) -> Path | None:
    """Return the catalog of the same server in a knowledge base below this one that this would hide facts of."""
    engine, version = found.header["engine"], found.header["version"]
    for layer in places.layers():
        path = _path(layer, found)
        if layer.resolve() != base.resolve() and path.exists() and _lost(path, found):
            # The numbers below a server hardly change; of the server itself, another version says something new.
            return path if engine == SYSTEM or read(path).header["version"] == version else None
    return None


def _compare(base: Path, found: Catalog) -> bool:
    """Compare a catalog with the one that is there; tell whether they differ.

    Where that one was made with more sources, the facts of this one must all be in it.
    """
    path = _path(base, found)
    there = read(path)
    lost = _lost(path, found)
    if not lost and encode(*found) == path.read_bytes():
        print(f"{path}: as harvested, {found.header['rows']:,} rows")
        return False
    if lost and there.header["version"] == found.header["version"]:
        wrong = [f"+ {_row(row)}" for row in _strange(found.rows, there.rows)]
        if not wrong:
            print(f"{path}: as harvested, as far as can be told here. Without: {'; '.join(lost)}")
            return False
    else:
        wrong = [f"- {_row(row)}" for row in _strange(there.rows, found.rows)]
        wrong += [f"+ {_row(row)}" for row in _strange(found.rows, there.rows)]
        wrong += [
            f"{name}: {there.header[name]} is now {found.header[name]}"
            for name in ("version", "sources")
            if there.header[name] != found.header[name]
        ]
    more = f"\n  and {len(wrong) - _SHOWN:,} more" if len(wrong) > _SHOWN else ""
    _say(f"{path} is not what the server says:\n  " + "\n  ".join(wrong[:_SHOWN]) + more)
    _say("harvest it again: errbook harvest")
    return True


def _strange(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """Return the rows that no row of the others has all facts of."""
    known: dict[str, list[Row]] = {}
    for row in others:
        known.setdefault(row["code"], []).append(row)
    return [row for row in rows if not any(_within(row, other) for other in known.get(row["code"], ()))]


def _within(row: Row, other: Row) -> bool:
    return all(other.get(name) == value for name, value in row.items())


def _row(row: Row) -> str:
    return " ".join(str(value) for value in row.values())[:160]
