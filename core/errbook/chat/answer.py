"""What is said about what was asked, from the same entry as every other surface."""

from __future__ import annotations

from typing import TypeVar

from errbook.chat.asked import Found, find
from errbook.chat.form import Answer, Choice, Code, Note, Page
from errbook.opened import Link
from errbook.query import is_sqlstate
from errbook.render import code as code_text
from errbook.render import servers, verification
from errbook.variants import MARK, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from errbook.chat.asked import Asked
    from errbook.codes import Code as ListedCode
    from errbook.codes import CodeLink
    from errbook.entry import Cause, Entry, Fix
    from errbook.knowledge import Knowledge
    from errbook.render.servers import Names

Part = TypeVar("Part", "Cause", "Fix")

PRIVATE = "Nobody but you; `share mysql 1205` is for everybody in the channel."

MOST_CHOICES = 10
"""How many other answers are offered; a SQLSTATE such as HY000 names thousands."""

_SHOWN = 80
"""Characters of the asker's own words that an answer repeats."""

_ESSENTIAL_MESSAGES = 3


def answer(knowledge: Knowledge, asked: Asked, readers: str = PRIVATE) -> Answer:
    """Return the answer to what was asked; there always is one. `readers` says in the help who sees an answer.

    The text in it is plain and may hold whatever the asker typed: who renders it must escape it.
    """
    if asked.help:
        return help_answer(knowledge, readers)
    found = find(knowledge, asked.text)
    names = servers.names(knowledge)
    if len(found.entries) == 1:
        return entry_answer(found.entries[0], found, names)
    if found.entries:
        return _several(asked.text, found, names)
    if found.total == 1 and (code := knowledge.code(found.codes[0].id.partition("/")[0], found.codes[0].code)):
        return code_answer(code, names, found)
    if found.codes:
        return _several(asked.text, found, names)
    return _nothing(knowledge, asked.text, found, names)


def help_answer(knowledge: Knowledge, readers: str = PRIVATE) -> Answer:
    """Return what can be asked; `readers` says who sees an answer."""
    engines = servers.joined([str(engine["title"]) for engine in knowledge.engines()])
    notes = (
        Note(
            "What to type",
            "`1040`, `mysql 1205`, `40001` or `ER_DUP_ENTRY`: a code, a SQLSTATE or a symbol, with or without its "
            "engine.\n\nA line of a log as it is: what it speaks of is looked up.",
        ),
        Note("Who reads it", f"{readers} What you type is not kept."),
    )
    summary = f"What a database error means, whether to retry, and what to type first. {engines}."
    return Answer("help", "errbook", (), summary, notes, pages=(Page("All errors", "/"),))


def entry_answer(entry: Entry, found: Found, names: Names) -> Answer:
    """Return the answer for an entry: what it is, how bad, retry, cause, what to type, what not to, where executed."""
    about = [entry.symbol] if entry.symbol else []
    if entry.sqlstate and entry.sqlstate != entry.code:
        about.append(f"SQLSTATE {entry.sqlstate}{servers.elsewhere(entry, names.engine)}")
    about += [names.term("severity", entry.severity), names.term("confidence", entry.confidence.level)]
    about += _sure(found)
    cause = _first(entry.causes, found.engine)
    number = entry.fixes.index(_first(entry.fixes, found.engine)) + 1
    fix = entry.fixes[number - 1]
    notes = (
        Note(f"How bad: {names.term('risk_level', entry.risk.level)}", entry.risk.impact, where="risk"),
        Note(names.term("retry_verdict", entry.retry.verdict), entry.retry.why, where="retry"),
        Note(
            "Likeliest cause",
            _only(entry, cause, names) + cause.cause,
            Code(
                f"Is it this one? Run{_own(cause.confirm.run, found, ', ')}",
                cause.confirm.language,
                cause.confirm.run.strip("\n"),
            ),
            cause.confirm.reads,
            "causes",
        ),
        Note(
            "First thing to type",
            f"{_only(entry, fix, names)}{_sentence(fix.title)} When: {fix.when}",
            Code(
                f"In {fix.code.file}" if fix.code.file else _own(fix.code.text, found).capitalize(),
                fix.code.language,
                fix.code.text.strip("\n"),
            ),
            f"Cost: {fix.cost}",
            f"fix-{number}",
        ),
        Note(
            "What not to do",
            "\n\n".join(f"Do not: {_sentence(avoid.title)} {avoid.why}" for avoid in entry.avoid),
            where="avoid",
        ),
        Note("Where this was executed", _executed(entry, number, names), where="verification"),
    )
    engines = ", ".join(map(names.engine, entry.engines))
    others = [_choice(link, names) for link in (*found.also, *found.codes)[:MOST_CHOICES]]
    # The page of a variant is its place on the entry's, where all of its causes and fixes stand.
    variant = split(entry.id)[1]
    pages = [Page("Page", entry.page)]
    if len(entry.causes) > 1 and not variant:
        pages.append(Page(f"All {len(entry.causes)} causes", f"{entry.page}#causes"))
    if len(entry.fixes) > 1 and not variant:
        pages.append(Page(f"All {len(entry.fixes)} fixes", f"{entry.page}#fixes"))
    return Answer(
        "entry",
        f"{engines} {entry.code}: {entry.title}",
        tuple(about),
        entry.summary,
        notes,
        _others(found) if others else "",
        tuple(others),
        tuple(pages),
        entry.risk.level,
        f"{entry.engine} {entry.code}{MARK + variant if variant else ''}",
        bool(found.filled),
    )


def code_answer(code: ListedCode, names: Names, found: Found) -> Answer:
    """Return the answer for a code that nobody has written an entry for: what servers say of it themselves."""
    about = [part for part in (code.symbol, f"SQLSTATE {code.sqlstate}" if code.sqlstate else None) if part]
    notes = [
        Note(f"The server's words ({code_text.about(item, code, names)})", "", Code("", "text", item.text))
        for item in code.messages[:_ESSENTIAL_MESSAGES]
    ]
    more = len(code.messages) - _ESSENTIAL_MESSAGES
    said = list(code_text.said_of_symbols(code, names))
    if code.sibling and code.sibling.note:
        said.append(code.sibling.note)
    if more > 0:
        said.append(f"{more:,} more wordings are on the page.")
    if said:
        notes.append(Note("Also known", "\n\n".join(map(servers.visible, said))))
    near = [_choice(link, names) for link in (found.also or code.neighbours)[:MOST_CHOICES]]
    return Answer(
        "code",
        code_text.title(code, names),
        (*about, *code_text.labels(code, names), *_sure(found)),
        "Not written up yet. This is what servers say of it themselves.",
        tuple(notes),
        (_others(found) if found.also else "Near to it, and written up") if near else "",
        tuple(near),
        (Page("Page", code.page),),
        query=code_text.asked(code),
    )


def _several(text: str, found: Found, names: Names) -> Answer:
    choices = [
        Choice(_label(names, entry.engine, entry.code, entry.title), f"{entry.engine} {entry.code}")
        for entry in found.entries
    ]
    choices += [_choice_of_code(link, names) for link in found.codes[: max(MOST_CHOICES - len(choices), 0)]]
    total = len(found.entries) + found.total
    summary = f"{total:,} errors {'go by this name' if found.named else 'have these words'}. Which one is yours?"
    if total > len(choices):
        summary += f" These are the {len(choices)} likeliest; name the engine, or a code, to find another."
    lines = [f"{choice.label}: {entry.summary}" for choice, entry in zip(choices, found.entries, strict=False)]
    pages = (Page("Page", f"/sqlstates/{text.upper()[:2]}/"),) if is_sqlstate(text.upper()) else ()
    return Answer(
        "several",
        f"{_shown(text)}: which one?",
        (),
        summary,
        tuple(Note("", line) for line in lines[:MOST_CHOICES]),
        "Choose",
        tuple(choices[:MOST_CHOICES]),
        pages,
        query="",
    )


def _nothing(knowledge: Knowledge, text: str, found: Found, names: Names) -> Answer:
    choices = [_choice(link, names) for link in found.near]
    choices += [_choice_of_code(link, names) for link in found.near_codes]
    summary = "Neither an entry nor a code of a server goes by this name."
    if found.foreign:
        summary = f"This is {found.foreign}, of an engine that errbook has no entries for yet."
    state = knowledge.sqlstate(text) if is_sqlstate(text.upper()) else None
    if state and state.title:
        summary += f" As a SQLSTATE it is of class {state.state_class}: {state.title}."
    if not choices:
        summary += " Type the code alone, such as `1040`, or with its engine, such as `mysql 1205`."
    return Answer(
        "nothing",
        f"Nothing found for {_shown(text)}",
        (),
        summary,
        (),
        "Near to it" if choices else "",
        tuple(choices[:MOST_CHOICES]),
        (Page("Search", "/"),),
    )


def _executed(entry: Entry, number: int, names: Names) -> str:
    """Return where the error and the first thing to type were executed, and what came of it."""
    lines = [said.text() for said in verification.reproduction(entry, names)]
    for said in verification.fix(entry, number, names):
        lines.append(f"The first thing to type: {said.rest if said.lead == 'Executed:' else said.text()}")
    return "\n\n".join(servers.visible(line) for line in lines)


def _first(parts: Sequence[Part], engine: str | None) -> Part:
    return next((part for part in parts if engine is None or not part.engines or engine in part.engines), parts[0])


def _only(entry: Entry, part: Cause | Fix, names: Names) -> str:
    held = servers.limits(entry, part, names.engine)
    return f"Only {held}: " if held else ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _sure(found: Found) -> list[str]:
    return [f"recognised in your text, {found.confidence:.0%} sure"] if found.confidence is not None else []


def _own(text: str, found: Found, before: str = "") -> str:
    """Say that a statement holds what the asker's text gave to it; nothing where it does not."""
    return f"{before}with names from your text" if any(value in text for value in found.filled) else ""


def _others(found: Found) -> str:
    """Return the heading over what else was found."""
    if found.also:
        return "Also in this text"
    return "Also by this name" if found.named else "Also with these words"


def _choice(link: Link | CodeLink, names: Names) -> Choice:
    if isinstance(link, Link):
        return Choice(_label(names, link.engine, link.code, link.title), f"{link.engine} {link.code}")
    return _choice_of_code(link, names)


def _label(names: Names, engine: str, code: str, title: str) -> str:
    return f"{names.engine(engine)} {code}: {title}"


def _choice_of_code(link: CodeLink, names: Names) -> Choice:
    said = link.symbol or (" ".join(servers.visible(link.message).split()) if link.message else "")
    whose = code_text.title(link, names)
    return Choice(f"{whose}: {said}" if said else whose, link.id.replace("/", " "))


def _shown(text: str) -> str:
    """Return the asker's own words in one line, cut, with everything unseen made visible."""
    line = servers.visible(" ".join(text.split()).replace("`", "'"))
    return f"“{line if len(line) <= _SHOWN else line[: _SHOWN - 1] + '…'}”"
