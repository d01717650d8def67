"""SQLSTATEs over all engines: their classes, and what carries each, from the entries and from the catalogs."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from errbook.knowledge import Knowledge
from errbook_site.codes import Codes, Json
from errbook_site.listings import page
from errbook_site.page import Page
from errbook_site.rows import Row, Rows
from errbook_site.terms import Terms

_MANY: Final = 500
"""So many numbers of one SQLSTATE tell nothing about each other: the page says how many there are."""

_UNKNOWN: Final = "Defined by an engine"


class Number(NamedTuple):
    """A number that carries a SQLSTATE, and the identities of the codes: of one engine, or of siblings that agree."""

    code: str
    symbol: str | None
    obsolete: bool
    ids: list[str]


class State(NamedTuple):
    """A SQLSTATE: the entries that carry it, the codes that are it, and the numbers that carry it."""

    rows: list[Row]
    own: list[Json]
    numbers: list[Number]
    counts: dict[str, int]


class Class(NamedTuple):
    """A class of SQLSTATEs: its title, who defines it, and its SQLSTATEs in order."""

    title: str
    origin: str
    states: dict[str, State]


def classes(knowledge: Knowledge, rows: Rows, codes: Codes) -> dict[str, Class]:
    """Return every class that has a title, or a SQLSTATE that something carries, in order."""
    found = {name: Class(title, origin, {}) for name, title, origin in knowledge.sqlstate_classes()}
    for name, state in sorted(_states(rows, codes).items()):
        found.setdefault(name[:2], Class(_UNKNOWN, "", {})).states[name] = state
    return dict(sorted(found.items()))


def pages(found: dict[str, Class], terms: Terms, codes: Codes) -> Iterator[Page]:
    """Give the list of classes, each class, and a page for each SQLSTATE that an entry carries."""
    yield page(
        "sqlstates/",
        "SQLSTATE classes",
        "The first two characters of a SQLSTATE are its class, and the class tells what kind of thing went wrong.",
        "sqlstates",
        classes=[
            (name, item.title, item.origin, len(item.states), sum(len(state.rows) for state in item.states.values()))
            for name, item in found.items()
        ],
        terms=terms,
    )
    for name, item in found.items():
        if not item.states:
            continue
        yield page(
            f"sqlstates/{name}/",
            f"SQLSTATE class {name}: {item.title}",
            f"SQLSTATEs that begin with {name}, and the errors that carry them.",
            "sqlstate_class",
            name=name,
            heading=item.title,
            origin=item.origin,
            states=item.states,
            codes=codes,
            many=_MANY,
            terms=terms,
        )
        for state, carried in item.states.items():
            if carried.rows:
                yield page(
                    f"sqlstates/{state}/",
                    f"SQLSTATE {state}",
                    f"Errors that carry the SQLSTATE {state}, class {name}: {item.title}.",
                    "list",
                    parent=(f"Class {name}", f"sqlstates/{name}/#{state}"),
                    heading=f"SQLSTATE {state}",
                    rows=carried.rows,
                    terms=terms,
                )


def _states(rows: Rows, codes: Codes) -> dict[str, State]:
    """Return every SQLSTATE that an entry or a code of an engine carries."""
    own: dict[str, list[Json]] = defaultdict(list)
    numbers: dict[str, dict[str, Number]] = defaultdict(dict)
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for engine in codes.terms.engines:
        separate = codes.terms.engines[engine]["sqlstates"] == "separate"
        for code in codes.by_engine.get(engine, ()):
            state = code["sqlstate"]
            if not state:
                continue
            if not separate:
                own[state].append(code)
                continue
            counts[state][engine] += 1
            sibling = code["sibling"]
            agreed = numbers[state].get(sibling["id"]) if sibling and sibling["same"] else None
            if agreed:
                agreed.ids.append(code["id"])
            else:
                numbers[state][code["id"]] = Number(code["code"], code["symbol"], code["obsolete"], [code["id"]])
    return {
        state: State(
            rows.by_sqlstate.get(state, []), own.get(state, []), list(numbers[state].values()), dict(counts[state])
        )
        for state in {*rows.by_sqlstate, *own, *numbers}
    }
