"""What the service needs of a chat platform, and what the platforms' modules share."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs

from errbook import chat
from errbook.chat import Answer, Asked
from errbook.knowledge import Knowledge
from errbook_api.problems import ProblemError

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

Json = dict[str, Any]
Headers = Mapping[str, str]

OUTCOMES = {"entry": "found", "several": "several", "code": "unwritten", "nothing": "not_found"}
"""What an answer counts as in the metrics, by its sort; help is no lookup."""


class Reply(NamedTuple):
    """What is sent back, what the answer was, and what is to be done once it is sent."""

    body: Json | None
    sort: str = "help"
    after: Callable[[], None] | None = None


Kept = dict[Asked | tuple[Answer, bool], Reply]
"""Replies by what was asked, and by the answer and whether it is shared."""

_KEPT = 1024
_NAME = 40
"""Characters up to which a text may be a name, whose answer is kept: HY000 alone names 7,000 codes."""


class Ask(NamedTuple):
    """What a platform's module asks with: the knowledge in use, the address of the site, and replies given before.

    Of those, only what was found is kept, never what somebody pasted and nobody knows, nor what holds words of it.
    """

    knowledge: Knowledge
    site: str
    kept: "Kept"

    def answer(self, asked: Asked, readers: str) -> Answer:
        """Return the answer; ProblemError for a text that no platform would send."""
        if len(asked.text) > chat.MAX_TEXT:
            raise ProblemError("content-too-large", f"A text has at most {chat.MAX_TEXT:,} characters.")
        return chat.answer(self.knowledge, asked, readers)

    def reply(self, asked: Asked, readers: str, render: Callable[[Answer], Json]) -> Reply:
        """Return the reply that holds the answer; `render` makes the platform's message, from nothing but both."""
        if found := self.kept.get(asked):
            return found
        answer = self.answer(asked, readers)
        made = self.kept.get((answer, asked.share)) or Reply(render(answer), answer.sort)
        if answer.own:
            return made
        # A pasted text is not kept, but the answer to it is, which has none of its words: many paste the same error.
        key: Asked | tuple[Answer, bool] | None = None
        if len(asked.text) <= _NAME and answer.sort != "nothing":
            key = asked
        elif answer.sort in ("entry", "code"):
            key = answer, asked.share
        if key is not None:
            if len(self.kept) >= _KEPT:
                self.kept.clear()
            self.kept[key] = made
        return made


class Platform(Protocol):
    """One endpoint of a platform."""

    path: str
    """Below the service's root."""

    challenge: str
    """The scheme of WWW-Authenticate, which every 401 carries (RFC 9110, 11.6.1)."""

    media_type: str
    """What its requests are."""

    def genuine(self, headers: Headers, body: bytes) -> bool:
        """Tell whether a request comes from the platform, from its raw body; never raises."""

    def reply(self, body: bytes, ask: Ask) -> Reply:
        """Answer a genuine request; ProblemError where it is not of the documented form."""


def form(body: bytes, *required: str) -> dict[str, str]:
    """Return the fields of a form, each once; ProblemError where it is none or one that is required is missing."""
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise ProblemError("bad-request", "The body is no form in UTF-8.") from error
    found = {name: values[0] for name, values in fields.items()}
    for name in required:
        if name not in found:
            raise missing(name)
    return found


def document(body: str | bytes) -> Json:
    """Return a JSON object; ProblemError where the body is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProblemError("bad-request", "The body is no JSON in UTF-8.") from error
    if not isinstance(found, dict):
        raise ProblemError("bad-request", "The body is no JSON object.")
    return found


def member(value: Any, *path: str, kind: type[Any] = str) -> Any:
    """Return what lies at a path of keys; ProblemError where there is nothing or it is of another type."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise missing(".".join(path))
    return value


def texts(message: Json, keys: frozenset[str]) -> str:
    """Return all texts of a message, each once: what monitoring posts stands in attachments, blocks and embeds.

    `keys` are those under which a platform has texts that people see.
    """
    found: dict[str, None] = {}
    left: list[Any] = [message]
    # No recursion: a message may be nested as deep as the parser takes it.
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += reversed(value)
        elif isinstance(value, dict):
            found |= dict.fromkeys(item for key, item in value.items() if key in keys and isinstance(item, str))
            left += reversed([item for item in value.values() if isinstance(item, dict | list)])
    return "\n".join(text for text in found if text.strip())


def missing(name: str) -> ProblemError:
    """Return the problem for a field that is not there or not what it must be."""
    wrong = [{"name": name, "detail": "missing, or of the wrong type"}]
    return ProblemError("bad-parameter", f"{name} is missing, or of the wrong type.", parameters=wrong)


def clipped(text: str, limit: int) -> str:
    """Return a label that fits a button."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def pieces(prose: str) -> list[tuple[bool, str]]:
    """Return prose in pieces, each with whether it is `inline code`."""
    parts = prose.split("`")
    if len(parts) % 2 == 0:
        # A backtick that is never closed is no markup.
        return [(False, prose)]
    return [(at % 2 == 1, part) for at, part in enumerate(parts) if part]
