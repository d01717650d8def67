"""Mattermost: a custom slash command, answered in Markdown.

Sources: github.com/mattermost/mattermost-developer-documentation, integrate/slash-commands/custom (request, response,
token) and integrate/slash-commands (the size of a post).
"""

import hmac
import re
from collections.abc import Sequence

from errbook import chat
from errbook.chat import Answer, Limit, Note
from errbook_api.chat.platform import FORM, Ask, Headers, Reply, form, pieces

LIMITS = {
    "post": 16_383,
}
"""What one post may have, in characters."""

LIMIT = Limit(note=6_000, total=12_000, summary=1_500, title=300, choices=10)

READERS = "Nobody but you; `share mysql 1205` is for everybody in the channel."

_MARKS = re.compile(r"([\\*_~|>#\[\]()<+!`-])")
_AT = re.compile(r"@(?=[\w.])")
_EMOJI = re.compile(r":(?=[\w+-]+:)")


class Mattermost:
    """The command's endpoint."""

    path = "/chat/mattermost"
    challenge = "Token"
    media_type = FORM

    def __init__(self, tokens: Sequence[str]) -> None:
        """`tokens` are those of commands, each of one team, any of which counts."""
        self._tokens = [token.encode() for token in tokens]

    def genuine(self, headers: Headers, body: bytes) -> bool:  # noqa: ARG002 - Mattermost signs nothing
        """Tell whether the request has a command's token; it stands in its headers, so that no body is read for it."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        token = given.strip().encode()
        return any(hmac.compare_digest(known, token) for known in self._tokens) and scheme.lower() == "token"

    def reply(self, body: bytes, ask: Ask) -> Reply:
        """Answer a command."""
        asked = chat.asked(form(body, "text")["text"])
        # Slack's markup is not Mattermost's: unless told so, Mattermost would change code with angle brackets.
        kind = {"response_type": "in_channel" if asked.share else "ephemeral", "skip_slack_parsing": True}
        return ask.reply(asked, READERS, lambda answer: kind | {"text": render(answer, ask.site)})


def escape(text: str) -> str:
    """Return a text in which nothing is markup, a mention or an emoji."""
    return _EMOJI.sub(r"\:", _AT.sub("@\u200b", _MARKS.sub(r"\\\1", text)))


def _prose(text: str) -> str:
    return "".join(f"`{part}`" if code else escape(part) for code, part in pieces(text))


def _markdown(note: Note) -> str:
    parts = [f"**{escape(note.heading)}**"] if note.heading else []
    parts += [_prose(note.prose)] if note.prose else []
    if note.code:
        parts += [f"{escape(note.code.lead)}:"] if note.code.lead else []
        fence = "```"
        while fence in note.code.text:
            fence += "`"
        parts.append(f"{fence}{note.code.language}\n{note.code.text}\n{fence}")
    parts += [_prose(note.after)] if note.after else []
    return "\n\n".join(parts)


def render(answer: Answer, site: str) -> str:
    """Return the text of the post."""
    fit = chat.fitted(answer, LIMIT, lambda note: len(_markdown(note)))
    title = escape(fit.title)
    if fit.pages:
        title = f"[{title}]({site}{fit.pages[0].path})"
    parts = [f"#### {title}", *([escape(" · ".join(fit.about))] if fit.about else []), _prose(fit.summary)]
    parts += [_markdown(note) for note in fit.notes]
    if fit.choices:
        rows = [f"- `/errbook {choice.query}` {escape(choice.label)}" for choice in fit.choices]
        parts.append("\n".join([f"**{escape(fit.choices_heading)}**", "", *rows]))
    links = [f"[{escape(page.label)}]({site}{page.path})" for page in fit.pages[1:]]
    if fit.query and fit.sort == "entry":
        links.append(f"For the channel: `/errbook share {fit.query}`")
    parts += [" · ".join(links)] if links else []
    return "\n\n".join(parts)
