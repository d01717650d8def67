"""The texts of a file: where each one stands and what sort it is, as the schema says.

A text whose description allows ``inline code`` is prose. What is sent to a server, a shell or a program is
code. A text that a pattern or a vocabulary decides is neither; every other one is a label: a title, a
product's name.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal, NamedTuple

from errbook import schema

Sort = Literal["prose", "label", "code", "message", "exact"]

_MARKUP: Final = "is the only markup"
_CODE: Final = frozenset({"run", "setup", "configure", "shell", "python"})
# The field `text` says what it is by what it is in.
_TEXTS: Final = {"code": "code", "messages": "message"}
_EXACT: Final = frozenset(
    {"url", "range", "password", "socket", "host", "user", "database", "file", "exception", "name"}
)


class Text(NamedTuple):
    """One text: its place, its sort, and the text itself."""

    where: tuple[str | int, ...]
    sort: Sort
    text: str


def texts(kind: str, data: Mapping[str, Any]) -> Iterator[Text]:
    """Yield every text of the data of a file, in its order; each field that is there must fit the schema."""
    yield from _walk(data, _shape(kind), ())


def _walk(value: Any, shape: Any, where: tuple[str | int, ...]) -> Iterator[Text]:
    if isinstance(value, str):
        if shape is not None and not isinstance(shape, dict):
            yield Text(where, shape, value)
    elif isinstance(value, list):
        inner = shape.get("[]") if isinstance(shape, dict) else None
        if inner is not None:
            for at, item in enumerate(value):
                yield from _walk(item, inner, (*where, at))
    elif isinstance(value, dict) and isinstance(shape, dict):
        other = shape.get("*")
        for key, item in value.items():
            inner = shape.get(key, other)
            if inner is not None:
                yield from _walk(item, inner, (*where, key))


@cache
def _shape(kind: str) -> Any:
    return _sort(kind, schema.schema(kind), "")


def _sort(kind: str, part: Mapping[str, Any], name: str) -> Any:
    """Return the sort of a text, a mapping of fields to such (``[]`` for items, ``*`` for any name), or None."""
    part = schema.resolve(kind, part)
    shape: dict[str, Any] = {}
    for option in (part, *part.get("anyOf", ())):
        option = schema.resolve(kind, option)
        for child, inner in option.get("properties", {}).items():
            shape[child] = _sort(kind, inner, child)
        if "items" in option:
            shape["[]"] = _sort(kind, option["items"], name)
        if isinstance(option.get("additionalProperties"), dict):
            shape["*"] = "exact"
    if shape:
        if name in _TEXTS and "text" in shape:
            shape["text"] = _TEXTS[name]
        return shape
    if part.get("type") != "string":
        return None
    if _MARKUP in part.get("description", ""):
        return "prose"
    if name in _CODE:
        return "code"
    return "exact" if name in _EXACT or "pattern" in part else "label"
