"""The compiled file: its tables, its version, and how it is opened.

One SQLite file, read-only, reproducible: the same inputs give the same bytes with the same SQLite library.
"""

import os
import sqlite3

APPLICATION_ID = 0x65727262
"""``errb`` in ASCII, in SQLite's application_id, so that a foreign SQLite file is told from a compiled one."""

DATABASE_VERSION = 9
"""Version of the tables, in SQLite's user_version. Raised with every change of TABLES or of what a column holds."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE engine (id TEXT PRIMARY KEY, position INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE term (
    vocabulary TEXT NOT NULL, position INTEGER NOT NULL, value TEXT NOT NULL, title TEXT NOT NULL,
    description TEXT NOT NULL, PRIMARY KEY (vocabulary, value)
) WITHOUT ROWID;
CREATE TABLE sqlstate_class (class TEXT PRIMARY KEY, title TEXT NOT NULL, origin TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entry (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, engine TEXT NOT NULL, code TEXT NOT NULL,
    symbol TEXT, sqlstate TEXT, severity TEXT NOT NULL, frequency TEXT NOT NULL, category TEXT NOT NULL,
    condition TEXT NOT NULL, risk TEXT NOT NULL, retry TEXT NOT NULL, confidence TEXT NOT NULL, rank INTEGER NOT NULL,
    title TEXT NOT NULL, summary TEXT NOT NULL, json TEXT NOT NULL
);
CREATE TABLE entry_engine (
    engine TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (engine, position)
) WITHOUT ROWID;
CREATE TABLE name (
    name TEXT NOT NULL, kind INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (name, kind, position)
) WITHOUT ROWID;
CREATE INDEX entry_condition ON entry (condition);
CREATE INDEX entry_category ON entry (category);
CREATE VIRTUAL TABLE search USING fts5 (
    names, title, messages, summary, body, content = '', tokenize = "unicode61 tokenchars '_'"
);
CREATE TABLE condition (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE wanted (
    position INTEGER PRIMARY KEY, rank INTEGER NOT NULL, engine TEXT NOT NULL, code TEXT NOT NULL, symbol TEXT,
    why TEXT NOT NULL, UNIQUE (engine, code)
);
CREATE TABLE catalog (
    engine TEXT NOT NULL, series TEXT NOT NULL, position INTEGER NOT NULL, version TEXT NOT NULL, rows INTEGER NOT NULL,
    sources TEXT NOT NULL, PRIMARY KEY (engine, series)
) WITHOUT ROWID;
CREATE TABLE code (
    position INTEGER PRIMARY KEY, engine TEXT NOT NULL, namespace TEXT NOT NULL, code TEXT NOT NULL, sort TEXT NOT NULL,
    symbol TEXT, sqlstate TEXT, message TEXT, obsolete INTEGER NOT NULL, entry TEXT, near TEXT NOT NULL, history TEXT,
    page TEXT NOT NULL, json TEXT NOT NULL
);
CREATE UNIQUE INDEX code_key ON code (engine, code, namespace);
CREATE INDEX code_sort ON code (engine, sort);
CREATE TABLE code_name (
    name TEXT NOT NULL, kind INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (name, kind, position)
) WITHOUT ROWID;
CREATE TABLE code_message (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE VIRTUAL TABLE code_search USING fts5 (names, message, content = '', tokenize = "unicode61 tokenchars '_'");
CREATE TABLE identifier (part TEXT PRIMARY KEY, packed BLOB NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE code_gram USING fts5 (symbol, content = '', tokenize = 'trigram');
"""

KIND_CODE, KIND_SYMBOL, KIND_ALIAS, KIND_SQLSTATE = range(4)
"""What a row of `name` or of `code_name` is, most telling first."""

SYSTEM = "system"
"""The engine of numbers that are no engine's own: they stand inside messages."""

VARIANT_BITS = 8
"""A row of `search` is an entry or one of its variants: the entry's position, shifted left by these, plus the variant's
number from 1; 0 is the entry itself."""

SORT_WIDTH = 10
"""Codes are sorted with zeros before them up to this width: numbers by their value, SQLSTATEs as they are."""

MESSAGE_BITS = 14
"""A row of `code_search` is one message of a code: its number is the code's, shifted left by these, plus its own.

`code_message` has the texts under the same numbers, but for the first of each code, which stands in `code`.
"""

SYMBOL_BITS = 4
"""A row of `code_gram` is one symbol of a code, in the same way."""


class DatabaseError(Exception):
    """The compiled file is missing, foreign, damaged or of another version; the message says what to run."""


def connect(path: str) -> sqlite3.Connection:
    """Open a compiled file read-only; DatabaseError when it is not one that this version of errbook reads."""
    if not os.path.isfile(path):  # noqa: PTH113 - no pathlib in a cold lookup
        raise DatabaseError(f"{path}: there is no compiled knowledge here; run: errbook compile")
    # The three characters that mean something in a file URI; urllib.parse would cost more than the rest of opening.
    escaped = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")  # noqa: PTH100
    connection = sqlite3.connect(f"file:{escaped}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise DatabaseError(f"{path}: damaged or not a compiled file ({error}); run: errbook compile") from error
    if application != APPLICATION_ID:
        connection.close()
        raise DatabaseError(f"{path}: a SQLite file, but not one that errbook compiled")
    if version != DATABASE_VERSION:
        connection.close()
        raise DatabaseError(
            f"{path}: compiled with version {version} of the file's schema, this errbook reads version "
            f"{DATABASE_VERSION}; run: errbook compile"
        )
    return connection
