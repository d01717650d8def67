"""``errbook serve``: serve the site and the API."""

import argparse
import os
import sys
from collections.abc import Sequence

from errbook_api import serve, settings
from errbook_api.settings import SettingsError


def run(arguments: Sequence[str]) -> int:
    """Serve until stopped; the command line goes before the environment. Return the exit code."""
    parser = argparse.ArgumentParser(
        prog="errbook serve",
        description="Serve the site and the API until stopped.",
        epilog=f"environment:\n\n{(settings.__doc__ or '').partition(chr(10) * 2)[2]}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", help="address to listen on (ERRBOOK_HOST)")
    parser.add_argument("--port", help="TCP port (ERRBOOK_PORT)")
    parser.add_argument("--workers", help="number of processes (ERRBOOK_WORKERS)")
    given = {f"ERRBOOK_{name.upper()}": value for name, value in vars(parser.parse_args(arguments)).items() if value}
    # The processes of the service read the environment.
    os.environ.update(given)
    try:
        return serve.run(settings.read())
    except SettingsError as error:
        print(f"errbook: {error}", file=sys.stderr)
        return 2
