"""What the parts that handle a request tell each other about it."""

from typing import Any

KEY = "errbook"
"""Where the notes are in an ASGI scope: request_id, path as asked, suffix (a media type), outcome, route."""


def notes(scope: Any) -> dict[str, Any]:
    """Return the notes of a request, which whoever handles it may read and add to."""
    found: dict[str, Any] = scope.setdefault(KEY, {})
    return found
