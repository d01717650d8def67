"""Pasting a text: errors are marked in it, entries stand beside it, and nothing of it leaves the browser."""

import json
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, Request, expect
from tests.core.identify.test_fills import HOSTILE
from tests.site.conftest import Open

from errbook.entry import Entry
from errbook.fills import quoted
from errbook.knowledge import Knowledge

TEXT = """2026-01-02 12:00:01 ERROR app: order 4711 of zebra-customer could not be saved
pymysql.err.IntegrityError: (1062, "Duplicate entry 'ada@example.com' for key 'users.email'")
Caused by: ORA-00060: deadlock detected while waiting for resource
listening on port 1040 since 2024
"""
CORPUS = Path(__file__).resolve().parents[1] / "data/identify"
PRIVATE = ("zebra", "4711", "ada", "example.com", "users.email", "order")


def paste(page: Page, text: str) -> list[Request]:
    """Put a text into the box and return every request of the page since then."""
    seen: list[Request] = []
    # Playwright takes no builtin method.
    page.on("request", lambda request: seen.append(request))
    page.locator("#eb-paste").fill(text)
    return seen


@pytest.mark.parametrize("path", ["/", "/identify/"])
def test_errors_are_marked_and_entries_stand_beside(visit: Open, address: str, path: str) -> None:
    page = visit(path)
    paste(page, TEXT)
    found = page.locator("[data-eb-identified] > li")
    expect(found).to_have_count(2)
    expect(found.nth(0)).to_contain_text("MySQL 1062")
    expect(found.nth(0)).to_contain_text("ada@example.com")
    expect(found.nth(0).locator("pre").first).to_be_visible()
    expect(found.nth(1)).to_contain_text("errbook has no entries for this engine")
    expect(page.locator("[data-eb-marked] mark")).to_have_count(2)
    found.nth(0).locator("h3 a").click()
    expect(page).to_have_url(f"{address}/mysql/1062/")


@pytest.mark.parametrize("path", ["/", "/identify/"])
def test_nothing_pasted_leaves_the_browser(visit: Open, address: str, path: str) -> None:
    page = visit(path)
    seen = paste(page, TEXT)
    expect(page.locator("[data-eb-identified] > li")).to_have_count(2)
    page.wait_for_load_state("networkidle")
    asked = [request.url for request in seen]
    assert f"{address}/api/v1/errors/mysql/1062.json" in asked
    for request in seen:
        assert request.method == "GET"
        assert request.post_data is None
        told = unquote(request.url) + " ".join(request.headers.values())
        assert not [word for word in PRIVATE if word in told.replace(address, "")], request.url
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert not [word for word in PRIVATE if word in kept]


def test_a_text_without_an_error_says_so_and_an_empty_box_says_nothing(visit: Open) -> None:
    page = visit("/identify/")
    paste(page, "HTTP 404 on port 1040, line 1062")
    said = page.locator("[data-eb-said]")
    expect(said).to_have_text("No database error that is known here.")
    page.locator("#eb-paste").fill("")
    expect(said).to_be_empty()


def test_a_hostile_text_stays_text(visit: Open) -> None:
    page = visit("/identify/")
    hostile = "<img src=x onerror=\"document.title='owned'\"> ERROR 1146 (42S02): Table 'a.<b>x</b>' doesn't exist"
    paste(page, hostile)
    expect(page.locator("[data-eb-identified] > li")).to_have_count(1)
    expect(page.locator("[data-eb-marked]")).to_contain_text("<img src=x")
    assert page.locator("[data-eb-paste] img, [data-eb-paste] b").count() == 0
    assert page.title() != "owned"


def test_the_browser_and_the_library_agree(visit: Open, knowledge: Knowledge) -> None:
    page = visit("/identify/")
    texts = [
        TEXT,
        "FEHLER:  Relation »kunden« existiert nicht",
        'ERREUR:  la relation « commandes » n\'existe pas\nLIGNE 1 : SELECT * FROM "commandes"',
        "SQLSTATE[HY000]: General error: 1 no such table: users",
        '🦆 ERROR:  42P01: relation "x" does not exist',
        '{"level":"error","msg":"\\u043e\\u0442\\u043d\\u043e\\u0448\\u0435\\u043d\\u0438\\u0435"}',
        "Cannot add or update a child row: a foreign key\n// constraint fails (`a`.`b`)",
        "SQLSTATE[22003]: Numeric value out of range: 167 Out of range value for column 'qty' at row 1 (SQL: insert)",
        *(message.text for entry in knowledge.all() for message in entry.messages),
    ]
    agree(page, knowledge, texts)


def test_the_browser_and_the_library_agree_on_the_corpus(visit: Open, knowledge: Knowledge) -> None:
    """On every fifth text of each file of real errors, and on texts made to take long."""
    page = visit("/identify/")
    files = sorted(CORPUS.glob("*.jsonl"))
    texts = [json.loads(line)["text"] for file in files for line in file.read_text("utf-8").splitlines()[::5]]
    assert len(texts) > 1000
    texts += ["\\" * 50_000 + "n", "duplicate entry " * 2_000, "\\\\n\\\\u0041" * 1_000]
    agree(page, knowledge, texts)


def agree(page: Page, knowledge: Knowledge, texts: list[str]) -> None:
    """Fail where the browser answers otherwise than Python."""
    load = "const all = await ebIdentify.load('../');"
    asked = f"async (texts) => {{ {load} return Promise.all(texts.map((text) => all.identify(text))); }}"
    answers = page.evaluate(asked, texts)
    for text, answer in zip(texts, answers, strict=True):
        found = [item.public() for item in knowledge.identify(text)]
        for item in found:
            # A browser counts the halves of surrogate pairs.
            item["span"] = [len(text[:at].encode("utf-16-le")) // 2 for at in item["span"]]
        assert answer == found, text


FILLED = (
    TEXT,
    "ERROR 1146 (42S02): Table 'shop.carts' doesn't exist",
    "ERROR 1044 (42000): Access denied for user 'bo'@'h' to database 'my_d%b'",
    "ERROR 1451 (23000): Cannot delete or update a parent row: a foreign key constraint fails (`s`.`li.nes`, "
    "CONSTRAINT `fk` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`))",
    'ERROR:  relation "Ünï🦆" already exists',
    'ERROR:  null value in column "a""\\b" of relation "c\'d" violates not-null constraint',
    "sqlite3.IntegrityError: UNIQUE constraint failed: people.mail",
    "sqlite3.IntegrityError: UNIQUE constraint failed: a.b, a.c",
    "ERROR 1146 (42S02): Table 'shop.a\u202eb' doesn't exist",
    '{"msg": "Table \'shop.\\u043e\\u0442\' doesn\'t exist", "errno": 1146}',
)


def test_what_the_browser_fills_in_is_what_the_library_fills_in(visit: Open, knowledge: Knowledge) -> None:
    page = visit("/identify/")
    texts = [*FILLED, *(f"ERROR 1146 (42S02): Table 'shop.{value}' doesn't exist" for value in HOSTILE)]
    found = [item for text in texts for item in knowledge.identify(text) if item.entry]
    expected = [[item.public() for item in knowledge.filled(each)] for each in found]
    assert sum(map(bool, expected)) > len(FILLED)
    entries = [Entry.public(knowledge.get(*str(each.entry).split("/")) or pytest.fail("no entry")) for each in found]
    given = [[json.loads(json.dumps(entry)), each.public()] for entry, each in zip(entries, found, strict=True)]
    answers = page.evaluate("(given) => given.map(([error, match]) => ebIdentify.filled(error, match))", given)
    assert answers == expected


def test_the_browser_quotes_as_the_library_does(visit: Open) -> None:
    page = visit("/identify/")
    values = [*HOSTILE, *(f"a{chr(number)}b" for number in (*range(0x3000), *range(0xD7F0, 0x10000), 0x1F986, 0xE0041))]
    values += ["", ".", "a.b", "a.b.c", "a.b.c.d", "a..b", "12", "1" * 20, "x" * 256, "🦆" * 256, "🦆" * 257]
    forms = [
        (form, part, engine)
        for form in ("identifier", "path", "grant", "text", "path-text", "number")
        for part in (None, "first", "last")
        for engine in ("mysql", "postgresql", "sqlite", "oracle")
    ]
    quote = "([values, forms]) => forms.map((form) => values.map((value) => ebIdentify.quoted(value, ...form)))"
    # What is no text by itself, half of a surrogate pair, cannot be sent to a browser.
    values = [value for value in values if not any(0xD800 <= ord(letter) < 0xE000 for letter in value)]
    answers = page.evaluate(quote, [values, forms])
    for form, answer in zip(forms, answers, strict=True):
        assert answer == [quoted(value, *form) for value in values], form


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_name_is_filled_in_as_text(visit: Open, value: str) -> None:
    page = visit("/identify/")
    paste(page, f"ERROR 1062 (23000): Duplicate entry 'x' for key '{value}.mail'")
    found = page.locator("[data-eb-identified] > li")
    expect(found).to_have_count(1)
    marked = found.locator("pre mark[data-eb-filled]")
    expect(marked.first).to_be_visible()
    (match,) = page.evaluate(
        "(text) => ebIdentify.load('../').then((all) => all.identify(text))", page.locator("#eb-paste").input_value()
    )
    expected = quoted(match["parameters"]["key"], "identifier", "first", "mysql")
    if expected:
        expect(marked.first).to_have_text(expected)
    assert page.locator("[data-eb-paste] :is(img, script, b)").count() == 0


def test_what_is_filled_in_is_marked_and_said_to_be(visit: Open) -> None:
    page = visit("/identify/")
    paste(page, TEXT)
    first = page.locator("[data-eb-identified] > li").nth(0)
    expect(first.locator("pre").nth(0)).to_contain_text("SELECT * FROM `users` WHERE email = 'ada@example.com';")
    marked = first.locator("pre mark").all_inner_texts()
    assert marked.count("`users`") >= 2
    assert marked.count("'ada@example.com'") >= 2
    expect(first).to_contain_text("filled in from your text")
