"""JSON read strictly, with the place of every value, as the nodes that `errbook.source` finds places by.

The values are what Python's own reader makes of the text. The text is then walked once more for the places, and for
what that reader lets pass: fields given twice, numbers that are none, deep nesting.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, Final

import yaml

Found = tuple[int, int, str, str, str]
"""Line, column, rule, message and advice of what is wrong."""

MAX_DEPTH: Final = 32
MAX_FOUND: Final = 100

_ADVICE: Final = "Write valid JSON"
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


def parse(text: str) -> tuple[yaml.MappingNode | None, dict[str, Any], list[Found]]:
    """Parse a text that is to hold one JSON object.

    Returns its nodes (None where there is no object), the values, and what is wrong with the form. Nothing is raised.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        return None, {}, [(error.lineno, error.colno, "json-syntax", message, _ADVICE)]
    except RecursionError:
        return None, {}, [_too_deep(1, 1)]
    except ValueError:
        return None, {}, [(1, 1, "json-syntax", "there is a number with thousands of digits", _ADVICE)]
    if not isinstance(data, dict):
        what = "a list" if isinstance(data, list) else "a single value"
        return None, {}, [(1, 1, "json-syntax", f"the file holds {what}, and must hold an object", _ADVICE)]
    walk = _Walk(text)
    root = walk.node()
    if root is None:
        return None, {}, walk.found
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        half = _HALF.search(text)
        place = walk.place(half.start() if half else 0)
        walk.found.append((*place, "json-syntax", "an escape makes half of a character", "Write the whole character"))
    return root, data, walk.found[:MAX_FOUND]


class _Walk:
    """Goes through the tokens of a text that is known to be JSON."""

    def __init__(self, text: str) -> None:
        self.found: list[Found] = []
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._tokens: Iterator[re.Match[str]] = _TOKEN.finditer(text)

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column, from 1, of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def node(self) -> Any:
        """Return the node of the whole text; None where it is nested too deep."""
        try:
            return self._node(next(self._tokens), 1)
        except _TooDeepError:
            return None

    def _node(self, token: re.Match[str], depth: int) -> Any:
        if depth > MAX_DEPTH:
            self.found = [_too_deep(*self.place(token.start()))]
            raise _TooDeepError
        mark = self._mark(token.start())
        if token[0] == "{":
            return yaml.MappingNode("", self._pairs(depth), mark, mark)
        if token[0] == "[":
            items = []
            while (item := next(self._tokens))[0] != "]":
                if item[0] != ",":
                    items.append(self._node(item, depth + 1))
            return yaml.SequenceNode("", items, mark, mark)
        if token[0].lstrip("-") in ("NaN", "Infinity"):
            message = f"{token[0]} is no number in JSON"
            self.found.append((*self.place(token.start()), "json-syntax", message, _ADVICE))
        quoted = token[0].startswith('"')
        text = json.loads(token[0]) if quoted else token[0]
        return yaml.ScalarNode("", text, mark, self._mark(token.end()), style='"' if quoted else None)

    def _pairs(self, depth: int) -> list[tuple[Any, Any]]:
        pairs: list[tuple[Any, Any]] = []
        first: dict[str, int] = {}
        while (token := next(self._tokens))[0] != "}":
            if token[0] == ",":
                continue
            name = self._node(token, depth)
            next(self._tokens)
            line, column = self.place(token.start())
            if name.value in first:
                message = f"`{name.value}` is given twice; the first is on line {first[name.value]}"
                self.found.append((line, column, "duplicate-key", message, "Keep one of them"))
            first.setdefault(name.value, line)
            pairs.append((name, self._node(next(self._tokens), depth + 1)))
        return pairs

    def _mark(self, offset: int) -> Any:
        line, column = self.place(offset)
        return yaml.Mark("", offset, line - 1, column - 1, None, 0)


class _TooDeepError(Exception):
    """The values are nested deeper than MAX_DEPTH."""


def _too_deep(line: int, column: int) -> Found:
    message = f"the values are nested deeper than {MAX_DEPTH} levels"
    return line, column, "too-deep", message, "Look for brackets that were not meant"
