"""``python -m errbook_api``: the same as ``errbook serve``."""

import sys

from errbook_api.cli import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
