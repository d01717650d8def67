"""Cells with the worker in them, as the process outside sees them: opened, asked, ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from errbook.lab import bubblewrap
from errbook.lab.server import LabError, Server

_LONGEST: Final = 64 << 20
"""Bytes of the longest answer that is waited for."""


class CellDied(LabError):  # noqa: N818 - what happened to it
    """The cell ended while an answer was awaited; the message holds the end of what it wrote to stderr."""


class CellTimeout(LabError):  # noqa: N818 - the same
    """No answer came in time; the cell has been ended."""


class Cell:
    """An open cell with the worker in it, to which one request is sent at a time.

    The kernel ends a cell with the *thread* that opened it (prctl(2), PR_SET_PDEATHSIG), so that thread must live as
    long as the cell is used.
    """

    def __init__(self, server: Server, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self.server = server
        self._process = process
        self._errors = errors
        self._rest = b""

    @classmethod
    def open(
        cls,
        server: Server,
        *,
        filesystem: int | None = None,
        network: bool = False,
        shared: Mapping[Path, str] = bubblewrap.PLAIN.shared,
    ) -> Self:
        """Start a cell and the worker in it; the options are explained in `bubblewrap.Options`.

        The worker may take a moment more until it answers. Ctrl-C in the terminal does not reach the cell.
        """
        errors = tempfile.TemporaryFile(prefix="errbook-lab-")  # noqa: SIM115 - closed with the cell
        program = [sys.executable, "-P", "-m", "errbook.lab.worker", server.id]
        options = bubblewrap.Options(filesystem=filesystem, network=network, shared=shared)
        process = bubblewrap.spawn(
            server, program, options, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )
        return cls(server, process, errors)

    def ask(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Send a request and return the answer to it.

        CellDied when the cell ends first, CellTimeout when there is no answer after `timeout` seconds. In both cases
        the cell is closed afterwards.
        """
        line = self._exchange(json.dumps(request).encode() + b"\n", time.monotonic() + timeout)
        if line is None:
            self.close()
            raise CellTimeout(f"the cell of {self.server.id} did not answer within {timeout:g} s and was ended")
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self.close()
            raise CellDied(f"the cell of {self.server.id} answered what is no JSON object and was ended: {line[:80]!r}")
        return answer

    def _exchange(self, left: bytes, end: float) -> bytes | None:
        """Send what is left to send and return the line that comes back; None when the time is over, CellDied."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - it is a pipe
        assert stdout is not None  # noqa: S101 - it is a pipe
        if stdin.closed:
            raise self._died()
        os.set_blocking(stdin.fileno(), False)
        poller = select.poll()
        poller.register(stdout, select.POLLIN)
        # Most requests fit into the pipe at once.
        left = left[self._write(left) :]
        if left:
            poller.register(stdin, select.POLLOUT)
        while b"\n" not in self._rest:
            ready = poller.poll(max(0.0, end - time.monotonic()) * 1000)
            if not ready:
                return None
            for descriptor, _ in ready:
                if descriptor == stdin.fileno():
                    left = left[self._write(left) :]
                    if not left:
                        poller.unregister(stdin)
                else:
                    read = os.read(descriptor, 1 << 16)
                    if not read or len(self._rest) > _LONGEST:
                        raise self._died()
                    self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _write(self, data: bytes) -> int:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            return os.write(self._process.stdin.fileno(), data)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            raise self._died() from None

    def _died(self) -> CellDied:
        """Close what is left of the cell; return what to raise."""
        if self._errors.closed:
            return CellDied(f"the cell of {self.server.id} was closed")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._errors.seek(0)
        said = self._errors.read()[-4000:].decode(errors="replace").strip()
        code = self._process.poll()
        self.close()
        return CellDied(f"the cell of {self.server.id} ended (exit code {code}): {said or 'it said nothing'}")

    def kill(self) -> None:
        """End the cell at once, from any thread: one that waits for an answer gets CellDied. Never raises."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """End the cell with everything in it. May be called again."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        # The end of its stdin ends the worker; whatever else there is goes with the process namespace.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)
        self._process.kill()
        self._process.wait()
        self._errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
