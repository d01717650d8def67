"""Reading the body of a request, so much of it as is allowed."""

from typing import Final

from starlette.requests import Request

from errbook_api.problems import ProblemError

MOST: Final = 256 << 10
"""Bytes that a body may have. The longest that is wanted is of a message in Slack: 40,000 characters, twice."""


async def read(request: Request, most: int = MOST) -> bytes:
    """Return the body; ProblemError (413) as soon as it is declared or found to be larger than `most` bytes."""
    large = ProblemError("content-too-large", f"A body has at most {most:,} bytes; send less of it.")
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 15 or int(declared) > most):
        raise large
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise large
        parts.append(part)
    return b"".join(parts)
