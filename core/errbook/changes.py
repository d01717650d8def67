"""What changed between two series of an engine: codes that came and went, and what is said of those that stayed."""

from __future__ import annotations

import json

from errbook.codes import link_of
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
    return Comparison(knowledge, engine).changes(old, new)


class Comparison:
    """The codes of one engine, read once, of which any two series can be compared."""

    def __init__(self, knowledge: Knowledge, engine: str) -> None:
        """`engine` is any name of the engine; one without catalogs has nothing to compare."""
        self._knowledge = knowledge
        self._engine = knowledge.engine_names().get(engine.lower(), engine.lower())
        self._headers = {item["series"]: item for item in knowledge.catalogs() if item["engine"] == self._engine}
        self._read = False
        self._codes: list[dict[str, Any]] = []
        self._histories: dict[str, dict[str, dict[str, Any]]] = {}

    def changes(self, old: str, new: str) -> dict[str, Any] | None:
        """Compare two series, as the function of this name does."""
        if old not in self._headers or new not in self._headers:
            return None
        self._load()
        added, removed, changed = [], [], []
        labels = [_label(self._engine, series) for series in (old, new)]
        for code in self._codes:
            has = [label in code["series"] for label in labels]
            if has == [False, True]:
                added.append(link_of(code)._asdict())
            elif has == [True, False]:
                removed.append(link_of(code)._asdict())
            elif all(has) and (item := _changed(code, self._histories.get(code["id"]), labels)):
                changed.append(item)
        return {
            "engine": self._engine,
            "from": _catalog(self._headers[old]),
            "to": _catalog(self._headers[new]),
            "added": added,
            "removed": removed,
            "changed": changed,
        }

    def _load(self) -> None:
        if not self._read:
            self._codes = [json.loads(text) for text in self._knowledge.codes_raw(self._engine)]
            self._histories = self._knowledge.histories(self._engine)
            self._read = True


def _label(engine: str, series: str) -> str:
    return series.replace("-", " ", 1) if engine == SYSTEM else series


def _catalog(header: Mapping[str, Any]) -> dict[str, Any]:
    return {"series": header["series"], "version": header["version"]}


def _changed(
    code: Mapping[str, Any], history: Mapping[str, Any] | None, labels: Sequence[str]
) -> dict[str, Any] | None:
    """Return what of a code is not the same in two series, None where nothing is."""
    before, after = (history[label] if history else {} for label in labels)
    facts = [
        {"name": name, "before": before[name], "after": after[name]} for name in before if before[name] != after[name]
    ]
    texts = [dict.fromkeys(item["text"] for item in code["messages"] if label in item["series"]) for label in labels]
    gone, new = ([text for text in one if text not in other] for one, other in (texts, reversed(texts)))
    if not (facts or gone or new):
        return None
    return {
        "id": code["id"],
        "code": code["code"],
        "namespace": code["namespace"],
        "symbol": code["symbol"],
        "facts": facts,
        "messages": {"removed": gone, "added": new},
    }
