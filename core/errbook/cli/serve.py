"""``errbook serve``: serve the site and the API."""

from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Serve until stopped; return the exit code."""
    from errbook_api import serve

    return serve.main(arguments)
