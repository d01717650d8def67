"""What an expression in PostgreSQL's source can be: the texts, SQLSTATEs or levels that reach it.

A report seldom says everything where it stands: its message may come from a variable, a table, a parameter, or from a
function that gives it back. `Flow` follows such an expression backwards over assignments, callers, returns and tables,
without running anything, and says whether it saw every way. What it cannot follow is left open and never guessed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from errbook.harvest.postgresql_c import (
    CHARACTER,
    DIRECTIVE,
    IDENTIFIER,
    MARK,
    NUMBER,
    STRING,
    Scope,
    Unit,
)

TEXT: Final = "text"
CODE: Final = "code"
LEVEL: Final = "level"

LEVELS: Final[Mapping[str, str]] = {
    **{f"DEBUG{number}": "DEBUG" for number in range(1, 6)},
    "LOG": "LOG",
    "LOG_SERVER_ONLY": "LOG",
    "COMMERROR": "LOG",
    "INFO": "INFO",
    "NOTICE": "NOTICE",
    "WARNING": "WARNING",
    "WARNING_CLIENT_ONLY": "WARNING",
    "PGWARNING": "WARNING",
    "ERROR": "ERROR",
    "PGERROR": "ERROR",
    "FATAL": "FATAL",
    "PANIC": "PANIC",
}
"""Levels of a report and the severity that is printed for them; src/include/utils/elog.h and ``error_severity`` in
src/backend/utils/error/elog.c. `Flow.level` keeps LOG_SERVER_ONLY and COMMERROR apart, which clients never see."""

FORMATS: Final[Mapping[str, str]] = {
    "INT64_FORMAT": "%ld",
    "UINT64_FORMAT": "%lu",
    "INT64_MODIFIER": "l",
    "PRId64": "ld",
    "PRIi64": "li",
    "PRIu64": "lu",
    "PRIx64": "lx",
    "PRIX64": "lX",
    "PRIxPTR": "lx",
    "PRId32": "d",
    "PRIu32": "u",
    "PRIx32": "x",
    "PRIX32": "X",
}
"""Macros for pieces of a format, as they expand on 64-bit Linux; <inttypes.h> and PostgreSQL's configure."""

# Functions that give back a text which one of their arguments holds: the argument, and the one with the plural.
_THROUGH: Final[Mapping[str, tuple[int, int | None]]] = {
    "_": (0, None),
    "N_": (0, None),
    "gettext": (0, None),
    "gettext_noop": (0, None),
    "err_gettext": (0, None),
    "libpq_gettext": (0, None),
    "ecpg_gettext": (0, None),
    "dgettext": (1, None),
    "ngettext": (0, 1),
    "libpq_ngettext": (0, 1),
    "dngettext": (1, 2),
    "psprintf": (0, None),
    "format_elog_string": (0, None),
    "pstrdup": (0, None),
    "strdup": (0, None),
    "pg_strdup": (0, None),
    "guc_strdup": (1, None),
    "MemoryContextStrdup": (1, None),
    "CppAsString": (0, None),
    "dcgettext": (1, None),
    "Tcl_NewStringObj": (0, None),
    "Tcl_ObjPrintf": (0, None),
}
# Functions that add a piece to a buffer: the argument with the buffer and the one with the piece.
_APPENDING: Final[Mapping[str, tuple[int, int]]] = {
    "appendStringInfo": (0, 1),
    "appendStringInfoString": (0, 1),
    "appendPQExpBuffer": (0, 1),
    "appendPQExpBufferStr": (0, 1),
    "printfPQExpBuffer": (0, 1),
    "snprintf": (0, 2),
    "sprintf": (0, 1),
    "strlcpy": (0, 1),
    "strcpy": (0, 1),
}
_DEPTH: Final = 12
_CALLERS: Final = 600
"""A parameter of a function that is called from more places than this carries anything."""


class Value(NamedTuple):
    """One value that an expression can have, and the token where it was written down."""

    text: str
    plural: str | None
    unit: Unit
    at: int


class Found:
    """What was found: the values, each once and in the order of the search, and whether some way was not followed.

    A text that is written down in two places is two values: what stands beside it may differ.
    """

    __slots__ = ("_values", "open")

    def __init__(self, values: Iterable[Value] = (), is_open: bool = False) -> None:
        self._values = dict.fromkeys(values)
        self.open = is_open

    def add(self, other: "Found") -> None:
        """Take over another result."""
        self._values.update(other._values)
        self.open |= other.open

    @property
    def texts(self) -> list[str]:
        """The texts without plurals, each once."""
        return list(dict.fromkeys(value.text for value in self))

    def __iter__(self) -> Iterator[Value]:
        return iter(self._values)

    def __bool__(self) -> bool:
        return bool(self._values)


class Frame(NamedTuple):
    """Where an expression is looked at: its function, and what is known of the function's parameters."""

    unit: Unit
    scope: Scope
    bindings: Mapping[str, "Place"] | None = None


class Place(NamedTuple):
    """A range of tokens in a frame."""

    unit: Unit
    start: int
    end: int
    frame: Frame


@dataclass(eq=False)
class Tree:
    """The units of a source tree, with what has to be found in all of them."""

    units: list[Unit]
    macros: dict[str, list[Unit]] = field(default_factory=dict)
    functions: dict[str, list[tuple[Unit, Scope]]] = field(default_factory=dict)
    tables: dict[str, list[tuple[Unit, Scope]]] = field(default_factory=dict)
    bodies: list[Unit] = field(default_factory=list)
    fields: dict[str, list[tuple[Unit, Scope]]] = field(default_factory=dict)
    _members: dict[str, list[tuple[Unit, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for unit in self.units:
            for macro in unit.macros:
                if macro.parameters is None:
                    self.macros.setdefault(macro.name, []).append(macro.body)
                self.bodies.append(macro.body)
                self.functions.setdefault(macro.name, []).append((macro.body, macro.body.scopes[0]))
            for scope in unit.scopes:
                if scope.kind == "function":
                    self.functions.setdefault(scope.name, []).append((unit, scope))
                elif scope.kind == "table":
                    self.tables.setdefault(scope.name, []).append((unit, scope))
                elif scope.kind == "structure":
                    for name in structure_fields(unit, scope.start, scope.end):
                        self.fields.setdefault(name, []).append((unit, scope))

    def definitions(self, name: str, unit: Unit) -> list[tuple[Unit, Scope]]:
        """Return the functions and macros of that name that a call in ``unit`` can mean."""
        found = self.functions.get(name, [])
        own = [pair for pair in found if pair[0].path == unit.path]
        return own or [pair for pair in found if not self._private(*pair)]

    def callers(self, name: str, unit: Unit, scope: Scope) -> Iterator[tuple[Unit, int]]:
        """Yield every call of a function or macro that is defined in ``unit``, with the token of its name."""
        parser = unit.path[: unit.path.rfind("/") + 3] if name.endswith("yyerror") else ""
        if name.endswith("_yyerror"):
            # Bison and flex rename yyerror in the files of one parser, which begin with the same letters.
            for caller in self.units:
                if caller.path.startswith(parser) and "yyerror" not in caller.functions:
                    yield from ((caller, at) for at in caller.calls.get("yyerror", ()))
        private = self._private(unit, scope)
        for caller in (*self.units, *self.bodies):
            if private and caller.path != unit.path:
                continue
            if name == "yyerror" and not caller.path.startswith(parser):
                continue
            if name not in caller.calls or (caller.path != unit.path and self._shadowed(name, caller)):
                continue
            for at in caller.calls[name]:
                if caller.scope(at).kind in ("function", "action", "macro"):
                    yield caller, at

    def members(self, name: str) -> list[tuple[Unit, int]]:
        """Return where any function assigns to a field of that name: the token of the name."""
        if not self._members:
            for unit in self.units:
                kinds, texts = unit.kinds, unit.texts
                at = kinds.find("mim")
                while at >= 0:
                    if texts[at + 2] == "=" and texts[at] in ("->", "."):
                        self._members.setdefault(texts[at + 1], []).append((unit, at + 1))
                    at = kinds.find("mim", at + 1)
        return self._members.get(name, [])

    def _shadowed(self, name: str, caller: Unit) -> bool:
        return any(pair[0].path == caller.path for pair in self.functions.get(name, ()))

    @staticmethod
    def _private(unit: Unit, scope: Scope) -> bool:
        """Say whether only its own file can call it; a macro may be defined in many files."""
        if scope.kind == "macro":
            return not unit.path.endswith(".h")
        for at in range(scope.head, scope.start):
            if unit.texts[at] == "(":
                return False
            if unit.texts[at] == "static":
                return not unit.path.endswith(".h")
        return False


class Flow:
    """Follows expressions through a tree. ``codes`` are the SQLSTATEs by the name of their macro (ERRCODE_…)."""

    def __init__(self, tree: Tree, codes: Mapping[str, str], constants: Mapping[str, str]) -> None:
        self.tree = tree
        self.codes = codes
        self.constants = {**FORMATS, **constants}
        self._parameters: dict[tuple[str, int, int, int], Found] = {}
        self._running: set[tuple[str, int, int, int]] = set()

    def texts(self, place: Place) -> Found:
        """Return the texts that an expression can be."""
        return self._find(TEXT, place, 0)

    def codes_of(self, place: Place) -> Found:
        """Return the SQLSTATEs that an expression can be."""
        return self._find(CODE, place, 0)

    def levels(self, place: Place) -> Found:
        """Return the levels (names of `LEVELS`) that an expression can be."""
        return self._find(LEVEL, place, 0)

    def literal(self, unit: Unit, start: int, end: int) -> str | None:
        """Return the text of adjoining strings and of macros that stand for strings; None for anything else."""
        pieces: list[str] = []
        at = start
        while at < end:
            kind, text = unit.kinds[at], unit.texts[at]
            if kind == STRING:
                pieces.append(text)
            elif kind == IDENTIFIER:
                if text in ("CppAsString", "CppAsString2") and at + 1 < end and unit.texts[at + 1] == "(":
                    close = unit.close(at + 1, end)
                    if close < 0:
                        return None
                    inner = "".join(unit.texts[at + 2 : close])
                    pieces.append(self._number(inner) if text.endswith("2") else inner)
                    at = close + 1
                    continue
                piece = self._macro_text(text, 0)
                if piece is None:
                    return None
                pieces.append(piece)
            elif kind != DIRECTIVE:
                return None
            at += 1
        return "".join(pieces) if pieces else None

    def _macro_text(self, name: str, depth: int) -> str | None:
        if name in self.constants:
            return self.constants[name]
        for body in self.tree.macros.get(name, ()):
            if depth < _DEPTH and body.kinds and set(body.kinds) <= {STRING, IDENTIFIER}:
                text = self.literal(body, 0, len(body.kinds))
                if text is not None:
                    return text
        return None

    def _number(self, name: str) -> str:
        for body in self.tree.macros.get(name, ()):
            if body.kinds == NUMBER:
                return body.texts[0]
        return name

    # The search. `sought` is one of TEXT, CODE and LEVEL; everything but the leaves is the same for all three.

    def _find(self, sought: str, place: Place, depth: int) -> Found:
        found = Found()
        unit, frame = place.unit, place.frame
        start, end = self.bare(unit, place.start, place.end)
        if depth > _DEPTH:
            found.open = True
            return found
        if start >= end or self._nothing(unit, start, end):
            return found
        if branches := self.branches(unit, start, end):
            for branch in branches:
                found.add(self._find(sought, Place(unit, *branch, frame), depth))
            return found
        leaf = self._leaf(sought, unit, start, end)
        if leaf is not None:
            return Found([Value(leaf, None, unit, start)])
        kind, text = unit.kinds[start], unit.texts[start]
        last = unit.texts[end - 1]
        if kind == IDENTIFIER and end - start == 1:
            return self._name(sought, text, place, depth)
        if kind == MARK and text in ("&", "*") and end - start == 2:
            return self._find(sought, Place(unit, start + 1, end, frame), depth)
        if kind == IDENTIFIER and start + 1 < end and unit.texts[start + 1] == "(" and unit.close(start + 1) == end - 1:
            return self._call(sought, text, place._replace(start=start, end=end), depth)
        if unit.kinds[end - 1] == MARK and last == "]" and kind == IDENTIFIER and unit.texts[start + 1] == "[":
            return self._name(sought, text, place, depth)
        if end - start > 2 and unit.kinds[end - 1] == IDENTIFIER and unit.texts[end - 2] in ("->", "."):
            return self._member(sought, place._replace(start=start, end=end), depth)
        found.open = True
        return found

    def bare(self, unit: Unit, start: int, end: int) -> tuple[int, int]:
        """Take brackets and casts off an expression."""
        while start < end:
            if unit.kinds[start] == DIRECTIVE:
                start += 1
                continue
            if unit.texts[start] != "(" or unit.kinds[start] != MARK:
                break
            close = unit.close(start, end)
            if close == end - 1:
                start, end = start + 1, end - 1
            elif close > 0 and self._is_cast(unit, start + 1, close) and unit.kinds[close + 1] != MARK:
                start = close + 1
            else:
                break
        while start < end and unit.kinds[end - 1] == DIRECTIVE:
            end -= 1
        return start, end

    @staticmethod
    def _is_cast(unit: Unit, start: int, end: int) -> bool:
        return all(unit.kinds[at] == IDENTIFIER or unit.texts[at] == "*" for at in range(start, end))

    @staticmethod
    def _nothing(unit: Unit, start: int, end: int) -> bool:
        return end - start == 1 and (unit.texts[start] == "NULL" or unit.kinds[start] in (NUMBER, CHARACTER))

    @staticmethod
    def branches(unit: Unit, start: int, end: int) -> list[tuple[int, int]]:
        """Return both branches of a conditional expression, or nothing."""
        question = unit.split(start, end, "?")
        if len(question) < 2:
            return []
        begin = question[0][1] + 1
        nested = depth = 0
        for at in range(begin, end):
            if unit.kinds[at] != MARK:
                continue
            text = unit.texts[at]
            if text in "([{":
                depth += 1
            elif text in ")]}":
                depth -= 1
            elif depth == 0 and text == "?":
                nested += 1
            elif depth == 0 and text == ":":
                if nested == 0:
                    return [(begin, at), (at + 1, end)]
                nested -= 1
        return []

    def _leaf(self, sought: str, unit: Unit, start: int, end: int) -> str | None:
        if sought == TEXT:
            return self.literal(unit, start, end)
        text = unit.texts[start]
        if unit.kinds[start] != IDENTIFIER:
            return None
        if sought == LEVEL:
            return text if end - start == 1 and text in LEVELS else None
        if end - start == 1:
            return self.codes.get(text)
        if text == "MAKE_SQLSTATE" and all(unit.kinds[at] == CHARACTER for at in range(start + 2, end - 1, 2)):
            return "".join(unit.texts[start + 2 : end - 1 : 2])
        return None

    def _name(self, sought: str, name: str, place: Place, depth: int) -> Found:
        """Follow a variable, a parameter, a table or a macro."""
        frame = place.frame
        if frame.bindings and name in frame.bindings:
            return self._find(sought, frame.bindings[name], depth + 1)
        found = Found()
        assigned = False
        for value in self._assignments(frame.unit, frame.scope, name):
            assigned = True
            if not self._itself(value, name):
                found.add(self._find(sought, value._replace(frame=frame), depth + 1))
        for piece in self._filled(frame.unit, frame.scope, name):
            assigned = True
            found.add(self._find(sought, piece._replace(frame=frame), depth + 1))
        for filled in self._by_address(frame, name, sought, depth):
            assigned |= bool(filled)
            found.add(Found(filled))
        if name in frame.scope.parameters and frame.scope.kind in ("function", "macro"):
            found.add(self._parameter(sought, frame.unit, frame.scope, name, depth))
            return found
        if assigned and name not in frame.unit.variables:
            return found
        tables = [(u, s) for u, s in self.tree.tables.get(name, ()) if u.path == frame.unit.path]
        for unit, table in tables or ([] if assigned else self.tree.tables.get(name, [])):
            assigned = True
            found.add(self._table(sought, unit, table))
        for body in self.tree.macros.get(name, ()):
            assigned = True
            found.add(self._find(sought, Place(body, 0, len(body.texts), Frame(body, body.scopes[0])), depth + 1))
        if not assigned or name in frame.unit.variables:
            # A variable of the file: whatever the file assigns to it.
            for scope in frame.unit.scopes:
                if scope.kind == "function" and scope is not frame.scope and name not in scope.parameters:
                    for value in self._assignments(frame.unit, scope, name):
                        if not self._itself(value, name):
                            assigned = True
                            found.add(self._find(sought, value._replace(frame=Frame(frame.unit, scope)), depth + 1))
        found.open |= not assigned
        return found

    @staticmethod
    def _itself(value: Place, name: str) -> bool:
        return value.end - value.start == 1 and value.unit.texts[value.start] == name

    def _assignments(self, unit: Unit, scope: Scope, name: str) -> Iterator[Place]:
        """Yield what ``name = …``, ``*name = …`` and ``name[…] = …`` assign in a scope."""
        texts, kinds = unit.texts, unit.kinds
        frame = Frame(unit, scope)
        for at in range(scope.start, scope.end - 1):
            if texts[at] != name or kinds[at] != IDENTIFIER:
                continue
            if at > 0 and texts[at - 1] in ("->", "."):
                continue
            after = at + 1
            while after < scope.end and texts[after] == "[" and kinds[after] == MARK:
                close = unit.close(after, scope.end)
                if close < 0:
                    break
                after = close + 1
            if after >= scope.end or kinds[after] != MARK or texts[after] != "=":
                continue
            end = self._statement_end(unit, after + 1, scope.end)
            yield Place(unit, after + 1, end, frame)

    @staticmethod
    def _statement_end(unit: Unit, start: int, end: int) -> int:
        """Return the first comma, semicolon or closing bracket outside brackets."""
        depth = 0
        for at in range(start, end):
            if unit.kinds[at] != MARK:
                continue
            text = unit.texts[at]
            if text in "([{":
                depth += 1
            elif text in ")]}":
                depth -= 1
                if depth < 0:
                    return at
            elif depth == 0 and text in ",;":
                return at
        return end

    def _filled(self, unit: Unit, scope: Scope, name: str) -> Iterator[Place]:
        """Yield the pieces that functions such as appendStringInfo put into a buffer of that name."""
        frame = Frame(unit, scope)
        for function, (target, piece) in _APPENDING.items():
            for at in unit.calls.get(function, ()):
                if not scope.start <= at < scope.end:
                    continue
                close = unit.close(at + 1, scope.end)
                if close < 0:
                    continue
                parts = unit.split(at + 2, close)
                if len(parts) <= piece:
                    continue
                begin, end = self.bare(unit, *parts[target])
                if begin < end and unit.texts[begin] == "&":
                    begin += 1
                if unit.texts[begin:end] == [name]:
                    yield Place(unit, *parts[piece], frame)

    def _by_address(self, frame: Frame, name: str, sought: str, depth: int) -> Iterator[Found]:
        """Yield what functions put into a variable whose address they are given."""
        unit, scope = frame.unit, frame.scope
        texts = unit.texts
        for at in range(scope.start + 1, scope.end - 1):
            if texts[at] != name or texts[at - 1] != "&" or texts[at - 2] not in ("(", ","):
                continue
            if texts[at + 1] in (",", ")") and (call := self._call_around(unit, at, scope)):
                yield self._behind(sought, unit, *call, depth + 1)

    def _behind(self, sought: str, unit: Unit, function: str, position: int, depth: int) -> Found:
        """Return what a function puts where one of its parameters points, itself or through another function."""
        found = Found()
        if depth > _DEPTH:
            return found
        for other, scope in self.tree.definitions(function, unit):
            if scope.kind != "function" or position >= len(scope.parameters):
                continue
            name = scope.parameters[position]
            if not name:
                continue
            frame = Frame(other, scope)
            texts = other.texts
            for at in range(scope.start + 1, scope.end - 1):
                if texts[at] != name:
                    continue
                if texts[at - 1] == "*" and texts[at + 1] == "=" and other.kinds[at - 2] != IDENTIFIER:
                    end = self._statement_end(other, at + 2, scope.end)
                    found.add(self._find(sought, Place(other, at + 2, end, frame), depth + 1))
                elif texts[at - 1] in ("(", ",") and texts[at + 1] in (",", ")"):
                    call = self._call_around(other, at, scope)
                    if call and call[0] != function:
                        found.add(self._behind(sought, other, *call, depth + 2))
            for piece in self._filled(other, scope, name):
                found.add(self._find(sought, piece, depth + 1))
        return found

    @staticmethod
    def _call_around(unit: Unit, at: int, scope: Scope) -> tuple[str, int] | None:
        """Return the function whose argument stands at a token, and which argument it is."""
        depth = position = 0
        for before in range(at - 1, scope.start, -1):
            if unit.kinds[before] != MARK:
                continue
            text = unit.texts[before]
            if text in ")]}":
                depth += 1
            elif text in "([{":
                if depth == 0:
                    if text == "(" and unit.kinds[before - 1] == IDENTIFIER:
                        return unit.texts[before - 1], position
                    return None
                depth -= 1
            elif depth == 0 and text == ",":
                position += 1
            elif depth == 0 and text == ";":
                return None
        return None

    def _parameter(self, sought: str, unit: Unit, scope: Scope, name: str, depth: int) -> Found:
        """Follow a parameter to every call of its function."""
        position = scope.parameters.index(name)
        key = (sought, id(unit), scope.start, position)
        if key in self._parameters:
            return self._parameters[key]
        found = Found()
        if key in self._running:
            return found
        self._running.add(key)
        if sought == TEXT and scope.name.endswith("yyerror"):
            # What the parsers that bison makes say themselves; bison's manual, "The Error Reporting Function".
            for text in ("syntax error", "memory exhausted"):
                found.add(Found([Value(text, None, unit, scope.start)]))
        try:
            calls = list(self.tree.callers(scope.name, unit, scope))
            if (not calls and not found) or len(calls) > _CALLERS:
                found.open = True
                return found
            for caller, at in calls:
                close = caller.close(at + 1)
                parts = caller.split(at + 2, close) if close > 0 else []
                if len(parts) > position:
                    frame = Frame(caller, caller.scope(at))
                    found.add(self._find(sought, Place(caller, *parts[position], frame), depth + 1))
                else:
                    found.open = True
        finally:
            self._running.discard(key)
        if not self._running:
            self._parameters[key] = found
        return found

    def _table(self, sought: str, unit: Unit, table: Scope) -> Found:
        """Take every leaf that a table holds."""
        found = Found()
        frame = Frame(unit, table)
        for at in self._cells(unit, table.start, table.end):
            cell = self._find(sought, Place(unit, *at, frame), _DEPTH - 1)
            found.add(Found(cell))
        return found

    def _cells(self, unit: Unit, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the innermost items of an initialiser, without their designators."""
        start, end = self._unbraced(unit, start, end)
        for begin, stop in unit.split(start, end):
            if unit.texts[begin:stop].count("=") == 1 and begin < stop and unit.texts[begin] in ("[", "."):
                begin = unit.texts.index("=", begin, stop) + 1
            if begin < stop and unit.texts[begin] == "{":
                yield from self._cells(unit, begin, stop)
            elif begin < stop:
                yield begin, stop

    @staticmethod
    def _unbraced(unit: Unit, start: int, end: int) -> tuple[int, int]:
        while start < end and unit.kinds[start] == DIRECTIVE:
            start += 1
        if start < end and unit.texts[start] == "{":
            start += 1
            if unit.texts[end - 1] == "}":
                end -= 1
        return start, end

    def _member(self, sought: str, place: Place, depth: int) -> Found:
        """Follow ``x->field``: buffers by their pieces, tables by their column, anything else by its assignments."""
        unit, frame = place.unit, place.frame
        name = unit.texts[place.end - 1]
        if name == "data" and place.end - place.start == 3:
            pieces = self._name(sought, unit.texts[place.start], place, depth)
            # A buffer is filled piece by piece, and no piece is the whole.
            pieces.open = True
            return pieces
        found = Found()
        seen = False
        for column in (*self._local_columns(place), *self._columns(frame.unit, name)):
            seen = True
            found.add(self._find(sought, column, depth + 1))
        if seen:
            return found
        assigned = self.tree.members(name)
        own = [pair for pair in assigned if pair[0].path == frame.unit.path]
        if len(own or assigned) > _CALLERS or (sought == TEXT and not own):
            found.open = True
            return found
        for other, at in own or assigned:
            scope = other.scope(at)
            end = self._statement_end(other, at + 2, scope.end)
            value = Place(other, at + 2, end, Frame(other, scope))
            if not self._copies(value, name):
                seen = True
                found.add(self._find(sought, value, depth + 1))
        found.open |= not seen
        return found

    @staticmethod
    def _copies(value: Place, name: str) -> bool:
        texts = value.unit.texts
        return value.end - value.start > 2 and texts[value.end - 1] == name and texts[value.end - 2] in ("->", ".")

    def _local_columns(self, place: Place) -> Iterator[Place]:
        """Yield the cells of a table that a function declares together with its structure."""
        unit, scope = place.frame.unit, place.frame.scope
        table, name = place.unit.texts[place.start], place.unit.texts[place.end - 1]
        for at in range(scope.start, scope.end - 2):
            if unit.texts[at] != table or unit.texts[at - 1] != "}" or unit.texts[at + 1] != "[":
                continue
            opening = self._opening(unit, at - 1, scope.start)
            fields = structure_fields(unit, opening + 1, at - 1)
            close = unit.close(at + 1, scope.end)
            if name in fields and 0 < close < scope.end - 1 and unit.texts[close + 1] == "=":
                end = self._statement_end(unit, close + 2, scope.end)
                yield from self._column(unit, Scope("table", table, (), at, close + 2, end), fields.index(name))

    @staticmethod
    def _opening(unit: Unit, closing: int, start: int) -> int:
        depth = 0
        for at in range(closing, start - 1, -1):
            if unit.kinds[at] == MARK:
                depth += (unit.texts[at] == "}") - (unit.texts[at] == "{")
                if depth == 0:
                    return at
        return start

    def _columns(self, unit: Unit, name: str) -> Iterator[Place]:
        """Yield the cells of a file's tables whose structure has a field of that name."""
        for other, structure in self.tree.fields.get(name, ()):
            if other.path != unit.path and not other.path.endswith(".h"):
                continue
            fields = structure_fields(other, structure.start, structure.end)
            names = {structure.name}
            after = structure.end + 1
            if after < len(other.texts) and other.kinds[after] == IDENTIFIER:
                names.add(other.texts[after])
            for table in unit.scopes:
                if table.kind == "table" and names & set(unit.texts[table.head : table.start]):
                    yield from self._column(unit, table, fields.index(name))

    def _column(self, unit: Unit, table: Scope, column: int) -> Iterator[Place]:
        for begin, stop in unit.split(*self._unbraced(unit, table.start, table.end)):
            if begin < stop and unit.texts[begin] == "{":
                cells = unit.split(*self._unbraced(unit, begin, stop))
                if column < len(cells):
                    yield Place(unit, *cells[column], Frame(unit, table))

    def _call(self, sought: str, function: str, place: Place, depth: int) -> Found:
        """Follow what a function or macro gives back."""
        unit, start, end, frame = place
        parts = unit.split(start + 2, end - 1)
        if sought == TEXT and function in _THROUGH:
            one, many = _THROUGH[function]
            if len(parts) <= max(one, many or 0):
                return Found(is_open=True)
            found = self._find(sought, Place(unit, *parts[one], frame), depth)
            if many is not None:
                plural = self.literal(unit, *parts[many])
                found = Found((value._replace(plural=plural) for value in found), found.open)
            return found
        found = Found()
        definitions = self.tree.definitions(function, unit)
        if not definitions or depth > _DEPTH // 2:
            found.open = True
            return found
        for other, scope in definitions:
            bindings = {
                name: Place(unit, *part, frame) for name, part in zip(scope.parameters, parts, strict=False) if name
            }
            inner = Frame(other, scope, bindings)
            if scope.kind == "macro":
                found.add(self._find(sought, Place(other, 0, len(other.texts), inner), depth + 2))
                continue
            returned = False
            for at in range(scope.start, scope.end):
                if other.texts[at] == "return" and other.kinds[at] == IDENTIFIER:
                    stop = self._statement_end(other, at + 1, scope.end)
                    if stop > at + 1:
                        returned = True
                        found.add(self._find(sought, Place(other, at + 1, stop, inner), depth + 2))
            found.open |= not returned
        return found


def structure_fields(unit: Unit, start: int, end: int) -> list[str]:
    """Return the names of a structure's fields in order; the range is what stands between its braces."""
    names = []
    for begin, stop in unit.split(start, end, ";"):
        words = [unit.texts[at] for at in range(begin, stop) if unit.kinds[at] == IDENTIFIER]
        if words:
            names.append(words[-1])
    return names
