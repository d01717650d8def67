"""The real site, built once, served as the service serves it, and a real browser that watches what must not happen."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

import errbook
from errbook.knowledge import Knowledge

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The strictest policy under which the pages work: no inline script, no inline style, no other host."""

Open = Callable[..., Page]


class _Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        if code != 404:
            super().send_error(code, message, explain)
            return
        body = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: a test that fails says what it asked for."""


@pytest.fixture(scope="session")
def knowledge() -> Iterator[Knowledge]:
    with errbook.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the built site is served, without a slash at the end."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Open]:
    """Open a path of the site at a width, light or dark; fail for requests elsewhere and for errors on the console."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def visit(path: str, width: int = 1600, dark: bool = False, scripts: bool = True, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            **options,
        )
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.on("request", lambda request: _stays(request.url))
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on("console", lambda message: _quiet(message.type, message.text))
        page.goto(f"{address}{path}")
        return page

    def _stays(url: str) -> None:
        if not url.startswith((f"{address}/", "data:", "blob:")):
            wrong.append(f"request to {url}")

    def _quiet(kind: str, text: str) -> None:
        # A page that asks whether a short address exists gets a 404 for an answer; that is no error of the page.
        if kind in ("error", "warning") and "404" not in text:
            wrong.append(f"{kind}: {text}")

    yield visit
    for context in contexts:
        context.close()
    assert wrong == []
