"""``errbook preview ENGINE/CODE``: see one entry as its page, rendered again at each save."""

import argparse
from collections.abc import Sequence

from errbook_site import preview


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook preview",
        description="Serve the page of one entry on this machine and render it again whenever its file is saved. "
        "Problems of the file are shown on the page.",
    )
    made.add_argument("entry", metavar="ENGINE/CODE", help="the entry, such as mysql/1205")
    made.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    made.add_argument("--port", type=int, default=8001, help="default: %(default)s")
    return made


def run(arguments: Sequence[str]) -> int:
    """Serve the page until interrupted; return the exit code."""
    options = parser().parse_args(arguments)
    return preview.run(options.entry, options.host, options.port)
