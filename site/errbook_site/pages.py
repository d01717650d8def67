"""Every page and file of the site, from the knowledge, and beside each entry the file in which it is written.

The same pages go through mkdocs (`errbook_site.hook`) or to a folder as Markdown files with front matter (`write`), for
a generator that runs no hooks.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from errbook import places
from errbook.entry import Entry
from errbook.knowledge import Knowledge
from errbook_site import (
    addresses,
    code_changes,
    code_names,
    code_pages,
    connect,
    entry,
    guides,
    listings,
    machine,
    ranking,
    sqlstates,
)
from errbook_site.codes import Codes, Json
from errbook_site.page import ANSWERS, Asset, Page
from errbook_site.rows import Rows
from errbook_site.terms import Terms

DEFAULT_SITE: Final = "http://127.0.0.1:8000/"
"""Where the site is when nothing is configured: where `mkdocs serve` puts it."""

_FIXED: Final = frozenset(
    {
        "about",
        "api",
        "assets",
        "categories",
        "conditions",
        "connect",
        "contribute",
        "coverage",
        "findings",
        "reading",
        "rules",
        "search",
        "sqlstates",
        "system",
        "index",
    }
)


def pages(knowledge: Knowledge, site: str = DEFAULT_SITE) -> Iterator[Page | Asset]:
    """Give every page and file of the site; `site` is its address, for the links that must be absolute."""
    site = f"{site.rstrip('/')}/"
    terms = Terms(knowledge)
    rows = Rows.of(knowledge)
    codes = Codes(knowledge, terms)
    yield from guides.pages(knowledge, rows, terms, codes)
    yield from connect.pages()
    yield from listings.pages(knowledge, rows, terms, codes)
    classes = sqlstates.classes(knowledge, rows, codes)
    yield from sqlstates.pages(classes, terms, codes)
    yield from code_pages.pages(codes, {name: item.title for name, item in classes.items()})
    yield from code_names.files(codes, {name: (item.title, list(item.states)) for name, item in classes.items()})
    weights = ranking.weights(rows)
    layers = places.layers()
    for item in knowledge.all():
        page = entry_page(item, rows, terms, weights[item.id], codes=codes)
        if source := machine.written(item, layers):
            page = page._replace(meta={**page.meta, "written": source.path.rpartition("/")[2]})
            yield source
        yield page
        yield machine.twin(item, knowledge)
    yield from addresses.pages(rows, terms, site, _FIXED | frozenset(terms.engines))
    # What changed is both a page and an answer, and is computed once.
    changes: dict[str, Json] = {}
    for file in machine.files(knowledge, rows, terms, codes, site):
        if file.path.startswith(f"{ANSWERS}catalogs/"):
            changes[file.path] = json.loads(file.content)
        yield file
    yield from code_changes.pages(codes, changes)


def entry_page(
    item: Entry, rows: Rows, terms: Terms, weight: float = 1.0, problems: str = "", codes: Codes | None = None
) -> Page:
    """Return the page of one entry; `weight` is its weight in the search, `problems` is HTML to show above it.

    `codes` are what the catalogs know of its code, and of all others.
    """
    return entry.page(item, terms, rows.elsewhere(item.condition, item.engines), weight, problems, codes)


def write(items: Iterable[Page | Asset], folder: Path) -> int:
    """Write pages as Markdown files and files as they are below a folder; return how many were written."""
    number = 0
    for item in items:
        if isinstance(item, Page):
            target = folder / item.source
            # JSON is YAML; one line a field keeps the files easy to compare.
            fields = "".join(f"{key}: {json.dumps(value)}\n" for key, value in item.front_matter().items())
            content = f"---\n{fields}---\n\n{item.html}\n".encode()
        else:
            target, content = folder / item.path, item.content
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        number += 1
    return number
