"""The front page and the guides. What they say of the data is asked of the data, and examples of the API
are what a running service answered."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from errbook.knowledge import Knowledge
from errbook.render import coverage, findings
from errbook_site.codes import Codes
from errbook_site.page import Heading, Page, root
from errbook_site.rows import Rows
from errbook_site.templates import render
from errbook_site.terms import Terms

_VOCABULARIES: Final = (
    ("confidence", "Confidence"),
    ("server_outcome", "What happened on a server"),
    ("fix_outcome", "What happened to a fix"),
    ("risk_level", "Production risk"),
    ("retry_verdict", "Retry"),
    ("severity", "Severity"),
    ("frequency", "Frequency"),
    ("changes", "What a fix changes"),
    ("category", "Category"),
    ("source_kind", "Sources"),
)
_ABOUT: Final = "What errbook is, how it knows what it says, and what it does not know yet."
_CONTRIBUTE: Final = "How an entry is written, checked, previewed and proposed, and how a mistake is reported."
_READING: Final = "What each part of an entry tells you, and what the labels mean."
_API: Final = "Every answer as JSON at a fixed address, without a key."
_IDENTIFY: Final = "Paste any text and see which database errors are in it. Nothing of it leaves this page."
_AGENTS: Final = "The same knowledge as tools, resources and plain files, within a budget of tokens."
_RULES: Final = "What the checker refuses, and what to write instead."


def pages(knowledge: Knowledge, rows: Rows, terms: Terms, codes: Codes) -> Iterator[Page]:
    """Give the front page and the guides."""
    yield _home(knowledge, rows, terms, codes)
    engines = list(terms.engines.values())
    yield _guide("about/", "About errbook", _ABOUT, "about", engines=engines, count=len(rows.all), codes=codes)
    yield _guide("contribute/", "Contribute", _CONTRIBUTE, "contribute")
    yield _guide(
        "reading/",
        "How to read an entry",
        _READING,
        "reading",
        [Heading(2, "parts", "The parts"), *(Heading(2, name, title) for name, title in _VOCABULARIES)],
        vocabularies=[(name, title, terms.all(name)) for name, title in _VOCABULARIES],
        example=rows.all[0] if rows.all else None,
    )
    yield _findings(knowledge, rows, terms)
    yield _coverage(knowledge, terms)
    yield _guide("api/", "API", _API, "api", examples=_examples(), base="api/v1/")
    yield _guide("identify/", "Which errors are in this text?", _IDENTIFY, "identify")
    yield _guide("agents/", "Agents", _AGENTS, "agents")
    yield _guide("rules/", "Rules of the checker", _RULES, "rules", rules=_rules())


def _home(knowledge: Knowledge, rows: Rows, terms: Terms, codes: Codes) -> Page:
    hits = [rows.by_id[link.id] for link in knowledge.most_hit(12)]
    description = "What a database error means, why it happens, how to tell which cause is yours, and what to type."
    html = render(
        "home",
        root=root(""),
        engines=[(engine, len(rows.by_engine[engine["engine"]])) for engine in terms.engines.values()],
        hits=hits,
        codes=codes,
        count=len(rows.all),
        terms=terms,
    )
    meta = {"head_title": "errbook: database errors, explained", "home": True}
    return Page("", "errbook", description, html, in_search=False, meta=meta)


def _findings(knowledge: Knowledge, rows: Rows, terms: Terms) -> Page:
    found = knowledge.findings()
    kinds = [(terms.term("difference", kind), items) for kind, items in findings.by_kind(found).items()]
    toc = [Heading(2, f"difference-{term.value}", term.title) for term, _ in kinds]
    page = _guide(
        "findings/",
        findings.TITLE,
        findings.ABOUT,
        "findings",
        [*toc, Heading(2, "notes", findings.NOTES)] if found.notes else toc,
        kinds=kinds,
        notes=found.notes,
        notes_title=findings.NOTES,
        executed=_executed(knowledge),
        rows=rows,
        terms=terms,
        called=terms.called,
        findings=findings,
    )
    return page._replace(meta={"twin": "../findings.md"})


def _coverage(knowledge: Knowledge, terms: Terms) -> Page:
    found = knowledge.coverage()
    parts = [
        ("engines", coverage.ENGINES, True),
        ("servers", coverage.SERVERS, True),
        ("stale", coverage.STALE, found.stale),
        ("not-executed", coverage.NOT_EXECUTED, found.not_executed),
        ("wanted", coverage.WANTED, found.wanted),
    ]
    page = _guide(
        "coverage/",
        coverage.TITLE,
        coverage.ABOUT,
        "coverage",
        [Heading(2, anchor, title) for anchor, title, there in parts if there],
        found=found,
        coverage=coverage,
        terms=terms,
        called=terms.called,
    )
    return page._replace(meta={"twin": "../coverage.md"})


def _executed(knowledge: Knowledge) -> int:
    """Return how many entries were executed on at least one server."""
    return sum(bool(entry.verification.servers) for entry in knowledge.all())


def _guide(
    address: str, title: str, description: str, template: str, toc: list[Heading] | None = None, **values: Any
) -> Page:
    html = render(template, root=root(address), title=title, description=description, **values)
    return Page(address, title, description, html, toc or (), boost=0.2)


def _examples() -> list[dict[str, Any]]:
    """Return the requests and answers that `make examples` recorded from a running service."""
    found: list[dict[str, Any]] = json.loads(Path(__file__).with_name("api_examples.json").read_text("utf-8"))
    return found


def _rules() -> list[Any]:
    from errbook import rules

    return sorted(rules.rules(), key=lambda rule: (rule.scope, rule.name))
