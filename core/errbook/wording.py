"""What servers say, compared: whatever changes from one run to the next is no difference."""

from __future__ import annotations

import re

from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from errbook.entry import Run

_CLIENT_ERROR = r"ERROR (\d+) \(([0-9A-Z]{5})\)"
"""How the clients of MySQL and MariaDB name an error; the code and the SQLSTATE are theirs, and may be others."""

_VOLATILE = re.compile(
    rf"({_CLIENT_ERROR}|\(\d+\)\Z)"
    r"|0x[0-9a-fA-F]+"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|(?<![\w/])/(?:[\w.@:+-]+/)*[\w.@:+-]+"
    r"|\d+"
)


class Group(Record):
    """Runs on which the same was said: the text of the first, and whether the others said it to the letter."""

    runs: tuple[Run, ...]
    text: str
    exact: bool


def normalised(text: str) -> str:
    """Return a text with each number, id and path replaced by a mark; codes by which clients name an error stay."""
    return _VOLATILE.sub(lambda match: match[0] if match[1] else "#", text.strip())


def grouped(
    runs: Iterable[Run], text: Callable[[Run], str], key: Callable[[Run], object] | None = None
) -> tuple[Group, ...]:
    """Return the runs in groups of the same text, each where its first run stands.

    Texts are compared normalised, unless `key` gives what to compare.
    """
    found: dict[object, list[Run]] = {}
    for run in runs:
        found.setdefault(key(run) if key else normalised(text(run)), []).append(run)
    return tuple(
        Group(tuple(members), text(members[0]), len({text(run) for run in members}) == 1) for members in found.values()
    )


def client_error(text: str) -> tuple[str, str] | None:
    """Return the code and the SQLSTATE that a client's text names; None where it names none."""
    match = re.search(_CLIENT_ERROR, text)
    return (match[1], match[2]) if match else None
