"""What changed between two series of an engine: codes that came and went, and what is said of those that stayed."""

from __future__ import annotations

import json

from errbook.codes import Code
from errbook.database import SYSTEM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from errbook.knowledge import Knowledge


def changes(knowledge: Knowledge, engine: str, old: str, new: str) -> dict[str, Any] | None:
    """Compare two series of an engine, given by any of its names; None where there is no catalog of one of them.

    The result has `engine`, the two catalogs under `from` and `to`, links to the codes that were `added` and `removed`,
    and under `changed` one object for each code that stayed and is not the same: its identity, code, namespace and
    symbol, the `facts` that differ, and its messages that are in one of the two only.
    """
    identity = knowledge.engine_names().get(engine.lower(), engine.lower())
    headers = {item["series"]: item for item in knowledge.catalogs() if item["engine"] == identity}
    if old not in headers or new not in headers:
        return None
    added, removed, changed = [], [], []
    histories = knowledge.histories(identity)
    labels = [_label(identity, series) for series in (old, new)]
    for text in knowledge.codes_raw(identity):
        code = Code.of(json.loads(text))
        has = [label in code.series for label in labels]
        if has == [False, True]:
            added.append(code.id)
        elif has == [True, False]:
            removed.append(code.id)
        elif all(has) and (item := _changed(code, histories.get(code.id), labels)):
            changed.append(item)
    links = {link.id: link._asdict() for link in knowledge.codes(identity)}
    return {
        "engine": identity,
        "from": _catalog(headers[old]),
        "to": _catalog(headers[new]),
        "added": [links[name] for name in added],
        "removed": [links[name] for name in removed],
        "changed": changed,
    }


def _label(engine: str, series: str) -> str:
    return series.replace("-", " ", 1) if engine == SYSTEM else series


def _catalog(header: Mapping[str, Any]) -> dict[str, Any]:
    return {"series": header["series"], "version": header["version"]}


def _changed(code: Code, history: Mapping[str, Any] | None, labels: Sequence[str]) -> dict[str, Any] | None:
    """Return what of a code is not the same in two series, None where nothing is."""
    before, after = (history[label] if history else {} for label in labels)
    facts = [
        {"name": name, "before": before[name], "after": after[name]} for name in before if before[name] != after[name]
    ]
    texts = [[item.text for item in code.messages if label in item.series] for label in labels]
    gone, new = ([text for text in dict.fromkeys(one) if text not in other] for one, other in (texts, reversed(texts)))
    if not (facts or gone or new):
        return None
    return {
        "id": code.id,
        "code": code.code,
        "namespace": code.namespace,
        "symbol": code.symbol,
        "facts": facts,
        "messages": {"removed": gone, "added": new},
    }
