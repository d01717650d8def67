"""Prose of an entry as HTML: plain text, in which `inline code` is the only markup.

The escape is MarkupSafe's, which is also what the templates' autoescape uses: there is no second one.
"""

import re

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`\n]+)`")
_GAP = re.compile(r"\n[ \t]*\n")


def inline(text: str) -> Markup:
    """Return one run of text with `code` marked up."""
    parts = _CODE.split(text)
    parts[::2] = map(escape, parts[::2])
    parts[1::2] = [f"<code>{escape(part)}</code>" for part in parts[1::2]]
    return Markup("".join(parts))  # noqa: S704 - every part was escaped above


def paragraphs(text: str) -> Markup:
    """Return text as paragraphs (separated by empty lines) and lists (lines that start with ``- ``)."""
    return Markup("").join(_block(block) for block in _GAP.split(text.strip()) if block.strip())


def breakable(name: str) -> Markup:
    """Return a long name, such as a class with its package, that may be broken after its dots."""
    return Markup(".<wbr>").join(name.split("."))


def plain(text: str) -> str:
    """Return one run of text without its markup, for titles and attributes."""
    return " ".join(_CODE.sub(r"\1", text).split())


def shortened(text: str, limit: int) -> str:
    """Return text without markup, cut after a whole word where it is longer than `limit` characters."""
    text = plain(text)
    return text if len(text) <= limit else f"{text[:limit].rsplit(' ', 1)[0].rstrip(' ,;:.')} …"


def _block(block: str) -> Markup:
    before: list[str] = []
    items: list[list[str]] = []
    for line in block.splitlines():
        if line.lstrip().startswith("- "):
            items.append([line.lstrip()[2:]])
        else:
            (items[-1] if items else before).append(line.strip())
    html = Markup("")
    if before:
        html += Markup("<p>%s</p>") % inline(" ".join(before))
    if items:
        html += Markup("<ul>%s</ul>") % Markup("").join(
            Markup("<li>%s</li>") % inline(" ".join(item)) for item in items
        )
    return html
