"""PostgreSQL: every SQLSTATE of a server, and every message with the SQLSTATE that it is raised with.

- ``errcodes.txt`` of the server lists the SQLSTATEs, their condition names and their classes.
- The server's source says which message is raised with which SQLSTATE (`errbook.harvest.postgresql_source`).
- The programs and libraries of the server hold the texts of all its messages, and on x86-64 their machine code tells
  the SQLSTATE of most (`errbook.harvest.postgresql_binary`).

Where no source of a version is at hand, the sources of the versions before and after it know nearly all its messages,
and the server's own programs tell which of them it has. Rows come in these kinds:

- ``{"code": "23", "kind": "class", "message": …}``: a class of SQLSTATEs and its title.
- ``{"code": "23505", "symbol": …, "kind": "error" | "warning" | "success", "aliases": [macro]}``: a SQLSTATE.
- ``{"code": "58P01", "symbol": "ENOENT", "kind": "file-access"}``: which SQLSTATE the server chooses for an error of
  the operating system, when it works on a file or (``socket-access``) a connection. ``others`` is every other error.
- ``{"code": "23505", "message": …, "severity": …, "detail": […], "hint": […], "where": …}``: a message. The code is
  empty where the message has none (the client library, programs, what is printed before the log is there), and where
  one of the rows above decides: then ``kind`` says which.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from errbook.harvest import postgresql_binary as binary
from errbook.harvest.catalog import Catalog, CatalogError, Row, catalog
from errbook.harvest.postgresql_binary import present
from errbook.harvest.postgresql_codes import read_errcodes
from errbook.harvest.postgresql_report import DEFAULTS, SEVERITIES, Doubt, says
from errbook.harvest.postgresql_source import Source, rows

ENGINE: Final = "postgresql"

_SECTION: Final = re.compile(r"Class ([0-9A-Z]{2}) - (.+)")
_LISTS: Final = ("detail", "hint", "context")
# Libraries whose name is not that of their module in the source tree; those that belong to the server have none.
_MODULES: Final[Mapping[str, str]] = {
    "_int": "intarray",
    "autoinc": "spi",
    "dict_snowball": "",
    "hstore_plpython3": "hstore_plpython",
    "insert_username": "spi",
    "jsonb_plpython3": "jsonb_plpython",
    "libpqwalreceiver": "",
    "ltree_plpython3": "ltree_plpython",
    "moddatetime": "spi",
    "pgoutput": "",
    "pgxml": "xml2",
    "plpython3": "plpython",
    "postgres": "",
    "refint": "spi",
}


_PROGRAMS: Final = ("initdb", "pg_basebackup", "pg_ctl", "pg_dump", "pg_dumpall", "pg_restore", "pg_upgrade", "psql")


class Server(NamedTuple):
    """The files of one server: the folder with ``errcodes.txt``, and its programs and libraries, ``postgres`` first."""

    share: Path
    binaries: tuple[Path, ...]


class Neighbour(NamedTuple):
    """A version whose source is at hand: what the source says, and the programs and libraries of a server of it."""

    source: Source
    binaries: tuple[Path, ...]


class Harvest(NamedTuple):
    """A catalog, the places in the source that were not understood, and the rows that the server's programs lack."""

    catalog: Catalog
    doubts: list[Doubt]
    missing: list[Row]


def server(folder: Path) -> Server:
    """Return the files of an installed server, whose programs, libraries and ``share`` lie below a folder.

    Raises CatalogError where they are not there, or more than one server is.
    """
    found = {name: sorted(folder.rglob(name)) for name in ("errcodes.txt", "postgres", "plpgsql.so", "libpq.so.5")}
    for name, paths in found.items():
        files = [path for path in paths if path.is_file()]
        if len(files) != 1:
            what = "no" if not files else "more than one"
            raise CatalogError(f"{folder}: {what} file `{name}` is below it; give the folder of one PostgreSQL server")
        found[name] = files
    postgres, plpgsql, libpq = (found[name][0] for name in ("postgres", "plpgsql.so", "libpq.so.5"))
    programs = [path for name in _PROGRAMS if (path := postgres.with_name(name)).is_file()]
    return Server(found["errcodes.txt"][0].parent, (postgres, *programs, libpq, *sorted(plpgsql.parent.glob("*.so"))))


def harvest_sqlstates(share: Path) -> list[Row]:
    """Return the rows of the SQLSTATEs and their classes; ``share`` is the folder that holds ``errcodes.txt``.

    Raises CatalogError where the file is missing, is something else, or is cut off.
    """
    path = share / "errcodes.txt"
    classes: dict[str, str] = {}
    states: dict[str, Row] = {}
    for state in read_errcodes(path):
        # Other names of a SQLSTATE may stand in the section of a neighbouring class.
        if match := _SECTION.match(state.section):
            classes[match[1]] = match[2]
        row = states.setdefault(state.code, {"code": state.code, "kind": state.kind, "aliases": []})
        row["aliases"].append(f"ERRCODE_{state.macro}")
        if state.name and "symbol" not in row:
            row["symbol"] = state.name
        elif state.name:
            row["aliases"].append(state.name)
    titles = [{"code": code, "kind": "class", "message": title} for code, title in classes.items()]
    return [*titles, *states.values()]


def harvest_with_source(series: str, source: Source, of: Server) -> Harvest:
    """Harvest a version whose source is at hand.

    ``series`` is its name, such as ``18``; ``source`` what `harvest_source` returned, whose minor version may differ
    from the server's. Raises CatalogError where one of them is of another series, or the server's files are damaged.
    """
    if source.version.partition(".")[0] != series:
        raise CatalogError(f"the source is PostgreSQL {source.version}; give one of {series}")
    exact = _version(series, of)
    said = [*source.errno, *rows(source.reports)]
    _, missing = present(of.binaries, said)
    texts = len(said) - len(source.errno)
    sources = [
        f"code, symbol, kind, class: errcodes.txt of PostgreSQL {exact}",
        f"message, plural, severity, detail, hint, where and their code: the source of PostgreSQL {source.version}",
        f"checked: the programs and libraries of PostgreSQL {exact} hold {texts - len(missing)} of {texts} messages; "
        "the others belong to programs, systems or build options that they were not made for, or to another minor "
        "version",
    ]
    made = catalog(ENGINE, series, source.version, sources, [*harvest_sqlstates(of.share), *said])
    return Harvest(made, source.doubts, missing)


def harvest_between(series: str, of: Server, older: Neighbour, newer: Neighbour) -> Harvest:
    """Harvest a version without its source: from the sources of an older and a newer one and from the server's files.

    A message of theirs is this version's where its programs hold it, or where the programs of neither neighbour hold
    it although both sources have it: then it is not for this system. Its SQLSTATE must be one that the server lists.
    Where the two give it different ones, and for messages that neither has, the machine code decides. Raises
    CatalogError where anything is missing or damaged.
    """
    exact = _version(series, of)
    sides = [_rows_by_key(side.source) for side in (older, newer)]
    states = harvest_sqlstates(of.share)
    listed = {"", *(row["code"] for row in states)}
    texts, *others = (binary.Texts(binaries) for binaries in (of.binaries, older.binaries, newer.binaries))
    machine = _machine(series, of.binaries)
    # What a report without a level of its own means is not to be seen in machine code.
    certain = [row for row in machine if row["code"] or "kind" in row]
    found: dict[_Key, Row] = {}
    missing: list[Row] = []
    held: list[tuple[Row, list[bool]]] = []
    for key in sorted(sides[0].keys() | sides[1].keys()):
        row = _merged([side[key] for side in sides if key in side])
        there = binary.there(texts, row)
        if row["code"] not in listed:
            missing.append(row)
        elif there is not None:
            held.append((there, [key in side for side in sides]))
        elif all(key in side for side in sides) and not any(binary.there(other, row) for other in others):
            found[key] = row
        else:
            missing.append(row)
    unseen = len(found)
    allowed = _allowed(held, certain)
    for row, _ in held:
        if _meaning(row) not in allowed.get(_subject(row), (_meaning(row),)):
            missing.append(row)
        else:
            key = _key(row)
            found[key] = _merged([found[key], row]) if key in found else row
    seen = len(found) - unseen
    known = {(_subject(row), _meaning(row)) for row in found.values()}
    # What a source has at a level that its report chooses, or for debugging, machine code cannot add to.
    shapes = {
        binary.shape(text)
        for side in (older, newer)
        for report in side.source.reports
        for text in (report.message, report.plural)
        if text is not None
    }
    read = 0
    for row in machine:
        new = (
            (_subject(row), _meaning(row)) not in known
            if row in certain
            else binary.shape(row["message"]) not in shapes
        )
        if new and texts.begins(row["message"]):
            read += _key(row) not in found
            found[_key(row)] = row
    errno = [row for row in newer.source.errno if row in older.source.errno]
    versions = f"{older.source.version} and {newer.source.version}"
    sources = [
        f"code, symbol, kind, class: errcodes.txt of PostgreSQL {exact}",
        f"message, plural, severity, detail, hint, where and their code: the sources of PostgreSQL {versions}, as far "
        f"as the programs and libraries of {exact} hold the message ({seen}), or those of no version at hand do though "
        f"both sources have it ({unseen})",
        f"messages of neither source, and the code where the sources differ: the machine code of PostgreSQL {exact} "
        f"({read})",
    ]
    made = catalog(ENGINE, series, exact, sources, [*states, *errno, *found.values()])
    return Harvest(made, [], missing)


_FROM_SERVER: Final = frozenset({"client", "log"})
_Key = tuple[str, str, str, str, str, str]


def _key(row: Row) -> _Key:
    """Return what makes two rows the same message: all but the lists and the severity, which add up."""
    return (
        row["message"],
        row.get("plural", ""),
        row["code"],
        row.get("kind", ""),
        row.get("namespace", ""),
        row["where"],
    )


def _subject(row: Row) -> tuple[str, str]:
    """Return whose message a row is about."""
    return row["message"], row.get("namespace", "") if row["where"] in _FROM_SERVER else row["where"]


def _meaning(row: Row) -> tuple[str, str]:
    """Return what a row says of the message's SQLSTATE."""
    return row["code"], row.get("kind", "")


def _allowed(
    held: Iterable[tuple[Row, Sequence[bool]]], certain: Iterable[Row]
) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Return the SQLSTATEs of each message that machine code says something about.

    ``held`` are the rows of two sources with which of the two has each. Machine code shows most reports and not all:
    where it agrees with a source, that source is believed, and where it agrees with neither, only what both say.
    """
    read: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in certain:
        read.setdefault(_subject(row), set()).add(_meaning(row))
    said: dict[tuple[str, str], tuple[set[tuple[str, str]], ...]] = {}
    for row, having in held:
        for place, has in enumerate(having):
            if has:
                said.setdefault(_subject(row), (set(), set()))[place].add(_meaning(row))
    allowed = {}
    for subject, meanings in read.items():
        sources = [source for source in said.get(subject, ()) if source]
        agreeing = [source for source in sources if meanings <= source] or sources
        allowed[subject] = meanings.union(set.intersection(*agreeing) if agreeing else ())
    return allowed


def _rows_by_key(source: Source) -> dict[_Key, Row]:
    return {_key(row): row for row in rows(source.reports)}


def _merged(same: Sequence[Row]) -> Row:
    """Return one row of rows with the same key."""
    row: dict[str, Any] = dict(same[0])
    for other in same[1:]:
        for name in _LISTS:
            if both := sorted({*row.get(name, ()), *other.get(name, ())}):
                row[name] = both
        words = {word for one in (row, other) for word in one.get("severity", "").split(", ") if word}
        if words:
            row["severity"] = ", ".join(sorted(words, key=SEVERITIES.index))
    return row


def _machine(series: str, binaries: Iterable[Path]) -> list[Row]:
    """Return the rows that the machine code of a server's programs and libraries gives, each once."""
    found: dict[_Key, Row] = {}
    for path in binaries:
        name = path.name.partition(".")[0]
        module = _MODULES.get(name, name)
        if name.startswith(("lib", "utf8_and_", "euc")) or "_and_" in name:
            module = ""
        for report in binary.reports(path, series):
            if not says(report.message) or report.severity == "DEBUG":
                continue
            row: dict[str, Any] = {"code": report.code, "message": report.message, "where": "client"}
            if report.errno and not report.code:
                row["kind"] = report.errno
            elif not report.code:
                row["code"] = DEFAULTS.get(report.severity, "")
            if module:
                row["namespace"] = module
            if report.severity:
                row["severity"] = report.severity
            if report.severity == "LOG":
                row["where"] = "log"
            for part in ("detail", "hint"):
                if texts := sorted(set(getattr(report, part))):
                    row[part] = texts
            key = _key(row)
            found[key] = _merged([found[key], row]) if key in found else row
    return list(found.values())


def _version(series: str, of: Server) -> str:
    exact = binary.server_version(of.binaries[0])
    if exact.partition(".")[0] != series:
        raise CatalogError(f"{of.binaries[0]}: this is PostgreSQL {exact}; give a server of {series}")
    return exact
