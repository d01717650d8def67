"""The process inside a cell that starts the server and plays what it is asked to.

It reads one JSON object a line from its standard input and answers each with one line. Nothing else is written to its
standard output. The requests:

``{"op": "hello"}``
    Gives ``version`` (the server's exact one) and ``driver``.
``{"op": "foreign", "address": […]}``
    The same for a server of the user's own (`errbook.lab.foreign.Address`), on which plays take place from then on.
``{"op": "play", "plan": …, "fix": 2, "client": false, "limits": […]}``
    Plays the scenario of a plan. Where it reproduces and `fix` is a number, the play stays open.
``{"op": "prove"}``
    Goes on with the proof of that fix and ends the play.

An answer with ``unplayed`` says that what was played before makes it impossible here; it is the last one, too.
An answer with ``error`` says what is wrong with the lab itself. One with ``last`` is the last: the cell could not be
cleaned up and must be replaced. One with ``spoiled`` says that a server of the user's own could not be put back.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, NoReturn

from errbook.lab import driver as drivers
from errbook.lab import outcome
from errbook.lab.client import Client
from errbook.lab.driver import Refused
from errbook.lab.foreign import Address, Foreign
from errbook.lab.instance import Instance
from errbook.lab.limits import Limits
from errbook.lab.plan import DATABASE, Plan, stays_inside, touches_server
from errbook.lab.player import Play
from errbook.lab.process import end_strays
from errbook.lab.server import LabError, Server, bytes_of, select
from errbook.lab.watch import Watch

MESSAGE: Final = 4000
"""Characters of an error's message that are passed on."""


class _Open(NamedTuple):
    """A play that waits for the proof of its fix."""

    play: Play
    fix: Mapping[str, Any]


class Worker:
    """One server, kept running as long as plays leave it as they found it."""

    def __init__(self, server: Server, say: Callable[[Mapping[str, Any]], None]) -> None:
        """`say`: sends an answer."""
        self._server = server
        self._say = say
        self._watch = Watch(self._give_up)
        self._playing: Play | None = None
        self._driver = drivers.load(server.engine)
        self._instance: Any = None
        self._keeper: drivers.Keeper | None = None
        self._state: object = None
        self._open: _Open | None = None
        self._ended: tuple[Plan, bool] | None = None
        """The plan after which the server is still to be put back, and whether that cannot be done."""
        self._folders: list[Path] = []
        self._scratch: set[tuple[Path, str]] = set()
        self._last = False
        self._broken = False
        self._spoiled: str | None = None

    def _give_up(self) -> NoReturn:
        """Answer in place of a thread that is stuck in a statement, and end the process."""
        assert self._playing is not None  # noqa: S101 - only what plays is watched
        over = self._playing.over
        assert over is not None  # noqa: S101 - and only what was ended is given up
        answer = {**self._result(over.result, over.failure, None, 0.0), "last": True}
        if isinstance(self._instance, Foreign):
            answer["spoiled"] = self._instance.wipe()
        self._say(answer)
        os._exit(0)

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a request asks."""
        try:
            found = self._answer(request)
        except LabError as error:
            found = {"error": str(error)}
        if self._spoiled:
            found["spoiled"] = self._spoiled
        if self._last:
            found["last"] = True
        return found

    def _answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.put_back()
        if self._broken:
            return {"unplayed": True}
        if self._instance is None:
            own = request["op"] != "foreign"
            self._instance = Instance(self._server) if own else Foreign(Address(*request["address"]))
        if request["op"] == "play":
            return self._play(request["plan"], request["fix"], request["client"], Limits(*request["limits"]))
        if request["op"] == "prove":
            return self._prove()
        self._ready({"settings": {}, "host": {}})
        return {"version": self._instance.address.version, "driver": self._driver.NAME}

    def _play(self, plan: Plan, number: int | None, client: bool, limits: Limits) -> dict[str, Any]:
        try:
            keeper = self._ready(plan)
        except LabError as error:
            if not (plan["settings"] or plan["host"]):
                # Not the scenario's doing.
                raise
            failure = {"part": "start of the server", "session": None, "statement": ""}
            failure |= {"expected": "a running server", "came": str(error)}
            return self._result(outcome.SETUP_FAILED, failure, None, 0.0)
        fix = None if number is None else plan["fixes"][number - 1]
        by = Client if client else None
        play = Play(plan, self._driver, keeper, self._instance, limits, self._watch, fix=fix, client=by)
        self._playing = play
        try:
            started = time.monotonic()
            with self._bounded(plan):
                result, failure_or_none = play.reproduce()
            answer = self._result(result, failure_or_none, play.observed, time.monotonic() - started)
            if "handling" in plan:
                # The programs choose their drivers themselves; the lab's own did nothing.
                used = [play.observed.driver] if play.observed else [item["driver"] for item in play.raised]
                answer |= {"driver": next(iter(used), None), "raised": play.raised}
            if result == outcome.REPRODUCED and fix is not None:
                self._open = _Open(play, fix)
            return answer
        finally:
            if self._open is None:
                self._end(play, None)

    def _prove(self) -> dict[str, Any]:
        assert self._open is not None  # noqa: S101 - asked for only after a play that stays open
        (play, fix), self._open = self._open, None
        try:
            started = time.monotonic()
            with self._bounded(play.plan):
                result, failure = play.prove(fix)
            return {"outcome": result, "failure": failure, "seconds": round(time.monotonic() - started, 3)}
        finally:
            self._end(play, fix)

    def put_back(self) -> None:
        """Put the server back after the last play, and end it where it is not as before.

        For a server of the lab's own this can wait until the answer is on its way: it says nothing of it.
        """
        if self._ended is None:
            return
        (plan, spoiled), self._ended = self._ended, None
        try:
            if spoiled or not self._instance.alive() or not self._restored(plan):
                self._state = None
                self._spoiled = self._instance.wipe()
        except OSError:
            # A step made the server's files such that they cannot be looked at or deleted.
            self._broken = self._last = True

    def _end(self, play: Play, fix: Mapping[str, Any] | None) -> None:
        """End a play and what it has left, but for the server."""
        play.end()
        steps = [*play.plan["steps"], *(fix["proof"] if fix else ())]
        spoiled = bool(play.plan["host"]) or any(touches_server(step) for step in steps)
        if play.programs and not end_strays(self._instance.process):
            self._last = True
        if not self._tidy():
            self._last = True
        self._ended = (play.plan, spoiled)
        if isinstance(self._instance, Foreign):
            self.put_back()

    def _restored(self, plan: Plan) -> bool:
        try:
            return self._keeper is not None and self._keeper.restore(DATABASE, inside=stays_inside(plan))
        except Refused:
            return False

    def _tidy(self) -> bool:
        """Delete the files that steps and statements (SELECT … INTO OUTFILE) have left; tell whether that worked."""
        left = [path for folder in self._folders for path in self._left(folder)]
        for path in left:
            with contextlib.suppress(OSError):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        return not left or not any(self._left(folder) for folder in self._folders)

    def _left(self, folder: Path) -> list[Path]:
        """Return what is in a folder and was not before; make the folder where it is gone."""
        try:
            names = os.listdir(folder)  # noqa: PTH208 - a path of each would take longer than the look
        except FileNotFoundError:
            folder.mkdir()
            return []
        return [folder / name for name in names if (folder, name) not in self._scratch]

    def _ready(self, plan: Mapping[str, Any]) -> drivers.Keeper:
        """Have a clean server with the plan's settings; LabError."""
        host = plan["host"]
        state = (plan["settings"], host)
        if self._state == state and self._keeper is not None and self._instance.alive():
            return self._keeper
        if self._state is not None:
            self._instance.wipe()
        self._state = None
        # SQLite is this process, and bounded only while it plays.
        own = self._server.engine == "sqlite"
        self._instance.start(
            plan["settings"],
            open_files=None if own else host.get("open_files"),
            file_size=None if own else bytes_of(host.get("file_size")),
        )
        keeper = self._driver.Keeper(self._instance.address)
        try:
            keeper.snapshot()
        except Refused as refused:
            raise LabError(f"the server started and refused the lab's own login: {refused.message}") from refused
        self._keeper, self._state = keeper, state
        self._folders = _folders(self._instance.environment(DATABASE))
        self._scratch = {(folder, path.name) for folder in self._folders for path in folder.iterdir()}
        return keeper

    @contextlib.contextmanager
    def _bounded(self, plan: Plan) -> Iterator[None]:
        """Bound this process's open files and the size of its files, for an engine that lives in it."""
        host = plan["host"] if self._server.engine == "sqlite" else {}
        limits = {
            resource.RLIMIT_NOFILE: host.get("open_files"),
            resource.RLIMIT_FSIZE: bytes_of(host.get("file_size")),
        }
        wanted = {kind: value for kind, value in limits.items() if value is not None}
        before = {kind: resource.getrlimit(kind) for kind in wanted}
        for kind, value in wanted.items():
            resource.setrlimit(kind, (value, before[kind][1]))
        try:
            yield
        finally:
            for kind, old in before.items():
                resource.setrlimit(kind, old)

    def _result(
        self, result: str, failure: outcome.Failure | None, observed: Refused | None, seconds: float
    ) -> dict[str, Any]:
        raised = observed and {"code": observed.code, "sqlstate": observed.sqlstate, "message": _cut(observed.message)}
        return {
            "outcome": result,
            "failure": failure,
            "observed": raised,
            "seconds": round(seconds, 3),
            "version": self._instance.address.version,
            "driver": (observed and observed.driver) or self._driver.NAME,
        }


def _folders(environment: Mapping[str, str]) -> list[Path]:
    """Return the folders that are not the server's own and can be written to; none where the server is the user's."""
    if not environment:
        return []
    home = Path(environment["HOME"])
    return [home, Path(environment["TMPDIR"]), home.parent / "files", Path("/tmp")]  # noqa: S108 - the cell's own


def _cut(message: str) -> str:
    return message if len(message) <= MESSAGE else f"{message[:MESSAGE]}…"


def serve(server: Server, requests: IO[str], answers: IO[str]) -> None:
    """Answer requests until they end, or until the cell is beyond use."""

    def say(answer: Mapping[str, Any]) -> None:
        answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
        answers.flush()

    worker = Worker(server, say)
    for line in requests:
        try:
            request = json.loads(line)
        except ValueError as error:
            say({"error": f"this is not a line of JSON: {error}"})
            continue
        answer = worker.answer(request)
        say(answer)
        if "last" in answer:
            return
        worker.put_back()


def main() -> None:
    """Serve requests until the input ends."""
    # What a library or a program of the server prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)
    serve(select([sys.argv[1]])[0], sys.stdin, answers)
    # At once: threads whose statements never return are not waited for.
    os._exit(0)


if __name__ == "__main__":
    main()
