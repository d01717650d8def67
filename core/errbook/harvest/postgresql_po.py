"""Message files of GNU gettext (``.po``), as PostgreSQL's source carries them for each language.

The format is described in the gettext manual, "The Format of PO Files". Read are the translations in use: fuzzy ones,
which gettext does not install either, obsolete ones and empty ones are left out.
"""

import re
from pathlib import Path
from typing import Final, NamedTuple

from errbook.harvest.catalog import CatalogError
from errbook.harvest.postgresql_c import decode
from errbook.problem import shown

_KEYWORD: Final = re.compile(r'(msgctxt|msgid|msgid_plural|msgstr(?:\[(\d+)\])?)\s+"(.*)"')


class Translation(NamedTuple):
    """One message and what it is in the language; ``forms`` are the plural forms, the first one for one thing.

    ``forms`` is empty where the message is not translated, or not reliably so.
    """

    message: str
    plural: str | None
    forms: tuple[str, ...]
    places: tuple[str, ...]


def read_po(path: Path) -> list[Translation]:
    """Read a message file in UTF-8, in its order, without its header.

    Raises CatalogError where the file is missing, no message file, or cut off.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror}; give a message file (.po)") from None
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path}: byte {error.start} is not UTF-8; convert the file with msgconv -t UTF-8") from None
    found: list[Translation] = []
    entry = _Entry()
    headed = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#") or not line.strip():
            if entry.field and (not line.strip() or not line.startswith("#~")):
                headed |= _close(path, number, entry, found)
                entry = _Entry()
            if line.startswith("#,") and "fuzzy" in re.split(r"[,\s]+", line):
                entry.fuzzy = True
            elif line.startswith("#:"):
                entry.places.extend(line[2:].split())
        elif match := _KEYWORD.fullmatch(line.rstrip()):
            keyword, index, value = match.groups()
            if keyword in ("msgctxt", "msgid") and entry.field.startswith("msgstr"):
                headed |= _close(path, number, entry, found)
                entry = _Entry()
            entry.field = keyword
            entry.parts[keyword] = [value]
            if index is not None and int(index) != sum(key.startswith("msgstr[") for key in entry.parts) - 1:
                raise CatalogError(f"{path}:{number}: plural form {index} is out of order; this is no whole .po file")
        elif line.startswith('"') and line.rstrip().endswith('"') and entry.field:
            entry.parts[entry.field].append(line.strip()[1:-1])
        else:
            raise CatalogError(f"{path}:{number}: {shown(line)} is no line of a message file (.po)")
    if entry.field:
        headed |= _close(path, text.count("\n") + 1, entry, found)
    if not headed:
        raise CatalogError(f"{path}: no message file: it has no header, an entry with an empty msgid")
    return found


class _Entry:
    """An entry while its lines are read."""

    def __init__(self) -> None:
        self.field = ""
        self.parts: dict[str, list[str]] = {}
        self.places: list[str] = []
        self.fuzzy = False


def _close(path: Path, number: int, entry: _Entry, found: list[Translation]) -> bool:
    """Add a complete entry; say whether it was the header."""
    texts = {field: decode("".join(parts)) for field, parts in entry.parts.items()}
    forms = tuple(text for field, text in texts.items() if field.startswith("msgstr"))
    if "msgid" not in texts or not forms:
        raise CatalogError(f"{path}:{number}: the entry before this line is not whole; the file is cut off")
    if texts["msgid"] == "":
        return True
    usable = not entry.fuzzy and all(forms)
    found.append(Translation(texts["msgid"], texts.get("msgid_plural"), forms if usable else (), tuple(entry.places)))
    return False
