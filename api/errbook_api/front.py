"""uvicorn's HTTP protocol with the table of ready answers in front of the application.

A lookup that the table answers is written to the connection as soon as its head is read: no task, no ASGI messages.
Everything else (other methods, a body, a form that is not JSON, a second request on its way) goes on to FastAPI as
under plain uvicorn. That is an override of a few methods of a class whose names are not promised, so uvicorn is pinned
to a minor version in pyproject.toml, and tests/api asks both ways for the same answers.
"""

import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from errbook.public import dumps
from errbook_api import negotiation, problems
from errbook_api.negotiation import JSON
from errbook_api.problems import ProblemError
from errbook_api.routes import OFFERS

MAX_HEAD = 64 * 1024
"""Bytes that the path and the headers of one request may have together."""

_ASKED = frozenset({b"accept", b"accept-encoding", b"if-none-match", b"x-request-id"})
_ELSEWHERE = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of requests that are more than a lookup."""


class Front(HttpToolsProtocol):
    """One connection. `app` is the Edge of this process, which leads to everything that a lookup needs."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._service = self.app.service
        self._answered = False
        self._head = 0
        self._defaults: tuple[object, bytes] = (None, b"")

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._head, self._answered = 0, False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target; ValueError, which ends in a 400, when the head grows too large."""
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; ValueError as `on_url`."""
        self._grow(len(name) + len(value))
        super().on_header(name, value)

    def _grow(self, size: int) -> None:
        self._head += size
        if self._head > MAX_HEAD:
            raise ValueError(f"the head of a request is larger than {MAX_HEAD} bytes")

    def on_headers_complete(self) -> None:
        """Answer from the table, or hand over to the application."""
        self._answered = self._answer()
        if not self._answered:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        if not self._answered:
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Parse what came; close the connection when nothing follows for the time of a keep-alive."""
        super().data_received(data)
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self.timeout_keep_alive_task is None and not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _answer(self) -> bool:
        parser, cycle = self.parser, self.cycle
        ready = self._service.current.now.table.get(self.url.decode("latin-1"))
        if ready is None or parser.get_method() != b"GET" or self.flow.write_paused:
            return False
        if not (cycle is None or cycle.response_complete) or parser.get_http_version() != "1.1":
            return False
        asked: dict[bytes, str] = {}
        for name, value in self.headers:
            if name in _ASKED:
                # Of a header given twice the first counts, as on the other way.
                asked.setdefault(name, value.decode("latin-1"))
            elif name in _ELSEWHERE:
                return False
        accept = asked.get(b"accept")
        if not parser.should_keep_alive() or (accept and negotiation.media_type(accept, OFFERS) != JSON):
            return False
        started = time.perf_counter()
        observer = self._service.observer
        request_id = observer.request_id(asked.get(b"x-request-id"))
        part = ready.representation.select(asked.get(b"accept-encoding"), asked.get(b"if-none-match"))
        tail = b"x-request-id: %s\r\n\r\n" % request_id.encode()
        self.transport.writelines((part.head, self._dated(), tail, part.body))
        self.server_state.total_requests += 1
        if ready.outcome is not None:
            observer.counts.lookups[ready.outcome] += 1
        seconds = time.perf_counter() - started
        observer.done(ready.route, "GET", self.url.decode("latin-1"), part.status, len(part.body), seconds, request_id)
        return True

    def _dated(self) -> bytes:
        """Return the headers that uvicorn gives every answer; it makes a new list of them each second."""
        defaults = self.server_state.default_headers
        if self._defaults[0] is not defaults:
            self._defaults = (defaults, b"".join(b"%s: %s\r\n" % pair for pair in defaults))
        return self._defaults[1]

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words; ours are the same for all
        """Refuse what is no HTTP, as a problem document, and close."""
        problem = ProblemError("bad-request", "This is no HTTP/1.1 request, or its head is too large.")
        body = dumps(problems.document(problem, "/"))
        head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n" % len(
            body
        )
        self.transport.writelines((head, self._dated(), b"connection: close\r\n\r\n", body))
        self.transport.close()
