"""The beginning of a new entry: every part of the anatomy, with what belongs there.

Every text to be replaced begins with ``Write: ``, which the checker refuses, so that nothing half-written is published.
"""

import os
import re
from pathlib import Path
from typing import Any

from errbook import places
from errbook.query import is_slug

_TEMPLATE = """\
# yaml-language-server: $schema={schema}
code: "{code}"
engines: [{engines}]
{names}severity: error
frequency: occasional
category: {category}
condition: {condition}
title: "Write: the message in a reader's words"
summary: >-
  Write: one sentence that stands alone in chat and in search results: what happened, and what decides the way out.
messages:
  - text: "Write: the message as it is printed, with {{name}} where a value stands"
    where: "Write: which server or client says it"
parameters:
  - name: name
    meaning: >-
      Write: what the value is. Leave parameters out where the message carries no value.
risk:
  level: medium
  impact: >-
    Write: what users of the system see, and what breaks next.
retry:
  verdict: after-fix
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
    changes: query
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


def text(path: Path, engine: dict[str, Any], code: str) -> str:
    """Return the beginning of the entry that will stand at `path`; ScaffoldError where the code has the wrong form."""
    form = engine["code"]
    slug = is_slug(code)
    if slug and not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", code):
        raise ScaffoldError(f"{code!r} is no slug: words of the message, such as communications-link-failure")
    if not slug and not re.search(form["pattern"], code):
        raise ScaffoldError(f"{code!r} is no {form['name']} of {engine['title']}, which look like {form['example']}")
    sqlstates = {"separate": 'sqlstate: "HY000"\n', "code": f'sqlstate: "{code}"\n', "none": ""}
    schema = os.path.relpath(places.schemas() / "entry.schema.json", path.parent)
    return _TEMPLATE.format(
        schema=schema,
        code=code,
        engines=engine["engine"],
        names="" if slug else f"symbol: WRITE_THE_SYMBOL\n{sqlstates[engine['sqlstates']]}",
        scenario=_PRINTED if slug else _RAISED.format(statement=_STATEMENT),
        category="schema",
        condition="undefined-table",
        statement=_STATEMENT,
        driver=_DRIVERS.get(engine["engine"], '"Write: the driver"'),
        engine=engine["engine"],
    )
