"""Slack: the slash command, the message shortcut and the buttons, in Block Kit.

A command is answered in the response itself. Shortcuts and buttons are acknowledged at once and answered at the
``response_url`` of their payload, since Slack ignores what else such a response says. Sources: docs.slack.dev,
"Slash commands", "Handling user interaction", "Verifying requests from Slack"; limits as in the models of slack_sdk.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient

from errbook import chat
from errbook.chat import Answer, Limit, Note
from errbook_api.chat.platform import (
    FORM,
    Ask,
    Headers,
    Json,
    Reply,
    clipped,
    document,
    form,
    member,
    missing,
    pieces,
    texts,
)
from errbook_api.problems import ProblemError

LIMITS = {
    "header": HeaderBlock.text_max_length,
    "section": SectionBlock.text_max_length,
    "actions": ActionsBlock.elements_max_length,
    "button": ButtonElement.text_max_length,
    "value": ButtonElement.value_max_length,
    "url": ButtonElement.url_max_length,
    # docs.slack.dev/reference/block-kit/blocks: "up to 50 blocks in each message".
    "blocks": 50,
    # Undocumented: messages of more than about 13,000 characters are refused (msg_blocks_too_long).
    "message": 12_000,
}
"""What one message may have, in characters after escaping, or in pieces."""

LIMIT = Limit(note=LIMITS["section"], total=7_500, summary=500, title=LIMITS["header"], choices=10)

READERS = "Nobody but you; the button “Share” or `share mysql 1205` is for everybody in the channel."

SHARE, SHOW, OPEN = "share", "show", "open"
"""What a button does, the beginning of its action_id."""

CALLBACK = "explain"
"""The callback_id of the message shortcut."""

_SHOWN = frozenset({"text", "pretext", "title", "value", "fallback"})
"""Where a message has what people read: in itself, its blocks and its attachments."""

_MARKUP = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


class Slack:
    """The slash command, and with `interactive` the shortcut and the buttons."""

    challenge = "Slack-Signature"
    media_type = FORM

    def __init__(self, secrets: Sequence[str], hooks: str, interactive: bool = False) -> None:
        """`secrets` are signing secrets, any of which counts; answers go only to addresses that begin with `hooks`."""
        self.path = "/chat/slack/interactive" if interactive else "/chat/slack"
        self._verifiers = [SignatureVerifier(secret) for secret in secrets]
        self._hooks, self._interactive = f"{hooks.rstrip('/')}/", interactive

    def genuine(self, headers: Headers, body: bytes) -> bool:
        """Tell whether Slack signed the request within the last five minutes."""
        stamp, signature = headers.get("x-slack-request-timestamp"), headers.get("x-slack-signature")
        # The verifier raises for what is no number, no ASCII or no UTF-8.
        if not (stamp and signature and stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
            return False
        if not signature.isascii():
            return False
        try:
            return any(verifier.is_valid(body, stamp, signature) for verifier in self._verifiers)
        except UnicodeDecodeError:
            return False

    def reply(self, body: bytes, ask: Ask) -> Reply:
        """Answer a command, a shortcut or a button."""
        if self._interactive:
            return self._interaction(document(form(body, "payload")["payload"]), ask)
        fields = form(body)
        if fields.get("ssl_check") == "1":
            # Slack looks now and then whether the certificate is still good.
            return Reply(None)
        if "text" not in fields:
            raise missing("text")
        asked = chat.asked(plain(fields["text"]))
        kind = {"response_type": "in_channel" if asked.share else "ephemeral"}
        return ask.reply(asked, READERS, lambda answer: kind | render(answer, ask.site, shared=asked.share))

    def _interaction(self, payload: Json, ask: Ask) -> Reply:
        kind = member(payload, "type")
        if kind == "message_action":
            asked = chat.asked(plain(texts(member(payload, "message", kind=dict), _SHOWN)[: chat.MAX_TEXT]))
            answer = ask.answer(asked._replace(share=False), READERS)
            body = {"response_type": "ephemeral", "replace_original": False, **render(answer, ask.site)}
            return Reply(None, answer.sort, self._later(payload, body))
        if kind != "block_actions":
            raise ProblemError("bad-request", "A payload is of the type message_action or block_actions.")
        actions = member(payload, "actions", kind=list)
        action = actions[0] if actions else {}
        does = member(action, "action_id").partition("-")[0]
        if does == OPEN:
            # A button with an address tells of the click as well.
            return Reply(None)
        if does not in (SHARE, SHOW):
            raise missing("actions.action_id")
        answer = ask.answer(chat.asked(member(action, "value")), READERS)
        shared = does == SHARE
        body = {"response_type": "in_channel" if shared else "ephemeral", "replace_original": False}
        return Reply(None, answer.sort, self._later(payload, body | render(answer, ask.site, shared=shared)))

    def _later(self, payload: Json, body: Json) -> Callable[[], None]:
        """Return what sends a message to the payload's response_url, which raises when it is not taken."""
        url = member(payload, "response_url")
        if not url.startswith(self._hooks):
            raise ProblemError("bad-request", "The response_url is not one of Slack's.")

        def send() -> None:
            answered = WebhookClient(url, timeout=10).send_dict(body)
            if answered.status_code != 200:
                raise ConnectionError(f"status {answered.status_code}")

        return send


def plain(text: str) -> str:
    """Return what a person sees of a text as Slack sends it: links and mentions by their names, entities resolved."""
    shown = _MARKUP.sub(lambda match: match[2] or match[1], text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escape(text: str) -> str:
    """Return a text in which nothing is a link, a mention or an entity (docs.slack.dev, "Formatting message text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _prose(text: str) -> str:
    # Within code a backtick would end it; three in a row are in no prose.
    return "".join(f"`{escape(part)}`" if code else escape(part) for code, part in pieces(text))


def _section(note: Note) -> str:
    lines = [f"*{escape(note.heading)}*"] if note.heading else []
    lines += [_prose(note.prose)] if note.prose else []
    if note.code:
        lines += [f"{escape(note.code.lead)}:"] if note.code.lead else []
        lines.append(f"```\n{escape(note.code.text).replace('```', '`' + chr(0x200B) + '``')}\n```")
    lines += [_prose(note.after)] if note.after else []
    return "\n".join(lines)


def _text(text: str) -> MarkdownTextObject:
    # Verbatim: Slack must make no links and mentions of its own of what looks like one.
    return MarkdownTextObject(text=text, verbatim=True)


def render(answer: Answer, site: str, *, shared: bool = False) -> Json:
    """Return the message: `text` for notifications and readers of screens, `blocks` for all others."""
    fit = chat.fitted(answer, LIMIT, lambda note: len(_section(note)))
    blocks: list[Block] = [
        HeaderBlock(text=PlainTextObject(text=fit.title, emoji=False)),
        SectionBlock(text=_text(_prose(fit.summary))),
    ]
    if fit.about:
        blocks.append(ContextBlock(elements=[_text(escape(" · ".join(fit.about)))]))
    blocks += [SectionBlock(text=_text(_section(note))) for note in fit.notes]
    if fit.choices:
        blocks.append(SectionBlock(text=_text(f"*{escape(fit.choices_heading)}*")))
        blocks.append(
            ActionsBlock(
                elements=[
                    _button(choice.label, f"{SHOW}-{at}", value=choice.query) for at, choice in enumerate(fit.choices)
                ]
            )
        )
    buttons = [_button(page.label, f"{OPEN}-{at}", url=f"{site}{page.path}") for at, page in enumerate(fit.pages)]
    if fit.query and not shared:
        buttons.append(_button("Share", SHARE, value=fit.query))
    if buttons:
        blocks.append(ActionsBlock(elements=buttons))
    return {"text": escape(f"{fit.title}\n{fit.summary}"), "blocks": [block.to_dict() for block in blocks]}


def _button(label: str, action: str, **more: Any) -> ButtonElement:
    text = PlainTextObject(text=clipped(label, LIMITS["button"]), emoji=False)
    return ButtonElement(text=text, action_id=action, **more)
