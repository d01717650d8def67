"""The first thing to type: what every surface shows before anything long."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from errbook.entry import Code, Entry

MAX_LINES = 8
"""How much of the first fix's code is shown at the top; the fix itself shows all of it."""


def first_code(entry: Entry) -> tuple[str, Code]:
    """Return the title and the code of the first fix, the code cut to MAX_LINES lines."""
    fix = entry.fixes[0]
    lines = fix.code.text.splitlines()
    text = fix.code.text if len(lines) <= MAX_LINES else "\n".join([*lines[:MAX_LINES], "…"])
    return fix.title, fix.code._replace(text=text)
