"""Starts and stops the service."""

import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn
from uvicorn.supervisors import Multiprocess

from errbook import problem
from errbook.compile import CheckFailed
from errbook.database import DatabaseError
from errbook.fresh import ensure
from errbook.knowledge import Knowledge
from errbook.places import PlaceError, database
from errbook_api.app import SHARED
from errbook_api.chat import platforms
from errbook_api.front import Front
from errbook_api.settings import Settings


def run(chosen: Settings) -> int:
    """Serve until SIGTERM or SIGINT; requests in flight are finished. Return the exit code: 2 when it cannot start.

    The processes read their settings from the environment, from which `chosen` was read.
    """
    try:
        # What is wrong with a secret is said once and now, not by each process.
        chats = [platform.path for platform in platforms(chosen)]
        _knowledge()
        listening = _listen(chosen)
        if chosen.access_log not in ("on", "off"):
            # Each process opens it later; what is wrong with it is said once and now.
            Path(chosen.access_log).open("ab").close()
    except (CheckFailed, DatabaseError, PlaceError, OSError) as error:
        print(f"errbook: {error}", file=sys.stderr)
        return 2
    for line in [*_welcome(chosen), *(f"  chat  POST {path}" for path in chats)]:
        print(line, file=sys.stderr, flush=True)
    config = uvicorn.Config(
        "errbook_api.app:edge",
        factory=True,
        http=Front,
        ws="none",
        loop="uvloop",
        lifespan="on",
        workers=chosen.workers,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="error",
        backlog=1024,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=chosen.stop_seconds,
    )
    with listening:
        if chosen.workers == 1:
            return _alone(uvicorn.Server(config), listening)
        with tempfile.TemporaryDirectory(prefix="errbook-") as folder:
            os.environ[SHARED] = folder
            Multiprocess(config, [listening]).run()
    return 0


def _alone(server: uvicorn.Server, listening: socket.socket) -> int:
    # uvicorn raises the signal that ended it once more when it is done, so that a process is seen to end by it; for
    # us an ordered stop is a success.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        server.run(sockets=[listening])
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


def _knowledge() -> None:
    """Make sure of a compiled file. With problems in changed files, say so and serve what was compiled before."""
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


def _listen(chosen: Settings) -> socket.socket:
    """Return the listening socket; OSError with a plain message when the port cannot be had there."""
    try:
        family, _, _, _, address = socket.getaddrinfo(chosen.host, chosen.port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(1024)
            listening.set_inheritable(True)
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        where = f"{chosen.host}:{chosen.port}"
        raise OSError(f"cannot listen on {where} ({error.strerror}); set ERRBOOK_PORT or ERRBOOK_HOST") from error
    return listening


def _welcome(chosen: Settings) -> list[str]:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(chosen.host, chosen.host)  # noqa: S104 - compared, not bound
    base = f"http://[{host}]:{chosen.port}" if ":" in host else f"http://{host}:{chosen.port}"
    lines = [f"errbook: listening on {chosen.host}:{chosen.port}, {chosen.workers} process(es)"]
    if chosen.site_dir:
        lines.append(f"  site  {base}/")
    elif not chosen.site_url:
        lines.append("  site  not built; run: errbook build")
    return [*lines, f"  API   {base}/errors/1040", f"  docs  {base}/docs"]
