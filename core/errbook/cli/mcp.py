"""``errbook mcp``: the knowledge as tools for agents, on standard input and output."""

import argparse
import os
from collections.abc import Sequence

from errbook.cli import reading


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    return argparse.ArgumentParser(
        prog="errbook mcp",
        description="Serve the knowledge to an agent on standard input and output, by the Model Context Protocol, "
        "until the input ends. Configure the agent to run this command; nothing is to be typed here.",
        epilog="environment: ERRBOOK_PATH (private knowledge laid over this), ERRBOOK_DB, ERRBOOK_SITE_URL (address of "
        "the site, for citations)",
    )


def run(arguments: Sequence[str]) -> int:
    """Serve until the input ends; return the exit code."""
    parser().parse_args(arguments)
    from errbook.mcp.server import server

    with reading.knowledge() as knowledge:
        server(lambda: knowledge, os.environ.get("ERRBOOK_SITE_URL", "")).run("stdio")
    return 0
