"""A problem: where something is wrong, what it is, and what to write or run instead.

Three forms: a line for people and editors, a workflow command for GitHub's annotations, and JSON for
programs.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong in one file; problems sort by file and place.

    ``line`` and ``column`` count from 1, columns in characters. ``message`` and ``advice`` carry no full
    stop.
    """

    path: str
    line: int
    column: int
    rule: str
    message: str
    advice: str


def text(problem: Problem) -> str:
    """Return the problem as ``file:line:column: rule: message. advice``, the form that editors can jump from."""
    path, line, column, rule, message, advice = problem
    return f"{path}:{line}:{column}: {rule}: {message}. {advice}"


def github(problem: Problem) -> str:
    """Return the workflow command that makes GitHub annotate the line in a pull request.

    Format and escapes: docs.github.com, "Workflow commands for GitHub Actions", and ``escapeData`` and
    ``escapeProperty`` in actions/toolkit ``packages/core/src/command.ts``.
    """
    path, line, column, rule, message, advice = problem
    title = _property(rule)
    return f"::error file={_property(path)},line={line},col={column},title={title}::{_data(f'{message}. {advice}')}"


def as_json(problems: Iterable[Problem]) -> str:
    """Return the problems as a JSON list of objects with the fields of :class:`Problem`."""
    return json.dumps([problem._asdict() for problem in problems], ensure_ascii=False, indent=2)


def shown(value: object, limit: int = 60) -> str:
    """Return a value as messages quote it: on one line, between backquotes, cut after ``limit`` characters."""
    words = " ".join(str(value).split())
    if len(words) > limit:
        words = words[: limit - 1] + "…"
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in words)
    return f"`{visible}`"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
