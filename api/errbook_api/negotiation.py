"""What the asker takes: media types, encodings and versions, by the rules of RFC 9110.

All functions are pure and remember what they were asked last: clients send the same few header values all day.
"""

import re
from functools import lru_cache

JSON = "application/json"
MARKDOWN = "text/markdown"
TEXT = "text/plain"
HTML = "text/html"

SUFFIXES = {".json": JSON, ".md": MARKDOWN, ".txt": TEXT}
"""What a path's ending asks for, whatever the Accept header says."""

_LONGEST = 4096
"""Longer header values are read as if they were not there."""

_WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


def _weighted(value: str) -> list[tuple[str, float]]:
    found = []
    for item in value.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                weight = float(parameter[2:]) if _WEIGHT.fullmatch(parameter[2:]) else 0.0
        if name:
            found.append((name, weight))
    return found


@lru_cache(maxsize=1024)
def media_type(accept: str | None, offers: tuple[str, ...]) -> str | None:
    """Return which of the offers an Accept header prefers; the first offer among equals, None where it takes none.

    A missing header, one that is too long, and one that names nothing take everything.
    """
    wanted = _weighted(accept) if accept and len(accept) <= _LONGEST else []
    if not wanted:
        return offers[0]
    best, most = None, 0.0
    for offer in offers:
        weight = 0.0
        # The most exact range decides: text/plain before text/* before */*.
        for pattern in ("*/*", f"{offer.partition('/')[0]}/*", offer):
            weight = next((weight for name, weight in wanted if name == pattern), weight)
        if weight > most:
            best, most = offer, weight
    return best


@lru_cache(maxsize=1024)
def takes_gzip(accept_encoding: str | None) -> bool:
    """Tell whether an Accept-Encoding header takes gzip at least as gladly as the bytes as they are."""
    if not accept_encoding or len(accept_encoding) > _LONGEST:
        return False
    weights = dict(_weighted(accept_encoding))
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


@lru_cache(maxsize=4096)
def matches(if_none_match: str, tag: str) -> bool:
    """Tell whether an If-None-Match header names an entity tag; the comparison is the weak one, as RFC 9110 asks."""
    if len(if_none_match) > _LONGEST:
        return False
    if if_none_match.strip() == "*":
        return True
    return tag in (found.group(1) for found in re.finditer(r'(?:W/)?("[^"]*")', if_none_match))
