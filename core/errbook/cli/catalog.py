"""``errbook catalog list|show|diff``: what servers say of their codes themselves."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from errbook import answers, query
from errbook.cli import reading, terminal
from errbook.codes import CodeLink
from errbook.knowledge import Knowledge
from errbook.render import code
from errbook.render.servers import visible
from errbook.render.style import Style


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook catalog",
        description="The catalogs: every code that a server knows, asked of the server itself. "
        "Exit codes: 0 done, 1 there is no such catalog or code, 2 bad usage.",
        epilog="Make one of your own server: errbook harvest --help",
    )
    verbs = made.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    add = verbs.add_parser("list", help="which servers were asked", description="List all catalogs.")
    add.add_argument("--json", action="store_true", help="the same JSON as the API's")
    add = verbs.add_parser(
        "show",
        help="the codes of a range",
        description="List the codes of an engine, or of whose numbers they are: os, handler, innodb, mysys.",
    )
    add.add_argument("engine", metavar="ENGINE", help="such as mysql or os")
    add.add_argument(
        "range", metavar="RANGE", nargs="?", help="such as 3000-3099, or a class of SQLSTATEs; default: all"
    )
    add.add_argument("--json", action="store_true", help="the same JSON as the API's, each code whole; needs a range")
    add = verbs.add_parser(
        "diff",
        help="what changed between two versions of a server",
        description="Compare two catalogs of an engine: codes that came and went, symbols, SQLSTATEs and messages.",
    )
    add.add_argument("engine", metavar="ENGINE", help="such as mariadb")
    add.add_argument("old", metavar="OLD", help="the older series, such as 10.11")
    add.add_argument("new", metavar="NEW", help="the newer series, such as 11.8")
    add.add_argument("--json", action="store_true", help="the same JSON as the API's")
    return made


def run(arguments: Sequence[str]) -> int:
    """Do one of the commands; return the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    with reading.knowledge() as knowledge:
        if options.verb == "list":
            return _list(knowledge, options.json)
        if options.verb == "diff":
            return _diff(knowledge, options)
        if options.json and options.range is None:
            made.error("--json gives each code whole; name a range, such as 3000-3099")
        try:
            return _show(knowledge, options)
        except ValueError as error:
            made.error(str(error))


def _list(knowledge: Knowledge, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(answers.catalogs(knowledge).decode())
        return 0
    print(f"{'ENGINE':<12} {'SERIES':<14} {'VERSION':<10} {'ROWS':>6}")
    for item in knowledge.catalogs():
        print(f"{item['engine']:<12} {item['series']:<14} {item['version']:<10} {item['rows']:>6}")
    print(f"{knowledge.listed:,} codes")
    return 0


def _show(knowledge: Knowledge, options: argparse.Namespace) -> int:
    """Print the codes of a range; ValueError where it is none."""
    if options.json:
        body = answers.code_range(knowledge, options.engine, options.range)
        sys.stdout.write((body or b"").decode())
        return 0 if body else _nothing(knowledge, options)
    about = knowledge.engine(options.engine)
    ends: dict[str, Any] = {}
    if options.range is not None:
        ends = query.span(options.range, states=about is not None and about["sqlstates"] == "code")._asdict()
    links = knowledge.codes(options.engine, **ends)
    if not links:
        return _nothing(knowledge, options)
    style = terminal.style()
    terminal.show("".join(f"{_line(link, style)}\n" for link in links))
    return 0


def _line(link: CodeLink, style: Style) -> str:
    marks = [*(["written up"] if link.entry else []), *(["no longer raised"] if link.obsolete else [])]
    return code.row(link, style) + (style.mark("faint", f"  ({', '.join(marks)})") if marks else "")


def _nothing(knowledge: Knowledge, options: argparse.Namespace) -> int:
    known = dict.fromkeys(item["engine"] for item in knowledge.catalogs())
    if knowledge.codes(options.engine, limit=1):
        print(f"errbook: {options.engine} has no code in {options.range}", file=sys.stderr)
    else:
        listed = ", ".join(known) or "none"
        print(f"errbook: there is no catalog of {options.engine!r}; there are {listed}", file=sys.stderr)
    return 1


def _diff(knowledge: Knowledge, options: argparse.Namespace) -> int:
    found = knowledge.changes(options.engine, options.old, options.new)
    if found is None:
        pairs = [f"  errbook catalog diff {' '.join(pair)}" for pair in knowledge.comparable()]
        asked = f"{options.engine} {options.old} and {options.new}"
        print("\n".join([f"errbook: there are no two catalogs of {asked}. There are:", *pairs]), file=sys.stderr)
        return 1
    if options.json:
        body = answers.changes(knowledge, options.engine, options.old, options.new)
        sys.stdout.write((body or b"").decode())
        return 0
    style = terminal.style()
    one, other = (f"{found['engine']} {found[side]['version']}" for side in ("from", "to"))
    lines = [style.mark("strong", f"From {one} to {other}")]
    for name, about in (("added", "came"), ("removed", "went")):
        lines += ["", style.mark("head", f"{len(found[name]):,} codes {about}")]
        raised = [link for link in found[name] if not link["obsolete"]]
        lines += [f"  {code.row(CodeLink(**link), style)}" for link in raised]
        if reserved := len(found[name]) - len(raised):
            lines.append(
                style.mark("faint", f"  and {reserved:,} numbers that are reserved and not raised; see --json")
            )
    lines += ["", style.mark("head", f"{len(found['changed']):,} codes changed")]
    for item in found["changed"]:
        lines += _changed(item, style)
    terminal.show("\n".join(lines) + "\n")
    return 0


def _changed(item: dict[str, Any], style: Style) -> list[str]:
    lines = [f"  {style.mark('strong', item['id'])}  {item['symbol'] or ''}".rstrip()]
    for fact in item["facts"]:
        before, after = (_value(fact[side]) for side in ("before", "after"))
        lines.append(f"    {fact['name']}: {before} → {after}")
    for name, sign, role in (("removed", "-", "bad"), ("added", "+", "good")):
        for text in item["messages"][name]:
            lines.append("    " + style.mark(role, f"{sign} {' '.join(visible(text).split())}"))
    return lines


def _value(value: str | bool | None) -> str:
    if isinstance(value, str):
        return value
    return "none" if value is None else "yes" if value else "no"
