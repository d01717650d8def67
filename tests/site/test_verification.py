"""Evidence on the pages: the panel of an entry, what each fix says, and what was found out."""

import functools
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Browser, Page, expect
from tests import evidence
from tests.site.links import broken

from errbook.knowledge import Knowledge
from errbook_site import build, pages
from errbook_site.page import Page as SitePage
from errbook_site.preview import Preview

SHOWN = ["mysql/1040", "mysql/1062", "mysql/1146", "mysql/1205", "postgresql/40P01", "sqlite/5"]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knowledge]:
    """The real entries with made-up evidence of every sort."""
    with evidence.compiled(tmp_path_factory.mktemp("bare"), {}, {}) as bare:
        entries = {entry.id: entry for entry in bare.all()}
    with evidence.compiled(tmp_path_factory.mktemp("executed"), evidence.example(entries), entries) as knowledge:
        yield knowledge


@pytest.fixture(scope="module")
def built(executed: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build.run(executed, tmp_path_factory.mktemp("site") / "site")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def home(built: Path) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(built))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Browser, home: str) -> Iterator[Page]:
    context = browser.new_context(base_url=home, viewport={"width": 1600, "height": 900}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_every_link_leads_somewhere(built: Path) -> None:
    assert sorted(set(broken(built, pages.DEFAULT_SITE))) == []


def test_the_badge_leads_to_the_panel_and_to_the_rule(page: Page) -> None:
    page.goto("/mysql/1040/")
    page.locator(".eb-names").get_by_role("link", name="Executed").click()
    expect(page.locator("#verification")).to_be_in_viewport()
    page.goto("/mysql/1040/")
    page.locator(".eb-names").get_by_role("link", name="How confidence is computed").click()
    expect(page).to_have_url(re.compile("/reading/#confidence$"))
    expect(page.locator("#confidence")).to_be_in_viewport()
    expect(page.locator("#confidence ~ dl dt").first).to_have_text("Disputed")


def test_the_panel_is_a_table_of_servers_and_fixes(page: Page, executed: Knowledge) -> None:
    entry = executed.get("postgresql", "40P01")
    assert entry
    page.goto("/postgresql/40P01/")
    rows = page.locator(".eb-matrix tbody tr")
    expect(rows).to_have_count(6)
    expect(rows.first.locator("th")).to_have_text("PostgreSQL 13.23")
    expect(rows.first.locator(".eb-matrix__fix")).to_have_count(len(entry.fixes))
    expect(rows.first.locator("time")).to_have_text("2026-11-24")
    # Six servers print the same but for numbers: it is shown once.
    expect(page.locator(".eb-verification .eb-printed")).to_have_count(2)
    caption = page.locator(".eb-verification figcaption").last
    expect(caption).to_have_text(re.compile("psql on PostgreSQL 13.23, .* and 18.4, the same but for numbers"))


def test_what_a_client_says_otherwise_is_pointed_out(page: Page) -> None:
    page.goto("/mysql/1040/")
    odd = page.locator(".eb-printed", has_text="TLS handshake")
    expect(odd.locator("samp")).to_have_text(evidence.WRAPPED)
    expect(odd).to_contain_text("As 2002 (HY000), where the error is declared as 1040 (08004).")


def test_a_fix_says_where_it_was_proven_and_with_which_values(page: Page) -> None:
    page.goto("/mysql/1040/")
    fix = page.locator("#fix-2")
    expect(fix).to_contain_text("Executed: proven on MySQL 9.7.4, MariaDB 10.11.19 and 11.8.6.")
    expect(fix).to_contain_text("Placeholders when executed: <account> = app, <seconds> = 0.")
    page.goto("/mysql/1062/")
    expect(page.locator("#fix-1")).to_contain_text("Not run on MariaDB 11.8.6.")


def test_stale_missing_and_disputed_are_said(page: Page) -> None:
    page.goto("/mysql/1205/")
    expect(page.locator("#reproduce ~ .eb-proofmark--stale")).to_contain_text(
        "The executable part changed since it was executed on MySQL 9.7.4."
    )
    expect(page.locator(".eb-matrix .eb-stale")).to_have_count(1)
    page.goto("/mysql/1146/")
    expect(page.locator(".eb-matrix tr", has_text="MariaDB 11.8")).to_contain_text("Not yet executed")
    page.goto("/mysql/1062/")
    expect(page.locator(".eb-reasons li", has_text="Reproduction")).to_contain_text("another error on MariaDB 11.8.6.")
    page.goto("/sqlite/2067/")
    expect(page.locator(".eb-verification")).to_contain_text("not yet executed on any server")


def test_what_a_client_printed_is_shown_and_not_obeyed(page: Page) -> None:
    page.goto("/mysql/1146/")
    assert page.evaluate("window.hurt") is None
    shown = page.locator(".eb-printed samp").last.inner_text()
    assert shown.startswith("␛[31m<script>window.hurt=1</script>␛[0m␇ \\u202e ```")


@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_pages_with_evidence_fit_the_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for path in [*(f"/{identity}/" for identity in SHOWN), "/findings/"]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        box = page.locator(".eb-first .highlight").bounding_box() if path != "/findings/" else None
        if box and width > 390:
            assert box["y"] + box["height"] <= 900, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    for path in ("/mysql/1040/", "/mysql/1062/", "/mysql/1205/", "/findings/"):
        page.goto(path)
        found = Axe().run(page).response["violations"]
        serious = {
            item["id"]: [node["html"][:200] for node in item["nodes"]]
            for item in found
            if item["impact"] in ("serious", "critical")
        }
        assert serious == {}, path


def test_findings_are_grouped_and_lead_to_their_entries(page: Page) -> None:
    page.goto("/")
    page.locator(".md-tabs a", has_text="Findings").click()
    expect(page.locator("h1")).to_have_text("What we found out")
    heads = page.locator(".eb-findings h2").all_inner_texts()
    assert [head.rstrip("#").strip() for head in heads] == [
        "Another code",
        "Another text from the client",
        "Not as declared",
        "What entries note about versions",
    ]
    expect(
        page.locator(".eb-findings section", has=page.locator("#difference-client")).locator("figure")
    ).to_have_count(2)
    page.locator(".eb-finding a", has_text="1040").first.click()
    expect(page).to_have_url(re.compile("/mysql/1040/#verification$"))


def test_machines_get_the_findings_too(built: Path) -> None:
    assert (built / "api" / "v1" / "findings.json").is_file()
    assert (built / "findings.md").read_text().startswith("# What we found out\n")
    assert "findings.md): where servers and versions differ" in (built / "llms.txt").read_text()
    assert "| MySQL 9.7.4 | reproduced |" in (built / "mysql" / "1040" / "index.md").read_text()


def test_the_preview_shows_evidence_and_what_is_wrong_with_it(
    executed: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = executed.get("sqlite", "5")
    assert entry
    layer = evidence.layer(tmp_path)
    path = evidence.put(layer, entry, {"sqlite:3.40": evidence.record(entry, "sqlite:3.40")})
    monkeypatch.setenv("ERRBOOK_PATH", str(layer))
    monkeypatch.setenv("ERRBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ERRBOOK_DB", raising=False)
    preview = Preview("sqlite/5")
    (page,) = [item for item in preview.pages() if isinstance(item, SitePage)]
    assert "Reproduced on SQLite 3.40.1; 5 of 5 executable fixes proven; not yet executed on SQLite 3.51." in page.html
    path.write_text("{}")
    (page,) = [item for item in preview.pages() if isinstance(item, SitePage)]
    preview.close()
    assert "`entry` and `servers` are missing" not in page.html
    assert "<code>entry</code> and <code>servers</code> are missing" in page.html
