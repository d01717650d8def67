"""The OpenAPI document: FastAPI's own description of the parameters, the public schema, and examples that are real.

Schemas come from schema/public.schema.json, which is what the answers are tested against; examples are what the service
answers at the moment of asking, so neither can be out of date.
"""

import json
from typing import Any

from errbook import answers, places
from errbook.knowledge import Knowledge
from errbook_api import paging, problems
from errbook_api.negotiation import JSON, MARKDOWN, TEXT
from errbook_api.problems import PROBLEM, ProblemError
from errbook_api.table import PREFIXES

Json = dict[str, Any]

SCHEMAS = {
    "/errors": "list",
    "/errors/{query}": "found",
    "/errors/{engine}/{code}": "single",
    "/entries": "entries",
    "/findings": "findings",
    "/coverage": "coverage",
    "/search": "search",
    "/identify": "identified_answer",
    "/codes": "codes",
    "/codes/{engine}/{span}": "code_range",
    "/catalogs": "catalogs",
    "/catalogs/{engine}/changes/{old}/{new}": "changes",
    "/sqlstates": "sqlstates",
    "/sqlstates/{sqlstate}": "sqlstate",
    "/conditions": "conditions",
    "/conditions/{condition}": "condition",
    "/categories": "categories",
    "/categories/{category}": "category",
    "/engines": "engines",
    "/engines/{engine}": "engine",
    "/healthz": "health",
    "/readyz": "ready",
}
"""The definition of schema/public.schema.json that each path answers with."""

_HEADERS = {
    "ETag": "Hash of the content: the same on every replica.",
    "Cache-Control": "How long an answer may be kept.",
    "X-Request-Id": "The request's id, as it is in the access log.",
}


def definitions() -> Json:
    """Return the definitions of the public schema, with references as an OpenAPI document has them."""
    text = (places.schemas() / "public.schema.json").read_text(encoding="utf-8")
    found: Json = json.loads(text.replace('"#/$defs/', '"#/components/schemas/'))["$defs"]
    return found


def complete(document: Json, knowledge: Knowledge) -> Json:
    """Return FastAPI's document with schemas, examples, refusals and the values that filters take."""
    examples = _examples(knowledge)
    permitted = {"/errors": paging.allowed(knowledge), "/codes": paging.allowed_of_codes(knowledge)}
    document["components"] = {"schemas": definitions()}
    document["servers"] = [{"url": prefix or "/"} for prefix in PREFIXES]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["responses"] = _responses(path, examples.get(path), knowledge)
            for parameter in operation.get("parameters", []):
                _parameter(parameter, permitted.get(path, {}), _values(knowledge, path))
    return document


def _parameter(parameter: Json, permitted: dict[str, list[str]], values: dict[str, str]) -> None:
    name, place = parameter["name"], parameter["in"]
    # A parameter that may be left out is not one that may be null.
    options = parameter["schema"].pop("anyOf", None)
    if options:
        parameter["schema"] |= next(option for option in options if option.get("type") != "null")
    if name in permitted:
        parameter["schema"] = {"type": "string", "enum": permitted[name]}
    if place == "query" and name == "sqlstate" and "class" not in parameter.get("description", ""):
        parameter["schema"] = {"type": "string", "pattern": "^[0-9A-Za-z]{5}$"}
    if place == "path" and name in values:
        parameter["example"] = values[name]
    parameter.setdefault("description", f"Only errors of this {name}.")


def _values(knowledge: Knowledge, path: str = "") -> dict[str, str]:
    """Return a value for each parameter of a path that there is an answer for."""
    if path.startswith("/catalogs/"):
        pair = next(iter(knowledge.comparable()), ("mariadb", "10.11", "11.8"))
        return dict(zip(("engine", "old", "new"), pair, strict=True))
    first = next(iter(knowledge.most_hit(1)), None)
    engine, code = (first.engine, first.code) if first else ("mysql", "1040")
    state = next((link.sqlstate for link in knowledge.most_hit(20) if link.sqlstate), "08004")
    condition = knowledge.get(engine, code)
    return {
        "query": code,
        "engine": engine,
        "code": code,
        "sqlstate": state,
        "condition": condition.condition if condition else "too-many-connections",
        "category": condition.category if condition else "connection",
        "span": "1000-1099",
    }


def _examples(knowledge: Knowledge) -> dict[str, Json]:
    values = _values(knowledge)
    links = knowledge.entries(limit=3)
    bodies = {
        "/errors": answers.listing(links[:2], None),
        "/errors/{query}": answers.find(knowledge, values["query"]),
        "/errors/{engine}/{code}": answers.error(knowledge, values["engine"], values["code"]),
        "/findings": answers.findings(knowledge),
        "/coverage": answers.coverage(knowledge),
        "/codes": answers.code_listing(knowledge.codes(written=False, limit=2), None),
        "/catalogs": answers.catalogs(knowledge),
        "/search": answers.search(knowledge, "connections", 2),
        "/identify": answers.identified(knowledge, "ERROR 1040 (08004): Too many connections"),
        "/sqlstates/{sqlstate}": answers.sqlstate(knowledge, values["sqlstate"]),
        "/conditions/{condition}": answers.term(knowledge, "conditions", values["condition"]),
        "/engines/{engine}": answers.engine(knowledge, values["engine"]),
    }
    return {path: json.loads(body) for path, body in bodies.items() if body}


def _responses(path: str, example: Json | None, knowledge: Knowledge) -> Json:
    if path == "/metrics":
        return {"200": {"description": "Prometheus' text format.", "content": {TEXT: {"schema": {"type": "string"}}}}}
    headers = {name: {"description": text, "schema": {"type": "string"}} for name, text in _HEADERS.items()}
    body: Json = {"schema": {"$ref": f"#/components/schemas/{SCHEMAS[path]}"}}
    if example:
        body["example"] = example
    if path in ("/healthz", "/readyz"):
        return {"200": {"description": "The answer.", "content": {JSON: body}}}
    if path == "/identify":
        return {"200": {"description": "The answer.", "content": {JSON: body}}, **_refused(path, knowledge, _POSTED)}
    content: Json = {JSON: body, TEXT: {"schema": {"type": "string"}}, MARKDOWN: {"schema": {"type": "string"}}}
    found: Json = {
        "200": {"description": "The answer.", "headers": headers, "content": content},
        "303": {"description": "To the page of the site, for browsers."},
        "304": {"description": "What the asker has is still the answer.", "headers": headers},
    }
    kinds = [("406", "not-acceptable", "Nothing that the Accept header takes.")]
    if "{" in path:
        kinds.append(
            ("404", "no-such-error" if path.startswith("/errors") else "not-found", "There is nothing of that name.")
        )
    if path in ("/errors", "/search", "/codes", "/codes/{engine}/{span}"):
        kinds.append(("422", "bad-parameter", "A parameter has a value that it does not take."))
    return found | _refused(path, knowledge, kinds)


_POSTED = [
    ("400", "bad-request", "The body is not what its type says."),
    ("413", "content-too-large", "The body is larger than 262,144 bytes."),
    ("415", "unsupported-type", "The body is of a type that is not understood."),
    ("422", "bad-parameter", "A parameter is missing or has a value that it does not take."),
]


def _refused(path: str, knowledge: Knowledge, kinds: list[tuple[str, str, str]]) -> Json:
    found: Json = {}
    for status, kind, about in kinds:
        problem = problems.document(ProblemError(kind, about), path)
        if kind == "no-such-error":
            problem["suggestions"] = answers.links(knowledge.entries(limit=1))
        schema = {"$ref": "#/components/schemas/problem"}
        plain = {TEXT: {"schema": {"type": "string"}}, MARKDOWN: {"schema": {"type": "string"}}}
        found[status] = {"description": about, "content": {PROBLEM: {"schema": schema, "example": problem}, **plain}}
    return found
