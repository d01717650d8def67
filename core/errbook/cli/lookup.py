"""``errbook QUERY…``: look an error up."""

from __future__ import annotations

import os
import sys

from errbook.cli import reading, terminal
from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from errbook.knowledge import Knowledge


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
  errbook 08004                    by SQLSTATE
  errbook search lock wait         by words

commands (errbook COMMAND --help):
  search WORDS…                    find entries by words
  check [PATH…]                    find what is wrong in entries
  verify [ENTRY…]                  execute entries on real servers, compare with the evidence
  lab list|get|up|down|shell       the servers on which entries are executed
  new ENGINE CODE                  start a new entry
  preview ENGINE/CODE              see one entry as its page, rendered again at each save
  compile                          check and compile the knowledge
  build                            compile the knowledge and build the site
  serve                            serve the site and the API
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
        names = knowledge.engine_names()
        if options.engine and options.engine.lower() not in names:
            parser().error(f"--engine: {options.engine!r} is not an engine; use one of {', '.join(sorted(names))}")
        asked = " ".join(options.query)
        text = f"{options.engine} {asked}" if options.engine else asked
        found = knowledge.find_raw(text)
        if options.json:
            from errbook import answers

            sys.stdout.flush()
            sys.stdout.buffer.write(answers.found(asked, found))
            return 0 if found else 1
        if not found:
            return _not_found(asked, text, knowledge)
        _show(found, knowledge, options)
    return 0


def _show(found: Sequence[str], knowledge: Knowledge, options: Options) -> None:
    import json

    from errbook.entry import Entry

    entries = [Entry.of(json.loads(text)) for text in found]
    if options.md:
        from errbook.render import markdown

        terminal.show("\n---\n\n".join(markdown.page(entry, knowledge) for entry in entries), not options.no_pager)
        return
    from errbook.render import text

    style, width = terminal.style(), terminal.width()
    if len(entries) == 1:
        site = os.environ.get("ERRBOOK_SITE_URL", "")
        shown = text.page(entries[0], knowledge, width, style, site)
    else:
        cards = [text.card(entry, knowledge, width, style) for entry in entries]
        whole = [f"  errbook {entry.engine} {entry.code}" for entry in entries]
        shown = "\n".join([*cards, f"{len(entries)} errors go by this name. The whole entry of each:", *whole]) + "\n"
    terminal.show(shown, not options.no_pager)


def _not_found(asked: str, text: str, knowledge: Knowledge) -> int:
    from errbook.render.text import row

    lines = [f"errbook: no entry for {asked!r}"]
    state = knowledge.sqlstate(asked.strip())
    if state and state.title and len(asked.strip()) == 5:
        lines.append(f"SQLSTATE class {state.state_class}: {state.title}")
    if near := knowledge.suggest(text):
        lines += ["Near to it:", *(f"  {row(link)}" for link in near)]
    lines.append("Write it: errbook new ENGINE CODE")
    print("\n".join(lines), file=sys.stderr)
    return 1


def _version() -> int:
    from errbook import __version__

    with reading.knowledge() as knowledge:
        print(f"errbook {__version__}, {len(knowledge)} entries, digest {knowledge.digest}")
    return 0
