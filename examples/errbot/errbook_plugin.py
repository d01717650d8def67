"""An Errbot plugin on top of the library: ``!errbook mysql 1205`` in whatever chat the bot sits in."""

import os
from collections.abc import Iterator

from errbot import BotPlugin, Message, botcmd

import errbook
from errbook import chat

LIMIT = chat.Limit(note=3_000, total=8_000, summary=1_000, title=200, choices=10)
"""How long an answer gets; Errbot splits what is longer than its chat takes, and would split code as well."""

READERS = "Whoever reads the channel in which you ask."


class Errbook(BotPlugin):
    """Explains database errors."""

    def activate(self) -> None:
        """Open the knowledge: the public one, or what ERRBOOK_PATH and ERRBOOK_DB name."""
        self.knowledge = errbook.open()
        super().activate()

    def deactivate(self) -> None:
        """Close it."""
        super().deactivate()
        self.knowledge.close()

    @botcmd
    def errbook(self, _: Message, args: str) -> str:
        """Explain a database error: 1040, mysql 1205, 40001, a line of a log, help."""
        answer = chat.answer(self.knowledge, chat.asked(args), READERS)
        return "\n\n".join(lines(chat.fitted(answer, LIMIT, lambda note: len(str(note)))))


def lines(answer: chat.Answer) -> Iterator[str]:
    """Give an answer in Markdown, which Errbot turns into the markup of its chat."""
    yield f"**{answer.title}**"
    if answer.about:
        yield " · ".join(f"`{part}`" for part in answer.about)
    yield answer.summary
    for note in answer.notes:
        yield f"**{note.heading}**\n\n{note.prose}" if note.heading else note.prose
        if note.code:
            yield f"```{note.code.language}\n{note.code.text}\n```"
        yield from [note.after] if note.after else []
    if answer.choices:
        rows = "\n".join(f"- `!errbook {choice.query}` {choice.label}" for choice in answer.choices)
        yield f"**{answer.choices_heading}**\n\n{rows}"
    if site := os.environ.get("ERRBOOK_SITE_URL"):
        yield " · ".join(f"[{page.label}]({site.rstrip('/')}{page.path})" for page in answer.pages)
