"""Explanations where a program's errors are shown anyway: an excepthook and a filter for logging.

>>> import logging
>>> from errbook import hooks
>>> hooks.install()
>>> handler = logging.StreamHandler()
>>> handler.addFilter(hooks.ExplainFilter())

Both only add lines, such as ``errbook: mysql 1062 ER_DUP_ENTRY: … (errbook mysql 1062)``. ERRBOOK_SITE_URL names the
site that the addresses are on. Nothing that goes wrong in here hides or replaces the program's own error.
"""

from __future__ import annotations

import logging
import os
import sys
from types import TracebackType

import errbook


def lines(exception: BaseException) -> list[str]:
    """Return a line for each error behind an exception (`errbook.explain`); empty also where no knowledge opens."""
    site = os.environ.get("ERRBOOK_SITE_URL", "")
    try:
        return [f"errbook: {item.line(site)}" for item in errbook.explain(exception)]
    except Exception:  # noqa: BLE001 - a program that reports an error must not get another one from us
        return []


def install() -> None:
    """Have uncaught exceptions explained on standard error, after whatever shows them now."""
    shown = sys.excepthook

    def hook(kind: type[BaseException], exception: BaseException, trace: TracebackType | None) -> None:
        shown(kind, exception, trace)
        for line in lines(exception):
            print(line, file=sys.stderr)

    sys.excepthook = hook


class ExplainFilter(logging.Filter):
    """Lets every record through. One with a database's exception gets the explanation at the end of its message.

    The exception may be the record's (``exc_info``) or one of its arguments. A formatter finds the lines as
    ``record.errbook`` too.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add to the record, once however many handlers ask; True."""
        if not hasattr(record, "errbook"):
            given = record.args if isinstance(record.args, tuple) else ()
            raised = [record.exc_info[1]] if record.exc_info else []
            raised += [each for each in given if isinstance(each, BaseException)]
            added = list(dict.fromkeys(line for one in raised if one is not None for line in lines(one)))
            record.__dict__["errbook"] = added
            if added:
                record.msg, record.args = "\n".join([record.getMessage(), *added]), None
        return True
