"""Pages that list entries: by engine, category, condition and SQLSTATE."""

from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from errbook.knowledge import Knowledge
from errbook_site import prose
from errbook_site.page import Page, root
from errbook_site.rows import Row, Rows
from errbook_site.templates import render
from errbook_site.terms import Terms

_LISTED: Final = 0.1
"""A list weighs less in the site's search than any entry."""


def pages(knowledge: Knowledge, rows: Rows, terms: Terms) -> Iterator[Page]:
    """Give every page that lists entries."""
    yield from _engines(rows, terms)
    yield from _categories(rows, terms)
    yield from _conditions(rows, terms)
    yield from _sqlstates(knowledge, rows, terms)


def _page(
    address: str, title: str, description: str, template: str, /, tab: str | None = None, **values: object
) -> Page:
    html = render(template, root=root(address), title=title, description=description, **values)
    meta = {"engine": tab} if tab else {}
    indexed = Markup("<p>%s</p>") % prose.inline(description)
    return Page(address, title, prose.plain(description), html, indexed=indexed, boost=_LISTED, meta=meta)


def _engines(rows: Rows, terms: Terms) -> Iterator[Page]:
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
        yield _page(
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
            terms=terms,
        )


def _categories(rows: Rows, terms: Terms) -> Iterator[Page]:
    found = [(term, rows.by_category[term.value]) for term in terms.all("category") if term.value in rows.by_category]
    yield _page(
        "categories/",
        "Categories",
        "Errors by the part of the system in which to look first.",
        "groups",
        groups=[(term.title, f"categories/{term.value}/", term.description, len(listed)) for term, listed in found],
        terms=terms,
    )
    for term, listed in found:
        yield _page(
            f"categories/{term.value}/",
            f"{term.title}: errors by engine",
            term.description,
            "list",
            parent=("Categories", "categories/"),
            heading=term.title,
            rows=listed,
            terms=terms,
        )


def _conditions(rows: Rows, terms: Terms) -> Iterator[Page]:
    found = [
        (term, rows.by_condition[term.value]) for term in terms.all("condition") if term.value in rows.by_condition
    ]
    yield _page(
        "conditions/",
        "Conditions",
        "The same thing gone wrong, under every engine's own code.",
        "groups",
        groups=[(term.title, f"conditions/{term.value}/", term.description, len(listed)) for term, listed in found],
        terms=terms,
    )
    for term, listed in found:
        yield _page(
            f"conditions/{term.value}/",
            f"{term.title} in every engine",
            term.description,
            "condition",
            heading=term.title,
            rows=listed,
            missing=[engine for engine in terms.engines if not any(engine in row.engines for row in listed)],
            terms=terms,
        )


def _sqlstates(knowledge: Knowledge, rows: Rows, terms: Terms) -> Iterator[Page]:
    classes = {name: (title, origin) for name, title, origin in knowledge.sqlstate_classes()}
    states: dict[str, dict[str, list[Row]]] = {name: {} for name in classes}
    for state in sorted(rows.by_sqlstate):
        states.setdefault(state[:2], {})[state] = rows.by_sqlstate[state]
    yield _page(
        "sqlstates/",
        "SQLSTATE classes",
        "The first two characters of a SQLSTATE are its class, and the class tells what kind of thing went wrong.",
        "sqlstates",
        classes=[
            (name, *classes.get(name, ("Defined by an engine", "")), sum(map(len, states[name].values())))
            for name in sorted(states)
        ],
        terms=terms,
    )
    for name in sorted(name for name in states if states[name]):
        title, origin = classes.get(name, ("Defined by an engine", ""))
        yield _page(
            f"sqlstates/{name}/",
            f"SQLSTATE class {name}: {title}",
            f"SQLSTATEs that begin with {name}, and the errors that carry them.",
            "sqlstate_class",
            name=name,
            heading=title,
            origin=origin,
            states=states[name],
            terms=terms,
        )
        for state, listed in states[name].items():
            yield _page(
                f"sqlstates/{state}/",
                f"SQLSTATE {state}",
                f"Errors that carry the SQLSTATE {state}, class {name}: {title}.",
                "list",
                parent=(f"Class {name}", f"sqlstates/{name}/#{state}"),
                heading=f"SQLSTATE {state}",
                rows=listed,
                terms=terms,
            )
