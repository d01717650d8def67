"""How the service speaks HTTP: forms, caching, methods, refusals, and what hostile askers get."""

import gzip
import re
import socket

import httpx
import pytest

from errbook_api import negotiation
from errbook_api.negotiation import HTML, JSON, MARKDOWN, TEXT

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
ENTRY = "/errors/mysql/1040"


def plain(api: httpx.Client, path: str, **headers: str) -> httpx.Response:
    """Ask without compression."""
    return api.get(path, headers={"accept-encoding": "identity", **headers})


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/*", TEXT),
        (TEXT, TEXT),
        (MARKDOWN, MARKDOWN),
        ("text/markdown, text/plain;q=0.9", MARKDOWN),
        ("text/markdown;q=0.5, application/json;q=0.4", MARKDOWN),
        ("application/json, text/plain, */*", JSON),
        ("application/json;q=0, */*", TEXT),
        ("text/plain;q=bad", None),
        (BROWSER, HTML),
        ("image/png", None),
        ("x" * 5000, JSON),
    ],
)
def test_the_form_that_is_preferred(accept: str | None, expected: str | None) -> None:
    assert negotiation.media_type(accept, (JSON, TEXT, MARKDOWN, HTML)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, False),
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("*", True),
        ("identity", False),
        ("identity;q=1, gzip;q=0.5", False),
        ("deflate", False),
    ],
)
def test_gzip_is_sent_to_who_takes_it(value: str | None, expected: bool) -> None:
    assert negotiation.takes_gzip(value) is expected


@pytest.mark.parametrize(("accept", "suffix"), [(TEXT, ".txt"), (MARKDOWN, ".md"), (JSON, ".json")])
@pytest.mark.parametrize("path", [ENTRY, "/errors/23000", "/engines", "/conditions/unique-violation", "/sqlstates"])
def test_a_suffix_asks_for_what_a_header_asks_for(api: httpx.Client, path: str, accept: str, suffix: str) -> None:
    by_header, by_suffix = (
        api.get(path, headers={"accept": accept}),
        api.get(path + suffix, headers={"accept": BROWSER}),
    )
    assert by_header.content == by_suffix.content
    assert by_suffix.headers["content-type"].startswith(accept)
    assert by_header.headers["vary"] == "Accept, Accept-Encoding"
    assert by_suffix.headers["vary"] == "Accept-Encoding"


def test_text_is_for_people(api: httpx.Client) -> None:
    text = api.get(f"{ENTRY}.txt").text
    assert "ER_CON_COUNT_ERROR" in text
    assert max(map(len, text.splitlines())) < 100
    assert api.get(f"{ENTRY}.md").text.startswith("# ")


def test_nothing_that_fits_is_said_so(api: httpx.Client) -> None:
    answer = api.get(ENTRY, headers={"accept": "image/png"})
    assert answer.status_code == 406
    assert answer.json()["allowed"] == [JSON, TEXT, MARKDOWN]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (ENTRY, "/mysql/1040/"),
        ("/errors/1040", "/mysql/1040/"),
        ("/errors/23000", "/23000/"),
        ("/search?q=dup", "/search/?q=dup"),
    ],
)
def test_a_browser_is_sent_to_the_page(api: httpx.Client, path: str, where: str) -> None:
    answer = api.get(path, headers={"accept": BROWSER})
    assert (answer.status_code, answer.headers["location"]) == (303, where)
    assert "Accept" in answer.headers["vary"]
    assert api.get(where).status_code == 200


def test_a_browser_gets_json_where_there_is_no_page(api: httpx.Client) -> None:
    assert api.get("/errors/postgresql/42P01", headers={"accept": BROWSER}).json()["error"]["code"] == "42P01"


@pytest.mark.parametrize(
    "path", [ENTRY, "/errors/23000", "/errors?limit=3", f"{ENTRY}.md", "/openapi.json", "/docs", "/mysql/1040/"]
)
def test_what_the_asker_has_is_not_sent_again(api: httpx.Client, path: str) -> None:
    for encoding in ("identity", "gzip"):
        headers = {"accept-encoding": encoding}
        first = api.get(path, headers=headers)
        tag = first.headers["etag"]
        assert tag.startswith('"')
        for wanted in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = api.get(path, headers=headers | {"if-none-match": wanted})
            assert again.status_code == 304
            assert again.content == b""
            for name in ("etag", "cache-control", "vary"):
                assert again.headers[name] == first.headers[name]
        assert api.get(path, headers=headers | {"if-none-match": '"other"'}).status_code == 200


def test_the_two_encodings_are_told_apart(api: httpx.Client) -> None:
    first, second = plain(api, ENTRY), api.get(ENTRY, headers={"accept-encoding": "gzip"})
    assert second.headers["content-encoding"] == "gzip"
    assert first.content == second.content
    assert first.headers["etag"] != second.headers["etag"]
    answer = api.get(ENTRY, headers={"accept-encoding": "gzip", "if-none-match": first.headers["etag"]})
    assert answer.status_code == 200


def test_compressed_bytes_are_reproducible(api: httpx.Client) -> None:
    with api.stream("GET", ENTRY, headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert raw[4:8] == bytes(4)
    assert gzip.decompress(raw) == plain(api, ENTRY).content


@pytest.mark.parametrize(
    "path",
    [
        ENTRY,
        "/errors/nope",
        "/errors?limit=1",
        "/engines",
        "/docs",
        "/healthz",
        "/",
        "/logo.png",
        "/nowhere",
        f"{ENTRY}.md",
    ],
)
def test_head_is_get_without_the_body(api: httpx.Client, path: str) -> None:
    got, head = plain(api, path), api.head(path, headers={"accept-encoding": "identity"})
    assert head.content == b""
    assert head.status_code == got.status_code
    for name in ("content-type", "content-length", "etag", "cache-control", "vary"):
        assert head.headers.get(name) == got.headers.get(name), name


def test_caching_and_reading_by_others(api: httpx.Client) -> None:
    headers = api.get(ENTRY).headers
    assert headers["cache-control"] == "public, max-age=300, stale-while-revalidate=86400"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    page = api.get("/mysql/1040/").headers
    assert page["x-frame-options"] == "DENY"
    assert page["referrer-policy"]
    assert "frame-ancestors 'none'" in page["content-security-policy"]


def test_a_preflight_is_answered(api: httpx.Client) -> None:
    answer = api.options(ENTRY, headers={"origin": "https://example.com", "access-control-request-method": "GET"})
    assert answer.status_code == 204
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [ENTRY, "/errors", "/healthz", "/mysql/1040/"])
def test_other_methods_are_refused(api: httpx.Client, method: str, path: str) -> None:
    answer = api.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.json()["type"] == "urn:errbook:problem:method-not-allowed"


def test_refusals_are_plain_text_for_who_wants_that(api: httpx.Client) -> None:
    answer = api.get("/errors/31040.txt")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "mysql/1040" in answer.text
    assert api.get("/errors/31040", headers={"accept": TEXT}).text == answer.text


def test_a_lost_browser_gets_the_page_for_that(api: httpx.Client) -> None:
    assert "lost" in api.get("/nowhere/", headers={"accept": BROWSER}).text
    assert api.get("/nowhere/").json()["status"] == 404


def test_a_request_has_an_id(api: httpx.Client) -> None:
    for path in (ENTRY, "/errors/nope", "/metrics", "/"):
        made = api.get(path).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", made)
        assert api.get(path, headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
        assert api.get(path, headers={"x-request-id": 'a"b c'}).headers["x-request-id"] != 'a"b c'


@pytest.mark.parametrize(
    "path",
    [
        "/errors/%00",
        "/errors/%F0%9F%92%A5",
        "/errors/" + "9" * 10_000,
        "/errors/" + "%2e%2e%2f" * 20,
        "/errors/..%2f..%2fetc%2fpasswd",
        "/errors/%ff%fe",
        "/errors/%zz",
        "/errors/%",
        "/errors/'; DROP TABLE entry; --",
        "/errors/a/b/c/d",
        "/errors//",
        "/errors/ ",
        "/..%2f..%2fetc/passwd",
        "/%00",
        "/%00/",
        "/" + "a/" * 2000,
        "/v1/v1/errors/1040",
        '/search?q="',
        "/search?q=%00",
        "/search?q=*%20AND%20NEAR(",
        "/search?q=%ff",
        "/search?q=_",
        "/errors?q=%C2%B2",
        "/search?q=" + "%F0%9F%92%A5" * 20,
        "/errors?cursor=" + "A" * 199,
        "/errors?cursor=%00",
        "/docs/..%2fstart.js",
        "/engines/%00.md",
        "/sqlstates/%E2%84%AA1.txt",
    ],
)
def test_hostile_paths_are_answered_calmly(api: httpx.Client, path: str) -> None:
    answer = api.get(path, headers={"accept": JSON})
    assert answer.status_code in (200, 404, 422)
    if answer.status_code != 200 and not path.endswith((".md", ".txt")):
        assert answer.headers["content-type"] == "application/problem+json"
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /errors/\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"BREW /errors/1040 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /errors/1040 HTTP/1.1\r\nHost: a\r\nAccept: \xff\xfe\r\nX-Request-Id: \xff\r\nConnection: close\r\n\r\n",
        b"GET /errors/nope HTTP/1.1\r\nHost: a\r\nAccept: \xff\xfe\r\nIf-None-Match: \xff\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
    ],
)
def test_hostile_bytes_never_break_it(api: httpx.Client, raw: bytes) -> None:
    with socket.create_connection((api.base_url.host, api.base_url.port or 0), timeout=10) as connection:
        connection.sendall(raw)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert not answer.startswith(b"HTTP/1.1 5")
    assert b"root:" not in answer
    assert api.get("/healthz").status_code == 200


def test_the_documentation_asks_no_other_host(api: httpx.Client) -> None:
    page = api.get("/docs")
    assert "http" not in page.text.replace("http-equiv", "")
    used = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(used) == 5
    for name in used:
        assert api.get(f"/{name}").status_code == 200
    assert "connect-src 'self'" in page.headers["content-security-policy"]


def test_metrics_count_requests_and_lookups(api: httpx.Client) -> None:
    def counted() -> dict[str, float]:
        lines = api.get("/metrics").text.splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}

    before = counted()
    api.get(ENTRY)
    api.get("/errors/pg/42P01")
    api.get("/errors/23000")
    api.get("/errors/nope")
    after = counted()

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown('errbook_lookups_total{outcome="found"}') == 2
    assert grown('errbook_lookups_total{outcome="several"}') == 1
    assert grown('errbook_lookups_total{outcome="not_found"}') == 1
    assert grown('errbook_requests_total{route="/errors/{engine}/{code}",status="200"}') == 2
    assert grown('errbook_request_seconds_count{route="/errors/{query}"}') == 2
    assert (
        after['errbook_request_seconds_bucket{le="+Inf",route="/errors/{query}"}']
        == after['errbook_request_seconds_count{route="/errors/{query}"}']
    )
    assert after["errbook_knowledge_entries"] == 8
    assert after["errbook_knowledge_stale"] == 0
    assert any(name.startswith("errbook_build_info{") for name in after)
