"""A rule: one small object that knows what is wrong, where, and what to write instead."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from errbook.query import is_slug

if TYPE_CHECKING:
    from errbook.catalogs import Catalogs
    from errbook.problem import Problem
    from errbook.rules.knowledge import Index
    from errbook.rules.strings import Text
    from errbook.source import Source

Scope = Literal["file", "any", "entry", "condition", "engine", "sqlstates", "wanted", "evidence", "knowledge"]


class Finding(NamedTuple):
    """What a rule found: the path of the value, what is wrong with it, what to write or run instead.

    ``offset`` points into a text, ``key`` at the field's name in place of its value.
    """

    where: Sequence[str | int]
    message: str
    advice: str
    offset: int | None = None
    key: bool = False


class Engine(NamedTuple):
    """What rules need to know of an engine; ``readable`` is false where its engine.yaml has problems of its own."""

    name: str
    title: str = ""
    sibling: str = ""
    pattern: str = ""
    code_name: str = "code"
    example: str = ""
    sqlstates: str = ""
    readable: bool = False


@dataclass(frozen=True)
class Subject:
    """One file under the rules.

    ``data`` holds the fields that the schema found nothing wrong with: a rule takes each field that is there
    as valid, and says nothing about one that is not there.
    """

    source: "Source"
    data: Mapping[str, Any]
    engines: Mapping[str, Engine]
    classes: frozenset[str]
    catalogs: "Catalogs | None" = None
    """What servers say of their codes themselves, where somebody asked them."""

    @cached_property
    def texts(self) -> "list[Text]":
        """Every text of the file, each with its place and its sort."""
        from errbook.rules.strings import texts

        return list(texts(self.source.kind, self.data))

    @cached_property
    def parts(self) -> "list[tuple[tuple[str | int, ...], Mapping[str, Any]]]":
        """The entry itself and each of its variants: where it stands, and its fields. Each has causes and fixes."""
        variants = self.data.get("variants", ())
        return [((), self.data), *((("variants", at), variant) for at, variant in enumerate(variants))]

    @cached_property
    def slug(self) -> bool:
        """Whether the entry is of a message without a code, which has a slug in its place."""
        return is_slug(self.data.get("code") or "") or is_slug(self.source.name)

    @cached_property
    def named_engines(self) -> tuple[str, ...]:
        """The engines that the entry names; its folder's where it names none that could be read."""
        return tuple(self.data.get("engines") or (self.source.engine,))


@dataclass(frozen=True, order=True)
class Rule:
    """A named rule.

    The scope says what it looks at: a file while it is read, one file of any kind that people write, an entry, a
    condition, an engine.yaml, the sqlstates.yaml, a wanted.yaml, a file of evidence, or all entries together.
    ``check`` yields findings about one file; ``across`` yields problems from the index of all entries. Rules of scope
    ``file``, and those of the schema, have neither: they are applied while a file is read.
    """

    name: str
    scope: Scope
    summary: str
    advice: str
    check: Callable[[Subject], Iterator[Finding]] | None = field(default=None, compare=False)
    across: "Callable[[Index], Iterator[Problem]] | None" = field(default=None, compare=False)
