"""``/mcp``: the knowledge as tools for agents, by the Model Context Protocol over streamable HTTP, without sessions.

The protocol is the SDK's and the tools are the library's. Here is what the network needs: which names and origins may
ask (revision 2026-07-28, "Streamable HTTP", wants the Origin checked, against pages that rebind a name to this
address), and how much they may send.
"""

from contextlib import AbstractAsyncContextManager
from typing import Final
from urllib.parse import urlsplit

from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from errbook.mcp.server import server
from errbook_api import body, problems
from errbook_api.problems import ProblemError
from errbook_api.service import Service

_OWN: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Agents:
    """The ASGI application on `PATH`."""

    PATH: Final = "/mcp"

    def __init__(self, service: Service) -> None:
        settings = service.settings
        self._policy = service.policy
        site = urlsplit(settings.site_url or "").hostname
        self._hosts = _OWN | settings.mcp_hosts | ({site} if site else set())
        current = service.current
        self._server = server(lambda: current.now.knowledge, settings.site_url or "")
        # Hosts and origins are checked here, with an answer that says what to set.
        unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        self._app = self._server.streamable_http_app(
            streamable_http_path=self.PATH,
            json_response=True,
            stateless_http=True,
            max_request_body_size=body.MOST,
            transport_security=unchecked,
        )

    def running(self) -> AbstractAsyncContextManager[None]:
        """Return the context in which requests can be answered."""
        return self._server.session_manager.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with a problem document."""
        if problem := self._refused(scope["method"], Headers(scope=scope)):
            status, headers, sent = problems.render(problem, scope, self._policy)
            encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            await send({"type": "http.response.start", "status": status, "headers": encoded})
            await send({"type": "http.response.body", "body": sent})
            return
        await self._app(scope, receive, send)

    def _refused(self, method: str, headers: Headers) -> ProblemError | None:
        if method != "POST":
            # Without sessions there is no stream to open and nothing to end.
            detail = f"{method[:20]} is not for this path; use POST."
            return ProblemError("method-not-allowed", detail, {"allow": "OPTIONS, POST"})
        host = _name(f"//{headers.get('host', '')}")
        if host not in self._hosts:
            detail = f"This service is not reached as {host or 'nothing'!r}; put the name into ERRBOOK_MCP_HOSTS."
            return ProblemError("misdirected", detail)
        origin = headers.get("origin")
        if origin is not None and _name(origin) not in self._hosts:
            detail = f"Pages of {origin[:80]!r} may not ask; put the host's name into ERRBOOK_MCP_HOSTS."
            return ProblemError("forbidden", detail)
        return None


def _name(address: str) -> str | None:
    """Return the host name of an address in lower case; None where there is none."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
