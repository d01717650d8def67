"""The mkdocs hook: adds the pages from memory, and gives mkdocs their content without any Markdown in between.

An entry's text never goes through a Markdown parser: what a writer types can only ever become escaped HTML.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from markupsafe import escape
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page as MkDocsPage
from mkdocs.structure.toc import TableOfContents, get_toc
from mkdocs.utils.templates import TemplateContext

import errbook
from errbook.compile import CheckFailed
from errbook.knowledge import Knowledge
from errbook.problem import text as problem_text
from errbook_site.page import Asset, Heading, Page
from errbook_site.pages import DEFAULT_SITE, pages

NAVIGATION: Final = (
    ("Paste", "identify/index.md"),
    ("Categories", "categories/index.md"),
    ("Conditions", "conditions/index.md"),
    ("SQLSTATEs", "sqlstates/index.md"),
    ("Findings", "findings/index.md"),
    ("API", "api/index.md"),
    ("Chat", "connect/index.md"),
    ("Agents", "agents/index.md"),
    ("About", "about/index.md"),
)
"""What the tabs show after the engines."""

OPTIONS: Final = "errbook"
"""The key of `extra` under which a caller in the same process hands over `knowledge` or `pages`."""


class Hook:
    """One build's pages; mkdocs calls the methods through `mkdocs_hook`."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}

    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Add every page and file, and make the navigation of the engines there are."""
        self._pages = {}
        handed = config.extra.get(OPTIONS, {})
        engines = []
        items: Iterable[Page | Asset] = handed.get("pages") or _from_knowledge(handed.get("knowledge"), config)
        for item in items:
            if isinstance(item, Asset):
                files.append(_asset(item, config))
                continue
            self._pages[item.source] = item
            files.append(_file(item, config))
            if item.meta.get("engine"):
                engines.append({item.meta["engine"]: item.source})
        known = [{title: source} for title, source in NAVIGATION if source in self._pages]
        config.nav = [{"Home": "index.md"}, *engines, *known] if "index.md" in self._pages else []
        return files

    def on_page_markdown(self, markdown: str, page: MkDocsPage, **_: Any) -> str:
        """Give a generated page its front matter; there is no Markdown to it."""
        if generated := self._pages.get(page.file.src_uri):
            # The theme prints these two as they are, and Markup is not escaped twice where our own templates escape.
            meta = generated.front_matter()
            page.meta = meta | {name: escape(meta[name]) for name in ("title", "description")}
            return ""
        return markdown

    def on_page_content(self, html: str, page: MkDocsPage, **_: Any) -> str:
        """Give a generated page its table of contents, and what the search is to index for its content."""
        generated = self._pages.get(page.file.src_uri)
        if generated is None:
            return html
        page.toc = toc(generated.toc)
        return generated.html if generated.indexed is None else generated.indexed

    @event_priority(-100)
    def on_page_context(self, context: TemplateContext, page: MkDocsPage, **_: Any) -> TemplateContext:
        """Give a generated page its real content, after the search plugin has taken what is to be found from it."""
        if generated := self._pages.pop(page.file.src_uri, None):
            page.content = generated.html
        return context


def toc(headings: Sequence[Heading]) -> TableOfContents:
    """Return mkdocs' table of contents of a page's headings."""
    tokens: list[Any] = []
    for heading in headings:
        token = _token(heading)
        if heading.level > 2 and tokens:
            tokens[-1]["children"].append(token)
        else:
            tokens.append(token)
    return get_toc(tokens)


def _token(heading: Heading) -> dict[str, Any]:
    # The theme prints titles as HTML.
    return {"level": heading.level, "id": heading.anchor, "name": str(escape(heading.text)), "children": []}


def _from_knowledge(knowledge: Knowledge | None, config: MkDocsConfig) -> Iterator[Page | Asset]:
    site = config.site_url or os.environ.get("ERRBOOK_SITE_URL") or DEFAULT_SITE
    if knowledge is not None:
        yield from pages(knowledge, site)
        return
    try:
        opened = errbook.open()
    except CheckFailed as failed:
        for problem in failed.problems:
            print(problem_text(problem), file=sys.stderr)
        raise Abort(f"{failed}. Mend the files above; `errbook check` shows the same list.") from failed
    with opened:
        yield from pages(opened, site)


def _file(page: Page, config: MkDocsConfig) -> File:
    # The real content is given in on_page_content; mkdocs only needs to find something to read.
    file = File.generated(config, page.source, content="", inclusion=InclusionLevel.NOT_IN_NAV)
    if config.repo_url:
        file.edit_uri = page.meta.get("source_file")
    return file


def _asset(asset: Asset, config: MkDocsConfig) -> File:
    # mkdocs takes whatever ends in .md or .html for a page; under another source name it is published as it is.
    file = File.generated(config, f"{asset.path}.asset", content=asset.content, inclusion=InclusionLevel.INCLUDED)
    file.dest_uri = asset.path
    return file
