"""A checker of links in a folder of HTML files: every internal link and anchor must lead somewhere."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urldefrag, urljoin, urlsplit


class Link(NamedTuple):
    """One link: the attribute it stands in and its value."""

    attribute: str
    value: str


class Document(HTMLParser):
    """The anchors and links of one HTML file."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.anchors: set[str] = {"", "top"}
        self.links: list[Link] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what the tag names and what it links to."""
        values = dict(attrs)
        self.tags.append((tag, values))
        self.anchors |= {value for name in ("id", "name") if (value := values.get(name))}
        self.links += [
            Link(name, value) for name in ("href", "src", "action", "data-target") if (value := values.get(name))
        ]
        if values.get("http-equiv") == "refresh":
            self.links.append(Link("refresh", (values["content"] or "").partition("url=")[2]))


def broken(folder: Path, site: str) -> Iterator[str]:
    """Give every link that leads nowhere, as ``page: link``. `site` is the address for which the pages were built."""
    documents = {path.relative_to(folder).as_posix(): Document(path.read_text()) for path in folder.rglob("*.html")}
    for name, document in documents.items():
        for link in document.links:
            target, anchor = urldefrag(urljoin(f"{site}{name}", link.value))
            if not target.startswith(site):
                if urlsplit(target).scheme not in ("http", "https", "data", "javascript"):
                    yield f"{name}: {link.value}"
                continue
            path = unquote(urlsplit(target).path.removeprefix(urlsplit(site).path))
            file = f"{path}index.html" if not path or path.endswith("/") else path
            if file in documents:
                if unquote(anchor) not in documents[file].anchors:
                    yield f"{name}: {link.value} (no such anchor)"
            elif not (folder / file).is_file():
                yield f"{name}: {link.value}"
