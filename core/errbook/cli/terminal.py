"""What the terminal can show: its width, colours, links, and a pager when there is more than a screen."""

from __future__ import annotations

import os
import sys

from errbook.render.style import COLOUR, PLAIN, Style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

MAX_WIDTH = 100
"""Prose in longer lines is tiring to read."""


def is_terminal() -> bool:
    """Tell whether a person reads the output."""
    return sys.stdout.isatty()


def style(stream: TextIO | None = None) -> Style:
    """Return colours and links for a terminal; plain for pipes, ``TERM=dumb`` and NO_COLOR (https://no-color.org).

    `stream` is where the text goes, standard output where nothing is given.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not (stream or sys.stdout).isatty():
        return PLAIN
    return COLOUR


def width() -> int:
    """Return how many columns prose may take: the terminal's, between 40 and MAX_WIDTH, or 80 in a pipe."""
    if not is_terminal():
        return 80
    from shutil import get_terminal_size

    return max(40, min(MAX_WIDTH, get_terminal_size().columns))


def show(text: str, paged: bool = True) -> None:
    """Write a text; through the pager where a person reads and it is longer than the screen."""
    if paged and is_terminal():
        from shutil import get_terminal_size, which

        pager = os.environ.get("PAGER", "less")
        command = pager.split()
        if text.count("\n") >= get_terminal_size().lines and command and which(command[0]):
            import subprocess

            environment = {"LESS": "FRX", **os.environ}
            # The pager is the user's own choice, as for git and man.
            subprocess.run(command, input=text.encode(), env=environment, check=False)  # noqa: S603
            return
    sys.stdout.write(text)
