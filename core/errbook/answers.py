"""The answers: every question the service can be asked by path alone, as the exact bytes that are sent.

The service and the static files (``/api/v1/…``) both take their bytes from here, so they cannot differ. An answer is a
JSON object whose form is in schema/public.schema.json; where there is no answer, a function returns None.
"""

from collections.abc import Iterator, Sequence
from json import loads

from errbook.knowledge import Knowledge, Link, SqlState, Term
from errbook.public import SCHEMA_VERSION, Json, dumps
from errbook.query import is_sqlstate

MAX_WHOLE = 20
"""How many entries one lookup gives whole; what it finds beyond them comes as links. HY000 alone names thousands."""

TERMS = {"categories": "category", "conditions": "condition"}
"""Lists of terms: the plural in the path, and the vocabulary, which also names the filter and the key."""


def error(knowledge: Knowledge, engine: str, code: str) -> bytes | None:
    """Answer ``errors/<engine>/<code>``: one entry, whole."""
    text = knowledge.raw(engine, code)
    return one(text) if text else None


def one(text: str) -> bytes:
    """Return the answer that holds one entry, given as its public JSON text."""
    head = dumps({"schema_version": SCHEMA_VERSION}).rstrip()[:-1]
    return b'%s,"error":%s}\n' % (head, text.rstrip().encode())


def find(knowledge: Knowledge, query: str) -> bytes | None:
    """Answer ``errors/<query>``: what a code, symbol or SQLSTATE names, best first, in every engine."""
    texts = knowledge.find_raw(query)
    return found(query, texts) if texts else None


def found(query: str, texts: Sequence[str]) -> bytes:
    """Return the answer of `find` for what was found: the public JSON texts of entries, best first."""
    head = dumps({"schema_version": SCHEMA_VERSION, "query": query, "count": len(texts)}).rstrip()[:-1]
    more = dumps([_link(loads(text)) for text in texts[MAX_WHOLE:]]).rstrip()
    # The compiled file holds the exact public texts; parsing them to write them again would only cost.
    whole = ",".join(text.rstrip() for text in texts[:MAX_WHOLE]).encode()
    return b'%s,"errors":[%s],"more":%s}\n' % (head, whole, more)


def sqlstate(knowledge: Knowledge, state: str) -> bytes | None:
    """Answer ``sqlstates/<sqlstate>``: a SQLSTATE that entries carry, or a class that is known."""
    found = knowledge.sqlstate(state)
    if found is None or not (found.entries or (len(state) == 2 and found.title)):
        return None
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "sqlstate": found.sqlstate,
            "class": state_class(found),
            "count": len(found.entries),
            "errors": links(found.entries),
        }
    )


def state_class(found: SqlState) -> Json | None:
    """Return the class of a SQLSTATE as its public object; None where nobody is known to have defined it."""
    if found.title is None:
        return None
    return {"class": found.state_class, "title": found.title, "origin": found.origin}


def sqlstates(knowledge: Knowledge) -> bytes:
    """Answer ``sqlstates``: every class of SQLSTATEs."""
    classes = [
        {"class": name, "title": title, "origin": origin} for name, title, origin in knowledge.sqlstate_classes()
    ]
    return dumps({"schema_version": SCHEMA_VERSION, "count": len(classes), "classes": classes})


def terms(knowledge: Knowledge, plural: str) -> bytes:
    """Answer ``conditions`` and ``categories``: every term with its meaning; KeyError for any other list."""
    found = [_term(plural, term) for term in knowledge.vocabulary(TERMS[plural])]
    return dumps({"schema_version": SCHEMA_VERSION, "count": len(found), plural: found})


def term(knowledge: Knowledge, plural: str, value: str) -> bytes | None:
    """Answer ``conditions/<condition>`` and ``categories/<category>``: one term and the entries that have it."""
    vocabulary = TERMS[plural]
    try:
        found = knowledge.term(vocabulary, value)
    except KeyError:
        return None
    errors = links(knowledge.entries(after=None, limit=None, **{vocabulary: value}))
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            vocabulary: _term(plural, found),
            "count": len(errors),
            "errors": errors,
        }
    )


def engines(knowledge: Knowledge) -> bytes:
    """Answer ``engines``: every engine, in the order of lists."""
    found = knowledge.engines()
    return dumps({"schema_version": SCHEMA_VERSION, "count": len(found), "engines": found})


def engine(knowledge: Knowledge, name: str) -> bytes | None:
    """Answer ``engines/<engine>``: one engine, by any of its names."""
    found = knowledge.engine(name)
    return dumps({"schema_version": SCHEMA_VERSION, "engine": found}) if found else None


def findings(knowledge: Knowledge) -> bytes:
    """Answer ``findings``: where servers and versions differ, from each other or from what is declared."""
    return dumps({"schema_version": SCHEMA_VERSION, **knowledge.findings().public()})


def entries(knowledge: Knowledge) -> bytes:
    """Answer ``entries``: a link to every entry, in the order of the knowledge."""
    errors = links(knowledge.entries())
    return dumps({"schema_version": SCHEMA_VERSION, "count": len(errors), "errors": errors})


def listing(page: Sequence[Link], following: str | None) -> bytes:
    """Answer ``errors``: one page of links; `following` is the reference to the next page, None on the last."""
    errors = links(page)
    return dumps({"schema_version": SCHEMA_VERSION, "count": len(errors), "errors": errors, "next": following})


def search(knowledge: Knowledge, query: str, limit: int, **filters: str | None) -> bytes:
    """Answer ``search``: at most `limit` links to what fits a text, best first; narrowed as `Knowledge.search` is."""
    errors = links(knowledge.search(query, limit, **filters))
    return dumps({"schema_version": SCHEMA_VERSION, "query": query, "count": len(errors), "errors": errors})


def links(entries: Sequence[Link]) -> list[Json]:
    """Return links as their public objects."""
    return [link._asdict() for link in entries]


def answers(knowledge: Knowledge) -> Iterator[tuple[str, bytes]]:
    """Give every answer that has a path of its own, as (path below ``/api/v1``, bytes), one in memory at a time.

    Paths are relative and end in ``.json``; each is given once. Entries come first, under every engine that they hold
    for, then what each name finds, then the lists. Work and output are linear in the number of names.
    """
    names: dict[str, None] = {}
    for text in knowledge.all_raw():
        entry = loads(text)
        body = one(text)
        for engine_id in entry["engines"]:
            # A sibling engine's own entry of that code comes before the shared one, as in Knowledge.get.
            if engine_id == entry["engine"] or knowledge.link(f"{engine_id}/{entry['code']}") is None:
                yield f"errors/{engine_id}/{entry['code']}.json", body
        spelt = [
            entry["code"],
            entry["symbol"],
            entry["sqlstate"],
            *(item["symbol"] for item in entry["aliases"]),
        ]
        names.update(dict.fromkeys(name for name in spelt if name))
    for name in names:
        if answer := find(knowledge, name):
            yield f"errors/{name}.json", answer
    yield "entries.json", entries(knowledge)
    yield "findings.json", findings(knowledge)
    yield from _lists(knowledge, names)


def _lists(knowledge: Knowledge, names: dict[str, None]) -> Iterator[tuple[str, bytes]]:
    yield "engines.json", engines(knowledge)
    for item in knowledge.engines():
        if body := engine(knowledge, item["engine"]):
            yield f"engines/{item['engine']}.json", body
    for plural, vocabulary in TERMS.items():
        yield f"{plural}.json", terms(knowledge, plural)
        for found in knowledge.vocabulary(vocabulary):
            if body := term(knowledge, plural, found.value):
                yield f"{plural}/{found.value}.json", body
    yield "sqlstates.json", sqlstates(knowledge)
    states = [name for name, _, _ in knowledge.sqlstate_classes()]
    for state in [*states, *(name for name in names if is_sqlstate(name))]:
        if body := sqlstate(knowledge, state):
            yield f"sqlstates/{state}.json", body


def _link(entry: Json) -> Json:
    return {name: entry[name] for name in Link._fields}


def _term(plural: str, found: Term) -> Json:
    return {TERMS[plural]: found.value, "title": found.title, "description": found.description}
