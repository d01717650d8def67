"""The beginning of a new entry: every part of the anatomy, with what belongs there.

What the catalogs of servers know is filled in: symbol, SQLSTATE, the sibling engine where it has the same error, the
messages. Every text to be replaced begins with ``Write: ``, and every choice to be made is ``WRITE``; the checker
refuses the one and lists the values in place of the other, so that nothing half-written is published.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from errbook import places
from errbook.codes import Code
from errbook.query import is_slug
from errbook.rules.catalogs import CONVERSION

_TEMPLATE = """\
# yaml-language-server: $schema={schema}
code: "{code}"
engines: [{engines}]
{names}severity: error
frequency: WRITE
category: WRITE
condition: WRITE
title: "Write: the message in a reader's words"
summary: >-
  Write: one sentence that stands alone in chat and in search results: what happened, and what decides the way out.
messages:
{messages}{parameters}risk:
  level: WRITE
  impact: >-
    Write: what users of the system see, and what breaks next.
retry:
  verdict: WRITE
  why: >-
    Write: why, and whether the transaction survives or must be replayed.
meaning: >-
  Write: the mechanism: what the server did, and why it refused. Not the message in other words.
causes:
  - cause: >-
      Write: the likeliest cause.
    confirm:
      run: |
        {statement}
      reads: >-
        Write: which result means this cause, and which does not.
reproduce:
  about: >-
    Write: what happens, in one sentence.
{scenario}fixes:
  - title: "Write: what stops the bleeding"
    when: >-
      Write: in which case this is the right fix.
    changes: WRITE
    cost: >-
      Write: what it may do to production: restart, lock, rebuild, memory, lost data.
    code:
      language: sql
      text: |
        {statement}
    why: >-
      Write: why it helps, from the mechanism.
    proof:
      - run: $code
avoid:
  - title: "Write: bad advice that people give"
    why: >-
      Write: what it breaks.
drivers:
  - driver: {driver}
    language: python
    exception: "Write: the class that you saw"
sources:
  - title: "Write: the title of the official page that you read"
    url: https://www.example.com/write-the-very-page
    kind: official
    engine: {engine}
"""

_STATEMENT = "SELECT 'Write: a statement';"

_RAISED = """\
  setup: |
    CREATE TABLE example (id int PRIMARY KEY);
  run: |
    {statement}
"""

_PRINTED = """\
  steps:
    - shell: |
        echo "Write: a command that fails with this message"
      raises: true
      prints: "Write: the words of the message that tell it from all others"
"""

_MESSAGE = """\
  - text: "Write: the message as it is printed, with {name} where a value stands"
    where: "Write: which server or client says it"
"""

_PARAMETER = """\
  - name: {name}
    meaning: >-
      Write: what the value is, and rename it in the message too. Leave parameters out where there is no value.
"""

_VALUE: Final = re.compile(r"\{(value[0-9]+)\}")

_FEW: Final = 5
"""Codes with more messages than this have one for each of many things; the writer chooses."""

_DRIVERS = {"mysql": "PyMySQL", "mariadb": "PyMySQL", "postgresql": "psycopg 3", "sqlite": "sqlite3"}


class ScaffoldError(Exception):
    """The entry cannot be started; the message says why and what to do instead."""


def target(engine: str, code: str) -> Path:
    """Return where a new entry belongs: the first private layer, ``errors/`` of the current folder, or the checkout."""
    private = places.overlays()
    here = Path.cwd()
    root = private[0] if private else here if (here / "errors").is_dir() else places.checkout()
    if root is None:
        raise ScaffoldError("there is no folder errors/ here; create one, or name its parent in ERRBOOK_PATH")
    return root / "errors" / engine / f"{code}.yaml"


def text(
    path: Path,
    engine: Mapping[str, Any],
    code: str,
    known: Code | None = None,
    shared: tuple[str, Code] | None = None,
) -> str:
    """Return the beginning of the entry that will stand at `path`; ScaffoldError where the code has the wrong form.

    `known` is what the catalogs have of the code; `shared` is the title of the sibling engine and what it has of the
    code, where that is the same error.
    """
    form = engine["code"]
    slug = is_slug(code)
    if slug and not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", code):
        raise ScaffoldError(f"{code!r} is no slug: words of the message, such as communications-link-failure")
    if not slug and not re.search(form["pattern"], code):
        raise ScaffoldError(f"{code!r} is no {form['name']} of {engine['title']}, which look like {form['example']}")
    schema = os.path.relpath(places.schemas() / "entry.schema.json", path.parent)
    other = shared[1] if shared else None
    engines = [engine["engine"], *([other.engine] if other else [])]
    titles = [title for title, item in ((engine["title"], known), (shared[0] if shared else "", other)) if item]
    messages, values = _messages(titles, [item for item in (known, other) if item])
    return _TEMPLATE.format(
        schema=schema,
        code=code,
        engines=", ".join(engines),
        names="" if slug else "".join(_names(engine, code, known, other)),
        messages=messages,
        parameters="".join(["parameters:\n", *(_PARAMETER.format(name=name) for name in values)]) if values else "",
        scenario=_PRINTED if slug else _RAISED.format(statement=_STATEMENT),
        statement=_STATEMENT,
        driver=_DRIVERS.get(engine["engine"], '"Write: the driver"'),
        engine=engine["engine"],
    )


def _names(engine: Mapping[str, Any], code: str, known: Code | None, other: Code | None) -> Iterator[str]:
    """Yield the lines of symbol, aliases and SQLSTATEs."""
    symbol = known.symbol if known and known.symbol else "WRITE_THE_SYMBOL"
    yield f"symbol: {symbol}\n"
    if other and other.symbol not in (None, symbol):
        yield f'aliases:\n  - symbol: {other.symbol}\n    where: "{other.engine}"\n'
    if engine["sqlstates"] == "none":
        return
    state = code if engine["sqlstates"] == "code" else known.sqlstate if known else "HY000"
    if state:
        yield f'sqlstate: "{state}"\n'
    if state and other and other.sqlstate not in (None, state):
        yield f'sqlstates:\n  {other.engine}: "{other.sqlstate}"\n'


def _messages(titles: Sequence[str], made: Sequence[Code]) -> tuple[str, list[str]]:
    """Return the messages as servers have them, in YAML, and the names that stand for their values."""
    said: dict[str, list[str]] = {}
    for title, code in zip(titles, made, strict=True):
        newest = [item.text for item in code.messages if code.series[-1] in item.series]
        for text in newest if len(newest) <= _FEW else ():
            said.setdefault(_named(text), []).append(title)
    if not said:
        return _MESSAGE, ["name"]
    rows = [
        f"  - text: {json.dumps(text, ensure_ascii=False)}\n"
        f"    where: {' and '.join(whose)} server{'s' * (len(whose) > 1)}\n"
        for text, whose in said.items()
    ]
    values = sorted({name for text in said for name in _VALUE.findall(text)})
    return "".join(rows), values


def _named(template: str) -> str:
    """Return a server's template with a {name} for each of its values."""
    first, *rest = CONVERSION.split(" ".join(template.split()))
    return first + "".join(f"{{value{number}}}{part}" for number, part in enumerate(rest, 1))
