"""Discord: the slash command, the message command and the buttons, as embeds.

Sources: github.com/discord/discord-api-docs, "Receiving and Responding" (interactions), "Message Components"
(components/reference), "Embed Limits" (resources/message), "Validating Security Request Headers".
"""

import re
from collections.abc import Sequence

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from errbook import chat
from errbook.chat import Answer, Asked, Limit, Note
from errbook_api.chat.platform import JSON, Ask, Headers, Json, Reply, clipped, document, member, pieces, texts
from errbook_api.problems import ProblemError

LIMITS = {
    "embeds": 10,
    "title": 256,
    "description": 4096,
    "footer": 2048,
    # All titles, descriptions, fields and footers of a message together.
    "message": 6000,
    "rows": 5,
    "row": 5,
    "label": 80,
    "custom_id": 100,
    "url": 512,
}
"""What one message may have, in characters or in pieces."""

LIMIT = Limit(note=2_000, total=4_500, summary=400, title=120, choices=10)
"""Title and summary are counted before escaping, which may double them."""

READERS = "Nobody but you; the button “Share” is for everybody in the channel."

PING, COMMAND, COMPONENT = 1, 2, 3
SLASH, MESSAGE = 1, 3
PONG, MESSAGE_REPLY = 1, 4
EPHEMERAL = 1 << 6

SHARE, SHOW = "share:", "show:"
"""What a button does, the beginning of its custom_id; the rest is what to look for."""

QUERY = "query"
"""The name of the slash command's option."""

_SHOWN = frozenset({"content", "title", "description", "name", "value"})
"""Where a message has what people read: in itself and in its embeds."""

_COLOURS = {"low": 0x2E7D32, "medium": 0xF9A825, "high": 0xD84315, "critical": 0xB71C1C}
_MARKS = re.compile(r"([\\*_~|>#\[\]()<\-`])")
_AT = re.compile(r"@(?=[\w!&])")
_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}")
_STAMP = re.compile(r"[\x21-\x7e]{1,64}")


class Discord:
    """The one endpoint to which Discord sends all interactions."""

    path = "/chat/discord"
    challenge = "Signature"
    media_type = JSON

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys` are public keys of applications in hex, any of which counts; ValueError for one that is none."""
        self._keys = [VerifyKey(bytes.fromhex(key)) for key in keys]

    def genuine(self, headers: Headers, body: bytes) -> bool:
        """Tell whether Discord signed the request; it sends wrong signatures on purpose to see that this looks."""
        signature, stamp = headers.get("x-signature-ed25519", ""), headers.get("x-signature-timestamp", "")
        if not (_SIGNATURE.fullmatch(signature) and _STAMP.fullmatch(stamp)):
            return False
        for key in self._keys:
            try:
                key.verify(stamp.encode() + body, bytes.fromhex(signature))
            except BadSignatureError:
                continue
            return True
        return False

    def reply(self, body: bytes, ask: Ask) -> Reply:
        """Answer a ping, a command or a button."""
        payload = document(body)
        kind = member(payload, "type", kind=int)
        if kind == PING:
            return Reply({"type": PONG})
        if kind == COMMAND:
            asked = _command(payload)
        elif kind == COMPONENT:
            custom = member(payload, "data", "custom_id")
            does = next((prefix for prefix in (SHARE, SHOW) if custom.startswith(prefix)), None)
            if does is None:
                raise ProblemError("bad-request", "There is no such button.")
            asked = chat.asked(custom.removeprefix(does))._replace(share=does == SHARE)
        else:
            raise ProblemError("bad-request", "An interaction is of the type 1, 2 or 3.")

        def message(answer: Answer) -> Json:
            return {"type": MESSAGE_REPLY, "data": render(answer, ask.site, shared=asked.share)}

        return ask.reply(asked, READERS, message)


def _command(payload: Json) -> Asked:
    data = member(payload, "data", kind=dict)
    if data.get("type") == MESSAGE:
        target = member(payload, "data", "target_id")
        message = member(payload, "data", "resolved", "messages", target, kind=dict)
        # Whoever explains a message does not speak to the channel yet.
        return chat.asked(texts(message, _SHOWN)[: chat.MAX_TEXT])._replace(share=False)
    options = data.get("options", [])
    if not isinstance(options, list):
        raise ProblemError("bad-request", "The options of a command are a list.")
    given = {member(option, "name"): option.get("value") for option in options}
    return chat.asked(member(given, QUERY)) if QUERY in given else chat.asked("")


def escape(text: str) -> str:
    """Return a text in which nothing is markup or a mention."""
    return _AT.sub("@\u200b", _MARKS.sub(r"\\\1", text))


def _prose(text: str) -> str:
    return "".join(f"`{part}`" if code else escape(part) for code, part in pieces(text))


def _description(note: Note) -> str:
    lines = [_prose(note.prose)] if note.prose else []
    if note.code:
        lines += [f"{escape(note.code.lead)}:"] if note.code.lead else []
        fenced = note.code.text.replace("```", "`\u200b``")
        lines.append(f"```{note.code.language}\n{fenced}\n```")
    lines += [_prose(note.after)] if note.after else []
    return "\n".join(lines)


def _size(note: Note) -> int:
    return len(_description(note)) + len(escape(note.heading))


def render(answer: Answer, site: str, *, shared: bool = False) -> Json:
    """Return the message: what it is in the first embed, and one embed for each note after it."""
    fit = chat.fitted(answer, LIMIT, _size)
    colour = {"color": _COLOURS[fit.risk]} if fit.risk in _COLOURS else {}
    head: Json = {"title": escape(fit.title), "description": _prose(fit.summary), **colour}
    if fit.about:
        head["footer"] = {"text": clipped(" · ".join(fit.about), 150)}
    if fit.pages:
        head["url"] = f"{site}{fit.pages[0].path}"
    embeds = [head]
    for note in fit.notes[: LIMITS["embeds"] - 1]:
        title = {"title": note.heading} if note.heading else {}
        embeds.append({**title, "description": _description(note), **colour})
    rows = [[_button(choice.label, SHOW, choice.query) for choice in fit.choices[at : at + LIMITS["row"]]]
            for at in range(0, len(fit.choices), LIMITS["row"])]  # fmt: skip
    links = [_link(page.label, f"{site}{page.path}") for page in fit.pages]
    if fit.query and not shared:
        links.append(_button("Share", SHARE, fit.query))
    rows += [links] if links else []
    # Mentions in what somebody pasted reach nobody.
    message: Json = {"embeds": embeds, "allowed_mentions": {"parse": []}}
    if rows:
        message["components"] = [{"type": 1, "components": row} for row in rows[: LIMITS["rows"]]]
    if not shared:
        message["flags"] = EPHEMERAL
    return message


def _button(label: str, does: str, query: str) -> Json:
    return {"type": 2, "style": 2, "label": clipped(label, LIMITS["label"]), "custom_id": f"{does}{query}"}


def _link(label: str, url: str) -> Json:
    return {"type": 2, "style": 5, "label": clipped(label, LIMITS["label"]), "url": url}
