"""Hostile text in an entry does no harm: it is shown, whatever it looks like."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests import evidence
from tests.site.links import Document

from errbook.entry import Entry
from errbook.knowledge import Knowledge
from errbook_site import build, pages, prose
from errbook_site.rows import Rows
from errbook_site.terms import Terms

HOSTILE = (
    "</script><script>window.hurt=1</script><img src=x onerror=window.hurt=1>\"' onload='window.hurt=1' "
    "{{ 7*7 }} [x](javascript:window.hurt=1) *b* `<i>`"
)
IDENTITIES = frozenset(
    {
        "id",
        "engine",
        "engines",
        "code",
        "sqlstate",
        "severity",
        "frequency",
        "category",
        "condition",
        "level",
        "verdict",
        "page",
    }
    | {"language", "changes", "kind", "url", "error", "action", "on", "range", "source_file", "versions"}
    | {"server", "series", "outcome", "digest", "date", "missing"}
)
"""Keys whose values the schema restricts to words that cannot hurt."""


def hostile(value: Any, key: str = "") -> Any:
    """Return a public object with every free text made hostile."""
    if isinstance(value, dict):
        return {
            name: item
            if name in IDENTITIES and isinstance(item, str | list) and name != "code"
            else hostile(item, name)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [hostile(item, key) for item in value]
    if isinstance(value, str) and key not in IDENTITIES:
        return f"{HOSTILE} {value}"
    return value


@pytest.fixture(scope="module")
def entry(knowledge: Knowledge) -> Entry:
    written = knowledge.get("mysql", "1040")
    assert written
    value = written.public()
    detail: dict[str, Any] = {"outcome": "raised-other", "detail": "It failed.", "stale": False}
    value["verification"]["servers"] = [
        {"server": name, "engine": "mysql", "series": "9.7", **evidence.record(written, name, **detail)}
        for name in evidence.servers(written)
    ]
    for run in value["verification"]["servers"]:
        # What a public run has and a record has only where messages were compared.
        run["declared"]["messages"] = []
    return Entry.of(hostile(value))


def test_hostile_entry_is_shown_and_not_run(
    knowledge: Knowledge, entry: Entry, tmp_path: Path, browser: Browser
) -> None:
    page = pages.entry_page(entry, Rows.of(knowledge), Terms(knowledge))
    build.run_pages([page], tmp_path / "site")
    html = (tmp_path / "site" / "mysql" / "1040" / "index.html").read_text()
    for tag, values in Document(html).tags:
        assert not any(name.startswith("on") for name in values), (tag, values)
        assert values.get("src") != "x", (tag, values)
        assert not (values.get("href") or "").startswith("javascript:window"), (tag, values)
    context = browser.new_context()
    opened = context.new_page()
    opened.goto((tmp_path / "site" / "mysql" / "1040" / "index.html").as_uri())
    assert opened.evaluate("window.hurt") is None
    assert "window.hurt=1" in opened.locator("h1").inner_text()
    context.close()


def test_inline_code_is_the_only_markup() -> None:
    text = "Set `max_connections` to <b>5</b> & *stop*"
    assert prose.inline(text) == "Set <code>max_connections</code> to &lt;b&gt;5&lt;/b&gt; &amp; *stop*"


def test_paragraphs_and_lists() -> None:
    text = "One\nline.\n\nBefore:\n\n- first\n  goes on\n- `second`\n\nAfter."
    assert prose.paragraphs(text) == (
        "<p>One line.</p><p>Before:</p><ul><li>first goes on</li><li><code>second</code></li></ul><p>After.</p>"
    )


def test_shortened_text_ends_after_a_word() -> None:
    assert prose.shortened("The pools of `all` processes, together", 30) == "The pools of all processes …"
