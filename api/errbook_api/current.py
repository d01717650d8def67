"""The knowledge in use, and the one place where it is replaced.

A request takes `Current.now` once and works with that to its end, so it never sees half of one knowledge and half of
another.
"""

import time
from pathlib import Path
from typing import NamedTuple

from errbook.knowledge import Knowledge
from errbook_api.representation import Policy
from errbook_api.table import Table, build

Stamp = tuple[int, int, int]
"""Inode, size and modification time: changes whenever a file is replaced or rewritten."""


class Snapshot(NamedTuple):
    """One knowledge with its table, digest, number of entries, file stamp, and when it was loaded (Unix seconds)."""

    knowledge: Knowledge
    table: Table
    digest: str
    entries: int
    stamp: Stamp | None
    loaded: float


class Current:
    """Holds the knowledge in use and says whether it is behind its inputs (`problem` tells why)."""

    def __init__(self, path: Path, policy: Policy, limit: int) -> None:
        """Load a compiled file; `limit` is the table's, in bytes. DatabaseError when the file cannot be read."""
        self.path, self.policy, self.limit = path, policy, limit
        self.problem: str | None = None
        self.reloads = {"ok": 0, "failed": 0}
        self.now = self.load()

    def load(self) -> Snapshot:
        """Return the file's present knowledge with its table, not yet in use. Slow: call it in a thread."""
        stamp = stamp_of(self.path)
        knowledge = Knowledge(self.path)
        before = self.now.table if hasattr(self, "now") else None
        try:
            table = build(knowledge, self.policy, self.limit, before)
            # What the identifier reads is read now, and not when the first text waits for it.
            knowledge.identify("")
            return Snapshot(knowledge, table, knowledge.digest, len(knowledge), stamp, time.time())
        except BaseException:
            knowledge.close()
            raise

    def take(self, snapshot: Snapshot) -> Knowledge:
        """Put a loaded knowledge into use and return the old one, to be closed when nobody can be using it any more."""
        old, self.now = self.now.knowledge, snapshot
        self.problem = None
        self.reloads["ok"] += 1
        return old

    def failed(self, problem: str) -> None:
        """Note that the newest inputs cannot be taken into use, and why; what is in use stays."""
        self.problem = problem
        self.reloads["failed"] += 1


def stamp_of(path: Path) -> Stamp | None:
    """Return the stamp of a file; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
