"""Lists in pages: what a cursor is, and which filters there are.

A cursor is opaque to the asker. It holds the last entry already given, not a number of rows, so that a page does not
shift when the knowledge changes between two requests; a search, which has an order of its own, is paged by number.
"""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple
from urllib.parse import urlencode

from errbook.codes import SYSTEM_NAMESPACES, CodeLink
from errbook.database import SYSTEM
from errbook.knowledge import FILTERS, Knowledge
from errbook.opened import Link
from errbook_api.problems import ProblemError

VOCABULARIES = {
    "category": "category",
    "condition": "condition",
    "severity": "severity",
    "frequency": "frequency",
    "risk": "risk_level",
    "retry": "retry_verdict",
    "confidence": "confidence",
}
"""Filters whose values are a controlled vocabulary, and its name."""

CODE_FILTERS = ("engine", "namespace", "sqlstate", "written")
"""What a list of codes can be narrowed by."""

MOST = 100
"""Entries or codes on the largest page."""

_DEEPEST = 1000
"""How far a search can be paged through."""

_SQLSTATE = re.compile(r"[0-9A-Za-z]{5}")
_STATE_OR_CLASS = re.compile(r"[0-9A-Za-z]{2}([0-9A-Za-z]{3})?")


class Page(NamedTuple):
    """Links, and the reference to the next page, relative to this one; None on the last."""

    links: list[Link]
    following: str | None


def allowed(knowledge: Knowledge) -> dict[str, list[str]]:
    """Return the values that each filter takes, for the filters that take only certain ones."""
    values = {
        name: [term.value for term in knowledge.vocabulary(vocabulary)] for name, vocabulary in VOCABULARIES.items()
    }
    return {"engine": sorted(knowledge.engine_names())} | values


def check(knowledge: Knowledge, filters: dict[str, str | None]) -> dict[str, str]:
    """Return the filters that were given; ProblemError naming what each takes when a value is none of that."""
    given = {name: value for name, value in filters.items() if value is not None}
    permitted = allowed(knowledge)
    wrong = []
    for name, value in given.items():
        if name in permitted and (value.lower() if name == "engine" else value) not in permitted[name]:
            wrong.append({"name": name, "detail": f"{value[:80]!r} is no {name}", "allowed": permitted[name]})
        if name == "sqlstate" and not _SQLSTATE.fullmatch(value):
            wrong.append({"name": name, "detail": f"{value[:80]!r} is no SQLSTATE: five digits or letters"})
    if wrong:
        raise ProblemError("bad-parameter", "; ".join(str(item["detail"]) for item in wrong) + ".", parameters=wrong)
    return given


def page(
    knowledge: Knowledge, filters: dict[str, str | None], query: str | None, cursor: str | None, limit: int
) -> Page:
    """Return one page of the entries that fit filters and, where there is one, a query of words."""
    given = check(knowledge, filters)
    after = _read(cursor, query is not None) if cursor else None
    # One more than asked for tells whether there is a next page.
    if query is None:
        try:
            found = knowledge.entries(after=after, limit=limit + 1, **given)
        except ValueError as error:
            raise _bad_cursor() from error
        last = found[limit - 1].id if len(found) > limit else None
    else:
        start = int(after or 0)
        found = knowledge.search(query, min(start + limit + 1, _DEEPEST), **given)[start:]
        last = str(start + limit) if len(found) > limit else None
    if last is None:
        return Page(found, None)
    parameters = {name: given[name] for name in FILTERS if name in given} | ({"q": query} if query is not None else {})
    return Page(found[:limit], f"errors?{urlencode({**parameters, 'limit': limit, 'cursor': _write(last)})}")


class CodePage(NamedTuple):
    """Links to codes, and the reference to the next page, relative to this one; None on the last."""

    links: list[CodeLink]
    following: str | None


def allowed_of_codes(knowledge: Knowledge) -> dict[str, list[str]]:
    """Return the values that each filter of codes takes, for the filters that take only certain ones."""
    return {
        "engine": sorted({*knowledge.engine_names(), SYSTEM, *SYSTEM_NAMESPACES}),
        "namespace": ["server", "client", *SYSTEM_NAMESPACES],
        "written": ["true", "false"],
    }


def code_page(knowledge: Knowledge, filters: dict[str, str | None], after: str | None, limit: int) -> CodePage:
    """Return one page of the codes that fit filters, from the one that follows the code `after`."""
    given = {name: value for name, value in filters.items() if value is not None}
    permitted = allowed_of_codes(knowledge)
    wrong: list[dict[str, object]] = [
        {"name": name, "detail": f"{value[:80]!r} is no {name}", "allowed": permitted[name]}
        for name, value in given.items()
        if name in permitted and value.lower() not in permitted[name]
    ]
    if not _STATE_OR_CLASS.fullmatch(given.get("sqlstate", "00")):
        detail = f"{given['sqlstate'][:80]!r} is no SQLSTATE: five digits or letters, or the two of a class"
        wrong.append({"name": "sqlstate", "detail": detail})
    if wrong:
        raise ProblemError("bad-parameter", "; ".join(str(item["detail"]) for item in wrong) + ".", parameters=wrong)
    written = {"true": True, "false": False}.get(given.get("written", ""))
    narrowed = {name: value.lower() for name, value in given.items() if name in ("engine", "namespace", "sqlstate")}
    try:
        # One more than asked for tells whether there is a next page.
        found = knowledge.codes(**narrowed, written=written, after=after, limit=limit + 1)
    except ValueError as error:
        wrong = [{"name": "after", "detail": f"there is no code {str(after)[:80]!r}"}]
        raise ProblemError(
            "bad-parameter", f"{wrong[0]['detail']}; name one as mysql/1040.", parameters=wrong
        ) from error
    if len(found) <= limit:
        return CodePage(found, None)
    last = found[limit - 1].id
    return CodePage(found[:limit], f"codes?{urlencode({**given, 'limit': limit, 'after': last}, safe='/')}")


def _write(last: str) -> str:
    return urlsafe_b64encode(last.encode()).decode().rstrip("=")


def _read(cursor: str, number: bool) -> str:
    try:
        last = urlsafe_b64decode(cursor[:200] + "=" * (-len(cursor[:200]) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise _bad_cursor() from error
    # Only the very text that was given out counts, and only for the kind of list that gave it out.
    if _write(last) != cursor or (number and not (last.isascii() and last.isdigit() and len(last) < 6)):
        raise _bad_cursor()
    return last


def _bad_cursor() -> ProblemError:
    wrong = [{"name": "cursor", "detail": "it was not given out by this list"}]
    return ProblemError(
        "bad-parameter", "The cursor was not given out by this list; start again without one.", parameters=wrong
    )
