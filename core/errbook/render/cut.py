"""Shortening prose where it can be cut without changing what it says: after a sentence."""

import re
from typing import Final

_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'(])")
"""Where a sentence ends and the next begins."""


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
