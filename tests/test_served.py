"""Site and API from one process, in a real browser: the service's policy refuses nothing, no other host is asked."""

from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import httpx
import pytest
from playwright.sync_api import Browser


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/docs", "/errors/{engine}/{code}"),
        ("/mysql/1040/", "Too many connections"),
        ("/", "Which database error?"),
        ("/api/", "curl -si"),
        ("/connect/slack/", "slash_commands"),
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


OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


@pytest.mark.parametrize(
    ("typed", "shown"), [("1040", "/mysql/1040/"), ("ER_DUP_ENTRY", "/mysql/1062/"), ("lock wait timeout", None)]
)
def test_the_address_bar_of_a_browser_searches(browser: Browser, address: str, typed: str, shown: str | None) -> None:
    page = browser.new_page()
    page.goto(f"http://{address}/mysql/1205/")
    link = page.locator("link[rel=search]")
    assert link.get_attribute("type") == "application/opensearchdescription+xml"
    description = httpx.get(page.evaluate("link => link.href", link.element_handle()))
    root = ElementTree.fromstring(description.text)  # noqa: S314 - we wrote it
    (template,) = [url.get("template") for url in root.iter(f"{OPENSEARCH}Url") if url.get("type") == "text/html"]
    # The description names where the site is published; here it is where the test put it.
    where = str(template).replace("{searchTerms}", quote(typed))
    page.goto(f"http://{address}/{where.partition('://')[2].partition('/')[2]}")
    if shown:
        page.wait_for_url(f"**{shown}")
    else:
        page.locator(".md-search-result__link", has_text="1205").first.wait_for()
    page.close()
