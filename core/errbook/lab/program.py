"""Programs of a tree, as they are run inside a cell."""

from __future__ import annotations

import shlex
from pathlib import Path

from errbook.lab.bubblewrap import SERVERS
from errbook.lab.server import LabError, Tree

_MOVED = ("bin", "sbin", "lib", "lib64")

_UNSET = ("LD_PRELOAD", "LD_LIBRARY_PATH", "MARIADB_PLUGIN_DIR")
"""What the host's programs need, and what would disturb those of a tree."""


def words(tree: Tree, name: str) -> list[str]:
    """Return the beginning of a command line that runs a program of a tree, one that it needs or offers; LabError.

    A program of Debian gets the tree's /usr as its /usr, so that it finds what it was built to find. It still has the
    cell's processes, network, /lab, /run and /tmp.
    """
    root = f"{SERVERS}/{tree.name}"
    path = _path(tree, name)
    if not tree.debian:
        return [f"{root}/{path}"]
    found = ["bwrap", "--die-with-parent", "--ro-bind", f"{root}/usr", "/usr"]
    for folder in _MOVED:
        found += ["--symlink", f"usr/{folder}", f"/{folder}"]
    found += ["--symlink", "../run", "/var/run", "--symlink", "../tmp", "/var/tmp"]  # noqa: S108 - the cell's own
    found += ["--dev-bind", "/dev", "/dev"]
    for file in ("passwd", "group", "hosts", "nsswitch.conf"):
        found += ["--ro-bind", f"/etc/{file}", f"/etc/{file}"]
    for folder in ("proc", "lab", "run", "tmp"):
        found += ["--bind", f"/{folder}", f"/{folder}"]
    for variable in _UNSET:
        found += ["--unsetenv", variable]
    return [*found, "--setenv", "PATH", "/usr/sbin:/usr/bin", f"/{path}"]


def wrap(tree: Tree, folder: Path) -> None:
    """Write a script for every program that a tree offers, so that it can be run by its name.

    Where a tree before it has taken the name, the tree's own stands in front of it: ``mysql-9.7-mysql``.
    """
    for name in tree.offers:
        script = folder / name
        if script.exists():
            script = folder / f"{tree.name}-{name}"
        # A step may leave a program in the background that outlives its shell; it ends with the cell.
        command = shlex.join(word for word in words(tree, name) if word != "--die-with-parent")
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        script.chmod(0o755)


def _path(tree: Tree, name: str) -> str:
    needed = {Path(path).name: path for path in tree.needs}
    if name in needed:
        return needed[name]
    if name in tree.offers:
        # All that is offered lies beside the first of it.
        return str(Path(needed[tree.offers[0]]).with_name(name))
    raise LabError(f"servers.yaml: {name} is not among the needs of {tree.name}")
