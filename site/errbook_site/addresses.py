"""Short addresses: ``/1040/``, ``/08004/`` and ``/ER_CON_COUNT_ERROR/`` lead to the entry, or to a choice of entries.

A redirect is a plain file that works on any static host: a meta refresh for all, a script that keeps the anchor, a
canonical link for search engines, and a link for whoever has turned both off.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from errbook_site.page import Asset, Page, root
from errbook_site.rows import Row, Rows
from errbook_site.templates import render
from errbook_site.terms import Terms

_ADDRESSABLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def pages(rows: Rows, terms: Terms, site: str, taken: frozenset[str]) -> Iterator[Page | Asset]:
    """Give the redirects and choices for every name of every entry, and for shared entries in their other engines.

    `site` is the address of the site, for canonical links. `taken` are the first folders of all other pages: a name
    that equals one (in any case, for hosts that do not tell cases apart) has no short address.
    """
    names: dict[str, dict[str, Row]] = defaultdict(dict)
    folded: dict[str, str] = {}
    for row in rows.all:
        for name in row.names:
            if _ADDRESSABLE.fullmatch(name) and name.lower() not in taken:
                # One folder for all spellings of a name: two folders that differ in case break on some file systems.
                names[folded.setdefault(name.lower(), name)][row.id] = row
    for name, found in names.items():
        if len(found) == 1:
            (row,) = found.values()
            yield redirect(f"{name}/", row.address, _title(row, terms), site)
        else:
            yield _choice(name, list(found.values()), terms)
    for row in rows.all:
        for engine in row.engines:
            if engine != row.engine and f"{engine}/{row.code}" not in rows.by_id:
                yield redirect(f"{engine}/{row.code}/", row.address, _title(row, terms), site)


def _title(row: Row, terms: Terms) -> str:
    return f"{terms.names(row.engines)} error {row.code}: {row.title}"


def redirect(address: str, target: str, title: str, site: str) -> Asset:
    """Return the file at `address` that leads to the page at `target`, both below the site's root."""
    html = render("redirect", root=root(address), target=target, canonical=f"{site}{target}", title=title)
    return Asset(f"{address}index.html", html.encode())


def _choice(name: str, found: list[Row], terms: Terms) -> Page:
    # A code weighs more than a SQLSTATE that happens to read the same.
    ordered = sorted(found, key=lambda row: row.code != name)
    address = f"{name}/"
    return Page(
        address,
        f"{name}: which one?",
        f"{len(found)} errors are called {name}.",
        render("choice", name=name, rows=ordered, root=root(address), terms=terms),
        in_search=False,
        in_sitemap=False,
    )
