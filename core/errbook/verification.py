"""What evidence says of an entry as it is now: the public object `verification`.

Evidence is a record of the past. It counts for the entry as it is now where what was executed then is what the entry
holds now, which the digest of each record tells; otherwise the record is stale.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SORTS = {
    "reproduced": "good",
    "handled": "good",
    "proven": "good",
    "not-executable": "exempt",
    "not-applicable": "exempt",
    "not-run": "open",
    "exemption-unneeded": "open",
}
"""What an outcome means for the entry: `good` bears it out, `exempt` says nothing and need not, `open` leaves something
to do. Every other outcome is `bad`: a server did otherwise than the entry says."""


def sort(outcome: str) -> str:
    """Return what an outcome means for the entry, of a server or of a fix: good, exempt, open or bad."""
    return SORTS.get(outcome, "bad")


def of(entry: Mapping[str, Any], recorded: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the object `verification` of a public entry.

    `recorded` is the content of the entry's file of evidence, None where there is no such file.
    """
    # Only a compilation gets here: a lookup must not pay for these.
    from errbook.lab.evidence import digest
    from errbook.lab.server import servers

    records = recorded["servers"] if recorded else {}
    found = []
    missing = []
    for server in servers():
        if server.engine not in entry["engines"]:
            continue
        record = records.get(server.id)
        if record is None:
            missing.append(server.id)
            continue
        found.append(
            {
                "server": server.id,
                "engine": server.engine,
                "series": server.series,
                "version": record["version"],
                "digest": record["digest"],
                "stale": record["digest"] != digest(entry, server.engine),
                **{key: value for key, value in record.items() if key not in ("version", "digest", "raised")},
                "declared": {**record["declared"], "messages": record["declared"].get("messages", [])},
            }
        )
    return {"servers": found, "missing": missing}
