"""uvicorn's HTTP protocol with the table of ready answers in front of the application.

A lookup that the table answers is written to the connection as soon as its head is read: no task, no ASGI messages.
Everything else (other methods, a body, a form that is not JSON, a second request on its way) goes on to FastAPI as
under plain uvicorn. That is an override of a few methods of a class whose names are not promised, so uvicorn is pinned
to a minor version in pyproject.toml, and tests/api asks both ways for the same answers.
"""

import asyncio
import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from errbook.public import dumps
from errbook_api import negotiation, problems
from errbook_api.negotiation import JSON
from errbook_api.problems import ProblemError
from errbook_api.routes import OFFERS

MAX_HEAD = 64 * 1024
"""Bytes after which the target and headers of a request must have come to their end."""

_ASKED = frozenset({b"accept", b"accept-encoding", b"if-none-match", b"x-request-id"})
_ELSEWHERE = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of requests that are more than a lookup."""


class Front(HttpToolsProtocol):
    """One connection. `app` is the Edge of this process, which leads to everything that a lookup needs."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._service = self.app.service
        self._answered = self._inside = False
        self._heads = self._unfinished = 0
        self._defaults: tuple[object, bytes] = (None, b"")
        self._heard = True
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin a connection."""
        super().connection_made(transport)
        self._watch = self.loop.call_later(self.timeout_keep_alive, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        if self._watch:
            self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Close the connection when nothing came since the last look and nothing is being answered.

        One timer that looks now and then; uvicorn's own, made anew for each request, costs more than an answer.
        """
        if not self._heard and self._idle():
            self.transport.close()
            return
        self._heard = False
        self._watch = self.loop.call_later(self.timeout_keep_alive, self._look)

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """Parse what came; refuse a head that does not end."""
        heads, inside, self._heard = self._heads, self._inside, True
        super().data_received(data)
        if self._heads != heads or inside or self._inside:
            # Between requests, or in a body, which is no part of a head even when its answer is already out.
            self._unfinished = 0
            return
        self._unfinished += len(data)
        if self._unfinished > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        """Answer from the table, or hand over to the application."""
        self._heads += 1
        self._inside = True
        self._answered = self._answer()
        if not self._answered:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._inside = False
        if not self._answered:
            super().on_message_complete()

    def _answer(self) -> bool:
        parser, path = self.parser, self.url.decode("latin-1")
        ready = self._service.current.now.table.get(path)
        if ready is None or parser.get_method() != b"GET" or parser.get_http_version() != "1.1":
            return False
        if not self._idle() or self.flow.write_paused:
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
        head = b"%s%sx-request-id: %s\r\n\r\n" % (part.head, self._dated(), request_id.encode())
        # Two pieces: joining them would copy the body for nothing.
        self.transport.writelines((head, part.body))
        self.server_state.total_requests += 1
        if ready.outcome is not None:
            observer.counts.lookups[ready.outcome] += 1
        seconds = time.perf_counter() - started
        observer.done(ready.route, "GET", path, part.status, len(part.body), seconds, request_id)
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
        head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\nconnection: close\r\n"
        self.transport.writelines((head, self._dated(), b"content-length: %d\r\n\r\n" % len(body), body))
        self.transport.close()
