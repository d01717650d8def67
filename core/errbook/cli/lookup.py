"""``errbook QUERY…``: look an error up."""

from __future__ import annotations

import os
import sys

from errbook import query
from errbook.cli import reading, terminal
from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from errbook.codes import CodeLink
    from errbook.entry import Entry
    from errbook.knowledge import Knowledge


MOST_WHOLE = 10
"""How many codes are shown each in several lines, and how many more rows follow an entry."""

MOST_ROWS = 100
"""How many codes follow those in a row each; a SQLSTATE such as HY000 has thousands."""

_SHOWN = 80
"""So many characters of a query that finds nothing are shown."""


class Options(Record):
    """What was asked for on the command line."""

    query: list[str]
    engine: str | None
    json: bool
    md: bool
    no_pager: bool
    version: bool


def parser() -> argparse.ArgumentParser:
    """Return the parser of a lookup, which is also the one that explains the whole command."""
    import argparse

    made = argparse.ArgumentParser(
        prog="errbook",
        description="What a database error means, why it happens, and what fixes it.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""\
examples:
  errbook 1040                     by number, in every engine
  errbook mysql 1040               in one engine; mysql/1040 is the same
  errbook ER_CON_COUNT_ERROR       by symbol
  errbook 08004                    by SQLSTATE, or by class: errbook class 08
  errbook errno 13                 a number inside a message; so are `OS error 28`, `InnoDB error 194`,
                                   and `Got error 122 from storage engine`
  errbook search lock wait         by words, or by the message itself
  errbook sqlite/1#no-such-table   one of the messages that come under a code
  errbook communications-link-failure
                                   a well-known message that has no code

commands (errbook COMMAND --help):
  search WORDS…                    find entries by words
  identify [TEXT]                  find the errors in any text, or in standard input
  watch [FILE…]                    pass logs through, explain each error in them once
  catalog list|show|diff           what servers say of their codes themselves
  harvest ENGINE                   ask a server for all its codes
  check [PATH…]                    find what is wrong in entries
  coverage                         what is written and executed, and what is wanted next
  verify [ENTRY…]                  execute entries on real servers, compare with the evidence
  lab list|get|up|down|shell       the servers on which entries are executed
  new ENGINE CODE                  start a new entry
  preview ENGINE/CODE              see one entry as its page, rendered again at each save
  compile                          check and compile the knowledge
  build                            compile the knowledge and build the site
  serve                            serve the site and the API
  mcp                              serve an agent on standard input and output
  completion bash|zsh|fish         print the completion of a shell

exit codes: 0 found, 1 not found, 2 bad usage
environment: ERRBOOK_PATH (private knowledge laid over this), ERRBOOK_DB, ERRBOOK_SITE_URL, NO_COLOR, PAGER""",
    )
    made.add_argument("query", nargs="*", metavar="QUERY", help="code, symbol or SQLSTATE, with or without the engine")
    made.add_argument("--engine", help="only this engine, by any of its names")
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the same JSON as the API's")
    form.add_argument("--md", action="store_true", help="as Markdown")
    made.add_argument("--no-pager", action="store_true", help="never page")
    made.add_argument("--version", action="store_true", help="print the version and the knowledge's digest")
    return made


def run(arguments: Sequence[str]) -> int:
    """Answer a query; return the exit code."""
    if arguments and not any(word.startswith("-") for word in arguments):
        # A plain query needs no parser, and making one costs as much as the answer.
        options = Options(list(arguments), None, False, False, False, False)
    else:
        options = Options(**vars(parser().parse_args(arguments)))
    if options.version:
        return _version()
    if not options.query:
        parser().print_help(sys.stderr)
        return 2
    with reading.knowledge() as knowledge:
        if state_class := query.state_class(" ".join(options.query)):
            return _class(state_class, knowledge, options)
        names = knowledge.engine_names()
        if options.engine and options.engine.lower() not in names:
            parser().error(f"--engine: {options.engine!r} is not an engine; use one of {', '.join(sorted(names))}")
        asked = " ".join(options.query)
        text = f"{options.engine} {asked}" if options.engine else asked
        text, _, variant = text.partition("#")
        found = knowledge.find_raw(text)
        if options.json:
            from errbook import answers

            listed = answers.listed(knowledge, text)
            sys.stdout.flush()
            sys.stdout.buffer.write(answers.found(asked, found, listed))
            return 0 if found or listed.total else 1
        if found:
            return _show(found, knowledge.find_codes(text), knowledge, options, variant)
        return 0 if _show_codes(text, knowledge, options) else _not_found(asked, text, knowledge)


def _class(name: str, knowledge: Knowledge, options: Options) -> int:
    """Show a class of SQLSTATEs: its title, its entries, and the codes of servers that carry one of it."""
    found = knowledge.sqlstate(name)
    codes = knowledge.codes(sqlstate=name)
    if options.json:
        from errbook import answers

        answer = answers.sqlstate(knowledge, name)
        sys.stdout.write((answer or b"").decode())
        return 0 if answer else 1
    if found is None or not (found.title or codes):
        print(f"errbook: no server has SQLSTATEs of a class {name!r}", file=sys.stderr)
        return 1
    from errbook.render import code, code_markdown, text

    title = f"SQLSTATE class {name}: {found.title or 'nobody is known to have defined it'}"
    links = {link.id for link in found.entries}
    others = [link for link in codes if link.entry not in links]
    if options.md:
        lines = [f"# {title}", "", *(f"- [{link.id} {link.title}]({link.page}index.md)" for link in found.entries)]
        lines += map(code_markdown.row, others)
    else:
        style = terminal.style()
        lines = [style.mark("strong", title), *(f"  {text.row(link, style)}" for link in found.entries)]
        lines += [f"  {code.row(link, style)}" for link in others]
    terminal.show("\n".join(lines) + "\n", not options.no_pager)
    return 0


def _show_codes(asked: str, knowledge: Knowledge, options: Options) -> bool:
    """Show codes for which nobody has written an entry; tell whether there are any."""
    import json

    from errbook.codes import Code

    total, whole, more = knowledge.find_codes_raw(asked, MOST_WHOLE, MOST_ROWS)
    if not total:
        return False
    codes = [Code.of(json.loads(text)) for text in whole]
    if options.md:
        from errbook.render import code_markdown

        parts = [code_markdown.page(code, knowledge) for code in codes]
        parts += ["\n".join(map(code_markdown.row, more)) + "\n"] if more else []
        terminal.show("\n---\n\n".join(parts), not options.no_pager)
        return True
    from errbook.render import code

    style, width = terminal.style(), terminal.width()
    if total == 1:
        site = os.environ.get("ERRBOOK_SITE_URL", "")
        terminal.show(code.page(codes[0], knowledge, width, style, site), not options.no_pager)
        return True
    cards = [code.card(item, knowledge, width, style) for item in codes]
    rows = [f"  errbook {code.asked(item)}" for item in codes]
    rows += [f"  {code.row(link, style)}" for link in more]
    rows += [f"  and {total - MOST_WHOLE - MOST_ROWS:,} more"] if total > MOST_WHOLE + MOST_ROWS else []
    shown = "\n".join([*cards, f"{total:,} codes go by this name. All of each:", *rows]) + "\n"
    terminal.show(shown, not options.no_pager)
    return True


def _elsewhere(links: Sequence[CodeLink], entries: Sequence[Entry]) -> list[CodeLink]:
    """Return the codes that the entries do not answer for."""
    shown = {entry.id for entry in entries}
    return [link for link in links if link.entry not in shown]


def _show(found: Sequence[str], links: Sequence[CodeLink], knowledge: Knowledge, options: Options, variant: str) -> int:
    import json

    from errbook.entry import Entry

    entries = [Entry.of(json.loads(text)) for text in found]
    others = _elsewhere(links, entries)
    if variant:
        # One message of a code that covers several; the others are no answer to it.
        entries = [entry.of_variant(item) for entry in entries for item in entry.variants if item.id == variant]
        others = []
        if not entries:
            print(f"errbook: no message of {' '.join(options.query)!r} has that id", file=sys.stderr)
            return 1
    if options.md:
        from errbook.render import markdown

        parts = [markdown.page(entry, knowledge) for entry in entries]
        if others:
            from errbook.render import code_markdown

            listed = "\n".join(map(code_markdown.row, others))
            parts.append(f"## Also by this name, not written up yet\n\n{listed}\n")
        terminal.show("\n---\n\n".join(parts), not options.no_pager)
        return 0
    from errbook.render import text

    style, width = terminal.style(), terminal.width()
    if len(entries) == 1:
        site = os.environ.get("ERRBOOK_SITE_URL", "")
        shown = text.page(entries[0], knowledge, width, style, site)
    else:
        cards = [text.card(entry, knowledge, width, style) for entry in entries]
        whole = [f"  errbook {entry.engine} {entry.code}" for entry in entries]
        shown = "\n".join([*cards, f"{len(entries)} errors go by this name. The whole entry of each:", *whole]) + "\n"
    if others:
        from errbook.render import code

        rows = [f"  {code.row(link, style)}" for link in others[:MOST_WHOLE]]
        if len(others) > MOST_WHOLE:
            rows.append(f"  and {len(others) - MOST_WHOLE:,} more, with --json")
        shown += "\n".join(["", "Also by this name, not written up yet:", *rows]) + "\n"
    terminal.show(shown, not options.no_pager)
    return 0


def _not_found(asked: str, text: str, knowledge: Knowledge) -> int:
    from errbook.render.text import row

    named = repr(asked) if len(asked) <= _SHOWN else f"{asked[:_SHOWN]!r}…"
    lines = [f"errbook: nothing is named {named}, neither an entry nor a code of a server"]
    state = knowledge.sqlstate(asked.strip())
    if state and state.title and len(asked.strip()) == 5:
        lines.append(f"SQLSTATE class {state.state_class}: {state.title}")
    near = knowledge.suggest(text)
    known = {link.id for link in near}
    unread = [link for link in knowledge.suggest_codes(text) if link.entry not in known]
    if near or unread:
        from errbook.render import code

        lines += ["Near to it:", *(f"  {row(link)}" for link in near), *(f"  {code.row(link)}" for link in unread)]
    lines.append("Write it: errbook new ENGINE CODE")
    print("\n".join(lines), file=sys.stderr)
    return 1


def _version() -> int:
    from errbook import __version__

    with reading.knowledge() as knowledge:
        print(f"errbook {__version__}, {len(knowledge)} entries, digest {knowledge.digest}")
    return 0
