"""A representation: bytes, what they are, and the headers that follow from the bytes alone.

Entity tags are content hashes, so every replica with the same knowledge gives the same ones. The tag of the gzip form
is the hash of the plain bytes with ``-gzip``: compressed bytes may differ between builds of zlib, their meaning does
not.
"""

import gzip
from collections.abc import Sequence
from hashlib import blake2b
from http import HTTPStatus
from typing import NamedTuple

from errbook_api import negotiation
from errbook_api.settings import Settings

Headers = list[tuple[str, str]]

_CHARSET = {"application/json": "application/json", "application/problem+json": "application/problem+json"}
_SMALL = 512
"""Bodies below this size are not worth compressing: they fit one packet."""


class Policy(NamedTuple):
    """Headers that every answer of a service carries: caching, reading by other origins, security."""

    cache: str
    common: tuple[tuple[str, str], ...]


def policy(settings: Settings) -> Policy:
    """Return the policy that the settings ask for."""
    cache = "private, no-store" if settings.private else "public, max-age=300, stale-while-revalidate=86400"
    # This says that nothing in an answer is to be run, loaded or framed; pages say more (`page_headers`).
    common = [
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
    ]
    if settings.cors:
        common += [
            ("access-control-allow-origin", "*"),
            ("access-control-expose-headers", "ETag, X-Request-Id"),
        ]
    return Policy(cache, tuple(common))


def page_policy(policy: Policy, content_security: str) -> Policy:
    """Return the policy for pages, which browsers show: what they may load, and who may frame them."""
    common = {
        "content-security-policy": content_security,
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "strict-origin-when-cross-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
    # Static JSON lies among the pages and is to be read from everywhere, as the service's own answers are.
    common |= {name: value for name, value in policy.common if name == "access-control-allow-origin"}
    return Policy(policy.cache, tuple(common.items()))


class Part(NamedTuple):
    """One answer of a representation, ready to send; `head` is its status line and headers as they are sent."""

    status: int
    headers: Headers
    body: bytes
    head: bytes


class Representation(NamedTuple):
    """Ready to send: plain and compressed, and for each of the two the answer to who has it already."""

    tag: str
    plain: Part
    zipped: Part | None
    fresh: Part
    fresh_zipped: Part

    def select(self, accept_encoding: str | None, if_none_match: str | None) -> Part:
        """Return the answer to a request with these headers."""
        zipped = self.zipped if self.zipped and negotiation.takes_gzip(accept_encoding) else None
        if if_none_match:
            tag = f'{self.tag[:-1]}-gzip"' if zipped else self.tag
            if negotiation.matches(if_none_match, tag):
                return self.fresh_zipped if zipped else self.fresh
        return zipped or self.plain

    @property
    def size(self) -> int:
        """Bytes of both bodies."""
        return len(self.plain.body) + (len(self.zipped.body) if self.zipped else 0)


def _part(status: int, headers: Headers, body: bytes) -> Part:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers)]
    return Part(status, headers, body, "".join(f"{line}\r\n" for line in lines).encode("latin-1"))


def represent(
    body: bytes,
    media_type: str,
    policy: Policy,
    *,
    vary: Sequence[str] = ("Accept-Encoding",),
    cache: str | None = None,
) -> Representation:
    """Return the representation of a body; `cache` is given where the policy's own caching does not fit."""
    tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    shared: Headers = [("cache-control", cache or policy.cache), ("vary", ", ".join(vary)), *policy.common]
    kind = ("content-type", _CHARSET.get(media_type, f"{media_type}; charset=utf-8"))
    packed = gzip.compress(body, 6, mtime=0) if len(body) >= _SMALL else None
    zipped_tag = ("etag", f'{tag[:-1]}-gzip"')
    zipped = None
    if packed:
        size, encoding = ("content-length", str(len(packed))), ("content-encoding", "gzip")
        zipped = _part(200, [kind, size, encoding, zipped_tag, *shared], packed)
    return Representation(
        tag,
        _part(200, [kind, ("content-length", str(len(body))), ("etag", tag), *shared], body),
        zipped,
        _part(304, [("etag", tag), *shared], b""),
        _part(304, [zipped_tag, *shared], b""),
    )
