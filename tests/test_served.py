"""Site and API from one process, in a real browser: the service's policy refuses nothing, no other host is asked."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/docs", "/errors/{engine}/{code}"),
        ("/mysql/1040/", "Too many connections"),
        ("/", "Which database error?"),
        ("/api/", "curl -si"),
        ("/mysql/9999/", "There is no page here"),
    ],
)
def test_a_page_is_whole_and_asks_no_other_host(browser: Browser, address: str, path: str, shown: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(f"http://{address}{path}", wait_until="networkidle")
    # Swagger draws after the last answer has come.
    page.wait_for_function("text => document.body.innerText.includes(text)", arg=shown)
    assert {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))} == {address}
    # The page that is not there is a 404, which a browser counts as an error of the console.
    assert [text for text in complaints if "404" not in text] == []
    page.close()
