"""Starts the service: ``errbook serve``, ``python -m errbook_api``."""

import os
import socket
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels

from errbook import problem
from errbook.compile import CheckFailed
from errbook.database import DatabaseError
from errbook.fresh import ensure
from errbook.knowledge import Knowledge
from errbook.places import PlaceError, database
from errbook_api import app
from errbook_api.front import Front
from errbook_api.settings import Settings, SettingsError, read

_USAGE = """usage: errbook serve

Serve the site and the API until stopped. Settings come from the environment:

{settings}
"""


def main(arguments: Sequence[str]) -> int:
    """Serve with the settings of the environment until stopped; return the exit code."""
    if arguments:
        known = arguments[0] in ("-h", "--help")
        about = sys.modules[read.__module__].__doc__ or ""
        print(_USAGE.format(settings=about.partition("\n\n")[2]), file=sys.stdout if known else sys.stderr)
        return 0 if known else 2
    try:
        return run(read())
    except SettingsError as error:
        print(f"errbook: {error}", file=sys.stderr)
        return 2


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; requests in flight are finished. Return the exit code: 2 when it cannot start."""
    try:
        path = _knowledge()
        _free(settings)
    except (CheckFailed, DatabaseError, PlaceError, OSError) as error:
        print(f"errbook: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="errbook-") as folder:
        shared = Path(folder) if settings.workers > 1 else None
        server = Granian(
            "errbook",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            workers=settings.workers,
            loop=Loops.uvloop,
            log_level=LogLevels.warning,
            respawn_failed_workers=True,
            workers_kill_timeout=settings.stop_seconds,
            process_name=None,
        )
        for line in _welcome(settings):
            print(line, file=sys.stderr, flush=True)
        try:
            server.serve(target_loader=partial(load, settings, path, shared), wrap_loader=False)
        except SystemExit as stopped:
            return int(stopped.code or 0)
    return 0


def load(settings: Settings, path: Path, shared: Path | None) -> Front:
    """Return the application of one process; called in that process."""
    return app.front(app.service(settings, path, shared))


def _knowledge() -> Path:
    """Return the compiled file to serve. With problems in changed files, say so and serve what was compiled before."""
    target = database()
    try:
        target = ensure()
    except CheckFailed as failed:
        for item in failed.problems:
            print(problem.text(item), file=sys.stderr)
        if not target.is_file():
            raise
        print(f"errbook: {failed}; serving what was compiled before. Run: errbook check", file=sys.stderr)
    Knowledge(target).close()
    return target


def _free(settings: Settings) -> None:
    """Raise OSError with a plain message when the port cannot be had: several processes share it later, unasked."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
            probe.listen()
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise OSError(
                f"cannot listen on {settings.host}:{settings.port} ({why}); set ERRBOOK_PORT or ERRBOOK_HOST"
            ) from error


def _welcome(settings: Settings) -> list[str]:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    base = f"http://{host}:{settings.port}"
    lines = [f"errbook: listening on {settings.host}:{settings.port}, {settings.workers} process(es)"]
    if settings.site_dir:
        lines.append(f"  site  {base}/")
    elif not settings.site_url:
        lines.append("  site  not built; run: errbook build")
    return [*lines, f"  API   {base}/errors/1040", f"  docs  {base}/docs"]
