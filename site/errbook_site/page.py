"""What the site is made of: pages, which get the theme's frame, and files, which are written as they are."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

ANSWERS: Final = "api/v1/"
"""Where the answers of the API lie."""


class Heading(NamedTuple):
    """A line of a page's table of contents: its depth (1 is the page's title), anchor and text (plain, not HTML)."""

    level: int
    anchor: str
    text: str


class Page(NamedTuple):
    """One page.

    `address` is its path below the site's root, such as ``mysql/1040/``; the front page's is empty. `html` is the
    content inside the theme's frame. `title` stands in the browser's tab and in search results. `meta` is what the
    theme's templates ask for besides (keys in `overrides/main.html`). `toc` is in the order of the page. `indexed` is
    the HTML that the site's search knows the page by, where that is not all of it.
    """

    address: str
    title: str
    description: str
    html: str
    toc: Sequence[Heading] = ()
    indexed: str | None = None
    tags: Sequence[str] = ()
    boost: float = 1.0
    in_search: bool = True
    in_sitemap: bool = True
    meta: Mapping[str, Any] = {}

    @property
    def source(self) -> str:
        """The path that the page's Markdown file has or would have."""
        return (
            f"{self.address}index.md" if not self.address or self.address.count("/") == 1 else f"{self.address[:-1]}.md"
        )

    def front_matter(self) -> dict[str, Any]:
        """Return the page's front matter as mkdocs-material reads it."""
        meta: dict[str, Any] = {"title": self.title, "description": self.description, "hide": ["navigation"]}
        if not self.toc:
            meta["hide"].append("toc")
        if self.tags:
            meta["tags"] = list(self.tags)
        if not self.in_search:
            meta["search"] = {"exclude": True}
        elif self.boost != 1.0:
            meta["search"] = {"boost": self.boost}
        if not self.in_sitemap:
            meta["noindex"] = True
        return meta | dict(self.meta)


class Asset(NamedTuple):
    """One file that is published byte for byte; `path` is its path below the site's root."""

    path: str
    content: bytes


def root(address: str) -> str:
    """Return the relative link from a page to the site's root: ``../../`` for ``mysql/1040/``."""
    return "../" * address.count("/") or "./"
