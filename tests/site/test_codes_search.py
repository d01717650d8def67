"""The search box, the front page and short addresses find codes that nobody has written up."""

import re

import pytest
from playwright.sync_api import expect
from tests.site.conftest import Open

AT_13426 = re.compile(r"/mysql/codes/13400-13499/#13426$")


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("13426", "mysql/codes/13400-13499/#13426"),
        ("MY-013426", "mysql/codes/13400-13499/#13426"),
        ("ERROR 3098 (HY000): The table does not comply", "mysql/codes/3000-3099/#3098"),
        ("mysql 13426", "mysql/codes/13400-13499/#13426"),
        ("er_grp_rpl_member_ver_read_compatible", "mysql/codes/13400-13499/#13426"),
        ("ER_GRP_RPL_MEMBR_VER_READ_COMPATIBEL", "mysql/codes/13400-13499/#13426"),
        ("mariadb 4010", "mariadb/codes/4000-4099/#4010"),
        ("errno 13", "system/os/#13"),
        ("OS error 28", "system/os/#28"),
        ("Got error 122 from storage engine", "system/handler/#122"),
        ("InnoDB error 19", "system/innodb/#19"),
        ("SQLITE_IOERR_DIR_FSYNC", "sqlite/codes/#1290"),
    ],
)
def test_search_box_finds_an_unwritten_code_first(visit: Open, text: str, leads: str) -> None:
    page = visit("/about/")
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.type(text)
    expect(page.locator(".eb-found .md-search-result__link").first).to_have_attribute("href", re.compile(f"/{leads}$"))
    first = page.locator(".md-search-result__link:visible").first
    expect(first).to_have_attribute("href", re.compile(f"/{leads}$"))


def test_enter_takes_a_number_to_its_row(visit: Open) -> None:
    page = visit("/about/")
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.type("13426")
    expect(page.locator(".eb-found .md-search-result__link").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(AT_13426)


def test_written_entry_comes_before_its_namesakes(visit: Open) -> None:
    page = visit("/about/")
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.type("5")
    found = page.locator(".eb-found .md-search-result__link")
    expect(found.first).to_have_attribute("href", re.compile("/sqlite/5/$"))
    expect(found.nth(1)).to_have_attribute("href", re.compile("/mysql/codes/0-99/#5$"))
    expect(page.locator(".md-search-result__link:visible[href$='/sqlite/5/']")).to_have_count(1)


def test_misspelt_symbol_of_an_entry_finds_the_entry(visit: Open) -> None:
    page = visit("/about/")
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.type("ER_CON_COUNT_EROR")
    expect(page.locator(".md-search-result__link:visible").first).to_have_attribute("href", re.compile("/mysql/1040/$"))


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("member version is read compatible", "mysql/codes/13400-13499/#13426"),
        ("too many connections", "mysql/1040/"),
        ("duplicate entry", "mysql/1062/"),
    ],
)
def test_whoever_says_a_text_as_it_stands_comes_first(visit: Open, text: str, leads: str) -> None:
    page = visit("/about/")
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.type(text)
    expect(page.locator(".eb-found .md-search-result__link").first).to_be_visible()
    expect(page.locator(".md-search-result__link:visible").first).to_have_attribute("href", re.compile(f"/{leads}"))


def test_nothing_is_read_before_somebody_searches(visit: Open) -> None:
    page = visit("/about/")
    page.wait_for_load_state("networkidle")
    read = (
        "performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => /codes.json/.test(name))"
    )
    assert page.evaluate(read) == []


def test_front_page_takes_an_exact_number_to_its_row(visit: Open) -> None:
    page = visit("/")
    page.keyboard.type("13426")
    page.keyboard.press("Enter")
    expect(page).to_have_url(AT_13426)


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        ("/mysql/13426/", "mysql/codes/13400-13499/#13426"),
        ("/13426/", "mysql/codes/13400-13499/#13426"),
        ("/13426", "mysql/codes/13400-13499/#13426"),
        ("/ER_GRP_RPL_MEMBER_VER_READ_COMPATIBLE/", "mysql/codes/13400-13499/#13426"),
        ("/mariadb/4010/", "mariadb/codes/4000-4099/#4010"),
        ("/os/13/", "system/os/#13"),
        ("/handler/122/", "system/handler/#122"),
        ("/sqlite/10/", "sqlite/codes/#10"),
    ],
)
def test_short_address_leads_to_the_row(visit: Open, path: str, leads: str) -> None:
    expect(visit(path)).to_have_url(re.compile(f"/{leads}$"))


def test_number_that_means_two_things_is_a_choice(visit: Open) -> None:
    page = visit("/4010/")
    found = page.locator("[data-eb-near] a")
    expect(found).to_have_count(2)
    expect(found.nth(0)).to_have_attribute("href", re.compile("mysql/codes/4000-4099/#4010$"))
    expect(found.nth(1)).to_have_attribute("href", re.compile("mariadb/codes/4000-4099/#4010$"))


def test_number_that_nobody_has_stays_missing(visit: Open) -> None:
    page = visit("/mysql/99999999/")
    expect(page.locator("h1")).to_contain_text("no page")
    expect(page.locator("[data-eb-near]")).to_be_hidden()
