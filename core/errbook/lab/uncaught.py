"""Run a Python step and tell on a descriptor which error of a driver it did not catch.

The arguments are the program and the descriptor. What is written is a JSON object: `code`, `sqlstate`, `message` and
`driver`. Nothing is written for exceptions that are no driver's, such as a failed assertion. Drivers are known by the
base class `Error` that all of them have (https://peps.python.org/pep-0249/#exceptions).
"""

import json
import os
import platform
import runpy
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Final

LONGEST: Final = 4000
"""Characters of a message that are handed on: a pipe takes them at once, whoever reads it."""


def fields(error: BaseException) -> dict[str, str | None] | None:
    """Return what a driver's exception says in its fields; None where it is none of a driver.

    MySQL's drivers have a number, in `errno` or before the message in `args`; sqlite3 and apsw have one too, and the
    others only the SQLSTATE, which is the code then. pg8000 has no more than the fields of the server's message.
    """
    base = next((kind for kind in type(error).__mro__ if kind.__name__ == "Error"), None)
    if base is None:
        return None
    args = error.args
    numbered = len(args) > 1 and isinstance(args[0], int)
    number = _first(error, "errno", "sqlite_errorcode", "extendedresult")
    if number is None and numbered:
        number = args[0]
    # -1 is a driver's own way of saying that there is none.
    code = None if number in (None, -1) else str(number)
    # https://www.postgresql.org/docs/current/protocol-error-fields.html
    sent = args[0] if args and isinstance(args[0], dict) else {}
    sqlstate = _first(error, "sqlstate", "pgcode") or sent.get("C")
    message = _first(error, "msg") or sent.get("M") or (args[1] if numbered else error)
    return {
        "code": code if code is not None else sqlstate,
        "sqlstate": sqlstate,
        "message": str(message)[:LONGEST],
        "driver": _driver(base.__module__),
    }


def _first(error: BaseException, *names: str) -> Any:
    """Return the first of some attributes that has a value."""
    return next((value for name in names if (value := getattr(error, name, None)) is not None), None)


@cache
def _driver(module: str) -> str:
    """Return the package of a driver with its version: the one that it tells, else that of its distribution.

    PyMySQL's `__version__` is that of the mysqlclient which it can stand in for. Python's own sqlite3 has none.
    """
    if module == "sqlite3":
        return f"sqlite3 of Python {platform.python_version()}"
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        found = sys.modules.get(name)
        if version := getattr(found, "VERSION_STRING", None) or getattr(found, "__version__", None):
            return f"{name} {version}"
    named = metadata.packages_distributions().get(parts[0])
    return f"{named[0]} {metadata.version(named[0])}" if named else parts[0]


def main() -> None:
    """Run the program as if it were run by itself."""
    program, descriptor, process = Path(sys.argv[1]), int(sys.argv[2]), os.getpid()

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        # Not in a process that the program has forked: the step is the program.
        if os.getpid() == process and (found := fields(error)):
            os.write(descriptor, json.dumps(found).encode())
        sys.__excepthook__(kind, error, trace)

    os.set_inheritable(descriptor, False)
    sys.excepthook = hook
    sys.argv = [str(program)]
    sys.path.insert(0, str(program.parent))
    runpy.run_path(str(program), run_name="__main__")


if __name__ == "__main__":
    main()
