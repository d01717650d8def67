"""SQLite: every result code, its name, and the text that the library itself has for it.

Names exist in C only: they come from ``sqlite3.h`` of the library's very version, or from a Python binding that was
built with it. Texts come from ``sqlite3_errstr()`` of the library (https://www.sqlite.org/c3ref/errcode.html). An
extended code carries its primary code in its lowest eight bits (https://www.sqlite.org/rescode.html), and the library
has a text of its own for very few of them.
"""

import ctypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from errbook.harvest import header
from errbook.harvest.catalog import Catalog, CatalogError, Row, catalog

_PRIMARY: Final = 0xFF
# Between these marks stand the primary codes other than 0; extended ones are computed from them.
_BLOCK: Final = re.compile(r"/\* beginning-of-error-codes \*/(.*?)/\* end-of-error-codes \*/", re.DOTALL)
_NO_ERROR: Final = "SQLITE_OK"
_NAME: Final = re.compile(r"#define\s+(SQLITE_\w+)")
_VERSION: Final = re.compile(r'#define\s+SQLITE_VERSION\s+"([^"]+)"')
_COMPUTED: Final = re.compile(r"#define\s+(SQLITE_\w+)\s+\(SQLITE_\w+\s*\|\s*\(\d+\s*<<\s*8\)\)")


class Names(NamedTuple):
    """Names of result codes with their numbers, the exact version they belong to, and where they come from."""

    version: str
    numbers: Mapping[str, int]
    source: str


def names_of_header(path: Path) -> Names:
    """Return the names in a ``sqlite3.h``; CatalogError when the file is another."""
    constants = header.constants(r"SQLITE_\w+", path)
    # The marks and the version are in comments and in quotes, which `header` leaves out.
    text = path.read_text(encoding="utf-8")
    version, block = _VERSION.search(text), _BLOCK.search(text)
    if not version or not block:
        raise CatalogError(f"{path}: not a sqlite3.h: it has no version, or its error codes are not marked")
    names = [_NO_ERROR, *_NAME.findall(block[1]), *_COMPUTED.findall(text)]
    return Names(version[1], {name: constants[name] for name in names}, "sqlite3.h")


def names_of_apsw(module: Any) -> Names:
    """Return the names that the Python package apsw was built with; `module` is the imported package."""
    mappings = (module.mapping_result_codes, module.mapping_extended_result_codes)
    numbers = {name: value for mapping in mappings for name, value in mapping.items() if isinstance(name, str)}
    return Names(str(module.sqlite_lib_version()), numbers, "the Python package apsw")


def harvest(library: Path, names: Names) -> Catalog:
    """Harvest a SQLite library.

    `library` is a shared library that exports SQLite's functions: ``libsqlite3.so.0``, or the extension module of a
    Python package that was linked with it. Raises CatalogError when it is none, or of another version than the names.
    """
    try:
        loaded = ctypes.CDLL(str(library))
        version_of, text_of = loaded.sqlite3_libversion, loaded.sqlite3_errstr
    except (OSError, AttributeError) as error:
        raise CatalogError(f"{library}: not a SQLite library that can be asked ({error})") from None
    version_of.restype = text_of.restype = ctypes.c_char_p
    text_of.argtypes = [ctypes.c_int]
    exact = version_of().decode()
    if exact != names.version:
        raise CatalogError(
            f"{library}: the library is SQLite {exact} and the names are of {names.version}; take those of {exact}"
        )
    rows: list[Row] = [
        {
            "code": str(number),
            "symbol": name,
            "kind": "primary" if number <= _PRIMARY else "extended",
            "message": text_of(number).decode(),
            "where": "library",
        }
        for name, number in names.numbers.items()
    ]
    sources = [f"code and symbol: {names.source}", "message: sqlite3_errstr() of the library"]
    return catalog("sqlite", ".".join(exact.split(".")[:2]), exact, sources, rows)
