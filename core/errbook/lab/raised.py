"""Run a condition's program and tell on a descriptor which errors of drivers reached it, caught or not.

The arguments are the program and the descriptor. What is written when the program ends is a JSON object with one list,
`raised`: what `errbook.lab.uncaught` tells of an error, once for each driver and code, and where a driver gives no
code, for each message. An error that a driver catches itself is not told: what counts is what the program had to
handle, in whichever of its threads.
"""

import atexit
import json
import os
import runpy
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any, Final

from errbook.lab.uncaught import fields

MOST: Final = 20
LONGEST: Final = 500
"""How many errors are told, and characters of each message."""

_ORDER: Final = ("driver", "code", "message")
_PIPE: Final = 60_000
"""Bytes that a pipe takes at once, whoever reads it (Linux: pipe(7), 65,536)."""


class Raised:
    """Collects the driver errors that pass through the functions of one program."""

    def __init__(self, program: Path) -> None:
        self._program = str(program)
        self._found: dict[tuple[str | None, ...], dict[str, str | None]] = {}

    def watch(self) -> None:
        """Watch this thread, and those that are started from now on (https://docs.python.org/3/library/sys.html)."""
        threading.settrace(self._enter)
        sys.settrace(self._enter)

    def told(self) -> list[dict[str, str | None]]:
        """Return what was raised, by driver and code: threads end in any order.

        Where it is too much, what has no code is left out first.
        """
        by_name = sorted(self._found.values(), key=lambda item: [item[key] or "" for key in _ORDER])
        kept = sorted(by_name, key=lambda item: item["code"] is None)[:MOST]
        while len(json.dumps(kept, ensure_ascii=False).encode()) > _PIPE:
            kept.pop()
        return [item for item in by_name if item in kept]

    def _enter(self, frame: FrameType, event: str, value: Any) -> Any:
        """Follow the functions of the program alone: drivers run as fast as ever, but for one call each."""
        del event, value
        if frame.f_code.co_filename != self._program:
            return None
        frame.f_trace_lines = False
        return self._inside

    def _inside(self, frame: FrameType, event: str, value: Any) -> Any:
        del frame
        if event == "exception" and (found := fields(value[1])):
            found["message"] = (found["message"] or "")[:LONGEST]
            key = found["driver"], found["code"], found["sqlstate"], None if found["code"] else found["message"]
            self._found.setdefault(key, found)
        return self._inside


def main() -> None:
    """Run the program as if it were run by itself."""
    program, descriptor, process = Path(sys.argv[1]), int(sys.argv[2]), os.getpid()
    raised = Raised(program)

    def tell() -> None:
        # Not a process that the program has forked: the step is the program.
        if os.getpid() == process:
            os.write(descriptor, json.dumps({"raised": raised.told()}, ensure_ascii=False).encode())

    # After the program's threads have ended.
    atexit.register(tell)
    os.set_inheritable(descriptor, False)
    sys.argv = [str(program)]
    sys.path.insert(0, str(program.parent))
    raised.watch()
    runpy.run_path(str(program), run_name="__main__")


if __name__ == "__main__":
    main()
