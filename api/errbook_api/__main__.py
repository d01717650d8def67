"""``python -m errbook_api``: the same as ``errbook serve``."""

import sys

from errbook_api.serve import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
