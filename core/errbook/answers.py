"""The answers: every question the service can be asked by path alone, as the exact bytes that are sent.

The service and the static files (``/api/v1/…``) both take their bytes from here, so they cannot differ. An answer is a
JSON object whose form is in schema/public.schema.json; where there is no answer, a function returns None.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from json import loads
from operator import itemgetter

from errbook.changes import Comparison
from errbook.codes import CodeLink
from errbook.identified import Identified
from errbook.knowledge import Knowledge, SqlState
from errbook.opened import Link, Term
from errbook.public import SCHEMA_VERSION, Json, dumps
from errbook.query import is_sqlstate, span
from errbook.record import Record

MAX_WHOLE = 20
"""How many entries and codes one lookup gives whole; what it finds beyond them comes as links."""

MAX_LINKS = 100
"""How many links to codes follow those; HY000 alone names thousands, and ``codes?sqlstate=HY000`` lists them."""

TERMS = {"categories": "category", "conditions": "condition"}
"""Lists of terms: the plural in the path, and the vocabulary, which also names the filter and the key."""


def error(knowledge: Knowledge, engine: str, code: str) -> bytes | None:
    """Answer ``errors/<engine>/<code>``: the entry, and what the catalogs of servers have under the code.

    None where there is neither. Numbers that are no engine's own have an engine by whose they are: ``errors/os/13``.
    """
    entry, known = knowledge.raw(engine, code), knowledge.code_raw(engine, code)
    return one(entry, known) if entry or known else None


def one(entry: str | None, code: str | None) -> bytes:
    """Return the answer that holds an entry and a code, each given as its public JSON text."""
    head = dumps({"schema_version": SCHEMA_VERSION}).rstrip()[:-1]
    texts = [text.rstrip().encode() if text else b"null" for text in (entry, code)]
    return b'%s,"error":%s,"code":%s}\n' % (head, *texts)


def find(knowledge: Knowledge, query: str) -> bytes | None:
    """Answer ``errors/<query>``: what a code, symbol or SQLSTATE names, best first, in every engine."""
    texts, codes = knowledge.find_raw(query), listed(knowledge, query)
    return found(query, texts, codes) if texts or codes.total else None


class Listed(Record):
    """The codes that a query names: how many, the public JSON texts of the first, and links to those that follow."""

    total: int
    texts: Sequence[str]
    links: Sequence[CodeLink]


def listed(knowledge: Knowledge, query: str) -> Listed:
    """Return the codes that a query names, best first."""
    return Listed(*knowledge.find_codes_raw(query, MAX_WHOLE, MAX_LINKS))


def found(query: str, texts: Sequence[str], codes: Listed) -> bytes:
    """Return the answer of `find` for what was found: the public JSON texts of entries, best first, and the codes."""
    head = dumps({"schema_version": SCHEMA_VERSION, "query": query, "count": len(texts)}).rstrip()[:-1]
    more = dumps([_link(loads(text)) for text in texts[MAX_WHOLE:]]).rstrip()
    further = dumps(code_links(codes.links)).rstrip()
    # The compiled file holds the exact public texts; parsing them to write them again would only cost.
    whole, unread = _joined(texts[:MAX_WHOLE]), _joined(codes.texts)
    form = b'%s,"errors":[%s],"more":%s,"code_count":%d,"codes":[%s],"more_codes":%s}\n'
    return form % (head, whole, more, codes.total, unread, further)


def _joined(texts: Iterable[str]) -> bytes:
    return ",".join(text.rstrip() for text in texts).encode()


def code_range(knowledge: Knowledge, engine: str, text: str) -> bytes | None:
    """Answer ``codes/<engine>/<range>``: the codes of a range, whole, such as 3000-3099, or of a class such as 23.

    None where there is no such engine, or nothing in the range. ValueError where the text is no range.
    """
    about = knowledge.engine(engine)
    asked = span(text, states=about is not None and about["sqlstates"] == "code")
    texts = list(knowledge.codes_raw(engine, first=asked.first, last=asked.last))
    if not texts:
        return None
    head = dumps({"schema_version": SCHEMA_VERSION, **asked._asdict(), "count": len(texts)}).rstrip()[:-1]
    return b'%s,"codes":[%s]}\n' % (head, _joined(texts))


def code_listing(page: Sequence[CodeLink], following: str | None) -> bytes:
    """Answer ``codes``: one page of links; `following` is the reference to the next page, None on the last."""
    codes = code_links(page)
    return dumps({"schema_version": SCHEMA_VERSION, "count": len(codes), "codes": codes, "next": following})


def code_links(codes: Sequence[CodeLink]) -> list[Json]:
    """Return links to codes as their public objects."""
    return [link._asdict() for link in codes]


def catalogs(knowledge: Knowledge) -> bytes:
    """Answer ``catalogs``: every catalog that codes come from, with the exact version of its server."""
    found = knowledge.catalogs()
    return dumps({"schema_version": SCHEMA_VERSION, "count": len(found), "catalogs": found})


def changes(knowledge: Knowledge, engine: str, old: str, new: str) -> bytes | None:
    """Answer ``catalogs/<engine>/changes/<old>/<new>``: what changed between two series of an engine."""
    found = knowledge.changes(engine, old, new)
    return dumps(_compared(found)) if found else None


def sqlstate(knowledge: Knowledge, state: str) -> bytes | None:
    """Answer ``sqlstates/<sqlstate>``: a SQLSTATE that entries or codes carry, or a class that is known."""
    found = knowledge.sqlstate(state)
    if found is None:
        return None
    total = knowledge.count_codes(sqlstate=state)
    if not (found.entries or total or (len(state) == 2 and found.title)):
        return None
    # HY000 alone has thousands: no more are read than are named.
    codes = knowledge.codes(sqlstate=state, limit=MAX_LINKS)
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "sqlstate": found.sqlstate,
            "class": state_class(found),
            "count": len(found.entries),
            "errors": links(found.entries),
            "code_count": total,
            "codes": code_links(codes),
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
    body = {
        "schema_version": SCHEMA_VERSION,
        vocabulary: _term(plural, found),
        "count": len(errors),
        "errors": errors,
    }
    if plural == "conditions":
        # What is written of it beside its entries: the comparison of engines and the code that handles all.
        body["guide"] = knowledge.condition(value)
    return dumps(body)


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


def coverage(knowledge: Knowledge) -> bytes:
    """Answer ``coverage``: what is written and executed, what is not and why, and what is wanted next."""
    return dumps({"schema_version": SCHEMA_VERSION, **knowledge.coverage().public()})


def entries(knowledge: Knowledge) -> bytes:
    """Answer ``entries``: a link to every entry, in the order of the knowledge."""
    errors = links(knowledge.entries())
    return dumps({"schema_version": SCHEMA_VERSION, "count": len(errors), "errors": errors})


def listing(page: Sequence[Link], following: str | None) -> bytes:
    """Answer ``errors``: one page of links; `following` is the reference to the next page, None on the last."""
    errors = links(page)
    return dumps({"schema_version": SCHEMA_VERSION, "count": len(errors), "errors": errors, "next": following})


def search(knowledge: Knowledge, query: str, limit: int, **filters: str | None) -> bytes:
    """Answer ``search``: at most `limit` links to entries, and to codes, that fit a text, best first.

    Narrowed as `Knowledge.search` is. Of a code no more is known than its engine: there are no codes under any other
    filter.
    """
    errors = links(knowledge.search(query, limit, **filters))
    engine = filters.get("engine")
    narrowed = any(value is not None for name, value in filters.items() if name != "engine")
    codes = [] if narrowed else code_links(knowledge.search_codes(query, limit, engine))
    first = "codes" if codes and knowledge.codes_first(query, engine) else "errors"
    body = {"schema_version": SCHEMA_VERSION, "query": query, "count": len(errors), "first": first}
    return dumps({**body, "errors": errors, "codes": codes})


def identified(knowledge: Knowledge, text: str) -> bytes:
    """Answer ``identify``: the errors in a text, the root cause first, with statements filled in."""
    found = matches(knowledge, knowledge.identify(text))
    return dumps({"schema_version": SCHEMA_VERSION, "count": len(found), "matches": found})


def matches(knowledge: Knowledge, found: Sequence[Identified]) -> list[Json]:
    """Return errors that were found in a text as public objects, each with its entry's statements filled in."""
    return [{**item.public(), "filled": [each.public() for each in knowledge.filled(item)]} for item in found]


def links(entries: Sequence[Link]) -> list[Json]:
    """Return links as their public objects."""
    return [link._asdict() for link in entries]


def answers(knowledge: Knowledge) -> Iterator[tuple[str, bytes]]:
    """Give every answer that has a path of its own, as (path below ``/api/v1``, bytes), one in memory at a time.

    Paths are relative and end in ``.json``; each is given once. Entries come first, under every engine that they hold
    for, then what each name finds, then the lists, which hold every code. Codes without an entry have a path each, too,
    and so have their names: `unwritten` gives the paths, and `lookup` answers one. Work and output are linear in the
    number of names.
    """
    names: dict[str, None] = {}
    for text in knowledge.all_raw():
        entry = loads(text)
        for engine_id in entry["engines"]:
            # A sibling engine's own entry of that code comes before the shared one, as in Knowledge.get.
            if engine_id == entry["engine"] or knowledge.link(f"{engine_id}/{entry['code']}") is None:
                path = f"errors/{engine_id}/{entry['code']}.json"
                yield path, one(text, knowledge.code_raw(engine_id, entry["code"]))
        spelt = [
            entry["code"],
            entry["symbol"],
            entry["sqlstate"],
            *entry["sqlstates"].values(),
            *(item["symbol"] for item in entry["aliases"]),
        ]
        names.update(dict.fromkeys(name for name in spelt if name))
    for name in names:
        if answer := find(knowledge, name):
            yield f"errors/{name}.json", answer
    yield "entries.json", entries(knowledge)
    yield "findings.json", findings(knowledge)
    yield "coverage.json", coverage(knowledge)
    yield from _lists(knowledge, names)


def unwritten(knowledge: Knowledge) -> Iterator[str]:
    """Give the paths of the lookups that find a code without an entry: each under its engine, then by its names.

    Paths are those of `answers`; some of these names are an entry's too. None is answered: there are tens of thousands.
    """
    identities, names = knowledge.unwritten_names()
    for name in (*identities, *names):
        yield f"errors/{name}.json"


def lookup(knowledge: Knowledge, path: str) -> bytes | None:
    """Answer a path that `answers` or `unwritten` give for a lookup; None where it finds nothing."""
    engine, slash, code = path.removeprefix("errors/").removesuffix(".json").partition("/")
    return error(knowledge, engine, code) if slash else find(knowledge, engine)


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
    carried = [*(name for name in names if is_sqlstate(name)), *knowledge.listed_sqlstates()]
    for state in dict.fromkeys([*states, *carried]):
        if body := sqlstate(knowledge, state):
            yield f"sqlstates/{state}.json", body
    yield "catalogs.json", catalogs(knowledge)
    for engine_id, pairs in groupby(knowledge.comparable(), itemgetter(0)):
        # The codes of an engine are read once for all its pairs.
        compared = Comparison(knowledge, engine_id)
        for _, old, new in pairs:
            if changed := compared.changes(old, new):
                yield f"catalogs/{engine_id}/changes/{old}/{new}.json", dumps(_compared(changed))
    for engine_id, part in knowledge.code_ranges():
        if body := code_range(knowledge, engine_id, part):
            yield f"codes/{engine_id}/{part}.json", body


def _link(entry: Json) -> Json:
    return {name: entry.get(name) for name in Link._fields}


def _compared(found: Json) -> Json:
    return {"schema_version": SCHEMA_VERSION, **found}


def _term(plural: str, found: Term) -> Json:
    return {TERMS[plural]: found.value, "title": found.title, "description": found.description}
