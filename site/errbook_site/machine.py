"""What programs read: Markdown twins, static JSON, llms.txt, robots.txt, OpenSearch, and the list of all names."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from errbook import answers
from errbook.entry import Entry
from errbook.knowledge import Knowledge
from errbook.render import coverage, findings, markdown
from errbook_site.codes import Codes
from errbook_site.page import ANSWERS, Asset
from errbook_site.rows import Rows
from errbook_site.templates import render
from errbook_site.terms import Terms


def twin(entry: Entry, knowledge: Knowledge) -> Asset:
    """Return the Markdown twin of an entry's page."""
    return Asset(f"{entry.page.strip('/')}/index.md", markdown.page(entry, knowledge).encode())


def written(entry: Entry, layers: Iterable[Path]) -> Asset | None:
    """Return the file in which an entry is written, from the first layer that has it; None where none does."""
    for layer in layers:
        if (file := layer / entry.source_file).is_file():
            return Asset(f"{entry.page.strip('/')}/{entry.code}.yaml", file.read_bytes())
    return None


def files(knowledge: Knowledge, rows: Rows, terms: Terms, codes: Codes, site: str) -> Iterator[Asset]:
    """Give every file that is not an entry's own. `site` is the address of the site and ends in a slash."""
    # A file for every name of every unwritten code would be 25,000 files: the files of their ranges hold them.
    for path, body in answers.answers(knowledge):
        yield Asset(f"{ANSWERS}{path}", body)
    for part in knowledge.identifier_parts():
        yield Asset(f"identify/data/{part}.txt", knowledge.identifier_part(part).encode())
    yield Asset("findings.md", findings.page(knowledge.findings(), knowledge, marked=True).encode())
    yield Asset("coverage.md", coverage.page(knowledge.coverage(), knowledge, marked=True).encode())
    yield Asset("names.json", _names(rows))
    yield Asset("llms.txt", _llms(knowledge, rows, terms, codes, site).encode())
    yield Asset("opensearch.xml", render("opensearch", site=site).encode())
    yield Asset("robots.txt", f"User-agent: *\nAllow: /\n\nSitemap: {site}sitemap.xml\n".encode())


def _names(rows: Rows) -> bytes:
    """Return what the search box and the page for missing pages look through.

    Of every entry that is its path, its title, its names and its messages.
    """
    found = [[row.id, row.title, list(row.names), list(row.messages)] for row in rows.all]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _llms(knowledge: Knowledge, rows: Rows, terms: Terms, codes: Codes, site: str) -> str:
    """Return llms.txt: engines and what is met most often, not every code (llmstxt.org)."""
    lines = [
        "# errbook",
        "",
        "> An open knowledge base of database errors: meaning, causes with statements that confirm them, fixes with "
        "their cost, what to avoid, and sources.",
        "",
        "Every entry is at `/<engine>/<code>/`, its Markdown twin at `/<engine>/<code>/index.md`, and its JSON at "
        "`/api/v1/errors/<engine>/<code>.json`. `/api/v1/errors/<name>.json` finds a code, symbol or SQLSTATE in every "
        "engine. A condition, what engines have in common, is at `/conditions/<condition>/`, with such a twin, and "
        "as JSON at `/api/v1/conditions/<condition>.json`.",
        "",
        "## Engines",
        "",
    ]
    for about in terms.engines.values():
        name = about["engine"]
        lines.append(f"- [{about['title']}]({site}{name}/): {len(rows.by_engine[name])} errors. {about['summary']}")
    if codes.by_engine:
        lines += ["", "## Every code, written up or not", ""]
        lines.append(
            "A code without an entry is a row: `/mysql/codes/3000-3099/#3098`, `/postgresql/codes/23/#23505`, "
            "`/sqlite/codes/#5`, `/system/os/#13`. The same range as JSON is at "
            "`/api/v1/codes/<engine>/<range>.json`, and every page of codes has a Markdown twin, `index.md`."
        )
        lines.append("")
        for engine in codes.by_engine:
            twin = f"{engine}/codes/index.md" if engine in terms.engines else f"{engine}.md"
            title = terms.engine(engine) if engine in terms.engines else "Numbers inside messages"
            lines.append(f"- [{title}]({site}{twin}): {len(codes.by_engine[engine]):,} codes")
        if codes.siblings:
            names = terms.names(codes.siblings)
            lines.append(f"- [Same number, different meaning in {names}]({site}{codes.siblings[0]}/same-number/)")
    if guides := knowledge.conditions():
        lines += ["", "## The same condition in several engines, with one program that handles all", ""]
        for guide in guides:
            lines.append(f"- [{guide['title']}]({site}{guide['page'].lstrip('/')}index.md): {guide['summary']}")
    lines += ["", "## Met most often", ""]
    for link in knowledge.most_hit(25):
        title = f"{terms.engine(link.engine)} {link.code}: {link.title}"
        lines.append(f"- [{title}]({site}{link.id}/index.md): {link.summary}")
    lines += [
        "",
        "## Optional",
        "",
        f"- [Index]({site}api/v1/entries.json): a link to every entry, as JSON",
        f"- [What we found out]({site}findings.md): where servers and versions differ, seen when entries were executed",
        f"- [Coverage]({site}coverage.md): what is written and executed, what is not and why, what is wanted next",
        f"- [API]({site}api/): what can be asked, with examples",
        f"- [Paste a text]({site}identify/): which errors are in it; `POST /identify` of a service does the same",
        f"- [Agents]({site}agents/): the same as tools, by the Model Context Protocol",
        f"- [How to read an entry]({site}reading/): the labels and what they mean",
    ]
    return "\n".join(lines) + "\n"
