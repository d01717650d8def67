"""What the operator sees of a request: its id, its line in the access log, its place in the counts.

A line holds the path, never the query string, the address or any header of the asker: a query string may be a pasted
log line.
"""

import json
import os
import re
import sys
import time
from asyncio import AbstractEventLoop
from secrets import token_hex

from errbook_api.metrics import Counts

_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}")
_DELAY = 0.2
"""Seconds for which lines are gathered before they are written."""

_ATOMIC = 4096
"""Bytes that a pipe takes in one piece (PIPE_BUF on Linux): the lines of several processes must not mix."""


class Observer:
    """Gives ids and keeps the log of one process."""

    def __init__(self, counts: Counts, access_log: str) -> None:
        """`access_log` is ``on``, ``off`` or a path, as in the settings; OSError when that cannot be opened."""
        self.counts = counts
        self._prefix, self._number = token_hex(6), 0
        self.logs = access_log != "off"
        self._lines: list[str] = []
        self._loop: AbstractEventLoop | None = None
        self._second, self._stamp = 0, ""
        self._target = (
            sys.stdout.fileno()
            if access_log in ("on", "off")
            else os.open(access_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        )

    def start(self, loop: AbstractEventLoop) -> None:
        """Write lines from now on with the help of a loop."""
        self._loop = loop

    def request_id(self, given: str | None) -> str:
        """Return the asker's own id where it is a sane one, else a new one."""
        if given is not None and _SANE_ID.fullmatch(given):
            return given
        self._number += 1
        return f"{self._prefix}-{self._number:x}"

    def done(self, route: str, method: str, path: str, status: int, size: int, seconds: float, request_id: str) -> None:
        """Count and log a finished request; `size` is of its body in bytes."""
        self.counts.request(route, status, seconds)
        if self.logs:
            self._write(
                f'{{"time":"{self._now()}","level":"info","event":"request","request_id":"{request_id}",'
                f'"method":{json.dumps(method)},"path":{json.dumps(path)},"route":{json.dumps(route)},"status":{status},'
                f'"bytes":{size},"milliseconds":{seconds * 1000:.3f}}}\n'
            )

    def event(self, level: str, event: str, **more: object) -> None:
        """Log something else that happened, to standard error."""
        line = {"time": self._now(), "level": level, "event": event, **more}
        print(json.dumps(line), file=sys.stderr, flush=True)

    def _now(self) -> str:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._stamp}.{int((now - second) * 1000):03d}Z"

    def _write(self, line: str) -> None:
        if not self._lines and self._loop:
            self._loop.call_later(_DELAY, self.flush)
        self._lines.append(line)

    def flush(self) -> None:
        """Write what was gathered."""
        lines, self._lines = self._lines, []
        part = b""
        for line in lines:
            encoded = line.encode()
            if part and len(part) + len(encoded) > _ATOMIC:
                self._out(part)
                part = b""
            part += encoded
        self._out(part)

    def _out(self, part: bytes) -> None:
        while part:
            try:
                part = part[os.write(self._target, part) :]
            except OSError:
                # Nobody reads the log any more; that must not stop the service.
                self.logs = False
                return
