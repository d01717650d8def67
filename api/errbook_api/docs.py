"""The interactive documentation at ``/docs``: Swagger UI from the package ``fastapi-offline``, asking no other host."""

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from errbook_api.problems import ProblemError
from errbook_api.representation import Policy, Representation, page_policy, represent

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Swagger UI sets styles on elements; scripts come from this host's files only."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>errbook API</title>
<link rel="icon" type="image/png" href="docs/favicon.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs scripts; the same is in <a href="openapi.json">openapi.json</a>.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

_START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""

_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}


def router(policy: Policy) -> APIRouter:
    """Return the router of the documentation and its files."""
    own = page_policy(policy, CONTENT_SECURITY)

    @cache
    def ready(name: str) -> Representation:
        if name in _FILES:
            body = (files("fastapi_offline") / "static" / name).read_bytes()
            return represent(body, _FILES[name], own)
        return represent(*((_START.encode(), "text/javascript") if name else (_PAGE.encode(), "text/html")), own)

    def send(request: Request, name: str) -> Response:
        asked = request.headers
        status, headers, body, _ = ready(name).select(asked.get("accept-encoding"), asked.get("if-none-match"))
        return Response(body, status, dict(headers))

    routes = APIRouter(include_in_schema=False)

    @routes.get("/docs")
    def page(request: Request) -> Response:
        return send(request, "")

    @routes.get("/docs/{name}")
    def file(request: Request, name: str) -> Response:
        if name not in _FILES and name != "start.js":
            raise ProblemError("not-found", "The documentation is at /docs.")
        return send(request, name)

    return routes
