"""Logs as they are written: which lines tell of an error, and what the error is, at the speed of reading.

1. `needles`: of a piece of a log, the lines that hold something an error is told by. Everything else is only copied.
2. `shape`: such a line without what changes from one to the next, so that a line like an earlier one costs nothing.
3. `lines`: from pieces of a log to the errors in it, each with its count.
4. `follow`: files that grow, are renamed and made again, or are cut.
"""
