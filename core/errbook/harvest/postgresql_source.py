"""Every report in PostgreSQL's source: its SQLSTATE, severity, message, detail and hint templates.

PostgreSQL sends no number with a message, and no list of its messages exists. What a message means is said where it is
raised, in ``ereport(ERROR, errcode(ERRCODE_UNIQUE_VIOLATION), errmsg("duplicate key value …"))``, several thousand
times. `harvest_source` reads them all, those that go through variables, tables and helper functions too, and lists what
it could not make out instead of leaving it out silently.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from errbook.harvest import postgresql_c as c
from errbook.harvest import postgresql_carriers
from errbook.harvest.catalog import CatalogError, Row
from errbook.harvest.postgresql_codes import ERRCODES, read_errcodes
from errbook.harvest.postgresql_flow import Flow, Tree
from errbook.harvest.postgresql_report import DEFINING, ERRNO, PARTS, SEVERITIES, Collector, Doubt, Report
from errbook.problem import shown

ROOMS: Final = (
    "src/backend",
    "src/common",
    "src/port",
    "src/timezone",
    "src/include",
    "src/pl",
    "src/interfaces/libpq",
    "src/interfaces/libpq-oauth",
    "src/fe_utils",
    "src/bin/initdb",
    "src/bin/pg_basebackup",
    "src/bin/pg_ctl",
    "src/bin/pg_dump",
    "src/bin/pg_upgrade",
    "src/bin/psql",
    "src/bin/scripts",
    "contrib",
)
"""The folders whose messages are collected: the server, its languages and extensions, the client library, and the
programs that people run against a server. Left out are tests, examples, the embedded-SQL compiler, the compiler of time
zones, and programs that read or measure a server's files."""

_LEFT_OUT: Final = frozenset({"src/timezone/zic.c", "src/timezone/zdump.c"})


class Source(NamedTuple):
    """What a source tree says: its exact version, all reports in the order of the files, and the doubts.

    ``errno`` are the rows that tell which SQLSTATE the server chooses for an error of the operating system.
    """

    version: str
    reports: list[Report]
    errno: list[Row]
    doubts: list[Doubt]


def version_of(tree: Path) -> str:
    """Return the version of a PostgreSQL source tree, such as ``18.6``; CatalogError where it is none."""
    configure = tree / "configure"
    try:
        text = configure.read_text("utf-8", "replace")
    except OSError:
        raise CatalogError(
            f"{tree}: no source tree of PostgreSQL: it has no file `configure`; give the folder that a source package "
            "is unpacked to"
        ) from None
    name = re.search(r"^PACKAGE_NAME='([^'\n]*)'$", text, re.MULTILINE)
    version = re.search(r"^PACKAGE_VERSION='(\d+(?:\.\d+|devel|beta\d+|rc\d+)?)'$", text, re.MULTILINE)
    if name is None or version is None or name[1] != "PostgreSQL":
        whose = f"of {shown(name[1])}" if name else "of something else"
        raise CatalogError(f"{configure}: a source tree {whose}; give one of PostgreSQL")
    return version[1]


def harvest_source(tree: Path) -> Source:
    """Collect the reports of a PostgreSQL source tree.

    Raises CatalogError where the folder is no source tree of PostgreSQL, or where files are missing or cut off.
    """
    version = version_of(tree)
    missing = next(_missing(tree), None)
    if missing:
        raise CatalogError(f"{tree}: the source tree is not whole: it has no `{missing}`; unpack it again")
    codes = {f"ERRCODE_{state.macro}": state.code for state in read_errcodes(tree / ERRCODES)}
    units = _units(tree)
    flow = Flow(Tree(units), codes, {"PG_VERSION": version, "PG_MAJORVERSION": version.partition(".")[0]})
    collector = Collector(flow)
    for unit in units:
        if unit.path not in DEFINING:
            collector.unit(unit)
    doubts = {*collector.doubts, *_unknown_triggers(tree)}
    return Source(version, collector.reports, list(_errno_rows(flow)), sorted(doubts))


def _errno_rows(flow: Flow) -> Iterator[Row]:
    """Yield code, symbol and kind of each ``case`` in the functions that choose a SQLSTATE by ``errno``."""
    for function, kind in ERRNO.items():
        for unit, scope in flow.tree.functions.get(function, ()):
            symbols: list[str] = []
            for at in range(scope.start, scope.end):
                word, following = unit.texts[at], unit.texts[at + 1]
                if word == "case":
                    bodies = flow.tree.macros.get(following, ())
                    # A macro for several cases begins with a name and goes on with the cases of the others.
                    named = [text for body in bodies for text in body.texts if text.startswith("E")]
                    symbols.extend(named or [following])
                elif word == "default":
                    symbols.append("others")
                elif word in flow.codes:
                    yield from ({"code": flow.codes[word], "symbol": name, "kind": kind} for name in symbols)
                    symbols = []


def _unknown_triggers(tree: Path) -> Iterator[Doubt]:
    """Yield the functions that the translators' makefiles name as taking messages and that are not known here."""
    known = postgresql_carriers.KNOWN | PARTS
    for path in sorted(tree.glob("src/**/nls*.mk")):
        name = path.relative_to(tree).as_posix()
        if name.startswith("src/interfaces/ecpg/"):
            continue
        for number, line in enumerate(path.read_text("utf-8", "replace").replace("\\\n", " \v").split("\n"), 1):
            match = re.match(r"(?:\w+_)?GETTEXT_TRIGGERS\s*\+?=(.*)", line)
            for word in match[1].split() if match else ():
                trigger = word.partition(":")[0]
                if not trigger.startswith("$") and trigger not in known:
                    yield Doubt(name, number, f"messages of `{trigger}` are not collected")


_NEEDED: Final = (
    *(room for room in ROOMS if room != "src/interfaces/libpq-oauth"),
    ERRCODES,
    "src/include/utils/elog.h",
)
# Objects of the makefiles that are made from elsewhere: from a file that configure or a script writes, or in another
# folder.
_MADE: Final = frozenset({"utils/probes", "pg_sema", "pg_shmem", "fmgrtab"})
_OBJECTS: Final = re.compile(r"^\w*OBJS\w*\s*\+?:?=(.*)$", re.MULTILINE)


def _missing(tree: Path) -> Iterator[str]:
    """Yield the folders and files that every source tree has, and those that the makefiles compile, if not there."""
    yield from (needed for needed in _NEEDED if not (tree / needed).exists())
    for room in ("src/backend", "src/pl", "contrib"):
        for makefile in sorted((tree / room).rglob("Makefile")):
            folder = makefile.parent.relative_to(tree)
            if folder.as_posix() == "src/backend/snowball":
                continue
            text = makefile.read_text("utf-8", "replace").replace("\\\n", " ")
            for line in _OBJECTS.findall(text):
                for name in re.findall(r"([\w./-]+)\.o(?!\S)", line):
                    files = [folder / f"{name}{suffix}" for suffix in (".c", ".y", ".l", ".cpp")]
                    if name not in _MADE and not any((tree / file).exists() for file in files):
                        yield files[0].as_posix()


_SUFFIXES: Final = frozenset({".c", ".h", ".y", ".l"})


def _units(tree: Path) -> list[c.Unit]:
    """Read every file of the rooms; what bison and flex made is left out where their input is there."""
    units = []
    for room in ROOMS:
        for path in sorted((tree / room).rglob("*")):
            name = path.relative_to(tree).as_posix()
            if path.suffix not in _SUFFIXES or "/test/" in name or name in _LEFT_OUT or not path.is_file():
                continue
            if path.suffix == ".c" and any(path.with_suffix(kind).exists() for kind in (".y", ".l")):
                continue
            unit = c.read(name, path.read_text("utf-8", "replace"))
            for flaw in unit.flaws:
                raise CatalogError(
                    f"{path}:{flaw.line}: {flaw.message}; the file is cut off or no C; unpack the source again"
                )
            units.append(unit)
    return units


def rows(reports: Iterable[Report]) -> list[Row]:
    """Return catalog rows: reports of the same message with the same SQLSTATE, place and module become one.

    Reports that are for debugging only are left out: nobody meets them without asking.

    A row whose SQLSTATE the operating system's error decides has no code and says in ``kind`` which of the rows of
    `Source.errno` decide. ``namespace`` is the module, where it is not the server itself.
    """
    merged: dict[tuple[str, ...], dict[str, Any]] = {}
    for report in reports:
        kind = "" if report.codes else report.errno
        for code in report.codes or ("",):
            key = (code, kind, report.message, report.plural or "", report.module, report.where)
            row = merged.setdefault(key, {"code": code, "severity": [], "detail": [], "hint": [], "context": []})
            row["severity"].extend(report.severities)
            for name in ("detail", "hint", "context"):
                row[name].extend(getattr(report, name))
    found = []
    for (code, kind, message, plural, module, where), lists in merged.items():
        if set(lists["severity"]) == {"DEBUG"}:
            continue
        row = {"code": code, "message": message, "where": where}
        if kind:
            row["kind"] = kind
        if plural:
            row["plural"] = plural
        if module:
            row["namespace"] = module
        if lists["severity"]:
            row["severity"] = ", ".join(sorted(set(lists["severity"]), key=SEVERITIES.index))
        for name in ("detail", "hint", "context"):
            if lists[name]:
                row[name] = sorted(set(lists[name]))
        found.append(row)
    return found
