"""Run before bubblewrap, as a program of its own: leave the kernel's keys of the session behind (keyrings(7)).

No namespace holds them back: what runs in a cell could read every key of the session in which errbook was started. The
arguments are the command line to go on with. It imports nothing of errbook, since it is run without site-packages.
"""

import ctypes
import errno
import os
import platform
import sys

_KEYCTL = {"x86_64": 250, "i686": 288, "armv7l": 311, "ppc64le": 271, "s390x": 280}
"""The number of the system call keyctl, where it is not that of include/uapi/asm-generic/unistd.h."""

_GENERIC = 219

_JOIN_SESSION_KEYRING = 1
"""KEYCTL_JOIN_SESSION_KEYRING of include/uapi/linux/keyctl.h; without a name, it makes a new, empty one."""

_NO_KEYS = (errno.ENOSYS, errno.EPERM)
"""There are no keys, or nobody in this container may ask for them: neither may a cell."""


def main(words: list[str]) -> None:
    """Do it and become the program; RuntimeError where the keys cannot be left behind."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = _KEYCTL.get(platform.machine(), _GENERIC)
    if libc.syscall(number, _JOIN_SESSION_KEYRING, None) < 0 and ctypes.get_errno() not in _NO_KEYS:
        raise RuntimeError(f"no new session keyring: {os.strerror(ctypes.get_errno())}")
    os.execvp(words[0], words)  # noqa: S606 - as for subprocess, without a shell


if __name__ == "__main__":
    main(sys.argv[1:])
