"""A code of the catalogs as plain Markdown, for agents, editors and chat."""

from errbook.codes import Code, CodeLink
from errbook.knowledge import Knowledge
from errbook.render import servers
from errbook.render.code import MOST_MESSAGES, about, asked, labels, said_of_symbols, title
from errbook.render.markdown import block, escape, inline


def page(code: Code, knowledge: Knowledge) -> str:
    """Return everything that is known of a code as Markdown, ending in a newline."""
    names = servers.names(knowledge)
    name = f"{title(code, names)}: {inline(code.symbol)}" if code.symbol else title(code, names)
    parts = [f"# {name}"]
    if code.entry:
        parts.append(f"Written up: [{escape(code.entry.title)}]({code.entry.page}index.md)")
    else:
        parts.append("Not written up yet. This is what servers say of it themselves.")
        if code.wanted:
            parts.append(f"Wanted: {escape(code.wanted)}")
    facts = [f"- SQLSTATE: {inline(code.sqlstate)}"] if code.sqlstate else []
    facts += [f"- {escape(fact)}" for fact in labels(code, names)]
    facts += [f"- {escape(said)}" for said in said_of_symbols(code, names)]
    parts.append("\n".join(facts))
    for item in code.messages[:MOST_MESSAGES]:
        more = [("Detail", text) for text in item.detail] + [("Hint", text) for text in item.hint]
        said = [item.text, *(f"{part}: {text}" for part, text in more)]
        parts.append(f"{escape(about(item, code, names))}:\n\n{block('text', servers.visible(chr(10).join(said)))}")
    if len(code.messages) > MOST_MESSAGES:
        parts.append(f"And {len(code.messages) - MOST_MESSAGES:,} more: `errbook {asked(code)} --json`")
    if code.sibling:
        parts.append(_sibling(code, names))
    if code.neighbours:
        parts.append("## Near to it, and written up")
        parts.append("\n".join(f"- [{link.id} {escape(link.title)}]({link.page}index.md)" for link in code.neighbours))
    if code.contribute:
        parts.append(f"Write it: {inline(code.contribute)}")
    return "\n\n".join(part for part in parts if part) + "\n"


def row(link: CodeLink) -> str:
    """Return a link to a code as an item of a list."""
    name = inline(" ".join(part for part in (link.id, link.symbol) if part))
    said = inline(" ".join(servers.visible(link.message).split())) if link.message else ""
    return f"- [{name}]({link.page}) {said}".rstrip()


def _sibling(code: Code, names: servers.Names) -> str:
    sibling = code.sibling
    assert sibling is not None  # noqa: S101 - asked for by the caller
    engine, _, number = sibling.id.partition("/")
    parts = [f"## {names.engine(engine)} {number}{f': {inline(sibling.symbol)}' if sibling.symbol else ''}"]
    parts.append(escape(sibling.note or "The same error."))
    if sibling.message:
        parts.append(block("text", servers.visible(sibling.message)))
    return "\n\n".join(parts)
