"""The built site as files: links, addresses, what machines read, and that it is the same every time."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml
from tests.site.links import Document, broken

from errbook import answers
from errbook.knowledge import Knowledge
from errbook.render import condition, markdown
from errbook_site import build, pages
from errbook_site.page import Page

ROOT = Path(__file__).resolve().parents[2]


def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    assert sorted(set(broken(site, pages.DEFAULT_SITE))) == []


def test_no_inline_script_style_or_handler(site: Path) -> None:
    """What a Content-Security-Policy without exceptions demands."""
    wrong = []
    for path in site.rglob("*.html"):
        for tag, values in Document(path.read_text()).tags:
            inline = tag == "style" or (
                tag == "script" and "src" not in values and "json" not in (values.get("type") or "")
            )
            if inline or "style" in values or any(name.startswith("on") for name in values):
                wrong.append(f"{path.relative_to(site)}: <{tag}>")
    assert wrong == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    wrong = []
    for path in site.rglob("*.html"):
        for tag, values in Document(path.read_text()).tags:
            source = values.get("src") or (values.get("href") if tag == "link" else None) or ""
            if "//" in source and not source.startswith(pages.DEFAULT_SITE):
                wrong.append(f"{path.relative_to(site)}: {source}")
    for path in [*site.rglob("*.css"), *(site / "assets" / "errbook").glob("*.js")]:
        wrong += [
            f"{path.relative_to(site)}: {url}"
            for url in re.findall(r"(?:url\(|import )[\"']?(https?:[^\"')]+)", path.read_text())
        ]
    assert wrong == []


def test_entry_page_says_what_it_is(site: Path, knowledge: Knowledge) -> None:
    entry = knowledge.get("mysql", "1040")
    assert entry
    html = (site / "mysql" / "1040" / "index.html").read_text()
    assert f"<title>MySQL and MariaDB error 1040 (08004): {entry.title} - errbook</title>" in html
    tags = Document(html).tags
    meta = {
        values.get("name") or values.get("property"): values.get("content") for tag, values in tags if tag == "meta"
    }
    assert meta["description"] == meta["og:description"] == entry.summary.replace("`", "")
    links = {(values.get("rel") or "").strip(): values for tag, values in tags if tag == "link"}
    assert links["canonical"]["href"] == f"{pages.DEFAULT_SITE}mysql/1040/"
    assert links["alternate"]["href"] == "index.md"
    assert links["search"]["type"] == "application/opensearchdescription+xml"
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert found
    article = json.loads(found[1])
    assert (article["@type"], article["url"]) == ("TechArticle", f"{pages.DEFAULT_SITE}mysql/1040/")
    assert "1040" in article["keywords"]


def test_anatomy_is_in_the_order_of_the_guide(site: Path) -> None:
    html = (site / "mysql" / "1040" / "index.html").read_text()
    order = [
        "risk",
        "retry",
        "meaning",
        "causes",
        "reproduce",
        "fixes",
        "avoid",
        "verification",
        "versions",
        "drivers",
        "related",
        "sources",
    ]
    present = [anchor for anchor in order if f'id="{anchor}"' in html]
    assert present == sorted(present, key=lambda anchor: html.index(f'id="{anchor}"'))
    assert {
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
    } <= set(present)


def test_the_reproduction_and_each_fix_say_what_came_of_them(site: Path, knowledge: Knowledge) -> None:
    for entry in knowledge.all():
        html = (site / entry.id / "index.html").read_text()
        reproduction, _, fixes = html.partition('id="reproduce"')[2].partition('id="fixes"')
        # Causes of variants are cards too, and have nothing that is executed.
        fixes = fixes.partition('id="variants"')[0]
        for part in (reproduction, *fixes.split('class="eb-card"')[1:]):
            assert "eb-proofmark--" in part, entry.id
        if not entry.verification.servers:
            assert html.count("<b>Not yet executed.</b>") + html.count("<b>Not executable.</b>") == 1 + len(entry.fixes)


def test_twin_is_the_entry_as_markdown(site: Path, knowledge: Knowledge) -> None:
    for entry in knowledge.all():
        assert (site / entry.id / "index.md").read_text() == markdown.page(entry, knowledge)


def test_the_twin_of_a_condition_is_the_answer_of_the_service_as_markdown(site: Path, knowledge: Knowledge) -> None:
    listed = (site / "llms.txt").read_text()
    for term in knowledge.vocabulary("condition"):
        body = answers.term(knowledge, "conditions", term.value)
        assert body
        answer = json.loads(body)
        twin = site / "conditions" / term.value / "index.md"
        # What no entry has has no page.
        assert twin.is_file() == bool(answer["count"])
        if twin.is_file():
            assert twin.read_text() == condition.page(answer, knowledge)
            assert 'href="index.md"' in twin.with_name("index.html").read_text()
        if answer["guide"]:
            assert f"conditions/{term.value}/index.md): {answer['guide']['summary']}" in listed


def test_static_json_is_what_the_service_answers(site: Path, knowledge: Knowledge) -> None:
    for path, body in answers.answers(knowledge):
        assert (site / "api" / "v1" / path).read_bytes() == body


def test_sitemap_has_every_entry_and_no_choice(site: Path, knowledge: Knowledge) -> None:
    found = ElementTree.parse(site / "sitemap.xml")  # noqa: S314 - we wrote it
    addresses = [element.text for element in found.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert len(addresses) == len(set(addresses))
    assert {f"{pages.DEFAULT_SITE}{link.id}/" for link in knowledge.entries()} <= set(addresses)
    index = json.loads((site / "search" / "search_index.json").read_text())
    searchable = {item["location"] for item in index["docs"]}
    choices = [page.address for page in pages.pages(knowledge) if isinstance(page, Page) and not page.in_sitemap]
    assert choices
    assert not {f"{pages.DEFAULT_SITE}{choice}" for choice in choices} & set(addresses)
    assert not set(choices) & searchable
    assert not any(location and location.startswith("1040/") for location in searchable)


def test_search_index_is_lean(site: Path, knowledge: Knowledge) -> None:
    docs = json.loads((site / "search" / "search_index.json").read_text())["docs"]
    entries = {link.id for link in knowledge.entries()}
    own = [doc for doc in docs if doc["location"].split("#")[0].rstrip("/") in entries]
    variants = sum(len(entry.variants) for entry in knowledge.all())
    assert len(own) == len(entries) + variants, "one document an entry, and one a variant"
    assert max(len(json.dumps(doc)) for doc in own) < 3000


def test_files_for_machines(site: Path, knowledge: Knowledge) -> None:
    llms = (site / "llms.txt").read_text()
    assert llms.startswith("# errbook\n\n> ")
    assert "## Engines" in llms
    assert f"Sitemap: {pages.DEFAULT_SITE}sitemap.xml" in (site / "robots.txt").read_text()
    names = json.loads((site / "names.json").read_text())
    assert [row[0] for row in names] == [link.id for link in knowledge.entries()]
    description = ElementTree.parse(site / "opensearch.xml").getroot()  # noqa: S314 - we wrote it
    url = description.find("{http://a9.com/-/spec/opensearch/1.1/}Url")
    assert url is not None
    assert url.get("template") == f"{pages.DEFAULT_SITE}?q={{searchTerms}}"


def test_same_knowledge_gives_the_same_site(site: Path, knowledge: Knowledge, tmp_path: Path) -> None:
    again = build.run(knowledge, tmp_path / "again")

    def content(folder: Path) -> dict[str, bytes]:
        # The compressed sitemap carries the time of its build, which mkdocs takes from the clock.
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and path.name != "sitemap.xml.gz"
        }

    assert content(again) == content(site)


def test_failed_build_leaves_the_old_site(
    knowledge: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / "index.html").write_text("old")
    monkeypatch.setattr("errbook_site.hook.pages", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build.run(knowledge, out)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert (out / "index.html").read_text() == "old"


def test_plain_mkdocs_builds_the_same_pages(site: Path, knowledge: Knowledge, tmp_path: Path) -> None:
    """From a checkout, without anything installed but mkdocs-material, and with the addresses that were configured."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "ERRBOOK_DB": str(knowledge.path),
        "ERRBOOK_SITE_URL": "https://errors.example.org/book/",
        "ERRBOOK_REPO_URL": "https://git.example.org/errbook",
        "NO_MKDOCS_2_WARNING": "1",
    }
    out = tmp_path / "plain"
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert {path.relative_to(out) for path in out.rglob("*")} == {path.relative_to(site) for path in site.rglob("*")}
    html = (out / "mysql" / "1040" / "index.html").read_text()
    assert '<link rel="canonical" href="https://errors.example.org/book/mysql/1040/">' in html
    assert "https://git.example.org/errbook/edit/main/errors/mysql/1040.yaml" in html
    assert "https://git.example.org/errbook/issues/new?title=MySQL%20and%20MariaDB%20error%201040" in html
    assert sorted(set(broken(out, "https://errors.example.org/book/"))) == []


def test_pages_can_be_written_as_plain_files(knowledge: Knowledge, tmp_path: Path) -> None:
    number = pages.write(pages.pages(knowledge), tmp_path)
    assert number == sum(path.is_file() for path in tmp_path.rglob("*"))
    text = (tmp_path / "mysql" / "1040.md").read_text()
    _, front, body = text.split("---\n", 2)
    assert yaml.safe_load(front)["title"].startswith("MySQL 1040")
    assert 'id="fix-1"' in body


def test_coverage_is_shown_and_led_to(site: Path, knowledge: Knowledge) -> None:
    page = (site / "coverage" / "index.html").read_text()
    first = knowledge.wanted()[0]
    assert first.page is not None
    assert 'id="wanted"' in page
    assert f"<code>{first.symbol}</code>" in page
    assert f'href="..{first.page}"' in page
    for other in ("about", "contribute"):
        assert 'href="../coverage/' in (site / other / "index.html").read_text()
    assert (site / "api" / "v1" / "coverage.json").read_bytes() == answers.coverage(knowledge)
    assert (site / "coverage.md").read_text().startswith("# Coverage\n")
    # Where the code itself is listed, it says that it is wanted.
    listed = (site / first.page.partition("#")[0].strip("/") / "index.html").read_text()
    assert 'href="../../../coverage/#wanted"' in listed
