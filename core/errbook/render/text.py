"""An entry as text for a terminal, a pipe, or ``curl``: in lines of a given width, code untouched."""

from __future__ import annotations

from errbook.render import scenario, servers
from errbook.render.first import first_code
from errbook.render.paper import Paper, wrap
from errbook.render.paper import row as row
from errbook.render.style import PLAIN, Style
from errbook.variants import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from errbook.entry import Cause, Code, Entry, Fix, Message, Scenario
    from errbook.knowledge import Knowledge
    from errbook.render.servers import Names

TOP_MESSAGES = 2
"""How many wordings stand at the top; an error with many must not push the first thing to do off the screen."""

_RISK = {"low": "good", "medium": "warn", "high": "bad", "critical": "bad"}
_RETRY = {"at-once": "good", "with-backoff": "good", "after-fix": "warn", "no": "bad"}


def _only(entry: Entry, part: Cause | Fix | Scenario, names: Names) -> str:
    held = servers.limits(entry, part, names.engine)
    return f"Only {held}: " if held else ""


def _steps(paper: Paper, lines: Sequence[scenario.Line], indent: int) -> None:
    for number, step in enumerate(lines, 1):
        outcome = f" [{step.outcome}]" if step.outcome else ""
        paper.prose(step.words + outcome, indent + 3, " " * indent + f"{number}. ")
        if step.code is not None:
            paper.code(step.code, indent + 7)


def _code(paper: Paper, code: Code, indent: int) -> None:
    if code.file:
        paper.line(" " * indent + f"In {code.file}:")
    paper.code(code.text, indent + 4)


def _identity(paper: Paper, entry: Entry, names: Names) -> None:
    engines = ", ".join(map(names.engine, entry.engines))
    state = f"SQLSTATE {entry.sqlstate}{servers.elsewhere(entry, names.engine)}" if entry.sqlstate else None
    paper.identity(f"{engines} {entry.code}", entry.symbol, state)


def _verdicts(paper: Paper, entry: Entry, knowledge: Knowledge) -> None:
    risk = knowledge.term("risk_level", entry.risk.level).title
    retry = knowledge.term("retry_verdict", entry.retry.verdict).title
    mark = paper.style.mark
    paper.line(f"Risk: {mark(_RISK[entry.risk.level], risk)}")
    paper.prose(entry.risk.impact, 2)
    paper.line(mark(_RETRY[entry.retry.verdict], retry))
    paper.prose(entry.retry.why, 2)


def _messages(paper: Paper, messages: Sequence[Message]) -> None:
    for message in messages:
        paper.line()
        paper.prose(message.text, 4)
        for line in wrap(message.where, paper.width, "    ", "    "):
            paper.line(paper.style.mark("faint", line))


def page(entry: Entry, knowledge: Knowledge, width: int = 80, style: Style = PLAIN, site: str = "") -> str:
    """Return the whole entry, in the order of its page, ending in a newline.

    `width` is in columns; `site` is the address of the site (``https://errors.example.com``) for the link to the page,
    left out where it is empty.
    """
    paper, names = Paper(width, style), servers.names(knowledge)
    labels = [
        knowledge.term("severity", entry.severity).title,
        knowledge.term("frequency", entry.frequency).title,
        knowledge.term("category", entry.category).title,
    ]
    _identity(paper, entry, names)
    paper.line(style.mark("strong", entry.title))
    paper.line(style.mark("faint", " · ".join(labels)))
    _messages(paper, entry.messages[:TOP_MESSAGES])
    paper.line()
    paper.prose(entry.summary)
    paper.line()
    _verdicts(paper, entry, knowledge)
    title, code = first_code(entry)
    paper.line(f"First: {style.mark('strong', title)}")
    _code(paper, code, 0)
    if entry.variants:
        paper.head("Known messages")
        for variant in entry.variants:
            paper.prose(f"{variant.title} (#{variant.id})", 4, "  ")
    if more := entry.messages[TOP_MESSAGES:]:
        paper.head("More wordings")
        _messages(paper, more)
    paper.head("What this means")
    paper.prose(entry.meaning)
    if entry.parameters:
        paper.head("Message parts")
        for item in entry.parameters:
            paper.prose(item.meaning, 4, f"{{{item.name}}}: ")
    paper.head("Why it happens")
    _causes(paper, entry, names)
    paper.head("How to reproduce")
    if entry.reproduce.not_executable:
        paper.prose(f"Not executable: {entry.reproduce.not_executable}")
    if entry.reproduce.steps:
        paper.prose(_only(entry, entry.reproduce, names) + (entry.reproduce.about or ""))
        _steps(paper, scenario.lines(entry.reproduce), 0)
    paper.head("Fixes")
    _fixes(paper, entry, knowledge, names)
    for variant in entry.variants:
        paper.head(variant.title, f"(#{variant.id})")
        own = entry.of_variant(variant)
        for message in variant.messages:
            paper.prose(message.text, 4, "  ")
        _causes(paper, own, names)
        _fixes(paper, own, knowledge, names)
    paper.head("What not to do")
    for avoid in entry.avoid:
        paper.prose(f"{avoid.title}. {avoid.why}", 2, "- ")
    _verification(paper, entry, names, site)
    if entry.versions:
        paper.head("Versions")
        for version in entry.versions:
            paper.prose(version.note, 2, f"{names.engine(version.engine)} {version.range}: ")
    paper.head("In your driver")
    for driver in entry.drivers:
        paper.prose(driver.exception, 2, f"{driver.driver}: ")
        for field in driver.fields:
            paper.prose(field.gives, 6, f"    {field.name}: ")
        if driver.note:
            paper.prose(driver.note, 4)
    if entry.related:
        paper.head("Related")
        for related in entry.related:
            paper.prose(f"{related.title}. {related.why}", 2, f"{related.error}: ")
    paper.head("Sources")
    for source in entry.sources:
        paper.prose(source.title, 2, "- ")
        paper.line(f"  {style.link(source.url, source.url)}")
    if site:
        paper.line()
        address = site.rstrip("/") + entry.page
        paper.line(style.link(address, address))
    return "\n".join(paper.lines) + "\n"


def _verification(paper: Paper, entry: Entry, names: Names, site: str) -> None:
    paper.head("Verification")
    level = names.term("confidence", entry.confidence.level)
    paper.prose(f"{level}. {entry.confidence.reason}")
    for run in entry.verification.servers:
        said = servers.visible(servers.line(entry, run, names))
        paper.prose(said, 4, f"  {names.runs([run])}: ")
    for variant in entry.variants:
        paper.prose(
            f"{names.term('confidence', variant.confidence.level)}. {variant.confidence.reason}", 4, f"  {variant.id}: "
        )
    if entry.verification.servers and entry.verification.missing:
        paper.prose("not yet executed", 4, f"  {names.servers(entry.verification.missing)}: ")
    address = f"{site.rstrip('/')}{servers.RULE}"
    paper.line(paper.style.mark("faint", f"What the levels mean: {paper.style.link(address, address)}"))


def _causes(paper: Paper, entry: Entry, names: Names) -> None:
    for number, cause in enumerate(entry.causes, 1):
        paper.prose(_only(entry, cause, names) + cause.cause, 3, f"{number}. ")
        paper.code(cause.confirm.run, 7)
        paper.prose(cause.confirm.reads, 3, "   → ")


def _fixes(paper: Paper, entry: Entry, knowledge: Knowledge, names: Names) -> None:
    for number, fix in enumerate(entry.fixes, 1):
        if number > 1:
            paper.line()
        changes = ", ".join(knowledge.term("changes", change).title.lower() for change in fix.changes)
        paper.prose(f"{_only(entry, fix, names)}{fix.title}", 3, f"{number}. ")
        paper.prose(fix.when, 9, "   When: ")
        paper.prose(fix.cost, 9, "   Cost: ")
        paper.prose(changes, 9, "   Changes: ")
        _code(paper, fix.code, 3)
        paper.prose(fix.why, 3, "   → ")
        if fix.not_executable:
            paper.prose(f"Cannot be executed: {fix.not_executable}", 3)


def card(entry: Entry, knowledge: Knowledge, width: int = 80, style: Style = PLAIN) -> str:
    """Return an entry, or a variant in its form, in a few lines: identity, summary, retry, the first thing to do."""
    paper = Paper(width, style)
    _identity(paper, entry, servers.names(knowledge))
    if split(entry.id)[1]:
        # The summary is of the whole code.
        paper.line(f"  {entry.title}")
    paper.prose(entry.summary, 2)
    retry = knowledge.term("retry_verdict", entry.retry.verdict).title
    paper.line(f"  {style.mark(_RETRY[entry.retry.verdict], retry)}. First: {entry.fixes[0].title}")
    return "\n".join(paper.lines) + "\n"
