"""A named session of a scenario: one connection and one thread, so that a statement can wait while others go on."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from typing import Final

from errbook.lab.driver import Connection, Refused, Target

Connect = Callable[[Target], Connection]

CLOSING: Final = 5.0
"""Seconds that a session may take to end what it does when it is closed."""


_IDLE: list[ThreadPoolExecutor] = []
"""Threads of sessions that have ended, for the next ones."""


class AtOnce:
    """In place of a session's thread, where nothing ever waits for another session: the thread that asks."""

    def submit(self, work: Callable[[], None]) -> "Future[None]":
        """Do the work and return its future, which is done."""
        future: Future[None] = Future()
        try:
            work()
        except Refused as refused:
            future.set_exception(refused)
        else:
            future.set_result(None)
        return future


class Session:
    """Opens its connection when it is first used, and again when it was lost and the step does not ask for the loss."""

    def __init__(
        self,
        name: str,
        target: Target,
        connect: Connect,
        *,
        at_once: bool = False,
        link: Connection | None = None,
    ) -> None:
        """`at_once`: what is asked for is done by the thread that asks, before it goes on.

        `link`: a connection that is there.
        """
        self.name = name
        self.target = target
        self._connect = connect
        self._link = link
        self._lost = False
        self._cancelled = False
        self._last: Future[None] | None = None
        self._thread: AtOnce | ThreadPoolExecutor = (
            AtOnce() if at_once else _IDLE.pop() if _IDLE else ThreadPoolExecutor(1, thread_name_prefix="session")
        )

    def open(self, target: Target) -> "Future[None]":
        """Connect to a target, in place of the connection there is; the future raises Refused."""
        self.target = target

        def work() -> None:
            self._drop()
            self._link = self._connect(target)

        return self._start(work)

    def run(self, statements: Sequence[str], *, raises: bool, waits: bool = False) -> "Future[None]":
        """Send the statements one by one; the future raises Refused, with the statement as its note.

        Statements that must raise an error go through the connection that is there, lost or not. Others get a new
        connection where the old one was lost before.
        """

        def work() -> None:
            for number, statement in enumerate(statements):
                try:
                    if number or raises:
                        self._send(statement)
                    else:
                        self._send_first(statement, again=not waits)
                except Refused as refused:
                    refused.add_note(statement)
                    refused.unsent = len(statements) - number - 1
                    raise

        return self._start(work)

    def close(self) -> "Future[None]":
        """Close the connection; the next statement opens a new one."""
        return self._start(self._drop)

    def lose(self) -> None:
        """Take note that the server was ended, and the connection with it."""
        self._lost = True

    def cancel(self) -> None:
        """Have the server end what runs here; it is not sent again."""
        self._cancelled = True
        link = self._link
        if link is not None:
            link.cancel()

    def activity(self) -> str | None:
        """Return what the server does here (driver.Connection.activity); None where it cannot be asked."""
        link = self._link
        return link.activity() if link is not None else None

    def leave(self) -> None:
        """Close the connection of a session that does its work at once, without waiting for the server."""
        link, self._link = self._link, None
        if link is not None:
            link.leave()

    def end(self) -> None:
        """Close the connection, in this thread or, where that is busy, by ending what runs."""
        if self._last is not None and not self._last.done():
            self.cancel()
        thread, closed = self._thread, self.close()
        if isinstance(thread, AtOnce):
            return
        try:
            closed.result(timeout=CLOSING)
        except (Refused, Late):
            # It may never return.
            thread.shutdown(wait=False, cancel_futures=True)
        else:
            _IDLE.append(thread)

    def _start(self, work: Callable[[], None]) -> "Future[None]":
        def guarded() -> None:
            try:
                work()
            except Refused:
                raise
            except Exception as error:
                # Drivers fail in ways of their own, such as TypeError for an option that they do not know.
                raise Refused(None, None, f"{type(error).__name__}: {error}") from error

        self._last = self._thread.submit(guarded)
        return self._last

    def _send(self, statement: str) -> None:
        if self._link is None:
            self._link = self._connect(self.target)
        try:
            self._link.run(statement)
        except Refused as refused:
            self._lost = refused.lost
            raise

    def _send_first(self, statement: str, *, again: bool) -> None:
        """Send the first statement of a step, over a new connection where the old one was lost.

        `again`: send it once more where the connection turns out to be lost. A server may take a moment to end a
        session that was killed, so the loss need not show before. Nothing else goes on meanwhile that could have
        ended the statement itself.
        """
        if self._link is not None and (self._lost or self._link.dead()):
            self._drop()
        known = self._link is not None
        try:
            self._send(statement)
        except Refused as refused:
            if not (refused.lost and known and again) or self._cancelled:
                raise
            self._drop()
            self._send(statement)

    def _drop(self) -> None:
        link, self._link, self._lost = self._link, None, False
        if link is not None:
            link.close()
