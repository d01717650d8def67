"""Packages of a Debian suite, unpacked without being installed, by mmdebstrap."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from errbook.lab.server import LabError, Tree

MISSING: Final = "mmdebstrap is missing; as root: apt-get install mmdebstrap"

_OPTIONS: Final = (
    "--quiet",
    "--variant=extract",
    # Nothing of the packages is run, so this needs neither root nor a user namespace.
    "--mode=chrootless",
    # A mirror that has not been renewed for a while is good enough to take a server from.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=Acquire::Retries "3"',
)

_TRIES: Final = 3
"""How often a tree is fetched before that counts as failed: mirrors and their proxies fail now and then."""

_SHOWN: Final = 40
"""Lines of what a program said that are shown."""

_NOT_KEPT: Final = (
    *("boot", "dev", "etc", "home", "media", "mnt", "opt", "proc", "root", "run", "srv", "sys", "tmp", "var"),
    *(f"usr/share/{name}" for name in ("bug", "doc", "gdb", "info", "lintian", "locale", "man", "menu", "perl")),
)
"""Folders that no server reads."""

_MOVED: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""On an installed system these are links to the folders of /usr; in packages of older suites they are not."""

_LINKS: Final = {"sh": "dash", "awk": "mawk"}
"""Made when the packages are installed; scripts of the servers need them."""


def unpack(tree: Tree, folder: Path, lock: int) -> None:
    """Fetch the packages of a tree with all that they need, and unpack what is kept into `folder`; LabError.

    `lock` is a descriptor that the programs shall inherit. What fails is tried again, and said on stderr.
    """
    if shutil.which("mmdebstrap") is None:
        raise LabError(f"{tree.name}: {MISSING}")
    for number in range(1, _TRIES + 1):
        try:
            return _unpack(tree, folder, lock)
        except LabError as error:
            if number == _TRIES:
                raise
            print(f"errbook: {error}\nerrbook: {tree.name}: try {number + 1} of {_TRIES}", file=sys.stderr, flush=True)
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _unpack(tree: Tree, folder: Path, lock: int) -> None:
    # As a stream: what is unpacked here belongs to the user, whoever that is, without any setuid bit.
    fetch = ["mmdebstrap", *_OPTIONS, f"--include={','.join(tree.packages)}", str(tree.debian), "-"]
    take = ["tar", "--extract", f"--directory={folder}", "--no-same-owner", "--no-same-permissions"]
    # To the end of the pipe: who stops at the archive's end mark breaks it for what mmdebstrap writes behind that.
    take += ["--ignore-zeros"]
    take += [f"--exclude=./{name}" for name in _NOT_KEPT]
    # flags=r: in names only, not in what links point to.
    take += [f"--transform=flags=r;s,^\\./{name}/,./usr/{name}/," for name in _MOVED]
    take += [f"./{path}" for path in tree.keeps]
    with (
        subprocess.Popen(  # noqa: S603 - our own words
            fetch,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[lock],
            # When something goes wrong, mmdebstrap ends all processes of its group.
            process_group=0,
        ) as fetching,
        subprocess.Popen(  # noqa: S603 - our own words
            take, stdin=fetching.stdout, stderr=subprocess.PIPE, umask=0o022, pass_fds=[lock]
        ) as taking,
    ):
        assert fetching.stdout is not None  # noqa: S101 - it is a pipe
        assert fetching.stderr is not None  # noqa: S101 - it is a pipe
        # Only tar may hold the pipe, so that each program ends when the other does.
        fetching.stdout.close()
        said = fetching.stderr.read().decode(errors="replace")
        complaint = taking.communicate()[1].decode(errors="replace")
    if fetching.returncode or taking.returncode:
        # When tar ends early, mmdebstrap says no more than that it failed.
        text = "\n".join(f"{said}\n{complaint}".strip().splitlines()[-_SHOWN:])
        raise LabError(
            f"{tree.name}: {', '.join(tree.packages)} of Debian {tree.debian} could not be got with mmdebstrap; "
            f"see whether `mmdebstrap --variant=extract --include={tree.packages[0]} {tree.debian} -` works:\n{text}"
        )
    for name in _MOVED:
        place = folder / name
        if place.is_dir() and not place.is_symlink():
            # tar makes the folders themselves under their old names.
            place.rmdir()
    for name, program in _LINKS.items():
        if (folder / "usr/bin" / program).exists() and not (folder / "usr/bin" / name).exists():
            (folder / "usr/bin" / name).symlink_to(program)
