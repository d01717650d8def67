"""Made-up evidence for tests: never the repository's own, always in a folder of the test."""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from errbook.compile import compile_knowledge
from errbook.entry import Entry
from errbook.knowledge import Knowledge
from errbook.lab.evidence import digest

ROOT = Path(__file__).resolve().parents[1]

VERSIONS = {
    "mysql:9.7": "9.7.4",
    "mariadb:10.11": "10.11.19",
    "mariadb:11.8": "11.8.6",
    "postgresql:13": "13.23",
    "postgresql:14": "14.23",
    "postgresql:15": "15.18",
    "postgresql:16": "16.14",
    "postgresql:17": "17.10",
    "postgresql:18": "18.4",
    "sqlite:3.40": "3.40.1",
    "sqlite:3.51": "3.51.1",
}

WRAPPED = (
    "ERROR 2002 (HY000): Received error packet before completion of TLS handshake. The authenticity of the following "
    "error cannot be verified: 1040 - Too many connections"
)

Json = dict[str, Any]


def layer(folder: Path) -> Path:
    """Return a copy of the entries, without evidence, as a layer below a folder."""
    copy = folder / "layer"
    shutil.copytree(ROOT / "errors", copy / "errors")
    return copy


def record(
    entry: Entry, server: str, fixes: Mapping[int, tuple[str, str | None]] | None = None, **changes: Any
) -> Json:
    """Return a record as it would be written where everything went well; `fixes` and `changes` say what did not."""
    engine = server.partition(":")[0]
    told = []
    for number, fix in enumerate(entry.fixes, 1):
        outcome, detail = "proven", None
        if fix.engines and engine not in fix.engines:
            outcome, detail = "not-applicable", f"It is for {' and '.join(fix.engines)} only."
        elif fix.not_executable:
            outcome, detail = "not-executable", fix.not_executable
        outcome, detail = (fixes or {}).get(number, (outcome, detail))
        told.append({"fix": number, "outcome": outcome, "detail": detail, "seconds": 0.4})
    message = entry.messages[0].text
    made = {
        "version": VERSIONS[server],
        "digest": digest(entry.public(), engine),
        "date": "2026-11-24",
        "seconds": 2.1,
        "outcome": "reproduced",
        "detail": None,
        "declared": {"code": entry.code, "sqlstate": entry.sqlstate},
        "observed": {"code": entry.code, "sqlstate": entry.sqlstate, "message": message},
        "driver": "a driver 1.0",
        "client": {"program": "client", "text": f"ERROR {entry.code} ({entry.sqlstate}): {message}"},
        "fixes": told,
    }
    return {**made, **changes}


def put(folder: Path, entry: Entry, records: Mapping[str, Json]) -> Path:
    """Write the evidence of an entry into a layer and return its path."""
    return write(folder, entry.id, {"entry": entry.id, "servers": dict(records)})


def write(folder: Path, identity: str, value: Json | str) -> Path:
    """Write a file of evidence, a text as it is, and return its path."""
    path = folder / "evidence" / f"{identity}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    path.write_text(text, encoding="utf-8")
    return path


def compiled(folder: Path, records: Mapping[str, Mapping[str, Json]], entries: Mapping[str, Entry]) -> Knowledge:
    """Return the entries compiled with the given evidence: records by server, by entry."""
    copy = layer(folder)
    for identity, found in records.items():
        put(copy, entries[identity], found)
    target = folder / "errbook.db"
    compile_knowledge([copy], target)
    return Knowledge(target)


def servers(entry: Entry) -> Iterable[str]:
    """Return the servers of an entry's engines."""
    return [server for server in VERSIONS if server.partition(":")[0] in entry.engines]


def example(entries: Mapping[str, Entry]) -> dict[str, dict[str, Json]]:
    """Return evidence of every sort: all well, clients that differ, six versions, disputed, stale, missing, hostile."""
    found = {identity: {name: record(entries[identity], name) for name in servers(entries[identity])} for identity in (
        "mysql/1040", "mysql/1062", "mysql/1205", "postgresql/40P01", "sqlite/5"
    )}  # fmt: skip
    found["mysql/1040"]["mariadb:11.8"]["client"] = {"program": "mariadb", "text": WRAPPED}
    for number, (name, made) in enumerate(found["postgresql/40P01"].items()):
        text = f"ERROR:  deadlock detected\nDETAIL:  Process {70 + number} waits for transaction {740 - number}."
        found["postgresql/40P01"][name] = {**made, "client": {"program": "psql", "text": text}}
    disputed = {
        "outcome": "raised-other",
        "detail": "step 3: `INSERT` expected the error 1062 (23000); 1048 (23000) came.",
        "observed": {"code": "1048", "sqlstate": "23000", "message": "Column 'email' cannot be null"},
    }
    found["mysql/1062"]["mariadb:11.8"] = record(
        entries["mysql/1062"],
        "mariadb:11.8",
        {number: ("not-run", None) for number, _ in enumerate(entries["mysql/1062"].fixes, 1)},
        **disputed,
    )
    found["mysql/1205"]["mysql:9.7"]["digest"] = "0" * 16
    found["mysql/1146"] = {
        "mysql:9.7": record(entries["mysql/1146"], "mysql:9.7", client={"program": "mysql", "text": HOSTILE})
    }
    return found


HOSTILE = "\x1b[31m<script>window.hurt=1</script>\x1b[0m\x07 \u202e ``` " + "x" * 3000
"""What a client could print, and no page may obey."""
