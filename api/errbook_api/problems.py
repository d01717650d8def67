"""Problem documents (RFC 9457): what every refusal of the service looks like.

A problem says what is wrong and what to ask instead. Its type is a URN of this project, its `title` never changes for a
type, its `detail` is about this request.
"""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers as Given
from starlette.types import Scope

from errbook.public import dumps
from errbook_api import negotiation
from errbook_api.negotiation import HTML, JSON, MARKDOWN, TEXT
from errbook_api.notes import notes
from errbook_api.representation import Headers, Policy

PROBLEM = "application/problem+json"

KINDS: dict[str, tuple[int, str]] = {
    "unauthorized": (401, "Unauthorized"),
    "no-such-error": (404, "No such error"),
    "forbidden": (403, "Forbidden"),
    "not-found": (404, "Not found"),
    "method-not-allowed": (405, "Method not allowed"),
    "not-acceptable": (406, "Not acceptable"),
    "content-too-large": (413, "Content too large"),
    "unsupported-type": (415, "Unsupported type"),
    "bad-request": (400, "Bad request"),
    "misdirected": (421, "Misdirected request"),
    "bad-parameter": (422, "Bad parameter"),
    "internal": (500, "Internal error"),
    "unavailable": (503, "Unavailable"),
}
"""Every type of problem, by the last part of its URN, with its status and title."""

SORRY = "This is a defect of the service; the log has it under the request id in the X-Request-Id header."
"""The detail of an internal error: the asker learns where to look, nothing else."""

_BY_STATUS = {status: kind for kind, (status, _) in reversed(KINDS.items())} | {404: "not-found"}


class ProblemError(Exception):
    """Raised by a route to answer with a problem."""

    def __init__(self, kind: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        """Say which kind of KINDS it is, what is wrong with this request, and what else the document carries."""
        super().__init__(detail)
        self.kind, self.detail, self.headers, self.more = kind, detail, dict(headers or {}), more

    @property
    def status(self) -> int:
        """The status of the answer."""
        return KINDS[self.kind][0]


def kind_of(status: int) -> str:
    """Return the kind of problem for a bare status."""
    return _BY_STATUS.get(status, "bad-request" if status < 500 else "internal")


def document(problem: ProblemError, path: str) -> dict[str, Any]:
    """Return the problem as its public object; `path` is the request's."""
    status, title = KINDS[problem.kind]
    return {
        "type": f"urn:errbook:problem:{problem.kind}",
        "title": title,
        "status": status,
        "detail": problem.detail,
        "instance": path,
        **problem.more,
    }


def text(problem: ProblemError) -> str:
    """Return the problem as plain text, for whoever asked for that."""
    lines = [f"{KINDS[problem.kind][1]}: {problem.detail}"]
    if state_class := problem.more.get("class"):
        lines.append(f"SQLSTATE class {state_class['class']}: {state_class['title']}")
    if suggestions := problem.more.get("suggestions"):
        lines += ["", "Did you mean", *(_suggested(item) for item in suggestions)]
    if codes := problem.more.get("codes"):
        lines += ["", "Codes with such a name", *(f"  {item['id']}  {item['symbol']}" for item in codes)]
    return "\n".join(lines) + "\n"


def _suggested(item: dict[str, str]) -> str:
    return "  " + "  ".join(part for part in (item["id"], item["symbol"], item["title"]) if part)


def render(problem: ProblemError, scope: Scope, policy: Policy) -> tuple[int, Headers, bytes]:
    """Return status, headers and body of a problem: JSON, or plain text where that is what the request wants."""
    noted = notes(scope)
    body, kind = dumps(document(problem, str(noted["path"]))), PROBLEM
    accept = Given(scope=scope).get("accept")
    chosen = noted.get("suffix") or negotiation.media_type(accept, (PROBLEM, JSON, TEXT, MARKDOWN, HTML))
    if chosen in (TEXT, MARKDOWN):
        body, kind = text(problem).encode(), f"{chosen}; charset=utf-8"
    # A missing error may be written tomorrow, and is asked for again and again today.
    public = problem.status == 404 and "no-store" not in policy.cache
    headers: Headers = [
        ("content-type", kind),
        ("content-length", str(len(body))),
        ("cache-control", "public, max-age=60" if public else "no-store"),
        ("vary", "Accept"),
        *policy.common,
        *problem.headers.items(),
    ]
    return problem.status, headers, body
