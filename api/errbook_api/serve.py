"""Starts and stops the service."""

import socket
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

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
from errbook_api.settings import Settings


def run(chosen: Settings) -> int:
    """Serve until SIGTERM or SIGINT; requests in flight are finished. Return the exit code: 2 when it cannot start."""
    try:
        path = _knowledge()
        address = _free(chosen)
        if chosen.access_log not in ("on", "off"):
            # Each process opens it later; what is wrong with it is said once and now.
            Path(chosen.access_log).open("ab").close()
    except (CheckFailed, DatabaseError, PlaceError, OSError) as error:
        print(f"errbook: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="errbook-") as folder:
        shared = Path(folder) if chosen.workers > 1 else None
        server = Granian(
            "errbook",
            address=address,
            port=chosen.port,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            workers=chosen.workers,
            loop=Loops.uvloop,
            log_level=LogLevels.warning,
            respawn_failed_workers=True,
            workers_kill_timeout=chosen.stop_seconds,
            process_name=None,
        )
        for line in _welcome(chosen):
            print(line, file=sys.stderr, flush=True)
        try:
            server.serve(target_loader=partial(load, chosen, path, shared), wrap_loader=False)
        except SystemExit as stopped:
            return int(stopped.code or 0)
    return 0


def load(chosen: Settings, path: Path, shared: Path | None) -> Any:
    """Return the application of one process, a Front; called in that process. Granian's types know functions only."""
    return app.front(app.service(chosen, path, shared))


def _knowledge() -> Path:
    """Return the compiled file to serve. With problems in changed files, say so and serve what was compiled before."""
    target = database()
    try:
        target = Path(ensure())
    except CheckFailed as failed:
        for item in failed.problems:
            print(problem.text(item), file=sys.stderr)
        if not target.is_file():
            raise
        print(f"errbook: {failed}; serving what was compiled before. Run: errbook check", file=sys.stderr)
    Knowledge(target).close()
    return target


def _free(chosen: Settings) -> str:
    """Return the IP address to listen on; OSError with a plain message when the port cannot be had there.

    It is tried here because granian's processes share a port, and would share it with a stranger too.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(chosen.host, chosen.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        where = f"{chosen.host}:{chosen.port}"
        raise OSError(f"cannot listen on {where} ({error.strerror}); set ERRBOOK_PORT or ERRBOOK_HOST") from error
    return str(address[0])


def _welcome(chosen: Settings) -> list[str]:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(chosen.host, chosen.host)  # noqa: S104 - compared, not bound
    base = f"http://[{host}]:{chosen.port}" if ":" in host else f"http://{host}:{chosen.port}"
    lines = [f"errbook: listening on {chosen.host}:{chosen.port}, {chosen.workers} process(es)"]
    if chosen.site_dir:
        lines.append(f"  site  {base}/")
    elif not chosen.site_url:
        lines.append("  site  not built; run: errbook build")
    return [*lines, f"  API   {base}/errors/1040", f"  docs  {base}/docs"]
