"""Shortening prose where it can be cut without changing what it says: after a sentence."""

import re
from typing import Final

_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'(])")
"""Where a sentence ends and the next begins."""


_STOP: Final = re.compile(r"[.!?:](?=\s|\Z)|\n(?=\n)")
"""Where prose may stop: behind a sentence, a colon or a paragraph."""


def sentences(text: str, most: int) -> str:
    """Return as many whole sentences from the beginning as fit into `most` characters, but always the first one.

    Line ends become spaces.
    """
    parts = _END.split(" ".join(text.split()))
    kept = parts[0]
    for part in parts[1:]:
        if len(kept) + 1 + len(part) > most:
            break
        kept += f" {part}"
    return kept


def shortened(text: str, limit: int) -> str:
    """Return the whole sentences of a text that fit a limit; where not even one does, its first words and an ellipsis.

    An ellipsis never stands within `inline code`, which would be read as a part of it.
    """
    text = text.strip()
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _STOP.finditer(text, 0, limit) if not text.count("`", 0, match.end()) % 2]
    if ends and (whole := text[: ends[-1]].strip().rstrip(":")):
        return whole
    room = max(limit - 2, 0)
    kept = text[:room]
    while kept and (kept.count("`") % 2 or not text[len(kept)].isspace()):
        kept = kept[:-1]
    return f"{kept.rstrip()} …" if kept.strip() else "…"[:limit]
