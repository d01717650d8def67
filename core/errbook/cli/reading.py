"""Opening the knowledge for a command that reads."""

import os
import sys

import errbook
from errbook import places
from errbook.knowledge import Knowledge


def knowledge() -> Knowledge:
    """Return the knowledge. Where changed files have problems, say so and answer from what was compiled before."""
    try:
        return errbook.open()
    except Exception as error:
        # By name: importing the compiler to name its exception would cost every lookup.
        old = places.database_file()
        if type(error).__name__ != "CheckFailed" or not os.path.isfile(old):  # noqa: PTH113 - no pathlib here
            raise
        print(f"errbook: {error}; this is the answer from before. Run: errbook check", file=sys.stderr)
        return Knowledge(old)
