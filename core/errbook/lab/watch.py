"""A thread that looks at the clock while another one is busy with a play."""

import threading
import time
from collections.abc import Callable
from typing import Final, NoReturn, Protocol

POLL: Final = 0.05
"""Seconds between two looks."""

ENDING: Final = 5.0
"""Seconds that what was cancelled gets to end."""


class Timed(Protocol):
    """What is looked at."""

    def overdue(self) -> bool:
        """Cancel what takes too long; tell whether something did. Called from the thread that looks."""


class Watch:
    """Looks at one thing at a time, from when it begins until it ends."""

    def __init__(self, give_up: Callable[[], NoReturn]) -> None:
        """`give_up`: called where what was cancelled does not end; it must end the process."""
        self._give_up = give_up
        self._lock = threading.Lock()
        self._busy: Timed | None = None
        threading.Thread(target=self._look, name="watch", daemon=True).start()

    def begin(self, work: Timed) -> None:
        """Look at this from now on."""
        self._busy = work

    def end(self) -> None:
        """Look at nothing, after the look that is being taken."""
        with self._lock:
            self._busy = None

    def _look(self) -> None:
        since = None
        while True:
            time.sleep(POLL)
            with self._lock:
                if self._busy is None or not self._busy.overdue():
                    since = None
                    continue
                since = since or time.monotonic()
                if time.monotonic() - since > ENDING:
                    self._give_up()
