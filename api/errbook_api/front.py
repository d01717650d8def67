"""The application that granian calls: the table of ready answers first, everything else through FastAPI."""

import asyncio
import contextlib
import time
from typing import Any

from errbook_api import negotiation
from errbook_api.bridge import Exchange
from errbook_api.edge import Edge
from errbook_api.negotiation import JSON
from errbook_api.observe import Observer
from errbook_api.routes import OFFERS
from errbook_api.service import Service
from errbook_api.watch import Watch

_SHARING = 1.0
"""Seconds between two times that counts are left for the other processes."""


class Front:
    """An RSGI application. `edge` is FastAPI with everything around it; `lifespan` is FastAPI's own."""

    def __init__(self, service: Service, edge: Edge, lifespan: contextlib.AbstractAsyncContextManager[Any]) -> None:
        """Nothing runs before granian calls `__rsgi_init__`."""
        self._service, self._edge, self._lifespan = service, edge, lifespan
        self._current, self._observer = service.current, service.observer
        self._tasks: list[asyncio.Task[None]] = []

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start what runs beside requests; called once, before the first."""
        self._observer.start(loop)
        loop.run_until_complete(self._lifespan.__aenter__())
        self._tasks.append(loop.create_task(self._share()))
        if self._service.settings.reload:
            self._tasks.append(loop.create_task(Watch(self._current, self._observer).run()))

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop it; called once, after the last request has been answered."""
        for task in self._tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        loop.run_until_complete(self._lifespan.__aexit__(None, None, None))
        self._service.metrics.share()
        self._observer.flush()
        self._current.now.knowledge.close()

    async def _share(self) -> None:
        while True:
            self._service.metrics.share()
            await asyncio.sleep(_SHARING)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        path = scope.path
        ready = self._current.now.table.get(path)
        if ready is not None and scope.method == "GET" and not scope.query_string:
            started = time.perf_counter()
            get = scope.headers.get
            accept = get("accept")
            if accept is None or negotiation.media_type(accept, OFFERS) == JSON:
                observer: Observer = self._observer
                request_id = observer.request_id(get("x-request-id"))
                status, headers, body = ready.representation.select(get("accept-encoding"), get("if-none-match"))
                headers = [*headers, ("x-request-id", request_id)]
                if body:
                    protocol.response_bytes(status, headers, body)
                else:
                    protocol.response_empty(status, headers)
                if ready.outcome is not None:
                    observer.counts.lookups[ready.outcome] += 1
                observer.done(ready.route, "GET", path, status, len(body), time.perf_counter() - started, request_id)
                return
        await Exchange(scope, protocol).run(self._edge)
