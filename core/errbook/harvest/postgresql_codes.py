"""PostgreSQL's SQLSTATEs, as ``errcodes.txt`` lists them; its head describes the format.

A server carries the file as ``share/postgresql/errcodes.txt``, a source tree as ``src/backend/utils/errcodes.txt``.
"""

import re
from pathlib import Path
from typing import Final, NamedTuple

from errbook.harvest.catalog import CatalogError
from errbook.problem import shown

ERRCODES: Final = "src/backend/utils/errcodes.txt"

KINDS: Final = {"E": "error", "W": "warning", "S": "success"}

_LINE: Final = re.compile(r"([0-9A-Z]{5})\s+([EWS])\s+ERRCODE_([A-Z0-9_]+)(?:\s+([a-z0-9_]+))?\s*")


class State(NamedTuple):
    """One line: the SQLSTATE, its kind, the macro's name without ``ERRCODE_``, the condition's name and the class.

    ``name`` is empty where PL/pgSQL knows no name for it: the macro is another name of the same SQLSTATE.
    """

    code: str
    kind: str
    macro: str
    name: str
    section: str


def read_errcodes(path: Path) -> list[State]:
    """Read an errcodes.txt, in its order.

    Raises CatalogError where the file is missing, is something else, or is cut off.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror}; it comes with every PostgreSQL server") from None
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path}: byte {error.start} is not UTF-8; this is no errcodes.txt of PostgreSQL") from None
    states: list[State] = []
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("Section:"):
            section = line.removeprefix("Section:").strip()
            continue
        match = _LINE.fullmatch(line)
        if match is None or not section:
            raise CatalogError(f"{path}:{number}: {shown(line)} is no line of PostgreSQL's errcodes.txt")
        code, kind, macro, name = match.groups()
        states.append(State(code, KINDS[kind], macro, name or "", section))
    if not text.endswith("\n") or not states or states[-1].code != "XX002":
        raise CatalogError(f"{path}: the file is cut off: the last SQLSTATE must be XX002; get it again")
    return states
