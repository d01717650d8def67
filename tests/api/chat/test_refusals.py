"""What is refused, and how: who is not the platform, what has not its form, what is too much."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.api.chat.conftest import DISCORD_KEY, SIGNED, Chat, discord_headers, slack_headers

ENDPOINTS = [*SIGNED]
BODIES = {
    "slack": b"command=%2Ferrbook&text=1040",
    "slack/interactive": urlencode({"payload": json.dumps({"type": "block_actions", "actions": []})}).encode(),
    "discord": b'{"type":1}',
    "teams": b'{"type":"message","text":"1040"}',
    "mattermost": b"command=%2Ferrbook&text=1040",
}
SCHEMA = json.loads((Path(__file__).parents[3] / "schema/public.schema.json").read_text())
PROBLEM = Draft202012Validator({"$ref": "#/$defs/problem", "$defs": SCHEMA["$defs"]})


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """See that an answer is a problem document of a kind; return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"urn:errbook:problem:{kind}"
    PROBLEM.validate(document)
    return document


@pytest.mark.parametrize("path", ENDPOINTS)
def test_only_the_platform_is_answered(chat: Chat, path: str) -> None:
    body, kind = BODIES[path], {"content-type": SIGNED[path](b"")["content-type"]}
    url = f"/chat/{path}"
    unsigned = chat.client.post(url, content=body, headers=kind)
    refused(unsigned, 401, "unauthorized")
    assert unsigned.headers["www-authenticate"]
    if path != "mattermost":
        of_another = SIGNED[path](body + b" ")
        refused(chat.client.post(url, content=body, headers=of_another), 401, "unauthorized")
    broken = {name: "x" for name in SIGNED[path](body) if name != "content-type"}
    refused(chat.client.post(url, content=body, headers=kind | broken), 401, "unauthorized")
    beyond: dict[str, Any] = {
        name: value.encode() + "é".encode("latin-1") for name, value in SIGNED[path](body).items()
    }
    refused(chat.client.post(url, content=body, headers=beyond), 401, "unauthorized")
    refused(chat.client.get(url, headers={"accept": "application/json"}), 405, "method-not-allowed")


@pytest.mark.parametrize("age", [301, -310, 100_000])
def test_a_request_of_slack_is_not_taken_again_after_five_minutes(chat: Chat, age: int) -> None:
    body = BODIES["slack"]
    stale = slack_headers(body, int(time.time()) - age)
    refused(chat.client.post("/chat/slack", content=body, headers=stale), 401, "unauthorized")
    fresh = slack_headers(body, int(time.time()) - 200)
    assert chat.client.post("/chat/slack", content=body, headers=fresh).status_code == 200


@pytest.mark.parametrize("stamp", ["soon", "", "-5", "1e9", "٣٣٣", "9" * 500])
def test_a_time_that_is_none_is_no_error_of_the_service(chat: Chat, stamp: str) -> None:
    signed: dict[str, Any] = dict(slack_headers(b"text=1"))
    signed["x-slack-request-timestamp"] = stamp.encode()
    refused(chat.client.post("/chat/slack", content=b"text=1", headers=signed), 401, "unauthorized")


def test_wrong_signatures_of_discord_are_refused_and_right_ones_taken(chat: Chat) -> None:
    """Discord sends both when an endpoint is saved, and again from time to time."""
    body = b'{"type":1}'
    wrong = discord_headers(body) | {"x-signature-ed25519": DISCORD_KEY.sign(b"something else").signature.hex()}
    refused(chat.client.post("/chat/discord", content=body, headers=wrong), 401, "unauthorized")
    moved = discord_headers(body) | {"x-signature-timestamp": "1700000001"}
    refused(chat.client.post("/chat/discord", content=body, headers=moved), 401, "unauthorized")
    assert chat.client.post("/chat/discord", content=body, headers=discord_headers(body)).json() == {"type": 1}


@pytest.mark.parametrize("path", ENDPOINTS)
def test_another_media_type(chat: Chat, path: str) -> None:
    answer = chat.post(path, BODIES[path], **{"content-type": "text/xml"})
    refused(answer, 415, "unsupported-type")
    assert answer.headers["accept"]


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_body_over_the_limit(chat: Chat, path: str) -> None:
    body = b"text=" + b"a" * 256 * 1024
    refused(chat.post(path, body), 413, "content-too-large")

    def parts() -> Any:
        yield from (body[at : at + 8192] for at in range(0, len(body), 8192))

    answer = chat.client.post(f"/chat/{path}", content=parts(), headers=SIGNED[path](body))
    refused(answer, 413, "content-too-large")


def test_a_text_of_100_kb(chat: Chat) -> None:
    text = "a long line of a log " * 5000
    refused(chat.slack(text), 413, "content-too-large")
    refused(chat.mattermost(text), 413, "content-too-large")
    refused(chat.teams(text), 413, "content-too-large")
    assert chat.slack(text[:39_000]).status_code == 200


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"%FF%FE=%ED%A0%80", b"null", b"[1]", b"{", b"[" * 100_000, b"a=1"])
def test_a_body_that_is_none(chat: Chat, path: str, body: bytes) -> None:
    answer = chat.post(path, body)
    assert answer.status_code in (400, 401, 422), answer.text
    # Slack's own verifier reads the body as UTF-8 before it signs it.
    assert answer.status_code != 401 or (path.startswith("slack") and body == b"\xff\xfe")
    refused(
        answer, answer.status_code, {400: "bad-request", 401: "unauthorized", 422: "bad-parameter"}[answer.status_code]
    )


@pytest.mark.parametrize(
    ("path", "payload", "field"),
    [
        ("discord", {}, "type"),
        ("discord", {"type": True}, "type"),
        ("discord", {"type": 2}, "data"),
        ("discord", {"type": 2, "data": {"type": 3}}, "data.target_id"),
        ("discord", {"type": 2, "data": {"type": 1, "options": [1]}}, "name"),
        ("discord", {"type": 2, "data": {"type": 1, "options": [{"name": "query", "value": 5}]}}, "query"),
        ("discord", {"type": 3, "data": {}}, "data.custom_id"),
        ("teams", {"type": "message"}, "text"),
        ("teams", {"text": ["1040"]}, "text"),
    ],
)
def test_a_missing_field_is_named(chat: Chat, path: str, payload: dict[str, Any], field: str) -> None:
    document = refused(chat.post(path, json.dumps(payload).encode()), 422, "bad-parameter")
    assert document["parameters"][0]["name"] == field


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["type", "data", "text", "options", "name", "value", "actions", "action_id", "custom_id",
                         "message", "response_url", "target_id", "resolved", "messages", "content"]) | st.text(),
        inner, max_size=6),
    max_leaves=12,
)  # fmt: skip
TEXTS = st.text() | st.sampled_from(
    ["1040", "mysql ", "help", "23000", "share ", "\u202e", "\x00", "`", "<!channel>", "\ud800"]
)
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def answered(answer: httpx.Response) -> None:
    """See that an answer is one, or a documented refusal."""
    assert answer.status_code in (200, 400, 413, 422), answer.text
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"


@FUZZ
@given(given=ANY_JSON)
def test_any_json_is_answered_or_refused(chat: Chat, given: Any) -> None:
    for path in ("discord", "teams"):
        answered(chat.post(path, json.dumps(given).encode()))
    answered(chat.post("slack/interactive", urlencode({"payload": json.dumps(given)}).encode()))


@FUZZ
@given(parts=st.lists(TEXTS, max_size=4), body=st.binary(max_size=60))
def test_any_text_is_answered(chat: Chat, parts: list[str], body: bytes) -> None:
    text = "".join(parts)
    form = urlencode({"text": text}, errors="surrogatepass").encode()
    answered(chat.post("slack", form))
    answered(chat.post("mattermost", form))
    answered(chat.teams(text))
    slash = {"type": 2, "data": {"type": 1, "options": [{"name": "query", "value": text}]}}
    answered(chat.discord(slash))
    answered(chat.discord({"type": 3, "data": {"custom_id": f"show:{text}"}}))
    for path in ("discord", "teams", "mattermost"):
        answered(chat.post(path, body))


def test_a_thousand_requests_at_once_are_answered_and_other_routes_too(chat: Chat) -> None:
    def ask(number: int) -> int:
        body = urlencode({"text": ("1040", "23000", "lock wait timeout", "asdf")[number % 4]}).encode()
        return chat.client.post("/chat/mattermost", content=body, headers=SIGNED["mattermost"](body)).status_code

    def look(_: int) -> int:
        return chat.client.get("/errors/mysql/1040").status_code

    with ThreadPoolExecutor(100) as pool:
        asked = [pool.submit(ask, number) for number in range(1000)]
        looked = [pool.submit(look, number) for number in range(100)]
        assert {future.result() for future in [*asked, *looked]} == {200}


def test_an_endpoint_is_there_only_when_its_secret_is(start: Any, database: Path, environment: dict[str, str]) -> None:
    with socket.socket() as probe:
        # That of the module's service is taken.
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    only = {name: environment[name] for name in ("ERRBOOK_TEAMS_TOKEN", "ERRBOOK_SITE_URL")}
    with start(port, ERRBOOK_DB=str(database), **only) as server:
        body = BODIES["teams"]
        assert server.client.post("/chat/teams", content=body, headers=SIGNED["teams"](body)).status_code == 200
        for path in ENDPOINTS:
            if path != "teams":
                signed = SIGNED[path](BODIES[path])
                answer = server.client.post(f"/chat/{path}", content=BODIES[path], headers=signed)
                refused(answer, 404, "not-found")
