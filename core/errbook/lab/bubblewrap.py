"""Running a program in a cell: a process tree that reaches nothing of the host.

A cell has its own user, mount, process, IPC, host name and network namespaces. Inside there is one user without any
privilege, a loopback interface and nothing else on the network, no process of the host, and no file of the host but
what `_files` and `_trees` bind read-only. What is written lies in memory and is gone with the cell, and the kernel ends
the whole cell when the process that opened it ends, however that ends.

Programs of Debian trees run in a second bubblewrap inside the cell, whose /usr is the tree's. That one makes a user
namespace, so ``--disable-userns`` cannot be used for the cell.
"""

from __future__ import annotations

import functools
import itertools
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

from errbook.lab import places
from errbook.lab.server import LabError, Server, trees

MISSING: Final = "bubblewrap is missing; as root: apt-get install bubblewrap"

SERVERS: Final = "/servers"
"""Inside a cell: the folder that holds the trees, each under its name."""

TEMPLATE: Final = f"{SERVERS}/template.tar"
"""Inside a cell: the initialised data folder of the server."""

_ASIDE: Final = "/host"
"""Inside a cell: where that is bound first whose own place is covered later."""

USER: Final = 1000
"""The user inside a cell."""

WRITABLE: Final = {
    "/lab": 4 << 30,
    "/tmp": 256 << 20,  # noqa: S108 - the cell's own
    "/run": 16 << 20,
    "/dev/shm": 256 << 20,  # noqa: S108 - the same
}
"""The only places inside a cell that can be written to, and how many bytes of memory each may take."""

PROCESSES: Final = 4096
"""How many processes and threads a cell may have."""

_OPEN_FILES: Final = 65536

_HOST_USERS: Final = 1_900_000_000
"""Where root opens cells, each one's user is on the host the owner of nothing, and not the user of another cell: this
number and more. systemd's list of who uses which user ids (https://systemd.io/UIDS-GIDS/) has 1879048192 to 2147483647
as unused; 32 cells for each of the 4194304 possible processes fit."""

_ETC: Final = {
    "passwd": f"lab:x:{USER}:{USER}:lab:/lab/home:/bin/sh\n",
    "group": f"lab:x:{USER}:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}

_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

ENVIRONMENT: Final = {"PATH": _PATH}
"""That of bubblewrap itself. The one inside the cell is `environment`."""

_count = itertools.count()


class Options(NamedTuple):
    """What is not the same for all cells."""

    filesystem: int | None = None
    """Bytes of a small file system of its own for the data folder."""
    network: bool = False
    """Share the host's network and have no server inside: for a server of the user's own, declared throwaway, which
    scenarios must reach. Files and processes stay contained, but what runs inside can then reach whatever the host
    can, also services that listen on the host's loopback or on abstract sockets."""
    lasting: bool = False
    """Let the cell outlive this process."""
    terminal: bool = False
    """Leave the controlling terminal as it is. It must have been made for this cell alone: what has a terminal can type
    into it."""
    shared: Mapping[Path, str] = {}
    """Folders of the host that the cell can write to, and where they appear in it."""
    info: int | None = None
    """A descriptor to which bubblewrap writes the number of the cell's first process, as JSON (bwrap(1), --info-fd)."""


PLAIN: Final = Options()


def spawn(
    server: Server | None,
    program: Sequence[str],
    options: Options = PLAIN,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: IO[bytes] | int | None = None,
    stderr: IO[bytes] | int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a cell of a server (None: without any server); return the process that holds the cell.

    LabError where bubblewrap is missing.
    """
    if shutil.which("bwrap") is None:
        raise LabError(MISSING)
    descriptors: list[int] = []
    try:
        return subprocess.Popen(  # noqa: S603 - the words are ours, up to the program, which is to be contained
            command(server, program, options, descriptors),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=ENVIRONMENT,
            cwd="/",
            pass_fds=[*descriptors, *([] if options.info is None else [options.info])],
            # Ctrl-C is for errbook, which ends the cell in its own way.
            start_new_session=True,
        )
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def command(server: Server | None, program: Sequence[str], options: Options, descriptors: list[int]) -> list[str]:
    """Return the words of the command line; files that bubblewrap writes into the cell are added to `descriptors`."""
    root = os.geteuid() == 0
    ends = [] if options.lasting else ["--die-with-parent"]
    words = [sys.executable, "-I", "-S", str(Path(__file__).with_name("threshold.py"))]
    words += ["bwrap", *ends, "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
    words += ["--hostname", "lab"]
    if options.info is not None:
        words += ["--info-fd", str(options.info)]
    words += [] if options.network else ["--unshare-net"]
    words += [] if options.terminal else ["--new-session"]
    own_user = ["--unshare-user", "--uid", str(USER), "--gid", str(USER)]
    # In a user namespace that root makes, the cell's user would be root in the kernel's eyes: it could write to what
    # belongs to root, such as /proc/sys. So root makes the cell without one, then becomes a user who owns nothing, and
    # that one makes the namespace.
    words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if root else own_user
    words += _files(descriptors, options.network)
    server = None if options.network else server
    words += _trees(server) if server else []
    shared = [word for folder, place in options.shared.items() for word in ("--bind", str(folder), place)]
    if root:
        words += shared
        shared = [word for place in options.shared.values() for word in ("--bind", place, place)]
        user = str(_HOST_USERS + os.getpid() * 32 + next(_count) % 32)
        words += ["--remount-ro", "/dev", "--remount-ro", "/", "--"]
        words += ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs", "--inh-caps=-all"]
        words += ["--", "bwrap", *ends, *own_user, "--dev-bind", "/", "/"]
    for place, size in WRITABLE.items():
        words += ["--perms", "1777", "--size", str(size), "--tmpfs", place]
    if options.filesystem is not None:
        words += ["--size", str(options.filesystem), "--tmpfs", "/lab/data"]
    words += _bound_again()
    words += shared
    if not root:
        words += ["--remount-ro", "/dev", "--remount-ro", "/"]
    # Only here: what an engine needs would disturb bubblewrap itself.
    words += ["--clearenv"]
    for name, value in environment(server).items():
        words += ["--setenv", name, value]
    files = min(_OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    words += ["--chdir", "/lab", "--", "prlimit", "--core=0", f"--nproc={PROCESSES}", f"--nofile={files}", "--"]
    return [*words, *program]


def environment(server: Server | None) -> dict[str, str]:
    """Return the environment inside a cell. It is made from nothing: no variable of the host gets in."""
    found = {"PATH": f"/lab/bin:{_PATH}", "HOME": "/lab/home", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    python = _python_path()
    if server and server.modules:
        # `import sqlite3` then gives that module, so that entries run as they are written.
        python.insert(0, str(Path(__file__).parent / "modules" / server.modules[0]))
    for tree in server.trees if server else ():
        library = next((f"{SERVERS}/{tree.name}/{path}" for path in tree.needs if ".so" in path), None)
        if tree.python:
            python.insert(0, f"{SERVERS}/{tree.name}/usr/lib/python3/dist-packages")
        if library and tree.name == server.tree:  # type: ignore[union-attr] # there is a server where there are trees
            # The server is a library: Python's sqlite3 module runs on it, whichever it was linked to.
            found["LD_PRELOAD"] = library
        elif library:
            found["LD_LIBRARY_PATH"] = str(Path(library).parent)
            found["MARIADB_PLUGIN_DIR"] = str(Path(library).parent / "libmariadb3/plugin")
    if python:
        found["PYTHONPATH"] = os.pathsep.join(python)
    return found


@functools.cache
def denied() -> str | None:
    """Return why no cell can be made on this machine, with what to do; None where one can."""
    if shutil.which("bwrap") is None:
        return MISSING
    # The second one is what programs of Debian trees run in.
    process = spawn(None, ["bwrap", "--unshare-user", "--ro-bind", "/", "/", "true"], stderr=subprocess.PIPE)
    said = process.communicate()[1].decode(errors="replace").strip()
    if process.returncode == 0:
        return None
    return (
        f"no cell can be made here ({said or f'exit code {process.returncode}'}); user namespaces must be allowed: as "
        "root, sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0 (the one "
        "that your system has); in a container, start it with --security-opt seccomp=unconfined --cap-add SYS_ADMIN"
    )


def _files(descriptors: list[int], network: bool) -> Iterator[str]:
    """Give the file system that all cells have, read-only."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        link = Path("/", name)
        if link.is_symlink():
            yield from ("--symlink", str(link.readlink()), str(link))
        elif link.is_dir():
            yield from ("--ro-bind", str(link), str(link))
    yield from ("--dev", "/dev", "--proc", "/proc", "--dir", "/var")
    yield from ("--symlink", "../run", "/var/run", "--symlink", "../tmp", "/var/tmp")  # noqa: S108 - the cell's own
    for place in WRITABLE:
        yield from ("--dir", place)
    yield from ("--dir", "/etc")
    of_host = ["alternatives", "ld.so.cache", *(("hosts", "nsswitch.conf", "resolv.conf") if network else ())]
    for name in of_host:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    for name, text in _ETC.items():
        if name in of_host:
            continue
        descriptors.append(_memory(text))
        yield from ("--perms", "0644", "--file", str(descriptors[-1]), f"/etc/{name}")
    for at, path in enumerate(_python_files()):
        # What lies below a place that gets a file system of its own is bound there again afterwards.
        stand_in = Path(_ASIDE, str(at)) if _below_writable(path) else path
        # Parents that bubblewrap makes by itself may be closed to all but their owner.
        for parent in reversed(stand_in.parents[:-1]):
            yield from ("--dir", str(parent))
        yield from ("--ro-bind", str(path.resolve()), str(stand_in))


def _bound_again() -> Iterator[str]:
    """Give what the cell's own file systems would hide: a checkout or a Python below /tmp, say."""
    for at, path in enumerate(_python_files()):
        if _below_writable(path):
            yield from ("--ro-bind", f"{_ASIDE}/{at}" if os.geteuid() == 0 else str(path.resolve()), str(path))


def _below_writable(path: Path) -> bool:
    return any(path.is_relative_to(place) for place in WRITABLE)


def _trees(server: Server) -> Iterator[str]:
    """Give the trees of a server, and hide what the host has of the others' programs."""
    yield from ("--dir", SERVERS)
    for tree in server.trees:
        yield from ("--ro-bind", str(places.tree_folder(tree)), f"{SERVERS}/{tree.name}")
    yield from ("--ro-bind-try", str(places.template_file(server)), TEMPLATE)
    own = {name for tree in server.trees for name in tree.offers}
    foreign = {name for tree in trees().values() for name in tree.offers} - own
    found = (Path(folder, name) for folder in _PATH.split(":") for name in foreign)
    for program in sorted({path.resolve() for path in found if path.exists()}):
        # What is not executable is no program to a shell that looks for one.
        yield from ("--ro-bind", "/dev/null", str(program)) if program.is_relative_to("/usr") else ()


def _memory(text: str) -> int:
    """Return the descriptor of a file that lies in memory and is gone when it is closed."""
    descriptor = os.memfd_create("errbook-lab")
    os.write(descriptor, text.encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _package() -> Path:
    return Path(__file__).resolve().parents[1]


def _python_files() -> list[Path]:
    """Return what the running Python needs of the host beyond /usr, and errbook itself."""
    prefixes = [sys.base_prefix, sys.base_exec_prefix, sys.prefix, os.path.realpath(sys.base_prefix)]
    prefixes.append(str(Path(os.path.realpath(sys.executable)).parents[1]))
    wanted = [Path(prefix, name) for prefix in prefixes for name in ("bin", "lib", "lib64", "pyvenv.cfg")]
    found: list[Path] = []
    for path in dict.fromkeys([*wanted, *_site_packages(), _package()]):
        if path.exists() and not any(path.is_relative_to(other) for other in [Path("/usr"), *found]):
            found.append(path)
    return found


def _site_packages() -> list[Path]:
    """Return the folders of installed packages that lie outside of the running Python's own ones."""
    found = [Path(entry) for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]
    own = {Path(prefix) for prefix in ("/usr", sys.prefix, sys.base_prefix, sys.base_exec_prefix)}
    return [path for path in found if path.is_dir() and not any(path.is_relative_to(prefix) for prefix in own)]


def _python_path() -> list[str]:
    folder = _package().parent
    installed = folder.name in ("site-packages", "dist-packages")
    return [str(path) for path in _site_packages()] + ([] if installed else [str(folder)])
