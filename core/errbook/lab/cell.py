"""Cells with the worker in them, as the process outside sees them: opened, asked, ended."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Any, Self

from errbook.lab import bubblewrap
from errbook.lab.server import LabError, Server


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
    def open(cls, server: Server, *, filesystem: int | None = None, network: bool = False) -> Self:
        """Start a cell and the worker in it.

        `filesystem` is the size in bytes of a small file system for the data folder; `network` shares the host's
        network (see `bubblewrap.Options`). The worker may take a moment more until it answers.
        """
        errors = tempfile.TemporaryFile(prefix="errbook-lab-")  # noqa: SIM115 - closed with the cell
        program = [sys.executable, "-P", "-m", "errbook.lab.worker", server.id]
        options = bubblewrap.Options(filesystem=filesystem, network=network)
        process = bubblewrap.spawn(
            server, program, options, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )
        return cls(server, process, errors)

    def ask(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Send a request and return the answer to it.

        CellDied when the cell ends first, CellTimeout when there is no answer after `timeout` seconds. In both cases
        the cell is closed afterwards.
        """
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise self._died() from None
        line = self._line(time.monotonic() + timeout)
        if line is None:
            self.close()
            raise CellTimeout(f"the cell of {self.server.id} did not answer within {timeout:g} s and was ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _line(self, end: float) -> bytes | None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                left = end - time.monotonic()
                if left <= 0 or not selector.select(left):
                    return None
                read = os.read(self._process.stdout.fileno(), 1 << 16)
                if not read:
                    raise self._died()
                self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _died(self) -> CellDied:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._errors.seek(0)
        said = self._errors.read()[-4000:].decode(errors="replace").strip()
        code = self._process.poll()
        self.close()
        return CellDied(f"the cell of {self.server.id} ended (exit code {code}): {said or 'it said nothing'}")

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
