"""Playing a scenario on a running server, and the proof of a fix after it.

A play begins with a fresh database. It ends with an outcome and, where that is not the wanted one, with the step, the
statement, what was expected and what came.
"""

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from pathlib import Path
from typing import Any, Final, NamedTuple

from errbook.conditions import owns
from errbook.lab import outcome
from errbook.lab.driver import BLOCKED, RUNNING, Connection, Driver, Keeper, Refused, Target
from errbook.lab.limits import Limits
from errbook.lab.outcome import Failure
from errbook.lab.plan import CODE, DATABASE, Plan, counts_sessions
from errbook.lab.process import Process
from errbook.lab.server import LabError
from errbook.lab.session import Session
from errbook.lab.statements import one_line, single, split
from errbook.lab.watch import Watch
from errbook.template import fits

SETTLING: Final = 1.0
"""Seconds that statements which the error let go on get to end before the proof begins; those that still wait for a
lock get none, where the server can be asked."""

WAITING: Final = 0.6
"""Seconds after which what has not come back counts as waiting, if the server does not say earlier that it does."""

POLL: Final = 0.05
"""Seconds between two questions to a server about what a session does."""

_QUICK: Final = 0.01

_IN_TURN: Final = frozenset({"run", "close"})
"""Steps that one thread can do one after the other, where none of them waits for another."""

_EARLY: Final = ", before the last statement of the step"


_MAKES: Final = re.compile(r"(create\s+(unique\s+)?(table|index)|insert\s+into|alter\s+table)\b", re.IGNORECASE)
"""Statements that leave nothing in their session, apart from what the functions below do."""

_LEAVES: Final = re.compile(r"@|\b(get_lock|last_insert_id|row_count|found_rows)\b|/\*M?!", re.IGNORECASE)
"""Variables, and functions that leave something in their session or tell what the one before has left there."""


class Ended(Exception):  # noqa: N818 - the play has ended, not necessarily badly
    """The play ends here: with an outcome and, where it is not the wanted one, a failure."""

    def __init__(self, result: str, failure: Failure | None) -> None:
        super().__init__(result)
        self.result = result
        self.failure = failure


class _Begun(NamedTuple):
    """A step that has begun."""

    session: Session | None
    text: str
    future: "Future[None]"
    fails: str | None = None
    """The code or SQLSTATE in which it must end; None where it must succeed."""


class _Turn(NamedTuple):
    """What a play that does one thing after the other does at the moment."""

    begun: _Begun
    raises: bool
    """Whether it is to raise the entry's error."""
    limit: float
    """How many seconds it may take."""
    end: float
    """When they are over, by time.monotonic()."""


class Play:
    """One run through a scenario and, optionally, one proof."""

    def __init__(
        self,
        plan: Plan,
        driver: Driver,
        keeper: Keeper,
        instance: Any,
        limits: Limits,
        watch: Watch,
        *,
        fix: Mapping[str, Any] | None = None,
        client: Callable[[Any, Target], Connection] | None = None,
    ) -> None:
        """`fix`: the one that will be proven. `client`: gives a connection over the server's own command-line client,
        for the session that raises.
        """
        self.plan = plan
        self.driver = driver
        self.keeper = keeper
        self.instance = instance
        self.observed: Refused | None = None
        self.programs: list[Process] = []
        self._limits = limits
        self._watch = watch
        self._over: Ended | None = None
        self._client = client
        self._raising = next((step["on"] for step in plan["steps"] if step["raises"]), None) if client else None
        self._sessions: dict[str, Session] = {}
        steps = [*plan["steps"], *(fix["proof"] if fix else ())]
        # Handing each statement to another thread would cost more than most of them take.
        self._in_turn = not client and all(step["action"] in _IN_TURN and not step["waits"] for step in steps)
        self._counts = counts_sessions(plan)
        self._turn: _Turn | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._waiting: list[_Begun] = []
        self._part = ""
        self._phase = outcome.STEP_FAILED

    def reproduce(self) -> tuple[str, Failure | None]:
        """Set up, play all steps and judge; return the outcome and what went otherwise."""
        return self._watched(self._reproduce) if self._in_turn else self._reproduce()

    def prove(self, fix: Mapping[str, Any]) -> tuple[str, Failure | None]:
        """Play a fix's proof from where the error was raised; return the outcome and what went otherwise."""
        return self._watched(lambda: self._prove(fix)) if self._in_turn else self._prove(fix)

    def _watched(self, work: Callable[[], tuple[str, Failure | None]]) -> tuple[str, Failure | None]:
        """Do work in this thread, in which sessions do theirs at once, while another looks at the clock."""
        self._watch.begin(self)
        try:
            result = work()
        finally:
            self._watch.end()
        if self._over is None:
            return result
        self.observed = None
        return self._over.result, self._over.failure

    def overdue(self) -> bool:
        """Cancel the step whose time is over; tell whether there was one. Called from the thread that watches."""
        turn = self._turn
        # A step that has ended while the clock was read was in time.
        if self._over is None and turn and time.monotonic() > turn.end and turn is self._turn:
            self._over = self._late(turn.begun, turn.limit, raises=turn.raises)
        return self._over is not None

    @property
    def over(self) -> Ended | None:
        """How the play ended because a step took too long, where nothing waits for another; None where it did not."""
        return self._over

    def _reproduce(self) -> tuple[str, Failure | None]:
        try:
            self._set_up()
            self._phase = outcome.STEP_FAILED
            for number, step in enumerate(self.plan["steps"], 1):
                self._part = f"step {number}"
                if step["raises"]:
                    return self._raise(step)
                self._do(step, self.plan.get("handling", ""))
            if "handling" in self.plan:
                self._settle()
        except Ended as ended:
            return ended.result, ended.failure
        if "handling" in self.plan:
            return self._handled()
        return outcome.RAISED_NOTHING, self._failure(None, "", "the error", "no step raises it")

    @property
    def raised(self) -> list[dict[str, str | None]]:
        """What drivers raised in a condition's program, caught or not."""
        return [item for process in self.programs for item in process.raised]

    def _handled(self) -> tuple[str, Failure | None]:
        """Judge a condition's program, which went well: it must have met one of the condition's errors."""
        wanted, engine = self.plan["errors"], self.plan["engine"]
        exact = [item for item in self.raised if item["code"] in wanted]
        found = next(iter(exact or [item for item in self.raised if owns(wanted, item["code"], engine)]), None)
        if found is None and any(item["code"] is None for item in self.raised):
            # A driver without codes cannot tell; what the program asserts must do.
            return outcome.HANDLED, None
        if found is None:
            result = outcome.RAISED_OTHER if self.raised else outcome.RAISED_NOTHING
            came = ", ".join(str(item["code"]) for item in self.raised) or "no error of a driver"
            return result, self._failure(None, "", f"the program to meet {' or '.join(wanted)}", came)
        self.observed = Refused(found["code"], found["sqlstate"], found["message"] or "", driver=found["driver"])
        return outcome.HANDLED, None

    def _prove(self, fix: Mapping[str, Any]) -> tuple[str, Failure | None]:
        self._phase = outcome.FAILED
        try:
            for number, step in enumerate(fix["proof"], 1):
                self._part = f"proof step {number}"
                self._do(step, fix["code"]["text"])
            self._settle()
        except Ended as ended:
            return ended.result, ended.failure
        return outcome.PROVEN, None

    def end(self) -> None:
        """End every program and session of the play."""
        for process in self.programs:
            process.kill()
        for session in self._sessions.values():
            self._end_session(session)
        if self._threads:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _set_up(self) -> None:
        self._phase, self._part = outcome.SETUP_FAILED, "setup"
        try:
            self.keeper.create(DATABASE)
        except Refused as refused:
            failure = self._failure(None, f"CREATE DATABASE {DATABASE}", "success", _says(refused))
            raise Ended(self._phase, failure) from refused
        if self._counts:
            self.keeper.release()
        if not self.plan["setup"]:
            return
        text = self.plan["setup"]
        statements = split(text, self.plan["engine"])
        try:
            lent = self._lent(statements)
        except Refused as refused:
            raise Ended(self._phase, self._failure(None, text, "success", _says(refused))) from refused
        session = Session("setup", Target(DATABASE), self._connect, at_once=self._in_turn, link=lent)
        try:
            with self._turn_of(session, text):
                future = session.run(statements, raises=False)
            self._wait(_Begun(session, text, future))
        finally:
            if not lent:
                self._end_session(session)

    def _lent(self, statements: Sequence[str]) -> Connection | None:
        """Return the administrator's connection for a setup that it does not matter who does; None for others."""
        if not self._in_turn or self._counts or not all(self._leaves_nothing(statement) for statement in statements):
            return None
        return self.keeper.lend(DATABASE)

    def _leaves_nothing(self, statement: str) -> bool:
        """Tell whether a statement leaves nothing in the session that does it, and needs nothing there."""
        known = _MAKES.match(statement) and not _LEAVES.search(statement)
        return bool(known) and single(statement, self.plan["engine"])

    def _end_session(self, session: Session) -> None:
        if self._in_turn and not self._counts:
            session.leave()
        else:
            session.end()

    def _raise(self, step: Mapping[str, Any]) -> tuple[str, Failure | None]:
        """Play the step that must raise the entry's own error."""
        # What the session still had to finish comes first, also here: the error must come of this step.
        self._finish(step["on"])
        begun = self._begin(step, "")
        limit = self._limits.program
        try:
            begun.future.result(timeout=limit)
        except Refused as refused:
            self.observed = refused
            if self._client or self._same(refused):
                self._let_go_on()
                return outcome.REPRODUCED, None
            failure = self._failure(begun.session, _note(refused, begun.text), self._expected(), _says(refused))
            return outcome.RAISED_OTHER, failure
        except Late as late:
            raise self._late(begun, limit, raises=True) from late
        return outcome.RAISED_NOTHING, self._failure(begun.session, begun.text, self._expected(), "it succeeded")

    def _expected(self) -> str:
        """Return the entry's own error as a failure names it."""
        if "messages" in self.plan:
            return " or ".join(f"`{text}`" for text in self.plan["messages"])
        state = self.plan["sqlstate"]
        return f"{self.plan['code']}" + (f" ({state})" if state and state != self.plan["code"] else "")

    def _same(self, refused: Refused) -> bool:
        """Tell whether what was raised is the entry's own error: by its code, and its text where declared."""
        code = self.plan.get("underlying", self.plan["code"])
        # What a program prints has no code of a driver; neither has a message without one.
        if code is not None and not self._printed and not self.driver.same(code, self.plan["sqlstate"], refused):
            return False
        return "messages" not in self.plan or fits(refused.output or refused.message, self.plan["messages"])

    @property
    def _printed(self) -> bool:
        return any(step["raises"] and "prints" in step for step in self.plan["steps"])

    def _let_go_on(self) -> None:
        """Give what waited for the session that got the error the moment that it needs to end."""
        for begun in self._waiting:
            end = time.monotonic() + SETTLING
            while not _pause(begun.future, POLL) and not self._blocked(begun) and time.monotonic() < end:
                pass

    def _do(self, step: Mapping[str, Any], code: str) -> None:
        """Play a step that must succeed, or fail as it says, now or, where it is said to wait, before the play ends."""
        action = step["action"]
        if action == "pause":
            time.sleep(step["value"])
        elif action in ("set", "configure", "server"):
            self._serve(step, code)
        else:
            if action not in ("shell", "python"):
                self._finish(step["on"])
            begun = self._begin(step, code)
            if step["waits"]:
                self._must_wait(begun)
                self._waiting.append(begun)
            else:
                self._wait(begun)

    def _begin(self, step: Mapping[str, Any], code: str) -> _Begun:
        action, value, name, fails = step["action"], step["value"], step["on"], step.get("fails")
        text = _shown(step, code)
        if action in ("shell", "python"):
            return _Begun(None, text, self._program(action, text, raises=step["raises"]))
        if action == "connect":
            future = self._open(name, value)
            return _Begun(self._sessions.get(name), text, future, fails)
        session = self._session(name)
        if action == "close":
            return _Begun(session, text, session.close())
        statements = split(text, self.plan["engine"])
        with self._turn_of(session, text, raises=step["raises"], fails=fails):
            future = session.run(statements, raises=step["raises"] or fails is not None, waits=step["waits"])
        return _Begun(session, text, future, fails)

    @contextlib.contextmanager
    def _turn_of(
        self, session: Session, text: str, *, raises: bool = False, fails: str | None = None
    ) -> Iterator[None]:
        """Say what is done meanwhile, for the thread that watches; Ended where the time was over before."""
        if self._over:
            raise self._over
        limit = self._limits.program if raises else self._limits.statement
        self._turn = _Turn(_Begun(session, text, Future(), fails), raises, limit, time.monotonic() + limit)
        try:
            yield
        finally:
            self._turn = None

    def _session(self, name: str) -> Session:
        if name not in self._sessions:
            connect = self._connect_client if name == self._raising else self._connect
            self._sessions[name] = Session(name, Target(DATABASE), connect, at_once=self._in_turn)
        return self._sessions[name]

    def _open(self, name: str, value: Mapping[str, Any]) -> "Future[None]":
        given = {key: item for key, item in value.items() if key in Target._fields and key != "options"}
        options = tuple(value.get("options", {}).items())
        target = Target(**{"database": DATABASE, **given, "options": options})
        count = value.get("count")
        if count is None:
            return self._session(name).open(target)

        def one_by_one() -> None:
            # In their order: which of them a full server turns away must not be a matter of luck.
            for number, session in enumerate(sessions, 1):
                try:
                    session.open(target).result()
                except Refused as refused:
                    refused.unsent = len(sessions) - number
                    raise

        sessions = [self._session(f"{name}{number}") for number in range(1, count + 1)]
        self._threads = self._threads or ThreadPoolExecutor(1, thread_name_prefix="together")
        return self._threads.submit(one_by_one)

    def _connect(self, target: Target) -> Connection:
        return self.driver.Connection(self.instance.address, target)

    def _connect_client(self, target: Target) -> Connection:
        assert self._client is not None  # noqa: S101 - sessions get this way of connecting only where there is a client
        return self._client(self.instance, target)

    def _program(self, action: str, text: str, *, raises: bool) -> "Future[None]":
        """Start a shell or Python step; its future raises Refused with what the program said where it failed.

        Where it is to raise, a driver's exception that a Python step did not catch is handed on with its fields, and
        what a client of MySQL or MariaDB printed last in a shell step with its number and SQLSTATE. The program of a
        condition tells of each.
        """
        runner = "errbook.lab.uncaught" if raises else "errbook.lab.raised" if "handling" in self.plan else None
        tells = runner is not None and action == "python"
        numbered = raises and action == "shell" and self.plan["engine"] in ("mysql", "mariadb")
        client = "command-line client" if numbered else None
        environment = self.instance.environment(DATABASE)
        folder = Path(environment["HOME"])
        try:
            if action == "python":
                file = folder / "step.py"
                file.write_text(text)
                command = [sys.executable, *(["-P", "-m", runner] if runner else []), str(file)]
            else:
                # Of several commands, each must do what the step claims.
                command = ["/bin/sh", "-ec", text]
            process = Process(command, folder, environment, tells=tells, client=client)
        except (OSError, ValueError) as error:
            # No room, too many processes, or a text that cannot be an argument.
            future: Future[None] = Future()
            future.set_exception(Refused(None, None, f"it could not be started: {error}"))
            return future
        self.programs.append(process)
        return process.future

    def _serve(self, step: Mapping[str, Any], code: str) -> None:
        """Do something to the server itself."""
        action, value = step["action"], step["value"]
        text = _shown(step, code)
        if action != "set":
            # What waits in the server ends with it, and nobody asks how, unless the step says.
            self._waiting = [begun for begun in self._waiting if begun.session is None or begun.fails]
            for session in self._sessions.values():
                session.lose()
        try:
            if action == "set":
                self.keeper.set(value)
            elif action == "configure":
                self.instance.configure(text)
            elif value == "restart":
                self.instance.restart()
            elif value == "stop":
                self.instance.stop()
            elif value == "kill":
                self.instance.kill()
            else:
                self.instance.resume()
        except Refused as refused:
            raise Ended(self._phase, self._failure(None, text, "success", _says(refused))) from refused
        except LabError as error:
            raise Ended(self._phase, self._failure(None, text, "a running server", str(error))) from error

    def _finish(self, name: str) -> None:
        """See how the statements that a session still had to finish ended, before it gets new ones."""
        for begun in [begun for begun in self._waiting if begun.session and begun.session.name == name]:
            self._waiting.remove(begun)
            self._wait(begun, after=" after waiting")

    def _settle(self) -> None:
        """See how everything that waited ended."""
        while self._waiting:
            self._wait(self._waiting.pop(0), after=" after waiting")

    def _wait(self, begun: _Begun, *, after: str = "") -> None:
        """Return when a step has ended as it should; end the play where it ends otherwise, or not in time."""
        limit = self._limits.statement if begun.session else self._limits.program
        try:
            begun.future.result(timeout=limit)
        except Refused as refused:
            if self._as_said(begun, refused):
                return
            came = f"{_says(refused)}{_EARLY if begun.fails and refused.unsent else ''}"
            failure = self._failure(begun.session, _note(refused, begun.text), _wanted(begun, after), came)
            raise Ended(self._phase, failure) from refused
        except Late as late:
            raise self._late(begun, limit, after=after) from late
        if begun.fails:
            raise Ended(self._phase, self._failure(begun.session, begun.text, _wanted(begun, after), "it succeeded"))

    def _late(self, begun: _Begun, limit: float, *, raises: bool = False, after: str = "") -> Ended:
        """Cancel a step whose time is over; return the end of the play."""
        blocked = not raises and self._blocked(begun)
        if begun.session:
            begun.session.cancel()
        if raises:
            failure = self._failure(begun.session, begun.text, self._expected(), f"nothing within {limit:g} s")
            return Ended(outcome.TIMED_OUT, failure)
        came = "it still waited for a lock" if blocked else "it was still running"
        failure = self._failure(begun.session, begun.text, _wanted(begun, after), f"{came} after {limit:g} s")
        return Ended(outcome.WAITED if blocked else outcome.TIMED_OUT, failure)

    def _as_said(self, begun: _Begun, refused: Refused) -> bool:
        """Tell whether a step failed as it says, by the driver's fields, and not before its last statement."""
        if not begun.fails or refused.unsent:
            return False
        if self._client and begun.session and begun.session.name == self._raising:
            # The server's own client gives no fields; a play with the driver has compared them.
            return True
        return begun.fails == refused.sqlstate or self.driver.same(begun.fails, None, refused)

    def _must_wait(self, begun: _Begun) -> None:
        """Return as soon as the step waits; end the play where it comes back instead."""
        limit = time.monotonic() + self._limits.statement
        seen = None
        while True:
            if _pause(begun.future, POLL if seen else _QUICK):
                break
            activity = begun.session.activity() if begun.session else None
            if activity == BLOCKED or time.monotonic() > limit:
                return
            # On a busy machine a statement may not have reached the server yet.
            if activity in (RUNNING, None):
                seen = seen or time.monotonic()
                if time.monotonic() - seen > WAITING:
                    return
        try:
            begun.future.result()
        except Refused as refused:
            failure = self._failure(begun.session, _note(refused, begun.text), "it to wait", _says(refused))
            raise Ended(self._phase, failure) from refused
        raise Ended(
            outcome.DID_NOT_WAIT, self._failure(begun.session, begun.text, "it to wait", "it succeeded at once")
        )

    def _blocked(self, begun: _Begun) -> bool:
        return begun.session is not None and begun.session.activity() == BLOCKED

    def _failure(self, session: Session | None, statement: str, expected: str, came: str) -> Failure:
        return {
            "part": self._part,
            "session": session.name if session else None,
            "statement": one_line(statement),
            "expected": expected,
            "came": came,
        }


def _pause(future: "Future[None]", seconds: float) -> bool:
    """Wait a moment; tell whether the future is done by then."""
    try:
        future.exception(timeout=seconds)
    except Late:
        return False
    return True


def _wanted(begun: _Begun, after: str) -> str:
    return f"{begun.fails or 'success'}{after}"


def _shown(step: Mapping[str, Any], code: str = "") -> str:
    """Return what a step does, as a failure shows it: its text, with that of the fix, where it has one."""
    value = step["value"]
    if step["action"] != "server" and isinstance(value, str):
        return value.replace(CODE, code)
    if isinstance(value, Mapping):
        shown = ", ".join(f"{key}: {item}" for key, item in value.items())
        return f"{step['action']} {{{shown}}}"
    return f"{step['action']}: {value}" if isinstance(value, str) else str(step["action"])


def _note(refused: Refused, text: str) -> str:
    """Return the statement that was refused, or the whole step where no statement was sent."""
    return refused.__notes__[0] if getattr(refused, "__notes__", None) else text


def _says(refused: Refused) -> str:
    """Return an error as `1040 (08004): Too many connections`; only the message where there is no code."""
    if refused.code is None:
        return refused.message
    state = f" ({refused.sqlstate})" if refused.sqlstate and refused.sqlstate != refused.code else ""
    return f"{refused.code}{state}: {refused.message}"
