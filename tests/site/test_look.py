"""How the pages look and work: on phone and wide screen, light and dark, with a keyboard, and without JavaScript."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import expect
from tests.site.conftest import Open

from errbook.knowledge import Knowledge

PATHS = [
    "/",
    "/mysql/1040/",
    "/mysql/",
    "/postgresql/",
    "/conditions/too-many-connections/",
    "/conditions/deadlock/",
    "/conditions/unique-violation/",
    "/sqlstates/08/",
    "/api/",
    "/reading/",
    "/findings/",
    "/coverage/",
    "/rules/",
    "/nowhere/",
    "/mysql/codes/",
    "/mysql/codes/3000-3099/",
    "/mariadb/codes/4000-4099/",
    "/mysql/same-number/",
    "/mariadb/changes/10.11-11.8/",
    "/sqlite/codes/",
    "/sqlstates/42/",
    "/system/",
    "/system/mysys/",
]


@pytest.mark.parametrize("width", [390, 1600])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_serious(visit: Open, path: str, width: int, dark: bool) -> None:
    page = visit(path, width=width, dark=dark, bypass_csp=True, reduced_motion="reduce")
    page.evaluate("document.querySelectorAll('details').forEach((details) => details.open = true)")
    found = Axe().run(page).response["violations"]
    serious = {
        item["id"]: [node["html"][:200] for node in item["nodes"]]
        for item in found
        if item["impact"] in ("serious", "critical")
    }
    assert serious == {}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1600])
def test_nothing_is_wider_than_the_screen(visit: Open, path: str, width: int) -> None:
    assert visit(path, width=width).evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1600, 1024])
def test_first_thing_to_type_is_within_one_screen_on_every_page(
    visit: Open, address: str, knowledge: Knowledge, width: int
) -> None:
    page = visit("/", width=width)
    for link in knowledge.entries():
        page.goto(address + link.page)
        box = page.locator(".eb-first .highlight").bounding_box()
        assert box
        assert box["y"] + box["height"] <= 900, link.id


def test_dark_follows_the_system_and_can_be_changed(visit: Open) -> None:
    page = visit("/mysql/1040/", dark=True)
    body = page.locator("body")
    expect(body).to_have_attribute("data-md-color-scheme", "slate")
    page.locator("label[title='Switch to light']").click()
    expect(body).to_have_attribute("data-md-color-scheme", "default")
    page.reload()
    expect(body).to_have_attribute("data-md-color-scheme", "default")


def test_everything_can_be_read_without_javascript(visit: Open) -> None:
    page = visit("/mysql/1040/", scripts=False)
    for anchor in (
        "risk",
        "retry",
        "meaning",
        "causes",
        "reproduce",
        "fixes",
        "avoid",
        "verification",
        "drivers",
        "sources",
    ):
        expect(page.locator(f"#{anchor}")).to_be_visible()
    expect(page.locator(".eb-first pre")).to_be_visible()


def test_engine_page_is_a_plain_table_without_javascript(visit: Open) -> None:
    page = visit("/mysql/", scripts=False)
    expect(page.locator(".eb-index tbody tr").first).to_be_visible()
    expect(page.locator("[data-eb-filters]")).to_be_hidden()


def test_front_page_says_what_to_do_without_javascript(visit: Open) -> None:
    expect(visit("/", scripts=False).locator(".eb-noscript")).to_be_visible()
    expect(visit("/").locator(".eb-noscript")).to_be_hidden()


def test_phone_menu_leads_to_every_engine(visit: Open) -> None:
    page = visit("/mysql/1040/", width=390)
    page.locator("label.md-header__button[for=__drawer]").click()
    page.locator(".md-nav--primary a", has_text="SQLite").click()
    expect(page).to_have_url(re.compile("/sqlite/$"))


def test_keyboard_alone_reaches_the_first_fix(visit: Open) -> None:
    page = visit("/mysql/1040/")
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == "#fix-1":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#fix-1")).to_be_in_viewport()


def test_print_leaves_the_frame_out(visit: Open) -> None:
    page = visit("/mysql/1040/")
    page.emulate_media(media="print")
    expect(page.locator(".md-header")).to_be_hidden()
    expect(page.locator("#fixes")).to_be_visible()
