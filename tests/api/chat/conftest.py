"""A service with all four platforms configured, requests signed as theirs are, and where Slack takes answers."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import pytest
from nacl.signing import SigningKey
from slack_sdk.signature import SignatureVerifier

SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105 - a secret of these tests only
DISCORD_KEY = SigningKey(bytes(range(32)))
TEAMS_TOKEN = base64.b64encode(b"a key of these tests, 32 bytes..").decode()
MATTERMOST_TOKEN = "qzgakf1nx3yt9dr4n8585ihbxy"  # noqa: S105 - a secret of these tests only
FORM = "application/x-www-form-urlencoded"
SITE = "https://errors.example.com"


def slack_headers(body: bytes, stamp: int | None = None) -> dict[str, str]:
    """Sign as Slack does, by its own library."""
    at = str(int(time.time()) if stamp is None else stamp)
    made: str | None
    try:
        made = SignatureVerifier(SLACK_SECRET).generate_signature(timestamp=at, body=body)
    except UnicodeDecodeError:
        # The library takes text only; the algorithm is that of any bytes.
        made = "v0=" + hmac.digest(SLACK_SECRET.encode(), f"v0:{at}:".encode() + body, "sha256").hex()
    return {"x-slack-request-timestamp": at, "x-slack-signature": str(made), "content-type": FORM}


def discord_headers(body: bytes, stamp: str = "1700000000") -> dict[str, str]:
    """Sign as Discord does: Ed25519 over timestamp and body."""
    signed = DISCORD_KEY.sign(stamp.encode() + body).signature.hex()
    return {"x-signature-ed25519": signed, "x-signature-timestamp": stamp, "content-type": "application/json"}


def teams_headers(body: bytes) -> dict[str, str]:
    """Sign as Teams does: HMAC-SHA256 of the body under the decoded token, in base64."""
    made = base64.b64encode(hmac.digest(base64.b64decode(TEAMS_TOKEN), body, "sha256")).decode()
    return {"authorization": f"HMAC {made}", "content-type": "application/json; charset=utf-8"}


def mattermost_headers(body: bytes) -> dict[str, str]:  # noqa: ARG001 - Mattermost signs nothing
    """Give the token as Mattermost does."""
    return {"authorization": f"Token {MATTERMOST_TOKEN}", "content-type": FORM}


class Hooks(NamedTuple):
    """Where answers to buttons and shortcuts are sent: an address, and what came there."""

    url: str
    came: "Queue[dict[str, Any]]"


class Chat(NamedTuple):
    """The service, asked as the platforms ask."""

    client: httpx.Client
    server: Any
    hooks: Hooks

    def slack(self, text: str) -> httpx.Response:
        """Type ``/errbook <text>`` in Slack."""
        return self.post("slack", urlencode({"command": "/errbook", "text": text, "user_id": "U1"}).encode())

    def press(self, payload: dict[str, Any]) -> httpx.Response:
        """Press a button in Slack, or use a shortcut."""
        payload = {"response_url": f"{self.hooks.url}/actions/T1/1/x"} | payload
        return self.post("slack/interactive", urlencode({"payload": json.dumps(payload)}).encode())

    def discord(self, interaction: dict[str, Any]) -> httpx.Response:
        """Send an interaction of Discord."""
        return self.post("discord", json.dumps(interaction).encode())

    def teams(self, text: str) -> httpx.Response:
        """Mention the webhook in Teams."""
        return self.post("teams", json.dumps({"type": "message", "text": text}).encode())

    def mattermost(self, text: str) -> httpx.Response:
        """Type ``/errbook <text>`` in Mattermost."""
        return self.post("mattermost", urlencode({"command": "/errbook", "text": text}).encode())

    def post(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        """Send a body signed by its platform; `headers` take the place of those."""
        return self.client.post(f"/chat/{path}", content=body, headers=SIGNED[path](body) | headers)


SIGNED: dict[str, Callable[[bytes], dict[str, str]]] = {
    "slack": slack_headers,
    "slack/interactive": slack_headers,
    "discord": discord_headers,
    "teams": teams_headers,
    "mattermost": mattermost_headers,
}
"""What signs a body, for each endpoint."""


@pytest.fixture(scope="module")
def hooks() -> Iterator[Hooks]:
    """A server that takes what is sent to a response_url."""
    came: Queue[dict[str, Any]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Hooks(f"http://127.0.0.1:{server.server_port}", came)
        server.shutdown()


@pytest.fixture(scope="module")
def environment(hooks: Hooks) -> dict[str, str]:
    """What is configured for all four."""
    return {
        "ERRBOOK_SLACK_SIGNING_SECRET": SLACK_SECRET,
        "ERRBOOK_SLACK_HOOKS": hooks.url,
        "ERRBOOK_DISCORD_PUBLIC_KEY": DISCORD_KEY.verify_key.encode().hex(),
        "ERRBOOK_TEAMS_TOKEN": TEAMS_TOKEN,
        "ERRBOOK_MATTERMOST_TOKEN": f"another-token-of-a-second-team, {MATTERMOST_TOKEN}",
        "ERRBOOK_SITE_URL": SITE,
    }


@pytest.fixture(scope="module")
def chat(start: Any, free_port: int, database: Path, environment: dict[str, str], hooks: Hooks) -> Iterator[Chat]:
    """The service with the small knowledge, and all four platforms."""
    with start(free_port, ERRBOOK_DB=str(database), **environment) as server:
        yield Chat(server.client, server, hooks)
