"""What happened when an entry was executed: the files evidence/<engine>/<code>.json.

One file per entry, one record per server series; schema/evidence.schema.json describes them. They are written by
`errbook verify --record` only. What changes from run to run (times, process numbers, ports, paths of temporary files)
does not by itself change a file, so a diff shows what is different in the world.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from errbook.lab.plan import digest
from errbook.variants import split

__all__ = ["EvidenceError", "Record", "differences", "digest", "kept", "path", "read", "write"]

Record = dict[str, Any]
"""What happened on one server; the keys are those of KEYS, in that order. Only conditions have `raised`."""

KEYS: Final = (
    "version",
    "digest",
    "date",
    "seconds",
    "outcome",
    "detail",
    "declared",
    "observed",
    "driver",
    "raised",
    "client",
    "fixes",
)

_VOLATILE: Final = re.compile(r"0x[0-9a-fA-F]+|\d+|/(?:tmp|lab)/\S+")


class EvidenceError(Exception):
    """A file of evidence cannot be read; the message says which and why."""


def path(layer: Path, entry: str) -> Path:
    """Return where a layer of knowledge keeps the evidence of an entry, given its identity such as mysql/1040.

    Evidence of a variant, ``sqlite/1#no-such-table``, is in the file of its entry.
    """
    return layer / "evidence" / f"{split(entry)[0]}.json"


def read(file: Path, variant: str | None = None) -> dict[str, Record]:
    """Return the records of a file by server, of a variant where one is given by its id.

    None where there is no file, or nothing of the variant in it; EvidenceError where it is not evidence.
    """
    value = _value(file)
    if variant is not None:
        of_variants = value.get("variants", {})
        value = {"servers": of_variants.get(variant, {}) if isinstance(of_variants, dict) else None}
    records = value.get("servers", {})
    if not isinstance(records, dict) or not all(isinstance(record, dict) for record in records.values()):
        raise EvidenceError(f"{file}: there is no object `servers`; restore the file, or delete and record it again")
    return records


def _value(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise EvidenceError(f"{file}: this is not JSON ({error}); restore it, or delete and record it again") from error
    if not isinstance(value, dict) or "servers" not in value:
        raise EvidenceError(f"{file}: there is no object `servers`; restore the file, or delete and record it again")
    return value


def write(
    file: Path, entry: str, records: Mapping[str, Record], order: Sequence[str], variants: Sequence[str] = ()
) -> bool:
    """Write the records of an entry or of a variant, servers in the order given; tell whether the file changed.

    `variants` are the ids that the entry has: what the file holds of others goes. The file is replaced in one step: it
    is never half-written.
    """
    identity, variant = split(entry)
    old = _value(file)
    of_variants = {name: old.get("variants", {}).get(name, {}) for name in variants}
    servers = old.get("servers", {}) if variant else _ordered(records, order)
    if variant:
        of_variants[variant] = _ordered(records, order)
    made = {"entry": identity, "servers": servers}
    if kept := {name: found for name, found in of_variants.items() if found}:
        made["variants"] = kept
    text = json.dumps(made, ensure_ascii=False, indent=2) + "\n"
    if file.is_file() and file.read_text() == text:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_name(f".{file.name}.new")
    with scratch.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    scratch.replace(file)
    return True


def _ordered(records: Mapping[str, Record], order: Sequence[str]) -> dict[str, Record]:
    rank = {name: at for at, name in enumerate(order)}
    return {
        name: {key: records[name][key] for key in KEYS if key in records[name]}
        for name in sorted(records, key=lambda name: (rank.get(name, len(rank)), name))
    }


def kept(old: Record | None, new: Record) -> Record:
    """Return the record to keep: the old one where the new one differs only in what changes from run to run."""
    return old if old is not None and _stable(old) == _stable(new) else new


def differences(old: Record | None, new: Record) -> list[str]:
    """Return in which respects a run differs from its record, each as a sentence; nothing where they agree.

    A missing record is a difference, and so is one that was made before what is executed changed.
    """
    if old is None:
        return ["There is no evidence of this server."]
    found = []
    if old.get("digest") != new["digest"]:
        found.append("What is executed changed since it was recorded.")
    if old.get("outcome") != new["outcome"]:
        found.append(f"Recorded: {old.get('outcome')}. Now: {new['outcome']}.")
    for key in ("code", "sqlstate"):
        before, now = (old.get("observed") or {}).get(key), (new["observed"] or {}).get(key)
        if before != now:
            found.append(f"Recorded {key}: {before}. Now: {now}.")
    before_fixes = {fix.get("fix"): fix.get("outcome") for fix in old.get("fixes", ())}
    now_fixes = {fix["fix"]: fix["outcome"] for fix in new["fixes"]}
    for number in sorted(before_fixes.keys() | now_fixes.keys()):
        if before_fixes.get(number) != now_fixes.get(number):
            found.append(f"Fix {number}, recorded: {before_fixes.get(number)}. Now: {now_fixes.get(number)}.")
    return found


def _stable(record: Record) -> Any:
    """Return a record without what changes from run to run."""

    def plain(value: Any, key: str = "") -> Any:
        # Which other errors a condition's program meets besides its own may hang on who comes first.
        if key in ("date", "seconds", "raised"):
            return None
        if isinstance(value, dict):
            return {name: plain(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, str) and key in ("message", "text", "detail"):
            return _VOLATILE.sub("#", value)
        return value

    return plain(record)
