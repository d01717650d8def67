"""Pages that list entries: by engine, category and condition."""

import json
from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from errbook import answers
from errbook.entry import step
from errbook.knowledge import Knowledge
from errbook.render import condition, scenario
from errbook.verification import sort
from errbook_site import prose
from errbook_site.codes import Codes
from errbook_site.page import ANSWERS, Asset, Heading, Page, root
from errbook_site.rows import Rows
from errbook_site.templates import render
from errbook_site.terms import Terms

_LISTED: Final = 0.1
"""A list weighs less in the site's search than any entry."""


_GUIDE: Final = [
    Heading(2, "engines", "What each engine does"),
    Heading(2, "handling", "Handle it on every engine"),
    Heading(2, "differences", "What differs"),
    Heading(2, "executed", "Executed"),
    Heading(2, "entries", "The entries"),
]


def pages(knowledge: Knowledge, rows: Rows, terms: Terms, codes: Codes) -> Iterator[Page | Asset]:
    """Give every page that lists entries, and the Markdown twins of conditions."""
    yield from _engines(rows, terms, codes)
    yield from _categories(rows, terms)
    yield from _conditions(knowledge, rows, terms)


def page(
    address: str, title: str, description: str, template: str, /, tab: str | None = None, **values: object
) -> Page:
    """Return a page that lists entries; `tab` is its title in the navigation, where it has one."""
    html = render(template, root=root(address), title=title, description=description, **values)
    meta = {"engine": tab} if tab else {}
    indexed = Markup("<p>%s</p>") % prose.inline(description)
    return Page(address, title, prose.plain(description), html, indexed=indexed, boost=_LISTED, meta=meta)


def _engines(rows: Rows, terms: Terms, codes: Codes) -> Iterator[Page]:
    for engine, body in terms.engines.items():
        listed = rows.by_engine[engine]
        used = {
            "category": [term for term in terms.all("category") if any(row.category == term.value for row in listed)],
            "severity": terms.all("severity"),
            "frequency": terms.all("frequency"),
            "risk": terms.all("risk_level"),
            "retry": terms.all("retry_verdict"),
        }
        sibling = body["sibling"]
        yield page(
            f"{engine}/",
            f"{body['title']} errors",
            body["summary"],
            "engine",
            tab=body["title"],
            engine=body,
            rows=listed,
            shared=sum(len(row.engines) > 1 for row in listed),
            sibling=terms.engines.get(sibling) if sibling else None,
            filters=used,
            codes=codes,
            terms=terms,
        )


def _categories(rows: Rows, terms: Terms) -> Iterator[Page]:
    found = [(term, rows.by_category[term.value]) for term in terms.all("category") if term.value in rows.by_category]
    yield page(
        "categories/",
        "Categories",
        "Errors by the part of the system in which to look first.",
        "groups",
        groups=[(term.title, f"categories/{term.value}/", term.description, len(listed)) for term, listed in found],
        terms=terms,
    )
    for term, listed in found:
        yield page(
            f"categories/{term.value}/",
            f"{term.title}: errors by engine",
            term.description,
            "list",
            parent=("Categories", "categories/"),
            heading=term.title,
            rows=listed,
            terms=terms,
        )


def _conditions(knowledge: Knowledge, rows: Rows, terms: Terms) -> Iterator[Page | Asset]:
    found = [
        (term, rows.by_condition[term.value]) for term in terms.all("condition") if term.value in rows.by_condition
    ]
    yield page(
        "conditions/",
        "Conditions",
        "The same thing gone wrong, under every engine's own code.",
        "groups",
        groups=[(term.title, f"conditions/{term.value}/", term.description, len(listed)) for term, listed in found],
        terms=terms,
    )
    guides = {guide["condition"]: guide for guide in knowledge.conditions()}
    for term, listed in found:
        guide = guides.get(term.value)
        named = {*(engine for row in listed for engine in row.engines), *(guide["engines"] if guide else ())}
        made = page(
            f"conditions/{term.value}/",
            guide["title"] if guide else f"{term.title} in every engine",
            guide["summary"] if guide else term.description,
            "condition",
            heading=guide["title"] if guide else term.title,
            guide=guide,
            rows=listed,
            missing=[engine for engine in terms.engines if engine not in named],
            verdicts=condition.verdicts(guide) if guide else {},
            played=[[scenario.line(step(item)) for item in part["scenario"]["steps"]] for part in guide["behaviours"]]
            if guide
            else [],
            on=condition.on,
            raised=condition.RAISED,
            called=terms.called,
            sort=sort,
            terms=terms,
        )
        meta = {"twin": "index.md", "answer": f"{ANSWERS}conditions/{term.value}.json"}
        if guide:
            made = made._replace(toc=_GUIDE)
            meta["source_file"] = guide["source_file"]
        yield made._replace(meta=meta)
        if answer := answers.term(knowledge, "conditions", term.value):
            yield Asset(f"{made.address}index.md", condition.page(json.loads(answer), knowledge).encode())
