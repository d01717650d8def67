"""``/identify`` over real HTTP: what it takes, what it gives, and that nothing of a text is written down."""

import json
import time

import httpx
import pytest
from tests.api.conftest import Server

LINE = "ERROR 1062 (23000): Duplicate entry 'ada@example.com' for key 'users.email'"


def first(answer: httpx.Response) -> dict[str, object]:
    """Return the first match of an answer."""
    assert answer.status_code == 200, answer.text
    match: dict[str, object] = answer.json()["matches"][0]
    return match


def test_a_text_is_posted_as_it_is(api: httpx.Client) -> None:
    match = first(api.post("/identify", content=LINE.encode(), headers={"content-type": "text/plain"}))
    assert (match["engine"], match["code"], match["entry"]) == ("mysql", "1062", "mysql/1062")
    assert match["matched_by"] == ["code", "message", "sqlstate"]
    assert api.post("/api/v1/identify", content=LINE.encode()).json()["count"] == 1


def test_json_will_do_and_so_will_an_address(api: httpx.Client) -> None:
    posted = api.post("/identify", json={"text": LINE})
    asked = api.get("/identify", params={"text": LINE})
    assert first(posted) == first(asked)
    assert posted.headers["cache-control"] == "no-store"


def test_where_there_is_nothing_nothing_is_found(api: httpx.Client) -> None:
    answer = api.post("/identify", content=b"port 1040, HTTP 404, in 2024")
    assert answer.status_code == 200
    assert answer.json()["matches"] == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"no": "text"}', "application/json", 400),
        (b'{"text": 1}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"x" * (262_144 + 1), "text/plain", 413),
        (b"x", "image/png", 415),
    ],
)
def test_bad_input_is_told_what_is_wrong(api: httpx.Client, body: bytes, kind: str, status: int) -> None:
    answer = api.post("/identify", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00", "\u202e\u200b\u0000🦆".encode(), b"x" * 262_144, b"ERROR " * 40_000, b"\\u00" * 60_000],
)
def test_odd_bodies_are_only_texts(api: httpx.Client, body: bytes) -> None:
    assert api.post("/identify", content=body, headers={"content-type": "text/plain"}).status_code == 200


def test_a_body_without_a_length_is_bounded_too(api: httpx.Client) -> None:
    assert api.post("/identify", content=(b"x" * 65_536 for _ in range(8))).status_code == 413


def test_an_address_needs_a_text(api: httpx.Client) -> None:
    assert api.get("/identify").status_code == 422
    assert api.get("/identify", params={"text": "x" * 8001}).status_code == 422
    assert api.put("/identify").status_code == 405


def test_nothing_of_a_text_is_written_down(server: Server) -> None:
    secret = "-".join(("only", "here"))
    server.client.post("/identify", content=f"{LINE} {secret}".encode())
    server.client.post("/identify", json={"text": secret})
    server.client.get("/identify", params={"text": secret})
    server.client.get("/healthz")
    # Lines are written a moment later, several at once.
    for _ in range(100):
        if "/healthz" in server.log.read_text():
            break
        time.sleep(0.05)
    assert secret not in server.log.read_text()
    assert secret not in server.errors.read_text()
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert any(line.get("path") == "/identify" for line in lines)
