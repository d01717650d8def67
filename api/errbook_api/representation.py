"""A representation: bytes, what they are, and the headers that follow from the bytes alone.

Entity tags are content hashes, so every replica with the same knowledge gives the same ones. The tag of the gzip form
is the hash of the plain bytes with ``-gzip``: compressed bytes may differ between builds of zlib, their meaning does
not.
"""

import gzip
from collections.abc import Sequence
from functools import lru_cache
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


def _part(status: int, headers: Headers, body: bytes) -> Part:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers)]
    return Part(status, headers, body, "".join(f"{line}\r\n" for line in lines).encode("latin-1"))


class Representation:
    """What is sent for one body: plain and compressed, and for each of the two the answer to who has it already.

    Each of the four is made when it is first wanted, and kept: of many thousands most are never asked for.
    """

    __slots__ = ("_fresh", "_fresh_zipped", "_kind", "_plain", "_shared", "_zipped", "body", "tag")

    def __init__(self, body: bytes, kind: str, shared: Sequence[tuple[str, str]]) -> None:
        """`kind` is the Content-Type, `shared` the headers that do not depend on the body."""
        self.body = body
        self.tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
        self._kind, self._shared = kind, shared
        self._plain: Part | None = None
        self._zipped: Part | None = None
        self._fresh: Part | None = None
        self._fresh_zipped: Part | None = None

    def select(self, accept_encoding: str | None, if_none_match: str | None) -> Part:
        """Return the answer to a request with these headers."""
        zipped = len(self.body) >= _SMALL and negotiation.takes_gzip(accept_encoding)
        if if_none_match:
            tag = self._zipped_tag if zipped else self.tag
            if negotiation.matches(if_none_match, tag):
                return self._not_modified(zipped)
        return (self._zipped or self._compressed()) if zipped else (self._plain or self._whole())

    @property
    def _zipped_tag(self) -> str:
        return f'{self.tag[:-1]}-gzip"'

    def _whole(self) -> Part:
        size = ("content-length", str(len(self.body)))
        self._plain = _part(200, [("content-type", self._kind), size, ("etag", self.tag), *self._shared], self.body)
        return self._plain

    def _compressed(self) -> Part:
        packed = gzip.compress(self.body, 6, mtime=0)
        head = [("content-type", self._kind), ("content-length", str(len(packed))), ("content-encoding", "gzip")]
        self._zipped = _part(200, [*head, ("etag", self._zipped_tag), *self._shared], packed)
        return self._zipped

    def _not_modified(self, zipped: bool) -> Part:
        if zipped:
            if self._fresh_zipped is None:
                self._fresh_zipped = _part(304, [("etag", self._zipped_tag), *self._shared], b"")
            return self._fresh_zipped
        if self._fresh is None:
            self._fresh = _part(304, [("etag", self.tag), *self._shared], b"")
        return self._fresh

    @property
    def size(self) -> int:
        """Bytes of both bodies; the compressed one, where nobody wanted it yet, is taken for a third."""
        if self._zipped:
            return len(self.body) + len(self._zipped.body)
        return len(self.body) * 4 // 3


def represent(
    body: bytes,
    media_type: str,
    policy: Policy,
    *,
    vary: Sequence[str] = ("Accept-Encoding",),
    cache: str | None = None,
) -> Representation:
    """Return the representation of a body; `cache` is given where the policy's own caching does not fit."""
    return Representation(body, _content_type(media_type), _shared(policy, tuple(vary), cache))


def _content_type(media_type: str) -> str:
    return _CHARSET.get(media_type, f"{media_type}; charset=utf-8")


@lru_cache(maxsize=64)
def _shared(policy: Policy, vary: tuple[str, ...], cache: str | None) -> tuple[tuple[str, str], ...]:
    """Return the headers that do not depend on a body, one object for all that have the same."""
    return (("cache-control", cache or policy.cache), ("vary", ", ".join(vary)), *policy.common)
