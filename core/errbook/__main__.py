"""``python -m errbook``: the same as the command ``errbook``."""

import sys

from errbook.cli import main

sys.exit(main())
