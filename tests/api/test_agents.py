"""``/mcp`` on a real server: the SDK's client, plain HTTP as other clients write it, and who is turned away."""

from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from tests.api.conftest import Server, Start

KINDS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


def post(server: Server, body: object, **headers: str) -> httpx.Response:
    """Send one message as a client would."""
    return server.client.post("/mcp", json=body, headers=KINDS | headers)


def call(method: str, **params: Any) -> dict[str, Any]:
    """Return a request of the protocol."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_sdk_s_client_is_answered(server: Server, mode: str) -> None:
    async def talk() -> None:
        async with Client(f"{server.url}/mcp", mode=mode) as client:
            assert "lookup_error" in [tool.name for tool in (await client.list_tools()).tools]
            answer = await client.call_tool("lookup_error", {"query": "1040"})
            assert answer.structured_content["errors"][0]["id"] == "mysql/1040"
            page = await client.read_resource("error://mariadb/1040")
            assert page.contents[0].text.startswith("# MySQL")  # type: ignore[union-attr] # it is text

    anyio.run(talk)


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_older_revisions_are_spoken(server: Server, revision: str) -> None:
    hello = call("initialize", protocolVersion=revision, capabilities={}, clientInfo={"name": "plain", "version": "1"})
    begun = post(server, hello)
    assert begun.json()["result"]["protocolVersion"] == revision
    # Nothing is kept between requests, so there is nothing to name.
    assert "mcp-session-id" not in begun.headers
    version = {"mcp-protocol-version": revision} if revision > "2025-06" else {}
    found = post(server, call("tools/call", name="lookup_error", arguments={"query": "1062"}), **version)
    assert found.json()["result"]["structuredContent"]["errors"][0]["id"] == "mysql/1062"


def test_a_request_that_is_no_message_is_refused(server: Server) -> None:
    wrong = server.client.post("/mcp", content=b"nonsense", headers=KINDS)
    assert wrong.status_code == 400
    assert wrong.json()["error"]["code"] == -32700
    assert post(server, call("tools/destroy")).json()["error"]["code"] == -32601
    assert server.client.post("/mcp", content=b"\xff\xfe{}", headers=KINDS).status_code == 400
    assert server.client.post("/mcp", json={}, headers=KINDS | {"content-type": "text/plain"}).status_code in (400, 415)


def test_only_messages_are_taken(server: Server) -> None:
    refused = server.client.get("/mcp", headers=KINDS)
    assert refused.status_code == 405
    assert refused.headers["allow"] == "OPTIONS, POST"
    assert refused.json()["type"] == "urn:errbook:problem:method-not-allowed"


def test_too_much_is_refused(server: Server) -> None:
    assert post(server, call("tools/call", name="lookup_error", arguments={"query": "x" * 300_000})).status_code == 413


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example:8000"])
def test_pages_of_other_hosts_may_not_ask(server: Server, origin: str) -> None:
    refused = post(server, call("tools/list"), origin=origin)
    assert refused.status_code == 403
    assert "ERRBOOK_MCP_HOSTS" in refused.json()["detail"]


def test_names_that_were_not_set_are_refused(server: Server) -> None:
    refused = post(server, call("tools/list"), host="rebound.example:8000")
    assert refused.status_code == 421
    assert "ERRBOOK_MCP_HOSTS" in refused.json()["detail"]
    assert post(server, call("tools/list"), origin="http://localhost:3000").status_code == 200


def test_names_can_be_set_and_all_of_it_switched_off(start: Start, free_port: int, database: Path) -> None:
    # The shared server has the port that is free for this module.
    other = free_port + 1
    with start(other, ERRBOOK_DB=str(database), ERRBOOK_MCP_HOSTS="errors.example.com") as running:
        asked = post(running, call("tools/list"), host="errors.example.com", origin="https://errors.example.com")
        assert asked.status_code == 200
    with start(other, ERRBOOK_DB=str(database), ERRBOOK_MCP="off") as running:
        assert post(running, call("tools/list")).status_code == 404
