"""Where the lab keeps things: outside of any checkout, so that a fresh clone on the same machine starts at once.

ERRBOOK_LAB
    The folder. Default: ``errbook/lab`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.
XDG_RUNTIME_DIR
    Holds the sockets of servers that `errbook lab up` started; without it, they lie in the folder too.
"""

from __future__ import annotations

import os
from pathlib import Path

from errbook.lab.server import Server, Tree


def folder() -> Path:
    """Return the folder of the lab; it need not exist."""
    if named := os.environ.get("ERRBOOK_LAB"):
        return Path(named).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "errbook", "lab").absolute()


def tree_folder(tree: Tree) -> Path:
    """Return where the files of a tree are."""
    return folder() / "trees" / tree.name


def template_file(server: Server) -> Path:
    """Return the tar file with the initialised data folder of a server; it is empty where the server has none."""
    return folder() / "templates" / f"{file_name(server)}.tar"


def running_folder(server: Server) -> Path:
    """Return where the sockets of a server in the background are."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    return (Path(base, "errbook-lab") if base and Path(base).is_dir() else folder() / "up") / file_name(server)


def file_name(server: Server) -> str:
    """Return the name of a server as files are named."""
    return server.id.replace(":", "-")
