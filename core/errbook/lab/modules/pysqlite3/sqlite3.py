"""In a cell of SQLite from a wheel, ``import sqlite3`` gives the wheel's module: entries run as they are written."""

import sys

import pysqlite3  # type: ignore[import-untyped] # it has no types
import pysqlite3.dbapi2  # type: ignore[import-untyped] # the same

sys.modules[__name__] = pysqlite3
sys.modules[f"{__name__}.dbapi2"] = pysqlite3.dbapi2
