"""The way of a request: its size, whether it is genuine, its media type, its answer.

Until a request is known to be genuine its body is read up to the limit and nothing else is done with it. What somebody
pasted is in no log and in no problem document.
"""

from collections.abc import Callable

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask

from errbook.public import dumps
from errbook_api import body
from errbook_api.chat import platforms
from errbook_api.chat.platform import JSON, OUTCOMES, Ask, Kept, Platform
from errbook_api.notes import notes
from errbook_api.problems import ProblemError
from errbook_api.service import Service

_SHORT = 4096
"""Bytes of a request up to which its answer takes less time than a thread costs."""

_AT_ONCE = 2
"""How many long texts are read at the same time: more threads only take turns, and hold up the short ones."""


class _Kept:
    """Replies of an endpoint given before, from the knowledge of a digest."""

    def __init__(self) -> None:
        self.digest = ""
        self.replies: Kept = {}


def router(service: Service) -> APIRouter:
    """Return the routes of the platforms that are configured; raises as `errbook_api.chat.platforms` does."""
    made = APIRouter()
    for platform in platforms(service.settings):
        # No part of the OpenAPI document: the form of requests and answers is the platform's.
        made.add_api_route(platform.path, _endpoint(service, platform), methods=["POST"], include_in_schema=False)
    return made


def _endpoint(service: Service, platform: Platform) -> Callable[[Request], object]:
    # Only the platform's server reads an answer, never a page of another origin.
    common = {name: value for name, value in service.policy.common if not name.startswith("access-control-")}
    kept = _Kept()
    limiter = CapacityLimiter(_AT_ONCE)
    headers = {**common, "cache-control": "no-store"}

    async def endpoint(request: Request) -> Response:
        posted = await body.read(request)
        if not platform.genuine(request.headers, posted):
            detail = "The request is not signed as this endpoint's platform signs, or was signed too long ago."
            raise ProblemError("unauthorized", detail, {"www-authenticate": platform.challenge})
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given != platform.media_type:
            detail = f"This endpoint takes {platform.media_type}."
            raise ProblemError("unsupported-type", detail, {"accept": platform.media_type})
        now = service.current.now
        if kept.digest != now.digest:
            kept.digest, kept.replies = now.digest, {}
        ask = Ask(now.knowledge, service.settings.site_url or "", kept.replies)
        if len(posted) <= _SHORT:
            reply = platform.reply(posted, ask)
        else:
            # Other routes are answered meanwhile.
            reply = await to_thread.run_sync(platform.reply, posted, ask, limiter=limiter)
        if outcome := OUTCOMES.get(reply.sort):
            notes(request.scope)["outcome"] = outcome
        after = BackgroundTask(_deliver, service, platform, reply.after) if reply.after else None
        if reply.body is None:
            return Response(status_code=200, headers=headers, background=after)
        return Response(dumps(reply.body), media_type=JSON, headers=headers, background=after)

    return endpoint


def _deliver(service: Service, platform: Platform, send: Callable[[], None]) -> None:
    try:
        send()
    except Exception as error:  # noqa: BLE001 - whatever it is, the asker sees no answer and the operator must know
        # The error may quote the address, which is as good as a secret, or the message.
        service.observer.event("error", "chat-delivery", path=platform.path, error=type(error).__name__)
