"""How much a page weighs in the site's own search.

The search completes what is typed: ``5`` finds everything that begins with 5. So an entry whose name is the beginning
of other names must weigh more than those others, or nobody could ever find it by its whole name.
"""

from collections import defaultdict
from typing import Final

from errbook_site.rows import Rows

_FREQUENCY: Final = {"very-common": 4.0, "common": 2.0, "occasional": 1.0, "rare": 0.5}
_AHEAD: Final = 1.5
_PASSES: Final = 4
"""An entry has several names, so one pass can move what another relies on; real chains of names are short."""


def weights(rows: Rows) -> dict[str, float]:
    """Return the weight of every entry by identity: its frequency, raised where its names begin others' names."""
    found = {row.id: _FREQUENCY[row.frequency] for row in rows.all}
    owners: dict[str, list[str]] = defaultdict(list)
    users: dict[str, list[str]] = defaultdict(list)
    for row in rows.all:
        for name in row.names:
            users[name.lower()].append(row.id)
            if name not in row.states or name == row.code:
                owners[name.lower()].append(row.id)
    names = sorted(users)
    for _ in range(_PASSES):
        before = dict(found)
        _raise(names, owners, users, found)
        if found == before:
            break
    return found


def _raise(
    names: list[str], owners: dict[str, list[str]], users: dict[str, list[str]], found: dict[str, float]
) -> None:
    # In sorted order, all that begins with a name follows it. The stack holds the names that begin the current one,
    # each with the entries that have a longer one; an entry whose names begin each other need not outweigh itself.
    stack: list[tuple[str, set[str]]] = []

    def close(name: str, longer: set[str]) -> None:
        for identity in owners.get(name, ()):
            heaviest = max((found[other] for other in longer if other != identity), default=0.0)
            found[identity] = max(found[identity], heaviest * _AHEAD)
        if stack:
            stack[-1][1].update(longer, users[name])

    for name in names:
        while stack and not name.startswith(stack[-1][0]):
            close(*stack.pop())
        stack.append((name, set()))
    while stack:
        close(*stack.pop())
