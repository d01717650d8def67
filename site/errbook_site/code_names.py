"""What the search box and the page for missing pages look through: names and messages of codes nobody has written up.

The theme's own index would take seconds to build in a browser with 9,000 codes, and cuts their names into pieces. These
are two plain files instead, read when somebody begins to search: ``codes.json`` names every code, ``messages.json`` has
the messages of SQLSTATEs that carry many.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from errbook.database import SYSTEM
from errbook_site.codes import Codes, Json
from errbook_site.page import Asset

_SPACES: Final = {"os": "OS error", "handler": "Storage engine error", "innodb": "InnoDB error", "mysys": "mysys error"}


def files(codes: Codes, states: dict[str, tuple[str, list[str]]]) -> Iterator[Asset]:
    """Give both files. `states` are the SQLSTATEs by class, with the class's title."""
    yield Asset("codes.json", _dumps([*_groups(codes), *_states(states)]))
    yield Asset("messages.json", _dumps(_messages(codes)))


def _dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _groups(codes: Codes) -> Iterator[Json]:
    """Give the codes of each page: its address, who numbers them, and of each code its number, names and message.

    A last 1 says that the code is the same error as that of the sibling, which stands in an earlier group.
    """
    for engine, found in codes.by_engine.items():
        rows: dict[str, list[list[Any]]] = {}
        spaces: dict[str, str] = {}
        for code in found:
            if code["entry"]:
                continue
            address = codes.pages[code["id"]].partition("#")[0]
            spaces[address] = code["namespace"]
            rows.setdefault(address, []).append(_row(codes, engine, code))
        for address, items in rows.items():
            title = _SPACES[spaces[address]] if engine == SYSTEM else codes.terms.engine(engine)
            yield {"page": address, "engine": engine, "title": title, "rows": items}


def _row(codes: Codes, engine: str, code: Json) -> list[Any]:
    names = [code["symbol"], *(item["symbol"] for item in code["symbols"]), *code["formerly"], *code["aliases"]]
    text = code["messages"][0]["text"] if code["messages"] else ""
    row: list[Any] = [
        code["code"],
        " ".join(dict.fromkeys(name for name in names if name)),
        text if text != '"' else "",
    ]
    if codes.siblings and engine == codes.siblings[1] and code["sibling"] and code["sibling"]["same"]:
        row.append(1)
    return row


def _states(states: dict[str, tuple[str, list[str]]]) -> Iterator[Json]:
    for name, (title, found) in states.items():
        rows = [[state, "", ""] for state in found]
        yield {"page": f"sqlstates/{name}/", "engine": "sqlstate", "title": "SQLSTATE", "about": title, "rows": rows}


def _messages(codes: Codes) -> list[Json]:
    """Return the messages of every code that has several, but for the first, which stands beside its names."""
    return [
        {"page": codes.messages_page(code), "title": f"{codes.terms.engine(engine)} {code['code']}", "texts": texts}
        for engine, found in codes.by_engine.items()
        if engine != SYSTEM
        for code in found
        if len(code["messages"]) > 1 and not (code["entry"] and code["where"])
        if (texts := list(dict.fromkeys(message["text"] for message in code["messages"][not code["entry"] :])))
    ]
