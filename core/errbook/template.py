"""Messages with {named} placeholders, compared with what servers and programs say."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_PLACEHOLDER = re.compile(r"\{[a-z][a-z0-9_]*\}")


def pattern(text: str) -> re.Pattern[str]:
    """Return what finds a message in a text: {name} stands for any value, and a space for any spaces."""
    parts = [r"\s+".join(map(re.escape, part.split(" "))) for part in _PLACEHOLDER.split(" ".join(text.split()))]
    return re.compile("(?s:.*?)".join(parts), re.IGNORECASE)


def fits(text: str, messages: Iterable[str]) -> bool:
    """Tell whether a text has one of the messages in it; capitals do not matter."""
    return any(pattern(message).search(text) for message in messages)
