"""The cache of the lab: the trees that servers are taken from, and their initialised data folders.

It belongs to one user (`errbook.lab.places`). A tree or a data folder becomes part of it by its manifest, which is
written last; what an interrupted or broken fetch leaves behind has none, or does not fit it, and is got again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

from errbook.lab import bubblewrap, debian, npm, places
from errbook.lab.server import LabError, Server, Tree, families

Part = TypeVar("Part")

Say = Callable[[str], None]
"""Takes a line about what is being done."""

_LAYOUT: Final = "2"
"""Changes when the same packages are to be unpacked in another way."""

_AT_ONCE: Final = 3
"""How many trees are fetched side by side: one of them waits for the network, the others unpack."""


def broken(tree: Tree, thorough: bool = False) -> str | None:
    """Return what is wrong with a tree in the cache, None for nothing.

    The cheap check looks at the files without which the tree is useless; the thorough one at all of them.
    """
    root = places.tree_folder(tree)
    manifest = _read(root)
    if manifest is None:
        return "half-finished" if root.exists() else "not got yet"
    if manifest.get("of") != _wanted(tree):
        return "got for another version of errbook"
    files: dict[str, int] = manifest["files"]
    for name in files if thorough else tree.needs:
        try:
            size = os.lstat(root / name).st_size
        except OSError:
            return f"{root / name} is gone"
        if size != files.get(name):
            return f"{root / name} has {size} bytes in place of {files.get(name)}"
    return None


def unready(server: Server, thorough: bool = False) -> str | None:
    """Return what is wrong with a server in the cache beside its trees, None for nothing."""
    path = places.template_file(server)
    manifest = _read(path)
    if manifest is None or not path.is_file():
        return "never started yet"
    if manifest.get("of") != _programs(server):
        return "initialised by other programs"
    if manifest["size"] != path.stat().st_size:
        return f"{path} has {path.stat().st_size} bytes in place of {manifest['size']}"
    if thorough and manifest["digest"] != _digest(path):
        return f"{path} was changed"
    return None


def missing(server: Server) -> str | None:
    """Return why a server cannot run here and now, with the command that mends it; None where it can."""
    if reason := unable(server.family) or lacking(server.modules):
        return reason
    for tree in server.trees:
        if reason := broken(tree):
            return f"{tree.name} is {reason}; run: errbook lab get {server.id}"
    if reason := unready(server):
        return f"{reason}; run: errbook lab get {server.id}"
    return None


def unable(family: str) -> str | None:
    """Return why no cell can be made or no server of a family be talked to, got or not; None where both can."""
    return bubblewrap.denied() or lacking(families()[family].drivers)


def lacking(modules: Sequence[str]) -> str | None:
    """Return that one of some Python modules is missing, with the command that mends it; None where none is."""
    # Of mysql.connector the parent: looking for the module itself would import that.
    for name in modules:
        if find_spec(name.partition(".")[0]) is None:
            return f"the Python module {name} is missing; run: pip install 'errbook[lab]', or make lab in a clone"
    return None


def version(server: Server) -> str | None:
    """Return the exact version of a server that was got, None where it was not."""
    manifest = _read(places.template_file(server))
    return None if manifest is None else str(manifest["version"])


def size(server: Server) -> int:
    """Return how many bytes of the cache a server uses; trees that it shares with others count for each."""
    manifests = [_read(places.tree_folder(tree)) for tree in server.fetched]
    trees = sum(sum(manifest["files"].values()) for manifest in manifests if manifest)
    template = _read(places.template_file(server))
    return int(trees + (template["size"] if template else 0))


def get(server: Server, say: Say) -> None:
    """Have everything of a server in the cache: fetch or repair what is not there, and say what is done; LabError."""
    get_all([server], say)


def get_all(servers: Sequence[Server], say: Say, thorough: bool = False) -> None:
    """Have everything of several servers in the cache, side by side where that helps.

    `thorough` looks at every file in place of those that matter most. LabError, after everything that could be got
    was got, with all that went wrong.
    """
    trees = list(dict.fromkeys(tree for server in servers for tree in server.fetched))
    wrong: list[LabError] = []
    lost: set[Tree] = set()
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        for tree, error in zip(trees, pool.map(partial(_attempt, _get_tree, say, thorough), trees), strict=True):
            if error:
                wrong.append(error)
                lost.add(tree)
        whole = [server for server in servers if lost.isdisjoint(server.trees)]
        wrong += filter(None, pool.map(partial(_attempt, _get_template, say, thorough), whole))
    finally:
        pool.shutdown(cancel_futures=True)
    if wrong:
        raise LabError("\n".join(str(error) for error in wrong))


def _attempt(work: Callable[[Part, Say, bool], None], say: Say, thorough: bool, part: Part) -> LabError | None:
    try:
        work(part, say, thorough)
    except LabError as error:
        return error
    return None


def delete(server: Server, others: Sequence[Server]) -> None:
    """Delete a server from the cache, but for trees that one of the others needs."""
    used = {tree for other in others for tree in other.fetched}
    paths = [places.template_file(server), *(places.tree_folder(tree) for tree in server.fetched if tree not in used)]
    for path in paths:
        with _lock(path.name):
            _forget(path)


def _get_tree(tree: Tree, say: Say, thorough: bool) -> None:
    root = places.tree_folder(tree)
    with _lock(root.name, say) as lock:
        reason = broken(tree, thorough)
        if reason is None:
            return
        origin = f"Debian {tree.debian}" if tree.debian else "npm"
        say(f"{tree.name}: {reason}; getting {', '.join(tree.packages)} of {origin}")
        _forget(root)
        scratch = root.with_name(f".{root.name}")
        scratch.mkdir(parents=True)
        (debian if tree.debian else npm).unpack(tree, scratch, lock)
        # In a cell that root opened, the user is another one.
        scratch.chmod(0o755)
        files = _sizes(scratch)
        if lacking := [name for name in tree.needs if name not in files]:
            raise LabError(f"{tree.name}: {', '.join(tree.packages)} came without {', '.join(lacking)}")
        scratch.rename(root)
        _write(root, {"of": _wanted(tree), "files": files})
        say(f"{tree.name}: got, {sum(files.values()) >> 20} MiB")


def _get_template(server: Server, say: Say, thorough: bool) -> None:
    path = places.template_file(server)
    with _lock(path.name, say):
        reason = unready(server, thorough)
        if reason is None:
            return
        if denied := bubblewrap.denied():
            raise LabError(f"{server.id}: {denied}")
        say(f"{server.id}: {reason}; starting it for the first time")
        _forget(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}")
        program = [sys.executable, "-P", "-m", "errbook.lab.template", server.id]
        with scratch.open("wb") as out:
            process = bubblewrap.spawn(server, program, stdout=out, stderr=subprocess.PIPE)
            said = process.communicate()[1].decode(errors="replace").strip()
        if process.returncode:
            raise LabError(f"{server.id} cannot be started: {said}")
        exact = said.splitlines()[-1]
        scratch.chmod(0o644)
        manifest = {
            "of": _programs(server),
            "size": scratch.stat().st_size,
            "digest": _digest(scratch),
            "version": exact,
        }
        scratch.rename(path)
        _write(path, manifest)
        say(f"{server.id}: ready, version {exact}")


@contextlib.contextmanager
def _lock(name: str, say: Say = print) -> Iterator[int]:
    """Let one process at a time work on a part of the cache; give the descriptor that holds the lock.

    The kernel takes the lock back when the last process that has the descriptor ends. Programs that write to the cache
    inherit it, so what goes on after this process was killed is waited for.
    """
    place = places.folder() / "locks"
    place.mkdir(parents=True, exist_ok=True)
    with (place / name).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{name}: another errbook is at it; waiting")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _forget(path: Path) -> None:
    """Delete a part of the cache, its manifest first, and what an interrupted attempt left."""
    _manifest(path).unlink(missing_ok=True)
    for old in (path, path.with_name(f".{path.name}")):
        if old.is_dir():
            shutil.rmtree(old)
        else:
            old.unlink(missing_ok=True)


def _manifest(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(_manifest(path).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(path: Path, value: dict[str, Any]) -> None:
    scratch = path.with_name(f".{path.name}.json")
    with scratch.open("w", encoding="utf-8") as out:
        json.dump(value, out)
        out.flush()
        os.fsync(out.fileno())
    scratch.replace(_manifest(path))


def _sizes(root: Path) -> dict[str, int]:
    """Return every file below a folder with its size; the size of a link is that of its text."""
    found = {}
    for parent, folders, names in os.walk(root):
        for name in names + folders:
            path = Path(parent, name)
            stat = path.lstat()
            if not path.is_dir() or path.is_symlink():
                found[str(path.relative_to(root))] = stat.st_size
    return found


def _wanted(tree: Tree) -> str:
    """Return what tells a tree from one that was got by another version of servers.yaml."""
    return " ".join([_LAYOUT, str(tree.debian), *tree.packages, *tree.keeps])


def _programs(server: Server) -> str:
    """Return what tells a data folder from one that other programs made, or the same ones in another way."""
    parts = [str(_read(places.tree_folder(tree))) for tree in server.trees if tree.name == server.tree]
    kind = server.kind
    parts += [str([kind.initialise, kind.configuration, kind.prepare]), f"{sys.version_info}" if not parts else ""]
    return hashlib.blake2b("".join(parts).encode(), digest_size=8).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()
