"""C headers and sources, as far as names of numbers go.

Symbols such as ``CR_SERVER_GONE_ERROR`` or ``DB_CORRUPTION`` exist in C only: no server and no program of one prints
them. They are read from the headers that the server's development packages install, or from its source.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from errbook.harvest.catalog import CatalogError

_DEFINE: Final = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+\(?(\w+)(?:[ \t]*\|[ \t]*\((\d+)[ \t]*<<[ \t]*8\))?", re.M
)
_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_CONDITIONAL: Final = re.compile(r"^[ \t]*#.*$", re.M)
_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')


def text(path: Path) -> str:
    """Return a C file without its comments; CatalogError when it is not there or not text."""
    try:
        return _COMMENT.sub(" ", path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError(f"{path}: the C file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CatalogError(f"{path}: this is no C file of a server") from None


def constants(pattern: str, *paths: Path) -> dict[str, int]:
    """Return the numbers that ``#define`` gives to names that fit `pattern`, in the order of the files.

    A name that stands for another (``EWOULDBLOCK`` for ``EAGAIN``) gets its number; SQLite's
    ``(SQLITE_IOERR | (1<<8))`` is computed. Raises CatalogError as `text` does, and where no name fits.
    """
    wanted = re.compile(pattern)
    numbers: dict[str, int] = {}
    known: dict[str, int] = {}
    for path in paths:
        for name, value, shifted in _DEFINE.findall(text(path)):
            number = int(value) if value.isdecimal() else known.get(value)
            if number is None:
                continue
            known[name] = number | int(shifted or 0) << 8
            if wanted.fullmatch(name):
                numbers[name] = known[name]
    if not numbers:
        raise CatalogError(f"{paths[0]}: no constant named like {pattern} is defined here; is this the right file?")
    return numbers


def enumeration(path: Path, name: str) -> dict[str, int]:
    """Return the names of ``enum name`` with their numbers; CatalogError where the file has no such enum.

    Members of a conditional (``#ifdef``) are taken as if its condition held.
    """
    found = re.search(rf"\benum\s+{name}\s*\{{(.*?)\}}", text(path), re.S)
    if not found:
        raise CatalogError(f"{path}: there is no enum {name} here; is this the right file?")
    numbers: dict[str, int] = {}
    following = 0
    for member in _CONDITIONAL.sub("", found[1]).split(","):
        title, _, value = (part.strip() for part in member.partition("="))
        if title:
            following = int(value, 0) if value else following
            numbers[title] = following
            following += 1
    return numbers


def returned(path: Path, function: str) -> dict[str, str]:
    """Return what a function made of one ``switch`` returns for each name: texts, by ``case``.

    A name for which the function does nothing (``case NAME:;``) is left out.
    Raises CatalogError where the file has no such function.
    """
    found = re.search(rf"\b{function}\s*\([^)]*\)[^{{;]*\{{(.*?)^\}}", text(path), re.S | re.M)
    if not found:
        raise CatalogError(f"{path}: there is no function {function} here; is this the right file?")
    return dict(_cases(found[1]))


def _cases(body: str) -> Iterator[tuple[str, str]]:
    waiting: list[str] = []
    for statement in re.finditer(r"\bcase\s+(\w+)\s*:(?!\s*;)|\breturn\b([^;]*);", body):
        if statement[1]:
            waiting.append(statement[1])
            continue
        message = "".join(_STRING.findall(statement[2]))
        for name in waiting:
            yield name, message
        waiting = []
