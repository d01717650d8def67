"""An answer for a chat: one small neutral form that every platform renders in its own way.

>>> import errbook
>>> from errbook import chat
>>> with errbook.open() as knowledge:
...     answer = chat.answer(knowledge, chat.asked("mysql 1040"))
>>> answer.title
'MySQL, MariaDB 1040: Too many connections'
"""

from errbook.chat.answer import answer, help_answer
from errbook.chat.asked import MAX_TEXT, Asked, asked
from errbook.chat.form import Answer, Choice, Code, Note, Page
from errbook.chat.limit import Limit, fitted

__all__ = [
    "MAX_TEXT",
    "Answer",
    "Asked",
    "Choice",
    "Code",
    "Limit",
    "Note",
    "Page",
    "answer",
    "asked",
    "fitted",
    "help_answer",
]
