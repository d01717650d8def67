"""The page of one entry, in the order of its anatomy."""

from typing import Any, Final

from markupsafe import Markup

from errbook import findings
from errbook.entry import Entry
from errbook.render import scenario, verification
from errbook.render.first import first_code
from errbook_site import prose
from errbook_site.codes import Codes
from errbook_site.page import Heading, Page, root
from errbook_site.rows import Row
from errbook_site.templates import render
from errbook_site.terms import Terms

_SHOWN: Final = 3
"""How many messages of a code an entry's page shows; its row has all."""


def page(
    entry: Entry,
    terms: Terms,
    elsewhere: list[Row],
    weight: float = 1.0,
    problems: str = "",
    codes: Codes | None = None,
) -> Page:
    """Return the page of an entry.

    `elsewhere` are rows of the same condition in other engines, `weight` is the page's in the site's search.
    `problems` is HTML shown above everything, for the preview. `codes` are what the catalogs know, where there are any.
    """
    address = entry.page.strip("/") + "/"
    title = f"{terms.engine(entry.engine)} {entry.code}: {entry.title}"
    toc = _toc(entry, elsewhere)
    first_title, first = first_code(entry)
    return Page(
        address=address,
        title=title,
        description=prose.plain(entry.summary),
        html=render(
            "entry",
            entry=entry,
            terms=terms,
            root=root(address),
            elsewhere=elsewhere,
            first_title=first_title,
            first=first,
            scenario=scenario,
            verification=verification,
            findings=findings,
            called=terms.called,
            problems=problems,
            codes=codes,
            known=codes.of(entry.engines, entry.code) if codes else [],
            shown=_SHOWN,
        ),
        toc=toc,
        indexed=_indexed(entry),
        tags=_tags(entry),
        boost=weight,
        meta={
            "head_title": _head_title(entry, terms),
            "twin": "index.md",
            "source_file": entry.source_file,
            "article": _article(entry, terms),
        },
    )


def _head_title(entry: Entry, terms: Terms) -> str:
    state = f" ({entry.sqlstate})" if entry.sqlstate and entry.sqlstate != entry.code else ""
    return f"{terms.names(entry.engines)} error {entry.code}{state}: {entry.title}"


def _indexed(entry: Entry) -> str:
    """Return what an entry is found by: its names, wordings and summary, so that the index grows by little an entry."""
    lines = [" ".join(_tags(entry)), *(message.text for message in entry.messages), entry.summary]
    found = Markup("").join(Markup("<p>%s</p>") % prose.inline(line) for line in lines)
    for variant in entry.variants:
        # Each has a heading with its anchor, by which the search knows a part of a page.
        found += Markup('<h2 id="%s">%s</h2>') % (variant.id, variant.title)
        found += Markup("").join(Markup("<p>%s</p>") % message.text for message in variant.messages)
    return found


def _tags(entry: Entry) -> list[str]:
    names = [entry.code, entry.symbol or "", *(alias.symbol for alias in entry.aliases), entry.sqlstate or ""]
    names += [state for _, state in entry.sqlstates]
    return list(dict.fromkeys(name for name in names if name))


def _article(entry: Entry, terms: Terms) -> dict[str, Any]:
    """Return what schema.org's TechArticle can honestly say of the entry; the template adds its address."""
    return {
        "@context": "https://schema.org",
        "@type": "TechArticle",
        "headline": _head_title(entry, terms),
        "description": prose.plain(entry.summary),
        "inLanguage": "en",
        "isAccessibleForFree": True,
        "keywords": [*_tags(entry), *(terms.engine(engine) for engine in entry.engines)],
        "articleSection": terms.title("category", entry.category),
        "about": {"@type": "Thing", "name": terms.title("condition", entry.condition)},
        "citation": [source.url for source in entry.sources],
    }


def _toc(entry: Entry, elsewhere: list[Row]) -> list[Heading]:
    lines = [
        Heading(2, "risk", "Production risk"),
        Heading(2, "retry", "Retry"),
        Heading(2, "meaning", "What this means"),
    ]
    if entry.parameters:
        lines.append(Heading(2, "parameters", "Message parts"))
    lines.append(Heading(2, "causes", "Why it happens"))
    lines += [
        Heading(3, f"cause-{number}", f"{number}. {prose.shortened(cause.cause, 60)}")
        for number, cause in enumerate(entry.causes, 1)
    ]
    lines += [Heading(2, "reproduce", "How to reproduce"), Heading(2, "fixes", "Fixes")]
    lines += [
        Heading(3, f"fix-{number}", f"{number}. {prose.plain(fix.title)}") for number, fix in enumerate(entry.fixes, 1)
    ]
    if entry.variants:
        lines.append(Heading(2, "variants", "By message"))
        lines += [Heading(3, variant.id, variant.title) for variant in entry.variants]
    lines += [Heading(2, "avoid", "What not to do"), Heading(2, "verification", "Verification")]
    if entry.versions:
        lines.append(Heading(2, "versions", "Versions"))
    lines.append(Heading(2, "drivers", "In your driver"))
    if entry.related or elsewhere:
        lines.append(Heading(2, "related", "Related"))
    lines.append(Heading(2, "sources", "Sources"))
    return lines
