"""``/identify``: the errors in any text. Nothing of a text is kept or logged; only that one was asked about."""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from errbook import answers
from errbook_api import body
from errbook_api.negotiation import JSON
from errbook_api.problems import ProblemError
from errbook_api.service import Service

LONGEST: Final = 8000
"""Characters of a text in an address; longer ones are posted."""

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/plain": {"schema": {"type": "string"}, "example": "ERROR 1040 (08004): Too many connections"},
            JSON: {
                "schema": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
                "example": {"text": "ERROR 1040 (08004): Too many connections"},
            },
        },
    }
}


def router(service: Service) -> APIRouter:
    """Return the routes, for one service; they are mounted under every prefix of a version."""
    made = APIRouter(tags=["errors"])
    headers = {"cache-control": "no-store", **dict(service.policy.common)}

    def answer(text: str) -> Response:
        found = answers.identified(service.current.now.knowledge, text)
        return Response(found, media_type=JSON, headers=headers)

    @made.get("/identify", summary="Find the errors in a text")
    def identify(
        text: Annotated[str, Query(min_length=1, max_length=LONGEST, description="Any text that may hold errors.")],
    ) -> Response:
        """The errors in a text, the root cause first; an empty list where there is none.

        A text in an address is seen by whatever stands between: post what is not public.
        """
        return answer(text)

    @made.post("/identify", summary="Find the errors in a posted text", openapi_extra=_BODY)
    async def identify_posted(request: Request) -> Response:
        """The errors in a text of at most 262,144 bytes, the root cause first; an empty list where there is none.

        The body is the text itself, or an object that holds it under `text`. Nothing of it is kept or logged.
        """
        posted = await body.read(request)
        return await run_in_threadpool(answer, _text(posted, request.headers.get("content-type", "")))

    return made


def _text(posted: bytes, content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON:
        try:
            given = json.loads(posted)
        except (ValueError, RecursionError) as error:
            raise ProblemError("bad-request", 'The body is no JSON; send {"text": "…"}, or text/plain.') from error
        if not isinstance(given, dict) or not isinstance(given.get("text"), str):
            raise ProblemError("bad-request", 'The body is no object with a "text"; send {"text": "…"}.')
        return str(given["text"])
    if kind not in ("", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"):
        raise ProblemError("unsupported-type", f"{kind[:80]} is not understood; send text/plain or {JSON}.")
    # curl calls whatever it posts a form; what is no UTF-8 is part of the text all the same.
    return posted.decode("utf-8", errors="replace")
