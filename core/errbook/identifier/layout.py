"""How the data that both matchers read is laid out.

It is text in parts, each small enough for a browser. The part ``base`` begins with a line of JSON:

    {"format": 2, "codes": N, "messages": N, "dialects": [...], "hints": {...}, "errno": {...}, "languages": {...}}

N lines of codes follow, then N lines of messages. Every other part is named for a language and holds lines of messages
only. Fields are separated by tabs.

A code: its reference, symbol, SQLSTATE, the identity of its entry, other symbols, and the variants of its entry as
id:words, separated by semicolons, the words those of a message without names (each may be empty). A reference is a
letter and the code: ``b1062`` is MySQL's and MariaDB's, ``m`` MySQL's alone, ``a`` MariaDB's alone, ``p``
PostgreSQL's, ``s`` SQLite's. References of foreign engines are written out, ``oracle/ORA-00001``, and have no line.

A message: its weight in bits, the place of its anchor among its words, flags, references (the likeliest first,
separated by commas), and its words. A gap is ``*`` and its name, which may be empty; of several names in one gap,
U+001F stands around what is printed between two of them, U+001E for each space there. A gap at either end is there for
its value only. The weight is the sum over its words of log2(messages / messages that have the word). The anchor is
the first of the pair of neighbouring words that fewest messages have, or the rarest word where no two are neighbours.
Flags: ``a`` the message must stand alone, ``h`` the text must name the engine, ``o`` it holds others, ``k`` its one
word is enough, ``l`` written to logs only, ``w`` a warning, ``e`` the operating system's error chooses the code, by
`errno`.
"""

from typing import Final

FORMAT: Final = 2

PARTED: Final = "\x1f"
SPACE: Final = "\x1e"
"""What stands between names of one gap, and for a space there."""

BASE: Final = "base"
