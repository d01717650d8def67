"""What executing the entries found out, as Markdown and as plain text."""

from __future__ import annotations

from errbook.render import servers
from errbook.render.markdown import block, escape, inline
from errbook.render.servers import code, listed, spaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from errbook.findings import Difference, Findings, Noted, Seen
    from errbook.knowledge import Knowledge
    from errbook.opened import Link

TITLE = "What we found out"
ABOUT = "Where servers and versions differ, from each other or from what is commonly said of them."
NOTES = "What entries note about versions"


def page(found: Findings, knowledge: Knowledge, *, marked: bool) -> str:
    """Return the findings, as Markdown where `marked`, else as plain text; what there is nothing of has no section."""
    names = servers.names(knowledge)
    lines = [f"# {TITLE}" if marked else TITLE, "", ABOUT]
    for kind, items in by_kind(found).items():
        term = knowledge.term("difference", kind)
        lines += ["", f"## {term.title}" if marked else term.title, "", term.description]
        for item in items:
            lines += ["", *_difference(item, names, marked)]
    if found.notes:
        lines += ["", f"## {NOTES}" if marked else NOTES]
        for noted in found.notes:
            lines += ["", *_noted(noted, knowledge, names, marked)]
    return "\n".join(lines) + "\n"


def by_kind(found: Findings) -> dict[str, list[Difference]]:
    """Return the differences by kind, in the order of the kinds, without those that nothing is of."""
    kinds: dict[str, list[Difference]] = {}
    for item in found.differences:
        kinds.setdefault(item.kind, []).append(item)
    return kinds


def where(seen: Seen, names: servers.Names) -> str:
    """Return the servers of what was seen as a phrase."""
    return listed((names.engine(at.server.partition(":")[0]), at.version) for at in seen.servers)


def head(link: Link, names: servers.Names) -> str:
    """Return what an entry is called where it is one of many."""
    return f"{names.engine(link.engine)} {link.code}: {link.title}"


def declared(item: Difference) -> str:
    """Return the code and the SQLSTATE that were declared; empty where the difference is not to these."""
    return code(item.error, item.declared.code, item.declared.sqlstate) if item.declared else ""


def _difference(item: Difference, names: servers.Names, marked: bool) -> Iterator[str]:
    yield _link(item.error, names, marked)
    if item.declared:
        yield from ("", f"Declared: {declared(item)}")
    for seen in item.seen:
        alike = "" if seen.exact else " (the same but for numbers, ids and paths)"
        text = servers.visible(seen.text)
        if marked:
            yield from ("", f"{inline(seen.by)} on {where(seen, names)}{alike}:", "", block("text", text))
        else:
            yield f"  {seen.by} on {where(seen, names)}{alike}:"
            yield from (f"    {line}" for line in text.splitlines())


def _noted(noted: Noted, knowledge: Knowledge, names: servers.Names, marked: bool) -> Iterator[str]:
    yield _link(noted.error, names, marked)
    if marked:
        yield ""
    for item in noted.versions:
        kinds = ", ".join(knowledge.term("difference", kind).title.lower() for kind in item.shown_by)
        seen = f" (runs show it: {kinds})" if kinds else ""
        held = f"{names.engine(item.engine)} {spaced(item.range)}"
        if marked:
            yield f"- {escape(held)}: {escape(' '.join(item.note.split()))}{seen}"
        else:
            yield f"  {held}: {' '.join(item.note.split())}{seen}"


def _link(link: Link, names: servers.Names, marked: bool) -> str:
    return f"### [{escape(head(link, names))}]({link.page}index.md)" if marked else head(link, names)
