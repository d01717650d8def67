"""A shell or Python step: a process of its own, of whose output the end is kept."""

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from errbook.lab.bubblewrap import SERVERS
from errbook.lab.driver import Refused

KEPT: Final = 16 << 10
"""Bytes of the output that are kept."""

_LINES: Final = 4
_LINE: Final = 500

_ROUNDS: Final = 100

_CLIENT: Final = re.compile(r"^ERROR (\d+) \((\w{5})\)(?: at line \d+)?: (.+)$", re.MULTILINE)
"""How the clients of MySQL and MariaDB print an error that has a number."""


class Process:
    """A running step. `future` ends with it, and raises Refused where it fails."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        tells: bool = False,
        client: str | None = None,
    ) -> None:
        """With `tells`, a descriptor is added to the command, for what `errbook.lab.uncaught` and `raised` write.

        `client` is what to call a client of MySQL or MariaDB, where its last error is that of the step.
        """
        self.future: Future[None] = Future()
        self.raised: list[dict[str, str | None]] = []
        """What drivers raised in the program, where `errbook.lab.raised` told it; there when the future is done."""
        self._tail = b""
        self._client = client
        self._told: int | None = None
        theirs: tuple[int, ...] = ()
        if tells:
            self._told, end = os.pipe()
            theirs = (end,)
            command = [*command, str(end)]
        # The text is the writer's, and it runs in a cell.
        try:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=theirs,
                start_new_session=True,
            )
        except BaseException:
            self._forget()
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        threading.Thread(target=self._watch, name="step", daemon=True).start()

    def kill(self) -> None:
        """End the process and what it has started in its group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _watch(self) -> None:
        """Read the output, also that of programs which the step leaves behind, and see how the step ends.

        Not the end of the output ends a step, but that of its process: a program in the background may keep the
        output open, and a step may close it.
        """
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        output = self._process.stdout.fileno()
        os.set_blocking(output, False)
        ended = os.pidfd_open(self._process.pid)
        poller = select.poll()
        poller.register(output, select.POLLIN)
        poller.register(ended, select.POLLIN)
        left = {output, ended}
        while left:
            ready = [descriptor for descriptor, _ in poller.poll()]
            if output in left and not self._read(output):
                poller.unregister(output)
                left.remove(output)
            if ended in ready:
                poller.unregister(ended)
                left.remove(ended)
                self._end(self._process.wait())
        os.close(ended)
        self._process.stdout.close()

    def _read(self, output: int) -> bool:
        """Read what there is; tell whether there may be more."""
        while True:
            try:
                read = os.read(output, 1 << 16)
            except BlockingIOError:
                return True
            if not read:
                return False
            self._tail = (self._tail + read)[-KEPT:]

    def _end(self, code: int) -> None:
        told = self._said()
        self.raised = told.pop("raised", [])
        if not code:
            self.future.set_result(None)
            return
        output = self._tail.decode(errors="replace").strip()
        lines = output.splitlines()[-_LINES:]
        tail = " / ".join(line if len(line) <= _LINE else f"{line[:_LINE]}…" for line in lines)
        how = f"exit code {code}" if code > 0 else f"ended by {signal.Signals(-code).name}"
        if told:
            self.future.set_exception(
                Refused(told["code"], told["sqlstate"], told["message"] or how, driver=told["driver"], output=output)
            )
        elif self._client and (said := _CLIENT.findall(output)):
            self.future.set_exception(Refused(*said[-1], driver=self._client, output=output))
        else:
            self.future.set_exception(Refused(None, None, how + (f": {tail}" if tail else ""), output=output))

    def _said(self) -> dict[str, Any]:
        """Return what the program told of its errors; nothing where it did not."""
        if self._told is None:
            return {}
        # Programs that it has left behind may hold their end open.
        os.set_blocking(self._told, False)
        try:
            return dict(json.loads(os.read(self._told, 1 << 16) or b"{}"))
        except (BlockingIOError, ValueError):
            return {}
        finally:
            self._forget()

    def _forget(self) -> None:
        if self._told is not None:
            os.close(self._told)
        self._told = None


def end_strays(server: int | None) -> bool:
    """End every process of the cell but this one, those above it, and the server's; tell whether that worked.

    `server` is the process of the server. Steps may leave programs in the background, some out of their group.
    """
    if not Path(SERVERS).is_dir():
        raise RuntimeError("this is no cell, and its processes are not ours to end")
    for _ in range(_ROUNDS):
        found = _strays(server)
        if not found:
            return True
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.002)
    return False


def _strays(server: int | None) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # proc(5): the name in brackets may hold anything; state and parent are the first fields behind it.
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    parents[int(entry.name)] = int(parent)
    above = {1}
    process = os.getpid()
    while process in parents:
        above.add(process)
        process = parents[process]

    def of_server(process: int) -> bool:
        while process in parents and process != server:
            process = parents[process]
        return process == server

    return [process for process in parents if process not in above and not of_server(process)]
