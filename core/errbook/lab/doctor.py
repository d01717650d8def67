"""Whether everything works that the lab needs, and what to do where it does not."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from errbook.lab import bubblewrap, cache, debian, npm, shell
from errbook.lab.server import PYTHON, Server, trees


class Finding(NamedTuple):
    """What was looked at and what is wrong with it."""

    subject: str
    wrong: str | None
    """With the command that mends it; None where all is well."""
    note: str = ""


def examine(servers: Sequence[Server]) -> Iterator[Finding]:
    """Look at what servers need and, for each of them, at every file and at whether it starts and can be asked."""
    yield Finding("cells", bubblewrap.denied())
    lacking = {tree for server in servers for tree in server.trees if cache.broken(tree)}
    if any(tree.debian for tree in lacking):
        yield Finding("mmdebstrap", None if shutil.which("mmdebstrap") else debian.MISSING)
    if not all(tree.debian for tree in lacking):
        yield Finding("npm", None if shutil.which("npm") else npm.MISSING)
    for tree in trees().values():
        if tree.python not in (None, PYTHON):
            note = f"it is for Python {tree.python} and this is {PYTHON}: proofs that import it cannot be executed here"
            yield Finding(tree.name, None, note)
    for server in servers:
        yield Finding(server.id, _sickness(server), cache.version(server) or "")


def _sickness(server: Server) -> str | None:
    if reason := cache.unable(server.family) or cache.lacking(server.modules):
        return reason
    mend = f"run: errbook lab get {server.id}"
    for tree in server.trees:
        if reason := cache.broken(tree, thorough=True):
            return f"{tree.name} is {reason}; {mend}"
    if reason := cache.unready(server, thorough=True):
        return f"{reason}; {mend}"
    if not server.client:
        return None
    process = shell.piped(server, shell.PLAIN, stderr=subprocess.PIPE)
    said = process.communicate()[1].decode(errors="replace").strip()
    return f"it does not start: {said}" if process.returncode else None
