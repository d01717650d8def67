"""A code of the catalogs in lines of text, whether or not there is an entry for it."""

from __future__ import annotations

from errbook.codes import namespace_title
from errbook.render import servers
from errbook.render.paper import Paper, cut, wrap
from errbook.render.paper import row as entry_row
from errbook.render.style import PLAIN, Style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from errbook.codes import Code, CodeLink, Template
    from errbook.knowledge import Knowledge
    from errbook.render.servers import Names

MOST_MESSAGES = 8
"""How many wordings are shown; PostgreSQL has thousands for some SQLSTATEs, and JSON has them all."""


def page(code: Code, knowledge: Knowledge, width: int = 80, style: Style = PLAIN, site: str = "") -> str:
    """Return everything that is known of a code, ending in a newline; arguments as of `errbook.render.text.page`."""
    paper, names = Paper(width, style), servers.names(knowledge)
    _identity(paper, code, names)
    if code.entry:
        paper.line(f"Written up: {entry_row(code.entry, style, width - 12)}")
    else:
        paper.line(style.mark("strong", "Not written up yet. This is what servers say of it themselves."))
        if code.wanted:
            paper.prose(f"Wanted: {code.wanted}")
    if facts := list(labels(code, names)):
        paper.line(style.mark("faint", " · ".join(facts)))
    for item in code.messages[:MOST_MESSAGES]:
        paper.line()
        _message(paper, code, item, names)
    if len(code.messages) > MOST_MESSAGES:
        paper.line()
        paper.line(f"And {len(code.messages) - MOST_MESSAGES:,} more: errbook {asked(code)} --json")
    if symbols := said_of_symbols(code, names):
        paper.line()
        for said in symbols:
            paper.prose(said)
    if code.sibling:
        paper.line()
        _sibling(paper, code, names)
    if code.neighbours:
        paper.head("Near to it, and written up")
        for link in code.neighbours:
            paper.line(f"  {entry_row(link, style, width - 2)}")
    if code.contribute:
        paper.line()
        paper.line(f"Write it: {code.contribute}")
    if site:
        paper.line()
        address = site.rstrip("/") + code.page
        paper.line(style.link(address, address))
    return paper.text()


def card(code: Code, knowledge: Knowledge, width: int = 80, style: Style = PLAIN) -> str:
    """Return a code in a few lines: whose it is, its first message, and what the sibling uses the number for."""
    paper, names = Paper(width, style), servers.names(knowledge)
    _identity(paper, code, names)
    if code.messages:
        paper.prose(servers.visible(code.messages[0].text), 2)
    if code.sibling and code.sibling.note and not code.sibling.same:
        paper.prose(code.sibling.note, 2)
    unwritten = "  Not written up yet, and wanted." if code.wanted else "  Not written up yet."
    paper.line(f"  Written up: errbook {code.entry.engine} {code.entry.code}" if code.entry else unwritten)
    return paper.text()


def row(link: CodeLink, style: Style = PLAIN, width: int | None = None) -> str:
    """Return a link to a code as one line: identity, symbol, message, cut to a width where one is given."""
    said = " ".join(servers.visible(link.message).split()) if link.message else None
    rest = "".join(f"  {part}" for part in (link.symbol, said) if part)
    return f"{style.mark('strong', link.id)}{cut(rest, width, len(link.id))}"


def asked(code: Code) -> str:
    """Return what finds exactly this code on the command line: ``mysql 13426``, ``os 13``."""
    return code.id.replace("/", " ")


def title(code: Code | CodeLink, names: Names) -> str:
    """Return whose code it is and its number: ``MySQL 13426``, ``Operating system 13``."""
    whose = namespace_title(code, names.engine, names.term)
    return f"{whose} {code.code}"


def _identity(paper: Paper, code: Code, names: Names) -> None:
    state = f"SQLSTATE {code.sqlstate}" if code.sqlstate and code.sqlstate != code.code else None
    paper.identity(title(code, names), code.symbol, state)


def labels(code: Code, names: Names) -> Iterator[str]:
    """Give what is to be said of a code in a word or two each: where it appears, its severity and kind."""
    if code.where:
        yield names.term("code_where", code.where)
    if code.severity:
        yield code.severity
    if code.kind:
        yield code.kind
    if code.obsolete:
        yield "no longer raised"
    if not code.messages:
        yield f"in {series(code.series, code.engine, names)}"


def series(found: Sequence[str], engine: str, names: Names) -> str:
    """Return in which series something is, as a phrase: ``MySQL 9.7``, ``MariaDB 10.11 and 11.8``."""
    pairs = []
    for name in found:
        # Of numbers that are no engine's own, a series names the server too.
        server, _, version = name.rpartition(" ")
        pairs.append((names.engine(server or engine), version) if server or engine != "system" else (name.title(), ""))
    return servers.listed(pairs).strip()


def about(item: Template, code: Code, names: Names) -> str:
    """Return what is to be said of one message: where it appears, its severity, its module, its series."""
    parts = [names.term("code_where", item.where)] if item.where else []
    parts += [item.severity] if item.severity and item.severity != code.severity else []
    parts += [item.module] if item.module else []
    parts += [f"when the operating system says {', '.join(item.errno)}"] if item.errno else []
    return " · ".join([*parts, series(item.series, code.engine, names)])


def said_of_symbols(code: Code, names: Names) -> list[str]:
    """Return sentences about the symbols that a code had before, has elsewhere, and has besides."""
    found = [f"{item.symbol}: {series(item.series, code.engine, names)}" for item in code.symbols]
    known = {item.symbol for item in code.symbols}
    if before := [symbol for symbol in code.formerly if symbol not in known]:
        found.append(f"Formerly {servers.joined(before)}.")
    if code.aliases:
        found.append(f"Also {servers.joined(code.aliases)}.")
    return found


def _message(paper: Paper, code: Code, item: Template, names: Names) -> None:
    paper.prose(servers.visible(item.text), 4)
    for name, texts in (("Detail", item.detail), ("Hint", item.hint)):
        for text in texts:
            paper.prose(servers.visible(text), 6, f"    {name}: ")
    for line in wrap(about(item, code, names), paper.width, "    ", "    "):
        paper.line(paper.style.mark("faint", line))


def _sibling(paper: Paper, code: Code, names: Names) -> None:
    sibling = code.sibling
    assert sibling is not None  # noqa: S101 - asked for by the caller
    engine, _, number = sibling.id.partition("/")
    said = "  ".join(part for part in (f"{names.engine(engine)} {number}", sibling.symbol) if part)
    paper.line(paper.style.mark("strong" if sibling.same else "warn", said))
    if sibling.message:
        paper.prose(servers.visible(sibling.message), 4)
    paper.prose(sibling.note or "The same error.", 2)
