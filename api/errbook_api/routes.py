"""The routes: which path is which question to the library.

Everything here answers exactly what the table of ready answers would; the table only saves asking again.
"""

from collections.abc import Callable
from json import loads
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from errbook import answers
from errbook.knowledge import FILTERS, Knowledge
from errbook.query import MAX_LENGTH, is_sqlstate
from errbook_api import negotiation, pages, paging
from errbook_api.negotiation import HTML, JSON, MARKDOWN, TEXT
from errbook_api.notes import notes
from errbook_api.problems import ProblemError
from errbook_api.representation import represent
from errbook_api.service import Service
from errbook_api.site import Site
from errbook_api.table import VARY, outcome

OFFERS = (JSON, TEXT, MARKDOWN, HTML)
"""Forms that an answer is to be had in; a page is where a browser is sent."""
_LISTED = frozenset({*FILTERS, "q", "cursor", "limit"})
_SEARCHED = frozenset({"q", "limit"})
_CODES = frozenset({*paging.CODE_FILTERS, "after", "limit"})
_SUGGESTED = 5

Limit = Annotated[int, Query(ge=1, le=paging.MOST, description="Entries on a page.")]
Word = Annotated[str | None, Query(max_length=MAX_LENGTH)]


class Routes:
    """The routes of one service."""

    def __init__(self, service: Service, site: Site | None) -> None:
        """`site` is where browsers are sent, where it is served here."""
        self._service, self._site = service, site

    def router(self) -> APIRouter:
        """Return the router; it is mounted under every prefix of a version."""
        router = APIRouter()
        add = router.add_api_route
        add("/errors", self.errors, tags=["errors"], summary="List errors")
        add("/errors/{query}", self.find, tags=["errors"], summary="Look up a code, symbol or SQLSTATE")
        add("/errors/{engine}/{code}", self.error, tags=["errors"], summary="One error of one engine")
        add("/entries", self.entries, tags=["errors"], summary="A link to every error")
        add("/findings", self.findings, tags=["errors"], summary="Where servers and versions differ")
        add("/coverage", self.coverage, tags=["errors"], summary="What is written, executed and wanted")
        add("/search", self.search, tags=["errors"], summary="Search in words")
        add("/codes", self.codes, tags=["codes"], summary="List codes, written up or not")
        add("/codes/{engine}/{span}", self.code_range, tags=["codes"], summary="A range of codes, whole")
        add("/catalogs", self.catalogs, tags=["codes"], summary="Catalogs of servers")
        add("/catalogs/{engine}/changes/{old}/{new}", self.changes, tags=["codes"], summary="Two series compared")
        add("/sqlstates", self.sqlstates, tags=["terms"], summary="Classes of SQLSTATEs")
        add("/sqlstates/{sqlstate}", self.sqlstate, tags=["terms"], summary="A SQLSTATE or a class")
        add("/conditions", self.conditions, tags=["terms"], summary="Conditions")
        add("/conditions/{condition}", self.condition, tags=["terms"], summary="One condition in every engine")
        add("/categories", self.categories, tags=["terms"], summary="Categories")
        add("/categories/{category}", self.category, tags=["terms"], summary="One category")
        add("/engines", self.engines, tags=["engines"], summary="Engines")
        add("/engines/{engine}", self.engine, tags=["engines"], summary="One engine")
        return router

    def errors(
        self,
        request: Request,
        engine: Word = None,
        category: Word = None,
        condition: Word = None,
        severity: Word = None,
        frequency: Word = None,
        risk: Word = None,
        retry: Word = None,
        confidence: Word = None,
        sqlstate: Word = None,
        q: Annotated[str | None, Query(max_length=MAX_LENGTH, description="Words that the entry has.")] = None,
        cursor: Annotated[
            str | None, Query(max_length=MAX_LENGTH, description="Where the page before said to go on.")
        ] = None,
        limit: Limit = 50,
    ) -> Response:
        """Links to the errors that fit every filter, in pages; `next` is the reference to the next page."""
        _only(request, _LISTED)
        filters = {
            "engine": engine,
            "category": category,
            "condition": condition,
            "severity": severity,
            "frequency": frequency,
            "risk": risk,
            "retry": retry,
            "confidence": confidence,
            "sqlstate": sqlstate,
        }
        found = paging.page(self._knowledge, filters, q, cursor, limit)
        return self._reply(request, answers.listing(found.links, found.following))

    def find(
        self,
        request: Request,
        query: Annotated[str, Path(description="A code, symbol or SQLSTATE; an engine may be named with it.")],
    ) -> Response:
        """Every match in every engine, best first: at most 20 whole in `errors`, the rest as links in `more`.

        `codes` has what the catalogs of servers know under the name, with an entry or without.
        """
        knowledge = self._knowledge
        body = answers.find(knowledge, query)
        if body is None:
            raise self._missing(knowledge, query)
        notes(request.scope)["outcome"] = outcome("/errors/", body)
        return self._reply(request, body, page=lambda: self._choice(query, body))

    def error(
        self,
        request: Request,
        engine: Annotated[str, Path(description="The engine, by any of its names.")],
        code: Annotated[str, Path(description="The engine's own code.")],
    ) -> Response:
        """The entry, whole, and what the catalogs of servers know under the code; either of them may be null.

        A sibling engine's shared code is answered with the shared entry. Numbers that are no engine's own are asked for
        by whose they are, in place of the engine: `os`, `handler`, `innodb` and `mysys`.
        """
        knowledge = self._knowledge
        body = answers.error(knowledge, engine, code)
        if body is None:
            raise self._missing(knowledge, f"{engine} {code}")
        notes(request.scope)["outcome"] = outcome("/errors//", body)
        return self._reply(request, body, page=lambda: str((loads(body)["error"] or loads(body)["code"])["page"]))

    def entries(self, request: Request) -> Response:
        """A link to every error in one answer, in the order of the knowledge."""
        return self._reply(request, answers.entries(self._knowledge))

    def findings(self, request: Request) -> Response:
        """What executing the entries found out: where servers and versions differ, and what entries note of them."""
        return self._reply(request, answers.findings(self._knowledge))

    def coverage(self, request: Request) -> Response:
        """How far the knowledge reaches: what is written and executed, what is not and why, what is wanted next."""
        return self._reply(request, answers.coverage(self._knowledge))

    def search(
        self,
        request: Request,
        q: Annotated[
            str, Query(min_length=1, max_length=MAX_LENGTH, description="Words, or the beginning of the last one.")
        ],
        limit: Limit = 20,
    ) -> Response:
        """Links to what fits the words, best first; exact names come before words.

        `first` says which of the two lists fits better: `codes` where a server's message has the words as they stand
        and no entry's has.
        """
        _only(request, _SEARCHED)
        page = f"/search/?{request.url.query}" if self._site and self._site.has("/search/") else None
        return self._reply(request, answers.search(self._knowledge, q, limit), page=lambda: page)

    def codes(
        self,
        request: Request,
        engine: Annotated[
            str | None, Query(max_length=MAX_LENGTH, description="An engine, or `os`, `handler`, `innodb`, `mysys`.")
        ] = None,
        namespace: Word = None,
        sqlstate: Annotated[
            str | None, Query(max_length=MAX_LENGTH, description="Five characters, or the two of a class.")
        ] = None,
        written: Annotated[
            str | None, Query(max_length=MAX_LENGTH, description="Only codes with an entry, or only those without.")
        ] = None,
        after: Annotated[
            str | None, Query(max_length=MAX_LENGTH, description="The last code already seen, such as mysql/1040.")
        ] = None,
        limit: Limit = 50,
    ) -> Response:
        """Links to the codes that fit every filter, in order, in pages; `next` is the reference to the next page."""
        _only(request, _CODES)
        filters = {"engine": engine, "namespace": namespace, "sqlstate": sqlstate, "written": written}
        found = paging.code_page(self._knowledge, filters, after, limit)
        return self._reply(request, answers.code_listing(found.links, found.following))

    def code_range(
        self,
        request: Request,
        engine: Annotated[str, Path(description="The engine, by any of its names, or whose numbers.")],
        span: Annotated[str, Path(description="3000-3099, or a class of SQLSTATEs such as 23.")],
    ) -> Response:
        """Every code of a range, whole, in order."""
        knowledge = self._knowledge
        try:
            body = answers.code_range(knowledge, engine, span)
        except ValueError as error:
            wrong = [{"name": "span", "detail": str(error)}]
            raise ProblemError("bad-parameter", f"{error}.", parameters=wrong) from error
        if body is None:
            engines = paging.allowed_of_codes(knowledge)["engine"]
            more: dict[str, Any] = {} if knowledge.codes(engine, limit=1) else {"allowed": engines}
            raise ProblemError("not-found", f"There is no code of {engine[:80]!r} in {span[:80]!r}.", **more)
        return self._reply(request, body)

    def catalogs(self, request: Request) -> Response:
        """Every catalog that codes come from, with the exact version of the server that was asked."""
        return self._reply(request, answers.catalogs(self._knowledge))

    def changes(
        self,
        request: Request,
        engine: Annotated[str, Path(description="The engine, by any of its names.")],
        old: Annotated[str, Path(description="The older series.")],
        new: Annotated[str, Path(description="The newer series.")],
    ) -> Response:
        """What changed between two series of an engine: codes that came and went, symbols, SQLSTATEs, messages."""
        knowledge = self._knowledge
        body = answers.changes(knowledge, engine, old, new)
        if body is None:
            pairs = [f"{name}/changes/{one}/{other}" for name, one, other in knowledge.comparable()]
            asked = f"{engine[:40]} {old[:40]} and {new[:40]}"
            raise ProblemError("not-found", f"There are no two catalogs of {asked}.", allowed=pairs)
        return self._reply(request, body)

    def sqlstates(self, request: Request) -> Response:
        """Every known class of SQLSTATEs."""
        return self._reply(request, answers.sqlstates(self._knowledge))

    def sqlstate(
        self,
        request: Request,
        sqlstate: Annotated[str, Path(description="Five characters, or the two of a class.")],
    ) -> Response:
        """The errors and codes that carry a SQLSTATE, or all of its class, most often met first."""
        knowledge = self._knowledge
        return self._found(request, answers.sqlstate(knowledge, sqlstate), knowledge, "SQLSTATE", sqlstate)

    def conditions(self, request: Request) -> Response:
        """Every condition: what different engines say with different codes."""
        return self._reply(request, answers.terms(self._knowledge, "conditions"))

    def condition(self, request: Request, condition: str) -> Response:
        """One condition and its errors in every engine."""
        knowledge = self._knowledge
        return self._found(request, answers.term(knowledge, "conditions", condition), knowledge, "condition", condition)

    def categories(self, request: Request) -> Response:
        """Every category: the part of the system in which to look first."""
        return self._reply(request, answers.terms(self._knowledge, "categories"))

    def category(self, request: Request, category: str) -> Response:
        """One category and its errors."""
        knowledge = self._knowledge
        return self._found(request, answers.term(knowledge, "categories", category), knowledge, "category", category)

    def engines(self, request: Request) -> Response:
        """Every engine: how it numbers and prints its errors."""
        return self._reply(request, answers.engines(self._knowledge))

    def engine(self, request: Request, engine: str) -> Response:
        """One engine, by any of its names."""
        knowledge = self._knowledge
        return self._found(request, answers.engine(knowledge, engine), knowledge, "engine", engine)

    @property
    def _knowledge(self) -> Knowledge:
        return self._service.current.now.knowledge

    def _reply(self, request: Request, body: bytes, page: Callable[[], str | None] | None = None) -> Response:
        """Return an answer in the form that is asked for; `page` gives the path of its page on the site."""
        accept = request.headers.get("accept")
        suffix = notes(request.scope).get("suffix")
        chosen = suffix or negotiation.media_type(accept, OFFERS)
        if chosen == HTML:
            if where := self._page(request.url.path, page() if page else None):
                policy = self._service.policy
                sent = {"location": where, "vary": "Accept", "cache-control": policy.cache, **dict(policy.common)}
                return Response(status_code=303, headers=sent)
            chosen = negotiation.media_type(accept, OFFERS[:-1]) or JSON
        if chosen is None:
            raise ProblemError(
                "not-acceptable", f"This is to be had as {', '.join(OFFERS[:-1])}.", allowed=list(OFFERS[:-1])
            )
        if chosen != JSON:
            body = pages.render(loads(body), self._knowledge, chosen)
        vary = VARY[1:] if suffix else VARY
        status, headers, body, _ = represent(body, chosen, self._service.policy, vary=vary).select(
            request.headers.get("accept-encoding"), request.headers.get("if-none-match")
        )
        return Response(body, status, dict(headers))

    def _page(self, path: str, page: str | None) -> str | None:
        """Return where a browser is sent: an entry's page, or the page of the same path where the site has one."""
        if self._service.settings.site_url:
            return f"{self._service.settings.site_url}{page}" if page else None
        if self._site is None:
            return None
        return next((where for where in (page, f"{path}/") if where and self._site.has(where.partition("?")[0])), None)

    def _choice(self, query: str, body: bytes) -> str:
        found = loads(body)
        first: str = (found["errors"] or found["codes"])[0]["page"]
        if found["count"] == 1 or (not found["count"] and found["code_count"] == 1):
            return first
        short = f"/{quote(query.strip().upper(), safe='')}/"
        return short if self._service.settings.site_url or (self._site and self._site.has(short)) else first

    def _found(self, request: Request, body: bytes | None, knowledge: Knowledge, kind: str, value: str) -> Response:
        if body is not None:
            return self._reply(request, body)
        more: dict[str, Any] = {}
        detail = f"There is no {kind} {value[:80]!r}"
        if kind == "SQLSTATE":
            found = knowledge.sqlstate(value)
            if found and found.title:
                detail = f"No error carries the SQLSTATE {found.sqlstate!r}"
                more["class"] = answers.state_class(found)
        elif kind == "engine":
            more["allowed"] = [item["engine"] for item in knowledge.engines()]
        else:
            more["allowed"] = [term.value for term in knowledge.vocabulary(kind)]
        raise ProblemError("not-found", f"{detail}.", **more)

    def _missing(self, knowledge: Knowledge, query: str) -> ProblemError:
        """Return the problem for a lookup that found nothing: what is near, and what the SQLSTATE's class says."""
        more: dict[str, Any] = {
            "suggestions": answers.links(knowledge.suggest(query, _SUGGESTED)),
            "codes": answers.code_links(knowledge.suggest_codes(query, _SUGGESTED)),
        }
        asked = query.strip().upper()
        detail = f"No error is named {query[:80]!r}, and no server that errbook knows has such a code."
        if len(query) > MAX_LENGTH:
            detail = f"The query is longer than {MAX_LENGTH} characters; ask /search for words of a message."
        elif query.strip().lower() in knowledge.engine_names():
            detail = f"{query.strip()!r} is an engine; ask /errors?engine={query.strip().lower()} for its errors."
        elif is_sqlstate(asked) and (found := knowledge.sqlstate(asked)) and found.title:
            more["class"] = answers.state_class(found)
            detail += f" As a SQLSTATE it is of class {found.state_class}: {found.title}."
        return ProblemError("no-such-error", detail, **more)


def _only(request: Request, names: frozenset[str]) -> None:
    """Refuse parameters that do not exist: a misspelt filter would silently give everything."""
    unknown = sorted(set(request.query_params) - names)
    if unknown:
        wrong = [
            {"name": name[:80], "detail": "there is no such parameter", "allowed": sorted(names)}
            for name in unknown[:10]
        ]
        detail = f"There is no parameter {unknown[0][:80]!r}; there are {', '.join(sorted(names))}."
        raise ProblemError("bad-parameter", detail, parameters=wrong)
