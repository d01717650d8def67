"""Lines of text in one width and one style: what entries and codes are written on."""

from __future__ import annotations

from errbook.render.style import PLAIN, Style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from errbook.opened import Link


def wrap(text: str, width: int, lead: str, rest: str) -> Iterator[str]:
    """Fill lines with words. The standard textwrap compiles regular expressions that cost a cold lookup 2 ms."""
    words, start, used = list[str](), lead, len(lead)
    for word in text.split():
        if words and used + 1 + len(word) > width:
            yield start + " ".join(words)
            words, start, used = [], rest, len(rest)
        used += len(word) + bool(words)
        words.append(word)
    yield start + " ".join(words)


class Paper:
    """Collects lines of one width in one style."""

    def __init__(self, width: int, style: Style) -> None:
        """Begin; `width` is in columns."""
        self.width, self.style, self.lines = width, style, list[str]()

    def line(self, text: str = "") -> None:
        """Add a line as it is."""
        self.lines.append(text)

    def identity(self, first: str, *rest: str | None) -> None:
        """Add a line of a name and what there is of the rest; a second line takes what does not fit."""
        more = [part for part in rest if part]
        fits = sum(2 + len(part) for part in more) + len(first) <= self.width
        lines = ["  ".join([self.style.mark("strong", first), *more])]
        if not fits and len(more) > 1:
            lines = ["  ".join([self.style.mark("strong", first), *more[:-1]]), f"  {more[-1]}"]
        self.lines += lines

    def prose(self, text: str, indent: int = 0, first: str = "") -> None:
        """Add paragraphs and lists; `first` stands before the first line, within the indent where it fits."""
        pad = " " * indent
        for number, paragraph in enumerate(text.split("\n\n")):
            if number:
                self.line()
            for at, part in enumerate(self._items(paragraph)):
                lead = first or pad if number == at == 0 else pad
                rows = wrap(part, self.width, lead, f"{pad}  " if part.startswith("- ") else pad)
                self.lines += [self._inline(row) for row in rows]

    @staticmethod
    def _items(paragraph: str) -> list[str]:
        items: list[str] = []
        for row in paragraph.splitlines():
            if row.startswith("- ") or not items:
                items.append(row)
            else:
                items[-1] += f" {row.strip()}"
        return items

    def _inline(self, row: str) -> str:
        # The backticks stay where there is no colour: they tell code from prose.
        if not self.style.reset or row.count("`") % 2:
            return row
        parts = row.split("`")
        return "".join(self.style.mark("code", part) if at % 2 else part for at, part in enumerate(parts))

    def code(self, text: str, indent: int) -> None:
        """Add code, every line of it as it is."""
        for row in text.splitlines():
            self.line(" " * indent + self.style.mark("code", row) if row else "")

    def head(self, text: str, name: str = "") -> None:
        """Begin a part; `name` is what it is asked for by, which stays as it is written."""
        title = text.upper() if not self.style.reset else text
        self.line()
        if name and len(title) + 1 + len(name) <= self.width:
            title, name = f"{title} {name}", ""
        self.line(self.style.mark("head", title))
        if name:
            self.line(self.style.mark("head", name))

    def text(self) -> str:
        """Return everything, ending in a newline."""
        return "\n".join(self.lines) + "\n"


def row(link: Link, style: Style = PLAIN, width: int | None = None) -> str:
    """Return a link to an entry as one line: identity, symbol, title, which is cut to a width where one is given."""
    identity = f"{link.id}#{link.variant}" if link.variant else link.id
    rest = "".join(f"  {part}" for part in (link.symbol, link.title) if part)
    return f"{style.mark('strong', identity)}{cut(rest, width, len(identity))}"


def cut(text: str, width: int | None, used: int = 0) -> str:
    """Return a text in what is left of a width, in columns, with an ellipsis where something was left out."""
    if width is None or used + len(text) <= width:
        return text
    return f"{text[: max(width - used - 1, 0)].rstrip()}…"
