"""From RSGI, granian's own protocol, to ASGI, which FastAPI speaks.

RSGI is what makes the table of ready answers fast: one call sends an answer. Format:
https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

from collections.abc import AsyncIterator
from typing import Any

from starlette.types import ASGIApp, Message, Scope


class GoneError(OSError):
    """Whoever asked does not listen any more."""


class Exchange:
    """One request on its way through an ASGI application."""

    def __init__(self, scope: Any, protocol: Any) -> None:
        """Take the two objects that granian calls an RSGI application with."""
        self._protocol = protocol
        self.scope = asgi_scope(scope)
        self._body: AsyncIterator[bytes] | None = None
        self._ended = False
        self._start: tuple[int, list[tuple[str, str]]] | None = None
        self._stream: Any = None

    async def receive(self) -> Message:
        """Give the request's body in pieces, then wait until the asker hangs up."""
        if self._ended:
            await self._protocol.client_disconnect()
            return {"type": "http.disconnect"}
        if self._body is None:
            self._body = self._protocol.__aiter__()
        try:
            piece = await anext(self._body)
        except StopAsyncIteration:
            self._ended = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(self, message: Message) -> None:
        """Pass an answer on: in one piece where it comes in one, else as a stream. GoneError when nobody listens."""
        if message["type"] == "http.response.start":
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())]
            self._start = (message["status"], headers)
            return
        if message["type"] != "http.response.body" or self._start is None:
            raise RuntimeError(f"unexpected message {message['type']}")
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._stream is None:
            status, headers = self._start
            if not more:
                if body:
                    self._protocol.response_bytes(status, headers, body)
                else:
                    self._protocol.response_empty(status, headers)
                return
            self._stream = self._protocol.response_stream(status, headers)
        if body:
            try:
                await self._stream.send_bytes(body)
            except RuntimeError as error:
                raise GoneError from error

    async def run(self, app: ASGIApp) -> None:
        """Let an application answer."""
        await app(self.scope, self.receive, self.send)


def asgi_scope(scope: Any) -> Scope:
    """Return the ASGI scope of an RSGI scope. The path arrives decoded; what was no UTF-8 is U+FFFD in it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": scope.http_version,
        "method": scope.method,
        "scheme": scope.scheme,
        "path": scope.path,
        "raw_path": None,
        "query_string": scope.query_string.encode("latin-1", "replace"),
        "root_path": "",
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in scope.headers.items()
        ],
        "client": _address(scope.client),
        "server": _address(scope.server),
        "state": {},
    }


def _address(text: str) -> tuple[str, int] | None:
    host, _, port = text.rpartition(":")
    return (host.strip("[]"), int(port)) if host and port.isdigit() else None
