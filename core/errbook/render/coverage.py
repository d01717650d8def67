"""How far the knowledge reaches, as Markdown and as plain text."""

from __future__ import annotations

from errbook.render import servers
from errbook.render.markdown import escape
from errbook.render.paper import wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from errbook.coverage import Coverage, Fixes, Gap, OfServer
    from errbook.knowledge import Knowledge
    from errbook.opened import Link
    from errbook.render.servers import Names

TITLE = "Coverage"
ABOUT = "What is written and executed, what is not and why, and what is wanted next."
ENGINES, SERVERS, STALE, NOT_EXECUTED, WANTED = (
    "By engine",
    "By server",
    "Older evidence",
    "Not executed",
    "Wanted next",
)

_COLUMNS = 80
_ENGINE_COLUMNS = ("Engine", "Entries", "Codes written", "Scenarios", "Executed", "Stale", "Fixes proven")
_SERVER_COLUMNS = ("Server", "Versions", "Scenarios", "Reproduced", "Stale", "Exempt", "Disputed", "Missing")


def page(found: Coverage, knowledge: Knowledge, *, marked: bool) -> str:
    """Return the coverage, as Markdown where `marked`, else as plain text; what there is nothing of has no section."""
    names = servers.names(knowledge)
    lines = [f"# {TITLE}" if marked else TITLE, "", ABOUT, "", summary(found)]

    def section(title: str, rows: Sequence[str]) -> None:
        if rows:
            lines.extend(["", f"## {title}" if marked else title, "", *rows])

    engines = [
        (
            names.engine(item.engine),
            str(item.entries),
            f"{item.written} of {item.codes:,}",
            str(item.scenarios),
            str(item.executed),
            str(item.stale),
            proven(item.fixes),
        )
        for item in found.engines
    ]
    section(ENGINES, _table(_ENGINE_COLUMNS, engines, marked))
    rows = [(server(item, names), ", ".join(item.versions), *map(str, counts(item))) for item in found.servers]
    section(SERVERS, _table(_SERVER_COLUMNS, rows, marked))
    stale = [f"- {_link(item.error, names, marked)}: on {names.servers(item.servers)}" for item in found.stale]
    section(STALE, stale)
    section(NOT_EXECUTED, [f"- {_gap(item, names, marked)}" for item in found.not_executed])
    wanted = []
    for item in found.wanted:
        symbol = f" {item.symbol}" if item.symbol else ""
        why = escape(item.why) if marked else item.why
        wanted.append(f"{item.rank}. {names.engine(item.engine)} {item.code}{symbol}: {why}")
    section(WANTED, wanted)
    if wanted:
        lines += ["", f"Begin one: {found.wanted[0].contribute}"]
    return "\n".join(row for line in lines for row in ([line] if marked else _filled(line))) + "\n"


def summary(found: Coverage) -> str:
    """Return the whole in two sentences."""
    variants = found.scenarios - found.entries
    with_variants = f" with {variants} variant{'s' * (variants != 1)}" if variants else ""
    return (
        f"{found.entries} {'entry' if found.entries == 1 else 'entries'}{with_variants}, of which {found.executed} of "
        f"{found.scenarios} were executed and raised their error. {proven(found.fixes)} executable fixes were proven; "
        f"{found.fixes.total - found.fixes.executable} more cannot be executed in the lab."
    )


def proven(fixes: Fixes) -> str:
    """Return how many of the executable fixes were proven, with the percentage: ``4 of 5 (80%)``."""
    share = "" if fixes.percent is None else f" ({fixes.percent:g}%)"
    return f"{fixes.proven} of {fixes.executable}{share}"


def server(item: OfServer, names: Names) -> str:
    """Return what a server is called."""
    return f"{names.engine(item.engine)} {item.series}"


def counts(item: OfServer) -> tuple[int, ...]:
    """Return the numbers of a server in the order of the columns."""
    return item.scenarios, item.reproduced, item.stale, item.exempt, item.disputed, item.missing


def where(item: Gap, names: Names) -> str:
    """Return what was not executed and where: ``fix 4``, ``the scenario on SQLite 3.51``."""
    part = f"fix {item.fix}" if item.fix else "the scenario"
    return f"{part} on {names.servers(item.servers)}" if item.servers else part


def _gap(item: Gap, names: Names, marked: bool) -> str:
    reason = escape(item.reason) if marked else item.reason
    return f"{_link(item.error, names, marked)}, {where(item, names)}: {reason}"


def _link(link: Link, names: Names, marked: bool) -> str:
    title = f"{names.engine(link.engine)} {link.code}"
    title += f" {link.variant}" if link.variant else ""
    return f"[{escape(title)}]({link.page})" if marked else title


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], marked: bool) -> list[str]:
    if not rows:
        return []
    if marked:
        return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return list(_columns([head, *rows]))


def _filled(line: str) -> Iterator[str]:
    """Give a line of plain text in lines that fit, an item's rest below its words; rows of tables stay as they are."""
    mark, _, rest = line.partition(" ")
    lead = f"{mark} " if mark == "-" or (mark[-1:] == "." and mark[:-1].isdigit()) else ""
    if "  " in line or not line:
        yield line
    else:
        yield from wrap(rest if lead else line, _COLUMNS, lead, " " * len(lead))


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
