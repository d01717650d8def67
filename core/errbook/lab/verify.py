"""Executing entries on servers: which, where, side by side, and what came of it.

A task is what one cell does: all entries that can share a server, or one that needs its own. Tasks run side by side,
each with a cell of its own, so nothing that one does can reach another.
"""

import datetime
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from errbook.lab import cache, evidence, foreign, outcome
from errbook.lab.cell import Cell, CellDied, CellTimeout
from errbook.lab.client import PROGRAMS
from errbook.lab.limits import Limits
from errbook.lab.plan import Plan, digest, of, private
from errbook.lab.server import LabError, Server, bytes_of
from errbook.lab.server import servers as all_servers


class Result(NamedTuple):
    """What came of one entry on one server.

    `record` is as it would be written to the evidence; `failures` says for the scenario (key 0) and for each fix (its
    number) what went otherwise; `differences` what differs from the evidence on record.
    """

    entry: str
    server: str
    record: evidence.Record
    failures: dict[int, outcome.Failure]
    differences: list[str]

    @property
    def missing(self) -> bool:
        """Whether nothing was run because the server is not to be had here."""
        return bool(self.record["outcome"] == outcome.SERVER_MISSING)

    @property
    def accepted(self) -> bool:
        """Whether everything came out as the entry claims."""
        # Where there is no error, there is nothing to fix.
        exempt = self.record["outcome"] in (outcome.NOT_EXECUTABLE, outcome.NOT_APPLICABLE)
        accepted = outcome.ACCEPTED | ({outcome.NOT_RUN} if exempt else set())
        return self.record["outcome"] in accepted and all(fix["outcome"] in accepted for fix in self.record["fixes"])


Report = Callable[[Result], None]
_Done = Callable[[Plan, evidence.Record, dict[int, outcome.Failure]], None]


class _Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The run was ended before its time."""


class _Task(NamedTuple):
    server: Server
    plans: list[tuple[Plan, str]]
    filesystem: int | None
    done: _Done


class _Run(NamedTuple):
    """What all tasks of a run share."""

    limits: Limits
    client: bool
    stop: threading.Event
    cells: set[Cell]
    """Those that are open."""
    address: foreign.Address | None = None


def verify(
    entries: Sequence[Mapping[str, Any]],
    servers: Sequence[Server],
    *,
    jobs: int,
    recorded: Callable[[str], Mapping[str, evidence.Record]],
    client: bool,
    report: Report,
    stop: threading.Event,
    limits: Limits | None = None,
) -> None:
    """Execute entries (public objects) on those of the servers that are of their engines; report results as they come.

    `recorded` gives the evidence of an entry by server; `client` also captures what the servers' own clients print;
    `stop` ends the run early, and everything that runs at once. `report` is called from one thread at a time. LabError
    when a cell cannot be made or the lab itself fails.
    """
    run = _Run(limits or Limits(), client, stop, set())
    lock = threading.Lock()

    def reporter(server: Server) -> _Done:
        def done(plan: Plan, record: evidence.Record, failures: dict[int, outcome.Failure]) -> None:
            missing = record["outcome"] == outcome.SERVER_MISSING
            found = [] if missing else evidence.differences(recorded(plan["entry"]).get(server.id), record)
            with lock:
                report(Result(plan["entry"], server.id, record, failures, found))

        return done

    tasks: SimpleQueue[_Task] = SimpleQueue()
    count = 0
    for task in _tasks(entries, servers, reporter):
        tasks.put(task)
        count += 1
    failed: list[BaseException] = []

    def work() -> None:
        # A cell ends with the thread that opened it, so each task is done by one thread from first to last.
        try:
            while not stop.is_set() and not failed:
                _run(tasks.get_nowait(), run)
        except (Empty, _Stopped):
            return
        except BaseException as error:  # noqa: BLE001 - raised again below, where somebody hears of it
            failed.append(error)

    # Daemons: a second Ctrl-C does not wait for them.
    threads = [threading.Thread(target=work, name=f"verify-{at}", daemon=True) for at in range(min(jobs, count))]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            # In small steps, so that Ctrl-C is heard.
            thread.join(0.1)
            if stop.is_set() or failed:
                _end(run)
    if failed:
        raise failed[0]


def verify_foreign(
    entries: Sequence[Mapping[str, Any]],
    address: foreign.Address,
    *,
    report: Report,
    stop: threading.Event,
    limits: Limits | None = None,
) -> None:
    """Execute entries on a server of the user's own, as far as that needs nothing but sessions on it.

    What needs a server of the lab is reported as not applicable. Nothing is compared: evidence is of the lab's servers.
    LabError where the server cannot be used, or could not be put back as it was.
    """
    if reason := cache.unable(address.family):
        raise LabError(reason)
    server = next(server for server in all_servers() if server.engine == address.family)
    run = _Run(limits or Limits(), False, stop, set(), address)
    failed: list[BaseException] = []

    def done(plan: Plan, record: evidence.Record, failures: dict[int, outcome.Failure]) -> None:
        report(Result(plan["entry"], address.name, record, failures, []))

    def work() -> None:
        try:
            player = _Player(_Task(server, [], None, done), run)
            try:
                version = player.hello()["version"]
                for entry in entries:
                    if server.engine in entry["engines"] and not stop.is_set():
                        _foreign(player, address, entry, version)
            finally:
                player.close()
        except _Stopped:
            return
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    thread = threading.Thread(target=work, name="verify-foreign", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.1)
        if stop.is_set():
            _end(run)
    if failed:
        raise failed[0]


def _foreign(player: "_Player", address: foreign.Address, entry: Mapping[str, Any], version: str) -> None:
    engine = player.task.server.engine
    plan = of(entry, engine, version)
    plan["applies"] = plan["applies"] or foreign.unfit(address, plan)
    for fix in plan["fixes"]:
        fix["applies"] = fix["applies"] or foreign.unfit(address, plan, fix)
    made = digest(entry, engine)
    record = _not_run(plan, made, version) or player.entry(plan, made, version)
    player.report(plan, record)


def _end(run: _Run) -> None:
    for cell in list(run.cells):
        cell.kill()


def _tasks(
    entries: Sequence[Mapping[str, Any]], servers: Sequence[Server], reporter: Callable[[Server], _Done]
) -> Iterator[_Task]:
    """Yield what cells have to do, the longest first; report at once what needs none."""
    tasks = []
    for server in servers:
        done = reporter(server)
        shared: list[tuple[Plan, str]] = []
        reason = cache.missing(server)
        version = cache.version(server) or server.series
        for entry in entries:
            if server.engine not in entry["engines"]:
                continue
            plan, made = of(entry, server.engine, server.series), digest(entry, server.engine)
            if reason is not None:
                done(plan, _blank(plan, made, version, outcome.SERVER_MISSING, reason), {})
            elif record := _not_run(plan, made, version):
                done(plan, record, {})
            elif private(plan):
                tasks.append(_Task(server, [(plan, made)], bytes_of(plan["host"].get("filesystem")), done))
            else:
                shared.append((plan, made))
        if shared:
            tasks.append(_Task(server, shared, None, done))
    # The longest first, so that the last to end are short. A server of one's own takes the time of many statements.
    tasks.sort(key=lambda task: -sum((3 if private(plan) else 1) * (1 + len(plan["fixes"])) for plan, _ in task.plans))
    yield from tasks


def _run(task: _Task, run: _Run) -> None:
    player = _Player(task, run)
    version = cache.version(task.server) or task.server.series
    try:
        for plan, made in task.plans:
            player.report(plan, player.entry(plan, made, version))
    finally:
        player.close()


class _Player:
    """Asks the worker of a cell, and opens a new cell where one was lost."""

    def __init__(self, task: _Task, run: _Run) -> None:
        self.task = task
        self._run = run
        self._cell: Cell | None = None
        self._failures: dict[int, outcome.Failure] = {}
        self._spoiled: str | None = None

    def hello(self) -> dict[str, Any]:
        """Open a cell and ask for the version of its server; LabError."""
        address = self._run.address
        shared = address.in_cell()[1] if address else {}
        size = self.task.filesystem
        self._cell = cell = Cell.open(self.task.server, filesystem=size, network=self._foreign, shared=shared)
        self._run.cells.add(cell)
        if self._run.stop.is_set():
            raise _Stopped
        if address is None:
            return {}
        try:
            return self._asked({"op": "foreign", "address": list(address)})
        except CellTimeout as error:
            raise LabError(f"{address.name} does not answer; check the address") from error

    def entry(self, plan: Plan, made: str, version: str) -> evidence.Record:
        """Execute one entry: its scenario and every fix, each from a fresh start; return the record."""
        self._failures = {}
        numbers = [
            fix["fix"]
            for fix in plan["fixes"]
            if fix["applies"] is None and (fix["proof"] or not fix["not_executable"])
        ]
        plays = {number: self._play(plan, number) for number in numbers} or {0: self._play(plan, None)}
        answers = [answer for answer, _ in plays.values()]
        # A scenario that fails now and then fails: every fix's own run of it counts.
        worst = next((answer for answer in answers if answer["outcome"] != outcome.REPRODUCED), answers[0])
        record = _blank(plan, made, version, worst["outcome"], outcome.line(worst["failure"]))
        record |= {key: worst[key] for key in ("version", "driver", "seconds", "observed", "raised") if key in worst}
        if worst["failure"]:
            self._failures[0] = worst["failure"]
        if plan["not_executable"] is not None:
            needless = worst["outcome"] == outcome.REPRODUCED
            record["outcome"] = outcome.EXEMPTION_UNNEEDED if needless else outcome.NOT_EXECUTABLE
            record["detail"] = plan["not_executable"]
            self._failures = {}
        if self._run.client and record["outcome"] == outcome.REPRODUCED:
            record["client"] = self._text(plan)
        for fix, row in zip(plan["fixes"], record["fixes"], strict=True):
            proof = plays.get(fix["fix"], ({}, None))[1]
            if proof is not None:
                self._judge(fix, row, proof)
        return record

    def report(self, plan: Plan, record: evidence.Record) -> None:
        """Report what came of an entry; LabError where it left a server of the user's own otherwise than it was."""
        self.task.done(plan, record, self._failures)
        self._failures = {}
        if self._spoiled:
            raise LabError(self._spoiled)

    def close(self) -> None:
        """End the cell."""
        if self._cell is not None:
            self._run.cells.discard(self._cell)
            self._cell.close()
        self._cell = None

    @property
    def _foreign(self) -> bool:
        return self._run.address is not None

    def _play(self, plan: Plan, number: int | None) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Play the scenario and, where it reproduces, the proof of a fix; return what came of both."""
        scenario = self._ask({"op": "play", "plan": plan, "fix": number, "client": False})
        if number is None or scenario["outcome"] != outcome.REPRODUCED:
            return scenario, None
        return scenario, self._ask({"op": "prove"}, outcome.FAILED)

    def _text(self, plan: Plan) -> dict[str, str] | None:
        """Return what the server's own client prints for the error."""
        # A program that raises uses no client.
        program = any(step["raises"] and step["action"] in ("shell", "python") for step in plan["steps"])
        if program or not self.task.server.client:
            return None
        seen = self._ask({"op": "play", "plan": plan, "fix": None, "client": True})
        if seen["outcome"] != outcome.REPRODUCED or not seen["observed"] or not seen["observed"]["message"]:
            return None
        return {"program": PROGRAMS[self.task.server.family], "text": seen["observed"]["message"]}

    def _judge(self, fix: Mapping[str, Any], row: dict[str, Any], proof: Mapping[str, Any]) -> None:
        row |= {"outcome": proof["outcome"], "detail": outcome.line(proof["failure"])}
        row["seconds"] = proof["seconds"]
        if fix["not_executable"] is not None:
            needless = proof["outcome"] == outcome.PROVEN
            row["outcome"] = outcome.EXEMPTION_UNNEEDED if needless else outcome.NOT_EXECUTABLE
            row["detail"] = fix["not_executable"]
        elif proof["failure"]:
            self._failures[fix["fix"]] = proof["failure"]

    def _ask(self, request: dict[str, Any], lost: str = outcome.STEP_FAILED) -> dict[str, Any]:
        """Ask the worker; where the cell is lost, answer in its place with the outcome `lost`, or timed out."""
        limits = self._run.limits
        try:
            while True:
                if self._cell is None:
                    self.hello()
                answer = self._asked(request | {"limits": list(limits)})
                # The play before left a cell in which nothing can be played any more; that is not this one's doing.
                if not answer.get("unplayed"):
                    return answer
        except CellTimeout:
            return self._lost(outcome.TIMED_OUT, f"nothing within {limits.play:g} s, so the cell was ended")
        except CellDied as died:
            return self._lost(lost, str(died))

    def _asked(self, request: Mapping[str, Any]) -> dict[str, Any]:
        assert self._cell is not None  # noqa: S101 - opened by the callers
        try:
            answer = self._cell.ask(request, self._run.limits.play)
        except LabError:
            self.close()
            if self._run.stop.is_set():
                raise _Stopped from None
            raise
        if answer.get("last"):
            self.close()
        if "error" in answer:
            raise LabError(f"{self.task.server.id}: {answer['error']}" if not self._foreign else answer["error"])
        self._spoiled = self._spoiled or answer.get("spoiled")
        return answer

    def _lost(self, result: str, came: str) -> dict[str, Any]:
        failure = {"part": "the play", "session": None, "statement": "", "expected": "an end", "came": came}
        return {"outcome": result, "failure": failure, "observed": None, "seconds": 0.0}


def _not_run(plan: Plan, made: str, version: str) -> evidence.Record | None:
    """Return the record of what is not for this server, or says itself that it cannot be executed; None for others."""
    if plan["applies"] is not None:
        return _blank(plan, made, version, outcome.NOT_APPLICABLE, plan["applies"])
    if plan["not_executable"] is not None and not plan["steps"]:
        return _blank(plan, made, version, outcome.NOT_EXECUTABLE, plan["not_executable"])
    return None


def _blank(plan: Plan, made: str, version: str, result: str, detail: str | None) -> evidence.Record:
    """Return a record in which nothing was run."""
    return {
        "version": version,
        "digest": made,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seconds": 0.0,
        "outcome": result,
        "detail": detail,
        "declared": {
            "code": plan["code"],
            "sqlstate": plan["sqlstate"],
            **({"messages": plan["messages"]} if "messages" in plan else {}),
        },
        "observed": None,
        "driver": None,
        "client": None,
        "fixes": [_blank_fix(fix) for fix in plan["fixes"]],
    }


def _blank_fix(fix: Mapping[str, Any]) -> dict[str, Any]:
    if fix["applies"] is not None:
        result, detail = outcome.NOT_APPLICABLE, fix["applies"]
    elif fix["not_executable"] is not None:
        result, detail = outcome.NOT_EXECUTABLE, fix["not_executable"]
    else:
        result, detail = outcome.NOT_RUN, None
    return {"fix": fix["fix"], "outcome": result, "detail": detail, "seconds": 0.0}
