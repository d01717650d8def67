"""How text is marked on a terminal, and the plain style that marks nothing."""

from __future__ import annotations

from errbook.record import Record


class Style(Record):
    """Escape sequences by their role; `reset` ends each of them. All are empty in PLAIN."""

    strong: str
    head: str
    code: str
    good: str
    warn: str
    bad: str
    faint: str
    reset: str
    links: bool

    def mark(self, role: str, text: str) -> str:
        """Return a text marked for a role, such as ``strong``."""
        return f"{getattr(self, role)}{text}{self.reset}" if self.reset else text

    def link(self, url: str, text: str) -> str:
        """Return a text that a terminal can open (OSC 8), or the text alone where links are off."""
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if self.links else text


PLAIN = Style("", "", "", "", "", "", "", "", False)
COLOUR = Style(
    strong="\x1b[1m",
    head="\x1b[1;36m",
    code="\x1b[33m",
    good="\x1b[32m",
    warn="\x1b[33m",
    bad="\x1b[1;31m",
    faint="\x1b[2m",
    reset="\x1b[0m",
    links=True,
)
