"""Pages of codes, written up or not: every code of every catalog has its row, and rows say what the catalogs say."""

import html
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.site.conftest import Open
from tests.site.links import Document

from errbook.knowledge import Knowledge
from errbook_site import build, code_pages, codes
from errbook_site.codes import Codes
from errbook_site.page import Page
from errbook_site.terms import Terms

HOSTILE = "<img src=x onerror=window.hurt=1>\"'&`*_<!--</samp></script>"


@pytest.fixture(scope="module")
def listed(knowledge: Knowledge) -> Codes:
    found = Codes(knowledge, Terms(knowledge))
    assert found.by_engine, "there are no catalogs"
    return found


def text_of(site: Path, address: str) -> str:
    return (site / address / "index.html").read_text()


def row_of(page: str, anchor: str) -> str:
    """Return the HTML of the row, or of the section, that an anchor names."""
    found = re.search(rf'<(tr|h2) id="{re.escape(anchor)}"(.*?)(?=<(?:tr|h2) id=|</tbody>|$)', page, re.DOTALL)
    assert found, anchor
    return html.unescape(found[2])


def test_every_code_has_one_row_with_its_symbol_and_versions(site: Path, listed: Codes) -> None:
    for found in listed.by_engine.values():
        pages: dict[str, str] = {}
        for code in found:
            address, _, anchor = listed.pages[code["id"]].partition("#")
            page = pages.setdefault(address, text_of(site, address))
            row = row_of(page, anchor)
            assert anchor == code["code"]
            assert not code["symbol"] or code["symbol"] in row, code["id"]
            assert "Not written up yet" in row or code["entry"] or code["engine"] == "system", code["id"]


def test_anchors_are_unique(site: Path, listed: Codes) -> None:
    for address in {page.partition("#")[0] for page in listed.pages.values()}:
        anchors = [values["id"] for _, values in Document(text_of(site, address)).tags if values.get("id")]
        assert [name for name, count in Counter(anchors).items() if count > 1] == [], address


def test_range_page_shows_what_the_catalogs_say(site: Path, listed: Codes) -> None:
    for engine in ("mysql", "mariadb"):
        pages: dict[str, str] = {}
        for code in listed.by_engine[engine]:
            address, _, anchor = listed.pages[code["id"]].partition("#")
            row = row_of(pages.setdefault(address, text_of(site, address)), anchor)
            for message in code["messages"]:
                assert message["text"] == '"' or message["text"] in row, code["id"]
            for name in (*code["formerly"], code["sqlstate"] or ""):
                assert name in row, code["id"]
            assert ", ".join(code["series"]) in row, code["id"]
            expected = "No longer raised" if code["obsolete"] else codes.WHERE[code["where"]]
            assert expected in row, code["id"]
            if code["sibling"] and code["sibling"]["note"]:
                assert code["sibling"]["note"] in row, code["id"]


def test_row_of_a_written_code_leads_to_its_entry(site: Path) -> None:
    row = row_of(text_of(site, "mysql/codes/1000-1099"), "1040")
    assert 'href="../../../mysql/1040/"' in row
    assert 'href="../../../mysql/1040/"' in row_of(text_of(site, "mariadb/codes/1000-1099"), "1040")


def test_list_of_ranges_has_every_range_and_no_other(site: Path, listed: Codes) -> None:
    for engine in ("mysql", "mariadb"):
        page = Document(text_of(site, f"{engine}/codes"))
        linked = {link.value for link in page.links if re.fullmatch(rf"\.\./\.\./{engine}/codes/\d+-\d+/", link.value)}
        assert linked == {f"../../{address}" for address in listed.groups(engine)}
        folders = {f"{engine}/codes/{path.name}/" for path in (site / engine / "codes").iterdir() if path.is_dir()}
        assert folders == set(listed.groups(engine))


def test_numbers_of_the_system_say_what_each_server_means(site: Path, listed: Codes) -> None:
    pages = {space: text_of(site, f"system/{space}") for space in ("os", "handler", "innodb", "mysys")}
    for code in listed.by_engine["system"]:
        row = row_of(pages[code["namespace"]], code["code"])
        for message in code["messages"]:
            assert message["text"] in row, code["id"]
        for item in code["symbols"]:
            assert item["symbol"] in row, code["id"]


def test_postgresql_messages_are_on_the_page_of_their_class_or_their_own(site: Path, listed: Codes) -> None:
    if "postgresql" not in listed.by_engine:
        pytest.skip("there is no catalog of PostgreSQL")
    for code in listed.by_engine["postgresql"]:
        page = html.unescape(text_of(site, listed.messages_page(code).partition("#")[0]))
        for message in code["messages"]:
            assert f"<samp>{message['text']}</samp>" in page, code["id"]
    sizes = [path.stat().st_size for path in (site / "postgresql" / "codes").rglob("index.html")]
    assert max(sizes) < 600_000


def test_same_number_has_every_number_that_means_two_things(site: Path, listed: Codes) -> None:
    page = text_of(site, "mysql/same-number")
    for code in listed.by_engine["mysql"]:
        if code["sibling"] and not code["sibling"]["same"]:
            row = row_of(page, code["code"])
            assert not code["symbol"] or code["symbol"] in row
            assert not code["sibling"]["symbol"] or code["sibling"]["symbol"] in row
    assert page.index('id="different"') < page.index('id="renamed"')
    for engine in ("mysql", "mariadb"):
        assert "mysql/same-number/" in text_of(site, f"{engine}/codes")
        assert "mysql/same-number/" in text_of(site, engine)


def test_changes_are_those_of_the_knowledge(site: Path, knowledge: Knowledge, listed: Codes) -> None:
    assert listed.changes["mariadb"] == [("mariadb/changes/10.11-11.8/", "10.11", "11.8")]
    for engine, pairs in listed.changes.items():
        for address, older, newer in pairs:
            found = knowledge.changes(engine, older, newer)
            assert found
            page = text_of(site, address)
            for heading, items in (("Added", found["added"]), ("Removed", found["removed"])):
                assert (f">{heading}: {len(items)}<" in page) == bool(items)
            for item in (*found["added"], *found["removed"], *found["changed"]):
                assert f"{listed.pages[item['id']]}" in page, item["id"]


def test_sqlstate_classes_name_all_that_carries_a_sqlstate(site: Path, listed: Codes) -> None:
    pages: dict[str, str] = {}
    for engine, found in listed.by_engine.items():
        if engine == "system":
            continue
        for code in found:
            if (state := code["sqlstate"]) and state not in ("HY000", "XX000"):
                page = pages.setdefault(state[:2], text_of(site, f"sqlstates/{state[:2]}"))
                agreed = code["sibling"] and code["sibling"]["same"]
                assert listed.pages[code["id"]] in row_of(page, state) or agreed, code["id"]


def test_entry_shows_what_the_catalogs_have_under_its_code(site: Path) -> None:
    page = text_of(site, "mysql/1040")
    facts = page.partition('class="eb-terms eb-catalog"')[2].partition("</dl>")[0]
    assert "mysql/codes/1000-1099/#1040" in facts
    assert "mariadb/codes/1000-1099/#1040" in facts
    assert "<samp>Too many connections</samp>" in facts


def test_page_of_codes_has_a_twin(site: Path, listed: Codes) -> None:
    for engine, found in listed.by_engine.items():
        for code in found:
            twin = site / listed.pages[code["id"]].partition("#")[0] / "index.md"
            assert f"(/{listed.pages[code['id']]})" in twin.read_text(), code["id"]
        index = "system.md" if engine == "system" else f"{engine}/codes/index.md"
        assert (site / index).is_file()
        assert f"/{index})" in (site / "llms.txt").read_text()


def test_hostile_text_in_a_catalog_is_shown_and_not_run(listed: Codes, browser: Browser, tmp_path: Path) -> None:
    def hostile(code: dict[str, Any]) -> dict[str, Any]:
        messages = [{**item, "text": f"{HOSTILE} {item['text']}", "detail": [HOSTILE]} for item in code["messages"]]
        return {**code, "messages": messages, "symbol": HOSTILE, "formerly": [HOSTILE], "aliases": [HOSTILE]}

    made = Codes.__new__(Codes)
    made.__dict__.update(listed.__dict__)
    made.by_engine = {engine: [hostile(code) for code in found[:40]] for engine, found in listed.by_engine.items()}
    made.by_id = {**listed.by_id, **{code["id"]: code for found in made.by_engine.values() for code in found}}
    titles = {code["code"][:2]: HOSTILE for code in made.by_engine.get("postgresql", ())}
    items = [item for item in code_pages.pages(made, titles) if isinstance(item, Page)]
    build.run_pages(items, tmp_path / "site")
    context = browser.new_context()
    opened = context.new_page()
    for item in items:
        path = tmp_path / "site" / item.address / "index.html"
        for tag, values in Document(path.read_text()).tags:
            assert not any(name.startswith("on") for name in values), (tag, values)
            assert values.get("src") != "x", (tag, values)
        opened.goto(path.as_uri())
        assert opened.evaluate("window.hurt") is None
    assert HOSTILE in opened.locator("body").inner_text()
    context.close()


@pytest.mark.parametrize(
    ("series", "said"),
    [
        (["13", "14", "15", "16"], "13 to 16"),
        (["13", "14"], "13, 14"),
        (["13", "15", "16", "17"], "13, 15 to 17"),
        ([], ""),
    ],
)
def test_series_are_said_in_short(series: list[str], said: str) -> None:
    assert codes.span(series, ["13", "14", "15", "16", "17"]) == said


def test_names_for_the_search_are_small_and_complete(site: Path, listed: Codes) -> None:
    groups = json.loads((site / "codes.json").read_text())
    found = {f"{group['page']}#{row[0]}" for group in groups for row in group["rows"]}
    wanted = {listed.pages[code["id"]] for codes in listed.by_engine.values() for code in codes if not code["entry"]}
    assert wanted <= found
    assert (site / "codes.json").stat().st_size < 1_500_000
    assert (site / "messages.json").stat().st_size < 1_500_000
    assert (site / "search" / "search_index.json").stat().st_size < 400_000


def test_row_is_marked_when_its_address_is_opened(visit: Open) -> None:
    page = visit("/mysql/codes/3000-3099/#3098", width=390)
    row = page.locator("tr[id='3098']")
    expect(row).to_be_in_viewport()
    assert row.evaluate("row => row.matches(':target')")


def test_folded_messages_can_be_read_without_javascript(visit: Open, listed: Codes) -> None:
    if "postgresql" not in listed.by_engine:
        pytest.skip("there is no catalog of PostgreSQL")
    page = visit("/postgresql/codes/23/#23505", scripts=False)
    section = page.locator("section", has=page.locator("h2[id='23505']"))
    section.locator("summary").click()
    expect(section.get_by_text("duplicate key value violates unique constraint")).to_be_visible()
