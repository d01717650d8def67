"""Damages a database file of SQLite: damage.py FILE overwrites pages after the first two."""

import sys
from pathlib import Path

with Path(sys.argv[1]).open("r+b") as file:
    size = file.seek(0, 2)
    for at in range(8192, size, 4096):
        file.seek(at)
        file.write(b"\xde\xad\xbe\xef" * 200)
