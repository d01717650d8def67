"""A code as every surface sees it, whether or not somebody has written an entry for it: frozen, typed, complete.

What is known of a code comes from the catalogs of servers (`errbook.catalogs` merges them). `Code.of` builds the record
from the public JSON object (``listed_code`` in schema/public.schema.json), `Code.public` gives that object back.
"""

from __future__ import annotations

from errbook.database import SYSTEM
from errbook.entry import as_json
from errbook.opened import Link
from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

SYSTEM_NAMESPACES = ("os", "handler", "innodb", "mysys")
"""Whose such a number is: the operating system's, a storage engine's, InnoDB's, or the library's below a server."""

RANGE = 100
"""How many numbers one page of a range shows."""


class Template(Record):
    """One message template with its placeholders as the server has them, and the series in which it reads so.

    All but the text and the series are PostgreSQL's, where a code has many messages: `where` this one appears, the
    `module` that raises it, and the operating system's errors (`errno`) for which the server chooses this code.
    """

    text: str
    severity: str | None
    detail: tuple[str, ...]
    hint: tuple[str, ...]
    where: str | None
    module: str | None
    errno: tuple[str, ...]
    series: tuple[str, ...]


class Name(Record):
    """A symbol, and the series in which the code has it."""

    symbol: str
    series: tuple[str, ...]


class Sibling(Record):
    """What the sibling engine uses the same number for; it is another error where `same` is false."""

    id: str
    symbol: str | None
    message: str | None
    same: bool
    note: str | None


class CodeLink(Record):
    """Just enough of a code to point to it; `entry` is the identity of its entry, None where nobody has written one."""

    id: str
    engine: str
    namespace: str
    code: str
    symbol: str | None
    sqlstate: str | None
    message: str | None
    obsolete: bool
    entry: str | None
    page: str


class Code(Record):
    """One code. The fields are those of ``listed_code`` in schema/public.schema.json, in its order."""

    id: str
    engine: str
    code: str
    namespace: str
    symbol: str | None
    formerly: tuple[str, ...]
    aliases: tuple[str, ...]
    sqlstate: str | None
    severity: str | None
    where: str | None
    messages: tuple[Template, ...]
    series: tuple[str, ...]
    symbols: tuple[Name, ...]
    kind: str | None
    obsolete: bool
    entry: Link | None
    sibling: Sibling | None
    neighbours: tuple[Link, ...]
    page: str
    contribute: str | None
    wanted: str | None

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Code:
        """Return the code of a public JSON object; KeyError where the object is not complete."""
        nested: dict[str, Any] = {
            "formerly": tuple(value["formerly"]),
            "aliases": tuple(value["aliases"]),
            "messages": tuple(_template(item) for item in value["messages"]),
            "series": tuple(value["series"]),
            "symbols": tuple(Name(item["symbol"], tuple(item["series"])) for item in value["symbols"]),
            "entry": Link(**value["entry"]) if value["entry"] else None,
            "sibling": Sibling(**value["sibling"]) if value["sibling"] else None,
            "neighbours": tuple(Link(**item) for item in value["neighbours"]),
        }
        return cls(**{name: nested.get(name, value[name]) for name in cls._fields})

    def public(self) -> dict[str, Any]:
        """Return the public JSON object this code was built from."""
        value: dict[str, Any] = as_json(self)
        return value


def _template(value: Mapping[str, Any]) -> Template:
    lists = {name: tuple(value[name]) for name in ("detail", "hint", "errno", "series")}
    return Template(**{name: lists.get(name, value[name]) for name in Template._fields})


def link_of(code: Mapping[str, Any]) -> CodeLink:
    """Return the link to a code that is given as its public JSON object."""
    message = code["messages"][0]["text"] if code["messages"] else None
    entry = code["entry"]["id"] if code["entry"] else None
    names = ("id", "engine", "namespace", "code", "symbol", "sqlstate")
    own = {name: code[name] for name in names}
    return CodeLink(**own, message=message, obsolete=code["obsolete"], entry=entry, page=code["page"])


def link(row: Sequence[Any]) -> CodeLink:
    """Return the link of a row of the table: its columns from the engine to the page."""
    engine, namespace, code, symbol, sqlstate, message, obsolete, entry, where = row
    own = identity(engine, namespace, code)
    return CodeLink(own, engine, namespace, code, symbol, sqlstate, message, bool(obsolete), entry, where)


def namespace_title(code: Code | CodeLink, engine: Callable[[str], str], term: Callable[[str, str], str]) -> str:
    """Return whose a code is, from the titles of engines and of the vocabularies: ``MySQL``, ``Operating system``."""
    return term("code_namespace", code.namespace) if code.engine == SYSTEM else engine(code.engine)


def identity(engine: str, namespace: str, code: str) -> str:
    """Return the identity of a code: ``mysql/13426``, or ``os/13`` for a number that is no engine's own."""
    return f"{namespace if engine == SYSTEM else engine}/{code}"


def page(engine: str, namespace: str, code: str, sqlstates: str) -> str:
    """Return where a code stands on the site: its range's page and its anchor.

    `sqlstates` is the engine's way with SQLSTATEs, as in its engine.yaml: ``separate``, ``code`` or ``none``.
    """
    if engine == SYSTEM:
        return f"/{engine}/{namespace}/#{code}"
    return f"/{engine}/codes/{part(code, sqlstates)}#{code}"


def part(code: str, sqlstates: str) -> str:
    """Return the page of an engine's codes that shows a code: ``3000-3099/``, ``23/``, or nothing for a single page."""
    if sqlstates == "code":
        return f"{code[:2]}/"
    if sqlstates == "none" or not code.isdecimal():
        return ""
    first = int(code) // RANGE * RANGE
    return f"{first}-{first + RANGE - 1}/"
