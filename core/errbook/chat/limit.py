"""How an answer is made to fit: prose ends at the end of a sentence, code is whole or not there at all."""

from __future__ import annotations

from typing import NamedTuple

from errbook.render.cut import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from errbook.chat.form import Answer, Note

_ON_THE_PAGE = "What to type is too long for this message; it is on the page."
_MORE = "The rest is on the page."


class Limit(NamedTuple):
    """What a platform takes, in characters as its module counts them.

    `note` is the most that one rendered note may have, `total` the most that all notes may have together.
    """

    note: int
    total: int
    summary: int
    title: int
    choices: int


def fitted(answer: Answer, limit: Limit, size: Callable[[Note], int]) -> Answer:
    """Return an answer that fits; `size` is how many characters a note has when the platform renders it.

    Notes are shortened in themselves first. Where all together are still too long, the last ones go, since the order of
    an answer is that of its use.
    """
    notes, left, cut = [], limit.total, False
    for note in answer.notes:
        room = min(limit.note, left)
        fits = _note(note, room, size)
        if fits is None:
            cut = True
            break
        notes.append(fits)
        left -= size(fits)
    summary = shortened(answer.summary, limit.summary)
    if cut:
        summary = shortened(summary, limit.summary - len(_MORE) - 1) + f" {_MORE}"
    return answer._replace(
        title=shortened(answer.title, limit.title),
        summary=summary,
        notes=tuple(notes),
        choices=answer.choices[: limit.choices],
    )


def _note(note: Note, room: int, size: Callable[[Note], int]) -> Note | None:
    """Return a note that fits into so many characters; None where nothing of it does."""
    if size(note) <= room:
        return note
    # What explains the code may go before the code does.
    if note.code and note.after:
        for share in (0.6, 0.3, 0.0):
            less = note._replace(
                prose=shortened(note.prose, int(len(note.prose) * max(share, 0.4))),
                after=shortened(note.after, int(len(note.after) * share)) if share else "",
            )
            if size(less) <= room:
                return less
    if note.code:
        note = note._replace(code=None, after="", prose=f"{note.prose}\n\n{_ON_THE_PAGE}".strip())
    kept = len(note.prose)
    while size(note) > room:
        kept -= max(size(note) - room, 20)
        if kept < 40:
            return None
        note = note._replace(prose=shortened(note.prose, kept))
    return note
