"""What is true of every request that is not served from the table: its id, HEAD, OPTIONS, suffixes, counts and log.

Plain ASGI around FastAPI, so that it also holds for the site, for unknown paths and for what goes wrong in between.
"""

import time
import traceback
from collections.abc import Iterable

from starlette.datastructures import Headers as Given
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errbook_api import problems
from errbook_api.negotiation import SUFFIXES
from errbook_api.notes import notes
from errbook_api.problems import SORRY, ProblemError
from errbook_api.representation import Headers
from errbook_api.service import Service, bare, is_resource

_ASKED = "Accept, Accept-Encoding, If-None-Match, X-Request-Id, Content-Type"
"""Request headers that pages of other origins may send."""


class Edge:
    """The ASGI application that wraps another."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute], service: Service) -> None:
        """`routes` are the wrapped application's, asked for the methods that a path takes."""
        self._app, self._routes, self.service = app, list(routes), service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; anything but HTTP is passed through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        method, path = scope["method"], scope["path"]
        asked = Given(scope=scope)
        noted = notes(scope)
        noted["path"] = path
        request_id = noted["request_id"] = self.service.observer.request_id(asked.get("x-request-id"))
        inner = self._rewritten(scope, noted)
        sent = {"status": 0, "size": 0}

        async def reply(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            else:
                if method == "HEAD":
                    message = {**message, "body": b""}
                sent["size"] += len(message.get("body", b""))
            await send(message)

        try:
            if method == "OPTIONS":
                await _respond(reply, *self._options(scope))
            else:
                await self._app(inner, receive, reply)
        except ClientDisconnect:
            # Whoever asked hung up.
            sent["status"] = sent["status"] or 499
        except Exception as error:  # noqa: BLE001 - the last place that can answer for it and say where it came from
            self.service.observer.event(
                "error", "exception", request_id=request_id, error=repr(error), trace=traceback.format_exc()
            )
            if not sent["status"]:
                await _respond(reply, *self._refusal(ProblemError("internal", SORRY), scope))
        route = noted.get("route") or bare(getattr(inner.get("route"), "path", "") or "unmatched")
        if outcome := noted.get("outcome"):
            self.service.observer.counts.lookups[outcome] += 1
        seconds = time.perf_counter() - started
        self.service.observer.done(route, method, path, sent["status"], sent["size"], seconds, request_id)

    def _rewritten(self, scope: Scope, noted: dict[str, object]) -> Scope:
        # HEAD is GET whose body is left out above; a suffix is a wish for a form and no part of the name. The server
        # keeps its own scope: it must know a HEAD, or it waits for the body.
        scope = {**scope, "method": "GET" if scope["method"] == "HEAD" else scope["method"]}
        path = scope["path"]
        for suffix, media_type in SUFFIXES.items():
            if path.endswith(suffix) and is_resource(path.removesuffix(suffix)):
                noted["suffix"] = media_type
                scope["path"] = path.removesuffix(suffix)
                scope["raw_path"] = None
        return scope

    def allow(self, scope: Scope) -> list[str]:
        """Return the methods that the path of a request takes, in alphabetical order; empty for an unknown path."""
        found: set[str] = set()
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            for route in self._routes:
                # A mount takes every path and method; what is mounted here are files, which are read.
                if (method == "GET" or not isinstance(route, Mount)) and (
                    route.matches({**scope, "method": method})[0] is Match.FULL
                ):
                    found |= {method, "HEAD", "OPTIONS"} if method == "GET" else {method, "OPTIONS"}
        return sorted(found)

    def _options(self, scope: Scope) -> tuple[int, Headers, bytes]:
        methods = ", ".join(self.allow(self._rewritten(scope, {})) or ["GET", "HEAD", "OPTIONS"])
        headers: Headers = [("allow", methods), ("cache-control", "no-store"), *self.service.policy.common]
        if self.service.settings.cors:
            headers += [
                ("access-control-allow-methods", methods),
                ("access-control-allow-headers", _ASKED),
                ("access-control-max-age", "86400"),
            ]
        return 204, headers, b""

    def _refusal(self, problem: ProblemError, scope: Scope) -> tuple[int, Headers, bytes]:
        return problems.render(problem, scope, self.service.policy)


async def _respond(send: Send, status: int, headers: Headers, body: bytes) -> None:
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body, "more_body": False})
