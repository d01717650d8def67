"""An error that a text was found to hold, as every surface shows it."""

from __future__ import annotations

from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from errbook.identifier.identifier import Identifier
    from errbook.identifier.judge import Match

LOGGED = 10_000
"""From this number on a code of MySQL is one of its error log, which prints it as MY-010000."""


class Identified(Record):
    """One error in a text.

    `code` is what people call it: a number, for PostgreSQL the SQLSTATE, for SQLite the name of the result code, for
    MySQL's error log MY-012592. `confidence` is from 0 to 1, `matched_by` names the kinds of evidence (code, exception,
    message, sqlstate, symbol), `span` is where it stands, in characters. `parameters` are the message's, by name.
    `entry` is the identity of the written entry and `variant` that of its variant, None where there is none; of engines
    that are not errbook's own, only engine and code are known.
    """

    engine: str
    code: str
    sqlstate: str | None
    symbol: str | None
    confidence: float
    matched_by: tuple[str, ...]
    span: tuple[int, int]
    parameters: dict[str, str]
    entry: str | None
    variant: str | None

    def public(self) -> dict[str, Any]:
        """Return it as its public JSON object (``identified`` in schema/public.schema.json)."""
        lists = {"matched_by": list(self.matched_by), "span": list(self.span)}
        return {name: lists.get(name, value) for name, value in self._asdict().items()}


def identified(identifier: Identifier, text: str) -> list[Identified]:
    """Return the errors in a text, the root cause first."""
    found, mariadb = identifier.identify(text)
    return [_identified(identifier, match, mariadb) for match in found]


def _identified(identifier: Identifier, match: Match, mariadb: bool) -> Identified:
    from errbook.identifier.identifier import ENGINES

    known = identifier.known(match.ref)
    if "/" in match.ref:
        engine, _, code = match.ref.partition("/")
    else:
        letter, code = match.ref[0], match.ref[1:]
        engine = "mariadb" if letter == "b" and mariadb else ENGINES[letter]
        if letter == "s":
            code = known.symbol or code
        elif engine == "mysql" and code.isdecimal() and int(code) >= LOGGED:
            code = f"MY-{int(code):06}"
    return Identified(
        engine,
        code,
        known.sqlstate,
        known.symbol,
        match.confidence,
        match.matched_by,
        match.span,
        dict(match.parameters),
        known.entry,
        match.variant,
    )
