"""Run in a cell: start a server, print its exact version when it accepts connections, and stay until it ends.

The two arguments are the server and a JSON object: `settings`, `host` and `setup` of a plan (`errbook.lab.plan`).
"""

import json
import os
import sys
import time

from errbook.lab.server import LabError, select
from errbook.lab.visit import prepared


def main() -> int:
    """Do it; return the exit code."""
    try:
        instance = prepared(select([sys.argv[1]])[0], json.loads(sys.argv[2]))
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    print(instance.version, flush=True)
    # Nobody listens any more.
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    while instance.alive():
        time.sleep(0.5)
    return 1


if __name__ == "__main__":
    sys.exit(main())
