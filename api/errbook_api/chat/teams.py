"""Microsoft Teams: an outgoing webhook, answered with an Adaptive Card.

A webhook cannot answer in private: everybody in the channel reads what it says. Its requests carry no time, so a
recorded one can be sent again; nothing here changes anything. Sources: learn.microsoft.com, "Create an Outgoing
Webhook" (platform/webhooks-and-connectors/how-to/add-outgoing-webhook); adaptivecards.io, schema 1.4.
"""

import base64
import hmac
import html
import re
from collections.abc import Iterator, Sequence

from errbook import chat
from errbook.chat import Answer, Limit, Note
from errbook_api.chat.platform import JSON, Ask, Headers, Json, Reply, document, member, pieces

LIMITS = {
    # "Limits and specifications for Microsoft Teams": 28 KB for a message of a webhook.
    "message": 28_000,
}
"""What one message may have, in bytes."""

LIMIT = Limit(note=4_000, total=9_000, summary=1_500, title=300, choices=10)

READERS = "Everybody in the channel: a webhook cannot answer in private."

CARD = "application/vnd.microsoft.card.adaptive"

_COLOURS = {"low": "Good", "medium": "Warning", "high": "Attention", "critical": "Attention"}
_MENTION = re.compile(r"<at\b[^>]*>.*?</at>", re.DOTALL | re.IGNORECASE)
_BREAK = re.compile(r"<(?:br\s*/?|/p|/div|/li)>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


class Teams:
    """The webhook's endpoint."""

    path = "/chat/teams"
    challenge = "HMAC"
    media_type = JSON

    def __init__(self, tokens: Sequence[str]) -> None:
        """`tokens` are security tokens in base64, each that of one team's webhook; ValueError for one that is none."""
        self._keys = [base64.b64decode(token, validate=True) for token in tokens]

    def genuine(self, headers: Headers, body: bytes) -> bool:
        """Tell whether Teams signed the request: HMAC-SHA256 of the raw body, in base64."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.upper() != "HMAC" or not given.isascii():
            return False
        made = [base64.b64encode(hmac.digest(key, body, "sha256")) for key in self._keys]
        return any(hmac.compare_digest(item, given.strip().encode()) for item in made)

    def reply(self, body: bytes, ask: Ask) -> Reply:
        """Answer a message that mentions the webhook."""
        activity = document(body)
        asked = chat.asked(plain(member(activity, "text")))
        return ask.reply(asked, READERS, lambda answer: render(answer, ask.site))


def plain(text: str) -> str:
    """Return what somebody typed after the mention, from the HTML that Teams makes of it."""
    without = _TAG.sub("", _BREAK.sub("\n", _MENTION.sub(" ", text)))
    return html.unescape(without)


def _text(prose: str, **more: object) -> Json:
    """Return a paragraph. Its runs are taken to the letter, so nothing in them needs escaping."""
    runs: list[Json] = [
        {"type": "TextRun", "text": part, **({"fontType": "Monospace"} if code else {})} for code, part in pieces(prose)
    ]
    return {"type": "RichTextBlock", "inlines": runs, **more}


def _paragraphs(prose: str) -> Iterator[Json]:
    for paragraph in prose.split("\n\n"):
        if paragraph.strip():
            yield _text(" ".join(paragraph.split("\n")), spacing="Small")


def _strong(text: str, **more: object) -> Json:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, "weight": "Bolder", **more}]}


def _note(note: Note) -> Iterator[Json]:
    if note.heading:
        yield _strong(note.heading) | {"spacing": "Medium"}
    yield from _paragraphs(note.prose)
    if note.code:
        if note.code.lead:
            yield _text(f"{note.code.lead}:", spacing="Small")
        # A run keeps no line breaks, so each line is a block of its own.
        lines: list[Json] = [
            {
                "type": "RichTextBlock",
                "spacing": "None",
                "inlines": [{"type": "TextRun", "text": line or " ", "fontType": "Monospace"}],
            }
            for line in note.code.text.split("\n")
        ]
        yield {"type": "Container", "style": "emphasis", "items": lines}
    yield from _paragraphs(note.after)


def _size(note: Note) -> int:
    code = f"{note.code.lead}{note.code.text}" if note.code else ""
    return len(f"{note.heading}{note.prose}{code}{note.after}")


def render(answer: Answer, site: str) -> Json:
    """Return the message with its card; `summary` is what a notification shows."""
    fit = chat.fitted(answer, LIMIT, _size)
    colour = {"color": _COLOURS[fit.risk]} if fit.risk in _COLOURS else {}
    body = [_strong(fit.title, size="Large", **colour)]
    if fit.about:
        body.append(_text(" · ".join(fit.about), spacing="None"))
    body += list(_paragraphs(fit.summary))
    for note in fit.notes:
        body += list(_note(note))
    if fit.choices:
        body.append(_strong(f"{fit.choices_heading}: mention me again with") | {"spacing": "Medium"})
        body += [_text(f"`{choice.query}`  {choice.label.replace('`', '')}", spacing="None") for choice in fit.choices]
    card: Json = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": item.label, "url": f"{site}{item.path}"} for item in fit.pages],
    }
    # Without this a card in Teams is as narrow as a telephone, and statements are not.
    card["msteams"] = {"width": "Full"}
    return {
        "type": "message",
        "summary": fit.title,
        "attachments": [{"contentType": CARD, "content": card}],
    }
