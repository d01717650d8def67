"""errbook: what database errors mean, why they happen, and what fixes them.

>>> import errbook
>>> with errbook.open() as knowledge:
...     [entry.id for entry in knowledge.find("ER_CON_COUNT_ERROR")]
['mysql/1040']
"""

from __future__ import annotations

from errbook.entry import Entry
from errbook.explained import Explained
from errbook.identified import Identified
from errbook.knowledge import Knowledge, SqlState
from errbook.opened import Link, Term

__all__ = [
    "Entry",
    "Explained",
    "Identified",
    "Knowledge",
    "Link",
    "SqlState",
    "Term",
    "__version__",
    "explain",
    "identify",
    "open",
]

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike


def open(path: str | PathLike[str] | None = None) -> Knowledge:
    """Return the knowledge: that of `path` where one is given, else what the environment says (`errbook.places`).

    In a checkout, and with ERRBOOK_PATH, what changed is checked and compiled first. Raises
    `errbook.database.DatabaseError` when a file cannot be read, `errbook.places.PlaceError` when the environment names
    something wrong, and `errbook.compile.CheckFailed` when changed knowledge has problems.
    """
    if path is not None:
        return Knowledge(path)
    from errbook.fresh import ensure

    return Knowledge(ensure())


_knowledge: Knowledge | None = None


def identify(text: str) -> list[Identified]:
    """Return the errors in any text, the root cause first: a log line, a stack trace, a message in German.

    The knowledge is opened at the first call, as `open` does, and kept; `Knowledge.identify` asks one of your own.
    Raises what `open` raises. Nothing of the text is kept.
    """
    return _kept().identify(text)


def explain(exception: BaseException, engine: str | None = None) -> list[Explained]:
    """Return the errors behind an exception of a database driver, the first that happened first.

    It reads the fields of the exception, through what wraps it and its causes, and parses no text
    (`errbook.explained`). `engine` says "mysql" or "mariadb" where a number means different things. The knowledge is
    opened and kept as for `identify`, and what `open` raises is raised.
    """
    from errbook.explained import explain

    return explain(_kept(), exception, engine)


def _kept() -> Knowledge:
    global _knowledge
    if _knowledge is None:
        _knowledge = open()
    return _knowledge
