"""``errbook verify [ENTRY…]``: execute entries on real servers and compare with the evidence on record."""

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import errbook
from errbook import places, source
from errbook.cli import reading
from errbook.conditions import FOLDER
from errbook.knowledge import Knowledge
from errbook.lab import evidence, foreign, report
from errbook.lab.limits import Limits
from errbook.lab.server import LabError, Server, select, servers
from errbook.lab.verify import Result, verify, verify_foreign
from errbook.variants import executed, split


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook verify",
        description="Execute entries on real servers: raise the error, apply each fix from where it was raised, and "
        "compare with the evidence on record. Get servers with: errbook lab get. Entries that are named are "
        "executed also where files of others have problems; without names, nothing is executed then.",
        epilog="Exit codes: 0 everything is as claimed and as on record, 1 something is not, 2 bad usage, "
        "entries with problems or a broken lab, 3 nothing failed and servers were missing, 130 interrupted.",
    )
    made.add_argument(
        "entries", nargs="*", metavar="ENTRY", help="such as mysql/1040, mysql or conditions/deadlock; default: all"
    )
    made.add_argument(
        "--server", action="append", default=[], metavar="SERVER", help="such as mysql:9.7 or mariadb; repeat for more"
    )
    made.add_argument(
        "--throwaway-dsn",
        metavar="DSN",
        help="a server of your own that may be thrown away, such as mysql://root:secret@127.0.0.1:3306/; databases, "
        "accounts and settings on it are created, changed and dropped, and other sessions ended",
    )
    made.add_argument("--record", action="store_true", help="write what happened to evidence/")
    made.add_argument("--client", action="store_true", help="also show what the servers' own clients print")
    # Most of the time a cell waits, for a lock, a limit or the start of a server.
    cores = os.cpu_count() or 1
    made.add_argument(
        "--jobs", type=int, default=cores + min(cores, 4), metavar="N", help="cells at a time; default: %(default)s"
    )
    made.add_argument(
        "--limit",
        type=float,
        default=Limits().statement,
        metavar="SECONDS",
        help="how long a statement may take; a shell or Python step may take three times as long; default: %(default)g",
    )
    made.add_argument(
        "--format", choices=["text", "json", "github", "junit"], default="text", help="default: %(default)s"
    )
    return made


def run(arguments: Sequence[str]) -> int:
    """Verify; return the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    if options.jobs < 1:
        made.error("--jobs takes a number of 1 or more")
    # Not `<= 0`: that lets `nan` through.
    if not 0 < options.limit <= 86400:
        made.error("--limit takes a number of seconds above 0, up to 86400")
    if any(foreign.is_address(name) for name in options.server):
        # The address is not repeated: it may hold a password.
        made.error(
            "--server takes a server of the lab; one that the lab has not started is only touched when you declare it "
            "throwaway: write --throwaway-dsn DSN in place of --server DSN"
        )
    if options.throwaway_dsn is not None and (options.record or options.server or options.client):
        made.error("--throwaway-dsn goes with neither --server nor --record nor --client: those are for the lab's own")
    try:
        return _run(made, options)
    except (LabError, evidence.EvidenceError) as error:
        print(f"errbook: {error}", file=sys.stderr)
        return 2


def _run(made: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    address = foreign.parse(options.throwaway_dsn) if options.throwaway_dsn is not None else None
    chosen = select(options.server)
    entries = _entries(made, options.entries)
    if address:
        entries = [entry for entry in entries if address.family in entry["engines"]]
    recorder = _Recorder(entries, writes=options.record)
    stop = threading.Event()
    _stop_on_signals(stop)
    results: list[Result] = []
    show = _Show(options.format, len(entries) if address else _runs(entries, chosen))
    started = time.monotonic()

    def report_one(result: Result) -> None:
        results.append(recorder.keep(result))
        show.result(results[-1])

    limits = Limits.of(options.limit)
    try:
        if address:
            verify_foreign(entries, address, report=report_one, stop=stop, limits=limits)
        else:
            verify(
                entries,
                chosen,
                jobs=options.jobs,
                recorded=recorder.records,
                client=options.record or options.client,
                report=report_one,
                stop=stop,
                limits=limits,
            )
    finally:
        # Also of a run that ended early: what is known by then.
        show.end(results, time.monotonic() - started)
    if stop.is_set():
        return 130
    if any(result.differences or not result.accepted for result in results if not result.missing):
        return 1
    return 3 if any(result.missing for result in results) else 0


class _Recorder:
    """The evidence on record of some entries, and what is added to it."""

    def __init__(self, entries: Sequence[Mapping[str, Any]], *, writes: bool) -> None:
        """EvidenceError where the evidence of an entry cannot be read, or not be written to."""
        self._writes = writes
        self._entries = {entry["id"]: entry for entry in entries}
        self._files = {name: _evidence_file(name) for name in self._entries}
        self._records = {name: self._read(name) for name in self._entries}
        # Of a variant, the entry's own list of variants is asked for, also where only the variant is executed.
        self._variants = {split(entry["id"])[0]: entry["variant_ids"] for entry in entries}

    def records(self, entry: str) -> dict[str, evidence.Record]:
        """Return the evidence of an entry by server."""
        return self._records[entry]

    def keep(self, result: Result) -> Result:
        """Write a result to the evidence where that is wanted; return it without the differences that are gone."""
        file = self._files.get(result.entry)
        if not self._writes or result.missing or file is None:
            return result
        known = self._records[result.entry]
        variants = self._variants[split(result.entry)[0]]
        known[result.server] = evidence.kept(known.get(result.server), result.record)
        engines = self._entries[result.entry]["engines"]
        order = [server.id for server in servers()]
        # What the lab or the entry has no more goes.
        kept = {name: known[name] for name in known if name in order and name.partition(":")[0] in engines}
        evidence.write(file, result.entry, kept, order, variants)
        return result._replace(differences=[])

    def _read(self, entry: str) -> dict[str, evidence.Record]:
        file = self._files[entry]
        if file is not None:
            return evidence.read(file, split(entry)[1])
        if self._writes:
            raise evidence.EvidenceError(
                "--record: this errbook was installed without the files of its entries; run it in a checkout, or name "
                "a folder of your own entries in ERRBOOK_PATH"
            )
        # Installed from a wheel: what was recorded is in the compiled knowledge.
        rows = self._entries[entry]["verification"]["servers"]
        return {row["server"]: {key: row[key] for key in evidence.KEYS} for row in rows}


def _entries(made: argparse.ArgumentParser, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the public objects of the entries that are named: identities, engines, or files."""
    if not names:
        # Of all entries, none may be left out.
        with errbook.open() as knowledge:
            parts = [part for text in knowledge.all_raw() for part in _parts(json.loads(text))]
            return parts + _conditions(knowledge)
    with reading.sound() as (knowledge, wrong):
        everything = [part for text in knowledge.all_raw() for part in _parts(json.loads(text))]
        conditions = _conditions(knowledge)
    found = []
    for name in names:
        plain = name.removesuffix(".yaml").rpartition("errors/")[2]
        broken = [
            text for path, text in wrong.items() if f"errors/{path}".endswith((f"/{plain}.yaml", f"/{plain}.json"))
        ]
        if broken:
            made.exit(2, "".join(f"{text}\n" for text in broken))
        if plain.partition("/")[0] == FOLDER:
            some = [condition for condition in conditions if plain in (FOLDER, condition["id"])]
            if not some:
                written = ", ".join(condition["id"] for condition in conditions) or "none"
                made.error(f"the condition {name} is not written up; those that are: {written}")
            found += [entry for entry in some if entry not in found]
            continue
        some = [entry for entry in everything if plain in (entry["id"], split(entry["id"])[0], entry["engine"])]
        engine, _, code = plain.partition("/")
        some = some or [entry for entry in everything if entry["code"] == code and engine in entry["engines"]]
        if not some:
            made.error(f"there is no entry {name}; name one as mysql/1040, or an engine. All: errbook search --all")
        found += [entry for entry in some if entry not in found]
    return found


def _conditions(knowledge: Knowledge) -> list[dict[str, Any]]:
    """Return the conditions that are written up; none has variants."""
    return [{**condition, "variant_ids": []} for condition in knowledge.conditions()]


def _parts(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what of an entry is executed by itself, each with the ids of all variants."""
    ids = [variant["id"] for variant in entry["variants"]]
    return [{**part, "variant_ids": ids} for part in executed(entry)]


def _entry_file(entry: str) -> Path | None:
    """Return the file of an entry, in the first layer that has it; None where errbook is installed without files."""
    files = [layer / "errors" / f"{split(entry)[0]}.yaml" for layer in places.layers()]
    return next((file for file in files if file.is_file()), None)


def _evidence_file(entry: str) -> Path | None:
    """Return the file of an entry's evidence: beside the entry, or in a layer that lies above it and has one."""
    for layer in places.layers():
        own = (layer / "errors" / f"{split(entry)[0]}.yaml").is_file()
        file = evidence.path(layer, entry)
        if own or file.is_file():
            return file
    return None


def _runs(entries: Sequence[Mapping[str, Any]], chosen: Sequence[Server]) -> int:
    return sum(server.engine in entry["engines"] for entry in entries for server in chosen)


def _stop_on_signals(stop: threading.Event) -> None:
    """Let the first Ctrl-C or termination end the run in order; a second one ends it at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            signal.default_int_handler(number, frame)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)


class _Show:
    """Shows results as they come, in the format that was asked for."""

    def __init__(self, form: str, total: int) -> None:
        self._form = form
        self._total = total
        self._done = 0
        self._live = form == "text" and sys.stderr.isatty()
        self._status()

    def result(self, result: Result) -> None:
        """Show one result. A server that is missing is told of at the end, once."""
        self._done += 1
        if self._form == "github":
            file = _entry_file(result.entry)
            for command in report.github(result, file, _lines(file, split(result.entry)[1])) if file else ():
                print(command, flush=True)
        elif self._form == "text" and not result.missing:
            self._clear()
            print(report.line(result), *report.explain(result), sep="\n", flush=True)
            if client := result.record["client"]:
                said = report.visible(client["text"]).splitlines()
                print(*(f"     {client['program']}: {text}" for text in said), sep="\n", flush=True)
            self._status()

    def end(self, results: Sequence[Result], seconds: float) -> None:
        """Show what is shown at the end."""
        self._clear()
        rank = {server.id: at for at, server in enumerate(servers())}
        ordered = sorted(results, key=lambda result: (result.entry, rank.get(result.server, -1)))
        if self._form == "json":
            sys.stdout.write(report.as_json(ordered))
        elif self._form == "junit":
            sys.stdout.write(report.junit(ordered, seconds))
        mark = "::warning title=errbook verify::" if self._form == "github" else "miss "
        if self._form in ("text", "github"):
            for text in report.missing(ordered):
                # What stands behind a workflow command is escaped (errbook.problem.github).
                shown = text.replace("%", "%25").replace("\n", "%0A") if self._form == "github" else text
                print(f"{mark}{shown}", flush=True)
        print(report.summary(results, seconds), file=sys.stderr)

    def _status(self) -> None:
        if self._live and self._done < self._total:
            print(f"\r{self._done} of {self._total} …", end="", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _lines(file: Path, variant: str | None = None) -> dict[int, int]:
    """Return the line of the scenario (0) and of each fix in an entry's file, or in one of its variants."""
    found, _ = source.read(file, file.parents[2])
    if found is None:
        return {}
    if found.kind == "condition":
        return {0: found.position(("behaviours",), key=True)[0]}
    before: tuple[str | int, ...] = ()
    part = found.data
    for at, item in enumerate(found.data.get("variants", ())):
        if item["id"] == variant:
            before, part = ("variants", at), item
    own = "reproduce" in part
    places_of = {0: found.position((*before, "reproduce") if own else ("reproduce",), key=True)[0]}
    for at in range(len(part["fixes"])):
        places_of[at + 1] = found.position((*before, "fixes", at))[0]
    return places_of
