"""Puts the service together: FastAPI with its routes, the documentation, the site, and the table in front."""

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from errbook import __version__
from errbook.database import DatabaseError
from errbook.places import database
from errbook.public import SCHEMA_VERSION, dumps
from errbook_api import docs, identify, openapi, problems, settings
from errbook_api.agents import Agents
from errbook_api.chat import endpoints
from errbook_api.current import Current
from errbook_api.edge import Edge
from errbook_api.metrics import Counts, Metrics
from errbook_api.negotiation import JSON
from errbook_api.notes import notes
from errbook_api.observe import Observer
from errbook_api.problems import ProblemError
from errbook_api.representation import policy, represent
from errbook_api.routes import Routes
from errbook_api.service import Service
from errbook_api.settings import Settings
from errbook_api.site import Site
from errbook_api.table import PREFIXES
from errbook_api.watch import Watch

SHARED = "ERRBOOK_SHARED_COUNTS"
"""Where `errbook_api.serve` tells its processes the folder in which they leave their counts for each other."""

_ABOUT = """What database errors mean, why they happen, and what fixes them.

Everything is read-only and answers to GET and HEAD. JSON is the default; `Accept: text/markdown` or `.md`, and
`Accept: text/plain` or `.txt`, give the same for people. Within a major version of `schema_version` keys are only
added.
"""


def service(chosen: Settings, compiled: Path, shared: Path | None = None) -> Service:
    """Return the parts of a service for a compiled file; `shared` is a folder for the counts of several processes.

    Raises `errbook.database.DatabaseError` when the file cannot be read, OSError when the access log cannot be opened.
    """
    rules = policy(chosen)
    current = Current(compiled, rules, chosen.table_mb << 20)
    counts = Counts()
    return Service(chosen, rules, current, Observer(counts, chosen.access_log), Metrics(counts, current, shared))


def edge() -> Edge:
    """Return the application of one process, from its environment; uvicorn calls this in each process.

    Raises what `service` raises, and `errbook_api.settings.SettingsError`.
    """
    shared = os.environ.get(SHARED)
    parts = service(settings.read(), database(), Path(shared) if shared else None)
    app = fastapi(parts)
    return Edge(app, app.routes, parts)


@contextlib.asynccontextmanager
async def running(parts: Service, agents: Agents | None) -> AsyncIterator[None]:
    """Do what is done beside requests, from before the first until after the last."""
    # What was loaded stays; the collector looking through all of it held requests up for 50 ms now and then.
    gc.collect()
    gc.freeze()
    parts.observer.start(asyncio.get_running_loop())
    tasks = [asyncio.create_task(parts.metrics.share_always())]
    if parts.settings.reload:
        tasks.append(asyncio.create_task(Watch(parts.current, parts.observer).run()))
    try:
        async with agents.running() if agents else contextlib.nullcontext():
            yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        parts.metrics.share()
        parts.observer.flush()
        parts.current.now.knowledge.close()


def fastapi(parts: Service) -> FastAPI:
    """Return the FastAPI application: every route, without the table."""
    agents = Agents(parts) if parts.settings.mcp else None
    app = FastAPI(
        title="errbook",
        version=SCHEMA_VERSION,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lambda _: running(parts, agents),
    )
    site = Site(parts.settings.site_dir, parts.policy) if parts.settings.site_dir else None
    routes = Routes(parts, site).router()
    for prefix in PREFIXES:
        app.include_router(routes, prefix=prefix, include_in_schema=not prefix)
        app.include_router(identify.router(parts), prefix=prefix, include_in_schema=not prefix)
    app.include_router(endpoints.router(parts))
    _operations(app, parts)
    _documentation(app, parts)
    if agents:
        app.routes.append(Route(agents.PATH, agents, include_in_schema=False))
    if site:
        app.mount("/", site)
    else:
        app.add_api_route(
            "/", lambda: Response(status_code=303, headers={"location": "/docs"}), include_in_schema=False
        )
    _refusals(app, parts)
    return app


def _operations(app: FastAPI, parts: Service) -> None:
    current = parts.current
    headers = {"cache-control": "no-store", **dict(parts.policy.common)}

    @app.get("/healthz", tags=["operation"], name="Is the process alive")
    async def healthz() -> Response:
        """Always 200 while the process answers."""
        return Response(dumps({"status": "ok", "version": __version__}), media_type=JSON, headers=headers)

    @app.get("/readyz", tags=["operation"], name="Can it answer")
    async def readyz() -> Response:
        """200 while there is knowledge to answer from; `stale` and `problem` say when newer one cannot be used."""
        now = current.now
        body = {
            "status": "stale" if current.problem else "ok",
            "stale": bool(current.problem),
            "problem": current.problem,
            "entries": now.entries,
            "digest": now.digest,
            "pid": os.getpid(),
        }
        return Response(dumps(body), media_type=JSON, headers=headers)

    if parts.settings.metrics:

        @app.get("/metrics", tags=["operation"], name="Prometheus metrics")
        def metrics() -> Response:
            """Counts of all processes of the service, and the state of the one that answers."""
            kind = "text/plain; version=0.0.4; charset=utf-8"
            return Response(parts.metrics.exposition(), headers={**headers, "content-type": kind})


def _documentation(app: FastAPI, parts: Service) -> None:
    app.include_router(docs.router(parts.policy))
    made: dict[str, dict[str, Any]] = {}

    def document() -> dict[str, Any]:
        now = parts.current.now
        if now.digest not in made:
            base = FastAPI.openapi(app)
            app.openapi_schema = None
            made.clear()
            made[now.digest] = openapi.complete(base, now.knowledge)
        return made[now.digest]

    @app.get("/openapi.json", include_in_schema=False)
    def openapi_json(request: Request) -> Response:
        ready = represent(dumps(document()), JSON, parts.policy)
        asked = request.headers
        status, headers, body, _ = ready.select(asked.get("accept-encoding"), asked.get("if-none-match"))
        return Response(body, status, dict(headers))


def _refusals(app: FastAPI, parts: Service) -> None:
    """Make every error of the application a problem document, those of the framework included."""
    edge = Edge(app, app.routes, parts)

    def answer(request: Request, problem: ProblemError) -> Response:
        if problem.kind == "no-such-error":
            notes(request.scope)["outcome"] = "not_found"
        status, headers, body = problems.render(problem, request.scope, parts.policy)
        return Response(body, status, dict(headers))

    async def own(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)  # noqa: S101 - registered for nothing else
        return answer(request, error)

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
        path = request.url.path
        if error.status_code == 404:
            detail = "There is nothing at this path; the service is described at /docs and /openapi.json."
        elif error.status_code == 405:
            methods = ", ".join(edge.allow(request.scope))
            detail = f"{request.method[:20]} is not for this path; use {methods}."
            return answer(request, ProblemError("method-not-allowed", detail, {"allow": methods}))
        else:
            detail = f"{error.detail} ({path[:80]})"
        return answer(request, ProblemError(problems.kind_of(error.status_code), detail))

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
        wrong = [{"name": str(item["loc"][-1])[:80], "detail": item["msg"]} for item in error.errors()]
        detail = "; ".join(f"{item['name']}: {item['detail']}" for item in wrong) + "."
        return answer(request, ProblemError("bad-parameter", detail, parameters=wrong))

    async def broken(request: Request, error: Exception) -> Response:
        parts.observer.event("error", "knowledge", error=str(error))
        return answer(request, ProblemError("unavailable", "The knowledge cannot be read just now."))

    app.add_exception_handler(ProblemError, own)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(RequestValidationError, validation)

    async def internal(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Edge logs the error
        return answer(request, ProblemError("internal", problems.SORRY))

    app.add_exception_handler(DatabaseError, broken)
    app.add_exception_handler(Exception, internal)
