"""A terminal of its own for a cell, joined to the user's: what runs inside can type into no terminal but this one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import tty
from collections.abc import Sequence
from typing import Final

from errbook.lab.bubblewrap import ENVIRONMENT

_SIZE: Final = 8
"""Bytes of struct winsize (ioctl_tty(2))."""


def run(words: Sequence[str], descriptors: Sequence[int]) -> int:
    """Run bubblewrap on a new terminal, in place of the user's until it ends; return its exit code.

    Standard input must be a terminal. bubblewrap reads the `descriptors`, and they are closed here.
    """
    child, master = pty.fork()
    if child == 0:
        for descriptor in descriptors:
            os.set_inheritable(descriptor, True)
        # Ctrl-C is for the client, which sets a handler of its own; around it, nothing may end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.execvpe(words[0], list(words), ENVIRONMENT)  # noqa: S606 - as for subprocess, without a shell
    for descriptor in descriptors:
        os.close(descriptor)
    before = termios.tcgetattr(sys.stdin)

    def resize(*_: object) -> None:
        with contextlib.suppress(OSError):
            fcntl.ioctl(master, termios.TIOCSWINSZ, fcntl.ioctl(sys.stdin, termios.TIOCGWINSZ, b"\0" * _SIZE))

    resize()
    old = signal.signal(signal.SIGWINCH, resize)
    try:
        tty.setraw(sys.stdin)
        _relay(master)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)
        signal.signal(signal.SIGWINCH, old)
        os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _relay(master: int) -> None:
    """Carry bytes both ways until the other side is gone."""
    sources = [master, sys.stdin.fileno()]
    while True:
        ready, _, _ = select.select(sources, [], [])
        for source in ready:
            try:
                data = os.read(source, 1 << 14)
            except OSError:
                # Linux answers so when the last process with the terminal has ended.
                data = b""
            if source == master:
                if not data:
                    return
                os.write(sys.stdout.fileno(), data)
            elif data:
                os.write(master, data)
            else:
                sources.remove(source)
