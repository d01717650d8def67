"""The command ``errbook``.

Exit codes: 0 found or done, 1 not found or problems in the knowledge, 2 bad usage or a broken installation,
130 interrupted. Each command is a module of its own with ``run(arguments) -> int``, imported only when it is called:
a lookup starts cold thousands of times and must not pay for the others.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "search": "errbook.cli.search",
    "identify": "errbook.cli.identify",
    "watch": "errbook.cli.watch",
    "catalog": "errbook.cli.catalog",
    "harvest": "errbook.cli.harvest",
    "check": "errbook.cli.check",
    "coverage": "errbook.cli.coverage",
    "verify": "errbook.cli.verify",
    "lab": "errbook.cli.lab",
    "new": "errbook.cli.new",
    "compile": "errbook.cli.compile",
    "completion": "errbook.cli.completion",
    "mcp": "errbook.cli.mcp",
    "preview": "errbook_site.cli.preview",
    "build": "errbook_site.cli.build",
    "serve": "errbook_api.cli",
}
"""Every command and its module. Anything else that is typed is a query.

The last three belong to rooms that stand above the library and come with its extras. They are named here and not
imported, so the library does not depend on them.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    module, rest = (COMMANDS[given[0]], given[1:]) if given and given[0] in COMMANDS else ("errbook.cli.lookup", given)
    try:
        code: int = import_module(module).run(rest)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough. Python would complain once more when it closes stdout at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        message = _expected(error)
        if message is None:
            raise
        print(f"errbook: {message}", file=sys.stderr)
        return 2
    return code


def _expected(error: Exception) -> str | None:
    """Return the message of an error that is the user's to mend; None for a defect, which shows its traceback."""
    from errbook.database import DatabaseError
    from errbook.places import PlaceError

    if isinstance(error, (DatabaseError, PlaceError)):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and error.name:
        # A command of an extra that is not installed.
        extra = {
            "errbook_api": "api",
            "fastapi": "api",
            "uvicorn": "api",
            "errbook_site": "site",
            "mkdocs": "site",
            "mcp": "mcp",
            "mcp_types": "mcp",
        }
        if error.name.split(".")[0] in extra:
            return f"{error.name} is not installed; run: pip install 'errbook[{extra[error.name.split('.')[0]]}]'"
    if type(error).__name__ in ("LabError", "CatalogError"):
        return str(error)
    if type(error).__name__ == "CheckFailed":
        from errbook import problem

        lines = [problem.text(item) for item in error.problems]  # type: ignore[attr-defined] # it is a CheckFailed
        return "\n".join([str(error), *lines])
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return None
