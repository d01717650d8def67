"""Takes changed knowledge over while the service runs.

Twice a second the inputs are looked at. Changed ones are checked and compiled by a process of their own, so that
requests are not held up; the new file is opened and its table built in a thread; then one assignment puts it into use.
When any of that fails, what is in use stays, and `Current.problem` says why.
"""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

from errbook import places
from errbook.fresh import is_fresh, signature
from errbook_api.current import Current, stamp_of
from errbook_api.observe import Observer

INTERVAL = 0.5
"""Seconds between two looks. Inputs count as changed when two looks agree: an editor or git may be writing."""

LINGER = 60.0
"""Seconds after which a replaced knowledge is closed; no request takes that long."""

_COMPILE = """
import fcntl, sys
from pathlib import Path
from errbook import problem
from errbook.compile import CheckFailed
from errbook.fresh import ensure
target = Path(sys.argv[1])
# The workers of a service see a change at the same time: the first compiles, the others find it done.
with target.with_name(f".{target.name}.ensure").open("w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        ensure(target)
    except CheckFailed as failed:
        sys.exit("\\n".join([str(failed), *(problem.text(item) for item in failed.problems[:20])]))
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")
"""


class Watch:
    """Keeps a `Current` in step with its inputs until it is cancelled."""

    def __init__(self, current: Current, observer: Observer) -> None:
        """Prepare to watch; `run` does it. What happens is told to `observer`."""
        self._current, self._observer = current, observer
        self._seen: str | None = None
        self._tried: str | None = None
        self._refused = current.now.stamp
        # A file that was named, or that came with the package, is taken as it is; only its replacement is noticed.
        path = current.path
        self._compiles = not os.environ.get("ERRBOOK_DB") and not path.is_relative_to(places.DATA)

    async def run(self) -> None:
        """Look, compile, load, for ever."""
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                if self._compiles:
                    await self._compile()
                await self._load()
            except Exception as error:  # noqa: BLE001 - whatever it is, what is in use stays, and the next look may succeed
                self._fail(f"{type(error).__name__}: {error}")

    async def _compile(self) -> None:
        layers = places.layers()
        found = await asyncio.to_thread(signature, layers)
        settled, self._seen = found == self._seen, found
        if not settled or found == self._tried:
            return
        self._tried = found
        if is_fresh(self._current.path, found):
            self._current.problem = None
            return
        problem = await compile_aside(self._current.path)
        if problem:
            self._fail(problem)
        elif stamp_of(self._current.path) == self._current.now.stamp:
            self._current.problem = None

    async def _load(self) -> None:
        stamp = stamp_of(self._current.path)
        if stamp is None or stamp in (self._current.now.stamp, self._refused):
            return
        # A file that cannot be read is not tried again until it is replaced.
        self._refused = stamp
        snapshot = await asyncio.to_thread(self._current.load)
        old = self._current.take(snapshot)
        self._observer.event("info", "reload", digest=snapshot.digest, entries=snapshot.entries)
        asyncio.get_running_loop().call_later(LINGER, old.close)

    def _fail(self, problem: str) -> None:
        if problem != self._current.problem:
            self._current.failed(problem)
            self._observer.event("error", "reload-failed", problem=problem)


async def compile_aside(target: Path) -> str | None:
    """Check and compile the inputs of a target in a process of its own; return what is wrong, None when all is well."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _COMPILE, str(target)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        _, errors = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return errors.decode(errors="replace").strip() or f"exit code {process.returncode}" if process.returncode else None
