"""The reports in the units of a source tree, with what each says: SQLSTATE, severity, message, detail and hint."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from errbook.harvest import postgresql_c as c
from errbook.harvest.postgresql_carriers import STDERR, Carrier, carriers
from errbook.harvest.postgresql_flow import LEVELS, Flow, Found, Frame, Place, Value
from errbook.problem import shown

SEVERITIES: Final = ("PANIC", "FATAL", "ERROR", "WARNING", "NOTICE", "INFO", "LOG", "DEBUG")
"""From the worst to the least."""


PLACEHOLDER: Final = re.compile(r"%(?:\d+\$)?[-+ #0']*(?:\*|\d+)?(?:\.(?:\*|\d+)?)?(?:hh?|ll?|[qjzt])?[a-zA-Z%]")
"""A place in a template where a value is put in; printf(3), and ``%m`` for the operating system's error."""


class Doubt(NamedTuple):
    """A place in the source that was not understood whole, and what is missing from the catalog because of it."""

    path: str
    line: int
    what: str


class Report(NamedTuple):
    """One report as the source has it. ``codes`` is empty where the SQLSTATE is only known when it is raised.

    ``errno`` is ``file-access`` or ``socket-access`` where the operating system's error decides between them.
    """

    path: str
    line: int
    codes: tuple[str, ...]
    errno: str
    severities: tuple[str, ...]
    message: str
    plural: str | None
    detail: tuple[str, ...]
    hint: tuple[str, ...]
    context: tuple[str, ...]
    where: str
    module: str


# How a report begins: the argument with its level (None: always ERROR) and the first one of its parts.
_BEGINNINGS: Final[Mapping[str, tuple[int | None, int]]] = {
    "ereport": (0, 1),
    "ereport_domain": (0, 2),
    "errsave": (None, 1),
    "errsave_domain": (None, 2),
    "ereturn": (None, 2),
    "ereturn_domain": (None, 3),
}
_MESSAGES: Final = frozenset({"errmsg", "errmsg_internal", "errmsg_plural"})
_DETAILS: Final = frozenset(
    {"errdetail", "errdetail_internal", "errdetail_log", "errdetail_plural", "errdetail_log_plural"}
)
_HINTS: Final = frozenset({"errhint", "errhint_internal", "errhint_plural"})
_CONTEXTS: Final = frozenset({"errcontext", "errcontext_msg"})
ERRNO: Final = {"errcode_for_file_access": "file-access", "errcode_for_socket_access": "socket-access"}
PARTS: Final = _MESSAGES | _DETAILS | _HINTS | _CONTEXTS | {"errcode"} | set(ERRNO)


# Where reporting itself is defined; nothing is reported there in its own name but what `elog.c` says of its own.
DEFINING: Final = frozenset({"src/include/utils/elog.h", "src/include/common/logging.h"})


@dataclass
class _Draft:
    """A report while its parts are collected."""

    codes: Found | None = None
    errno: str = ""
    messages: Found | None = None
    details: Found = field(default_factory=Found)
    hints: Found = field(default_factory=Found)
    contexts: Found = field(default_factory=Found)
    where: str = ""


class Collector:
    """Walks through units and writes down reports and doubts."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.doubts: list[Doubt] = []
        self.reports: list[Report] = []
        self._known: dict[tuple[str, str, int], bool] = {}
        self._macros = _reporting_macros(flow.tree.units)

    def doubt(self, unit: c.Unit, at: int, what: str) -> None:
        """Note a place that was not understood; ``at`` is its token."""
        self.doubts.append(Doubt(unit.path, unit.lines[at], what))

    def unit(self, unit: c.Unit) -> None:
        """Collect the reports of one file, its macros included."""
        self._calls(unit, unit, None)
        for macro in unit.macros:
            if macro.name not in self._macros:
                continue
            # A macro that puts its arguments into the report means something else in each place where it is used.
            body = macro.body
            callers = list(self.flow.tree.callers(macro.name, body, body.scopes[0])) if macro.parameters else []
            places = [(caller, at) for caller, at in callers if caller.scope(at).kind != "macro"]
            if not callers:
                self._calls(body, body, None)
            for caller, at in places:
                self._expand(macro, caller, at, Frame(caller, caller.scope(at)))

    def _expand(self, macro: c.Macro, inside: c.Unit, at: int, frame: Frame, depth: int = 0) -> None:
        """Collect what a macro reports where it is used; ``inside`` is the file, or another macro put in there."""
        expanded = _expanded(macro, inside, at)
        if expanded is None:
            self.doubt(inside, at, f"the call of {macro.name} is not closed")
            return
        self._calls(expanded, frame.unit, frame)
        for name in sorted(expanded.calls.keys() & self._macros.keys()) if depth < _HELPERS else ():
            for inner in self._macros[name]:
                for place in expanded.calls[name]:
                    self._expand(inner, expanded, place, frame, depth + 1)

    def _calls(self, unit: c.Unit, owner: c.Unit, frame: Frame | None) -> None:
        """Collect the reports among the calls of a unit; ``owner`` is the file that they belong to."""
        for name, (level, first) in _BEGINNINGS.items():
            for at in unit.calls.get(name, ()):
                self._report(unit, at, level, first, frame)
        for at in unit.calls.get("elog", ()):
            self._elog(unit, at, frame)
        for name, carrier in carriers(owner.path).items():
            for at in unit.calls.get(name, ()):
                self._carried(unit, at, carrier, frame)

    # Forms of reports

    def _arguments(
        self, unit: c.Unit, at: int, given: Frame | None
    ) -> Iterator[tuple[c.Unit, list[tuple[int, int]], Frame]]:
        """Yield the arguments of a call, once for each branch of the conditionals in it."""
        scope = unit.scope(at)
        if given is None and scope.kind in ("file", "structure", "table"):
            # What stands outside functions is a declaration, or the definition of the function of that name.
            return
        close = unit.close(at + 1, scope.end)
        if close < 0:
            self.doubt(unit, at, f"the call of {unit.texts[at]} is not closed in its function")
            return
        for variant in _variants(unit, at + 2, close):
            yield variant, variant.split(0, len(variant.texts)), given or Frame(unit, scope)

    def _report(self, unit: c.Unit, at: int, level: int | None, first: int, given: Frame | None) -> None:
        for variant, arguments, frame in self._arguments(unit, at, given):
            if len(arguments) <= first:
                self.doubt(unit, at, f"{unit.texts[at]} has no parts")
                continue
            for inner in self._calling(variant, frame):
                self._draft(unit, at, variant, arguments, level, first, inner)

    def _draft(
        self,
        unit: c.Unit,
        at: int,
        variant: c.Unit,
        arguments: list[tuple[int, int]],
        level: int | None,
        first: int,
        frame: Frame,
    ) -> None:
        parts = arguments[first:]
        if len(parts) == 1:
            parts = _opened(variant, *parts[0])
        drafts = [_Draft()]
        for part in parts:
            drafts = self._part(variant, part, frame, drafts)
        levels = None if level is None else self.flow.levels(Place(variant, *arguments[level], frame))
        for draft in drafts:
            self._finish(unit, at, draft, levels)

    def _calling(self, variant: c.Unit, frame: Frame) -> list[Frame]:
        """Return the frames to look at a report in: one for each call of its function where that makes a difference.

        It does where the SQLSTATE and another part are parameters: what one call gives belongs together.
        """
        names = {name for name in frame.scope.parameters if name}
        if frame.bindings or frame.scope.kind != "function" or not names:
            return [frame]
        code: set[str] = set()
        for at in variant.calls.get("errcode", ()):
            close = variant.close(at + 1)
            code |= names.intersection(variant.texts[at + 2 : close])
        if not code or not names.intersection(variant.texts) - code:
            return [frame]
        frames = []
        for caller, at in self.flow.tree.callers(frame.scope.name, frame.unit, frame.scope):
            close = caller.close(at + 1)
            parts = caller.split(at + 2, close) if close > 0 else []
            outer = Frame(caller, caller.scope(at))
            bindings = {
                name: Place(caller, *part, outer)
                for name, part in zip(frame.scope.parameters, parts, strict=False)
                if name
            }
            frames.append(Frame(frame.unit, frame.scope, bindings))
        return frames or [frame]

    def _elog(self, unit: c.Unit, at: int, given: Frame | None) -> None:
        for variant, arguments, frame in self._arguments(unit, at, given):
            if len(arguments) < 2:
                self.doubt(unit, at, "elog has no message")
                continue
            draft = _Draft()
            draft.messages = self._message(variant, arguments[1:], frame)
            self._finish(unit, at, draft, self.flow.levels(Place(variant, *arguments[0], frame)))

    def _carried(self, unit: c.Unit, at: int, carrier: Carrier, given: Frame | None) -> None:
        for variant, arguments, frame in self._arguments(unit, at, given):
            if len(arguments) <= carrier.argument:
                continue
            if carrier.first and variant.texts[arguments[0][0]] not in carrier.first:
                continue
            if frame.scope.name in _PASSING or frame.scope.kind == "macro":
                continue
            if carrier.argument and carrier.first == STDERR and variant.texts[arguments[1][0]] != "_":
                # What is not translated there is for developers.
                continue
            take = self._message if carrier.role == "message" else self._detail
            found = take(variant, arguments[carrier.argument :], frame)
            if carrier.plural is not None and len(arguments) > carrier.plural:
                found = _with_plural(found, self.flow.literal(variant, *arguments[carrier.plural]))
            draft = _Draft(where=carrier.where)
            if carrier.code is not None:
                draft.codes = Found([Value(carrier.code, None, unit, at)])
            if carrier.role == "message":
                worth = says if carrier.where == "client" else _tells
                draft.messages = Found(value for value in found if worth(value.text))
                if not draft.messages:
                    # Only what is put together elsewhere, or a text that is passed on as it came.
                    if found.open and carrier.where == "client":
                        self.doubt(unit, at, f"the message of this {unit.texts[at]} is not known")
                    continue
            elif not carrier.message:
                self._append(carrier.role, unit, at, found)
                continue
            else:
                draft.messages = Found([Value(carrier.message, None, unit, at)])
                (draft.details if carrier.role == "detail" else draft.hints).add(found)
            if isinstance(carrier.level, int):
                levels = self.flow.levels(Place(variant, *arguments[carrier.level], frame))
            else:
                levels = Found(Value(name, None, unit, at) for name in carrier.level)
            self._finish(unit, at, draft, levels, quiet=not carrier.level)

    def _append(self, role: str, unit: c.Unit, at: int, found: Found) -> None:
        """Add a detail or a hint to the last report of a program before it in the same function."""
        scope = unit.scope(at)
        first = unit.lines[scope.start] if scope.start < len(unit.lines) else 0
        near = [
            place
            for place, report in enumerate(self.reports)
            if report.path == unit.path and report.where == "program" and first <= report.line <= unit.lines[at]
        ]
        if not near:
            self.doubt(unit, at, f"the report that this {unit.texts[at]} belongs to is not known")
            return
        last = max(near, key=lambda place: self.reports[place].line)
        report = self.reports[last]
        if role == "detail":
            self.reports[last] = report._replace(detail=(*report.detail, *_lines(found)))
        else:
            self.reports[last] = report._replace(hint=(*report.hint, *_lines(found)))

    # Parts of reports

    def _part(self, unit: c.Unit, part: tuple[int, int], frame: Frame, drafts: list[_Draft]) -> list[_Draft]:
        """Add one part to the drafts. A condition between two whole reports makes two drafts of each."""
        start, end = self.flow.bare(unit, *part)
        branches = self.flow.branches(unit, start, end)
        if branches and all(
            "errmsg" in _called(unit, *branch) and "errcode" in _called(unit, *branch) for branch in branches
        ):
            return [
                one
                for branch in branches
                for draft in drafts
                for one in self._sequence(unit, branch, frame, _copy(draft))
            ]
        for draft in drafts:
            self._collect(unit, start, end, frame, draft, 0)
        return drafts

    def _sequence(self, unit: c.Unit, part: tuple[int, int], frame: Frame, draft: _Draft) -> list[_Draft]:
        drafts = [draft]
        for inner in _opened(unit, *part):
            drafts = self._part(unit, inner, frame, drafts)
        return drafts

    def _collect(self, unit: c.Unit, start: int, end: int, frame: Frame, draft: _Draft, depth: int) -> None:
        """Find the calls of errcode, errmsg and the like in a range, and in the helper functions called there."""
        for name, at, close in _outer_calls(unit, start, end, self._whole):
            arguments = unit.split(at + 2, close)
            if name == "errcode":
                found = self.flow.codes_of(Place(unit, *arguments[0], frame))
                draft.codes = found if draft.codes is None else _union(draft.codes, found)
            elif name in ERRNO:
                draft.errno = ERRNO[name]
            elif name in _MESSAGES:
                found = self._message(unit, arguments, frame, plural=name.endswith("_plural"))
                draft.messages = found if draft.messages is None else _union(draft.messages, found)
            elif name in _DETAILS:
                draft.details.add(self._detail(unit, arguments, frame, plural=name.endswith("_plural")))
            elif name in _HINTS:
                draft.hints.add(self._text(unit, arguments, frame, plural=name.endswith("_plural")))
            elif name in _CONTEXTS:
                draft.contexts.add(self._text(unit, arguments, frame))
            elif depth < _HELPERS and name not in _REPORTING:
                for other, scope in self._helpers(name, unit):
                    bindings = {
                        parameter: Place(unit, *argument, frame)
                        for parameter, argument in zip(scope.parameters, arguments, strict=False)
                        if parameter
                    }
                    self._collect(other, scope.start, scope.end, Frame(other, scope, bindings), draft, depth + 1)

    def _whole(self, name: str, unit: c.Unit) -> bool:
        """Say whether nothing inside the brackets of a call is looked at by itself."""
        return name in PARTS or name in _REPORTING or bool(self._helpers(name, unit))

    def _helpers(self, name: str, unit: c.Unit) -> list[tuple[c.Unit, c.Scope]]:
        """Return the functions of that name that add parts to a report which their caller raises."""
        if name in _OWN:
            return []
        found = []
        for other, scope in self.flow.tree.definitions(name, unit):
            key = (other.path, scope.name, scope.start)
            if key not in self._known:
                called = _outer_calls(other, scope.start, scope.end, lambda inner, _: inner in _REPORTING)
                self._known[key] = other.path not in DEFINING and any(inner in PARTS for inner, _, _ in called)
            if self._known[key]:
                found.append((other, scope))
        return found

    def _message(self, unit: c.Unit, arguments: Sequence[tuple[int, int]], frame: Frame, plural: bool = False) -> Found:
        """Return the messages of a format and its arguments."""
        # Where not everything is known, a message may be put together of pieces, and pieces are no messages.
        found = self._composed(unit, arguments, frame, self._text(unit, arguments, frame, plural))
        if found.open and self.flow.literal(unit, *arguments[0]) == "%s":
            return Found((value for value in found if _stands(value.text)), found.open)
        return found

    def _detail(self, unit: c.Unit, arguments: Sequence[tuple[int, int]], frame: Frame, plural: bool = False) -> Found:
        """Return the details of a format and its arguments; a detail that is put together has a line for each piece."""
        return self._composed(unit, arguments, frame, self._text(unit, arguments, frame, plural))

    def _text(self, unit: c.Unit, arguments: Sequence[tuple[int, int]], frame: Frame, plural: bool = False) -> Found:
        """Return the texts of a format and its arguments; a bare ``%s`` is what is put into it, where that is known."""
        found = self.flow.texts(Place(unit, *arguments[0], frame))
        if plural and len(arguments) > 1:
            return _with_plural(found, self.flow.literal(unit, *arguments[1]))
        if found.texts == ["%s"] and len(arguments) > 1:
            inner = self.flow.texts(Place(unit, *arguments[1], frame))
            if said := [value for value in inner if says(value.text)]:
                return Found(said, inner.open)
        return found

    def _composed(self, unit: c.Unit, arguments: Sequence[tuple[int, int]], frame: Frame, found: Found) -> Found:
        """Put translated words into the formats that begin with them, such as ``%s at or near "%s"``."""
        if len(arguments) < 2 or not any(value.text.startswith("%s ") for value in found):
            return found
        start, end = arguments[1]
        if end - start < 4 or unit.texts[start] not in ("_", "gettext") or unit.texts[start + 1] != "(":
            return found
        words = self.flow.texts(Place(unit, start, end, frame))
        made: list[Value] = []
        for value in found:
            made.append(value)
            made += [word._replace(text=value.text.replace("%s", word.text, 1)) for word in words]
        return Found(made, found.open)

    # From drafts to reports

    def _finish(self, unit: c.Unit, at: int, draft: _Draft, levels: Found | None, quiet: bool = False) -> None:
        """Write a draft down; ``levels`` is None where it is always an error, ``quiet`` where there is no level."""
        if draft.messages is None or not draft.messages:
            self.doubt(unit, at, f"the message of this {unit.texts[at]} is not known")
            return
        names = ["ERROR"] if levels is None else levels.texts
        if levels is not None and not quiet and (levels.open or not names):
            self.doubt(unit, at, "the level is not known" if not names else "not every level is known")
        path, line = unit.path, unit.lines[at]
        severities = tuple(sorted({LEVELS[name] for name in names}, key=SEVERITIES.index))
        where = draft.where or ("log" if names and all(name in _LOG_ONLY for name in names) else "client")
        if draft.codes is not None and not draft.codes:
            self.doubt(unit, at, "the SQLSTATE is only known when it is raised")
        elif draft.codes is not None and draft.codes.open:
            self.doubt(unit, at, "not every SQLSTATE is known")
        if draft.messages.open:
            self.doubt(unit, at, "not every message is known")
        for value in draft.messages:
            if not says(value.text):
                self.doubt(unit, at, f"the message is only known when it is raised: {shown(value.text)}")
                continue
            for codes, chosen in self._codes(draft, value, severities):
                self.reports.append(
                    Report(
                        path,
                        line,
                        codes,
                        draft.errno,
                        chosen,
                        value.text.rstrip("\n"),
                        value.plural and value.plural.rstrip("\n"),
                        _lines(draft.details),
                        _lines(draft.hints),
                        _lines(draft.contexts),
                        where,
                        module_of(path),
                    )
                )

    def _codes(
        self, draft: _Draft, message: Value, severities: tuple[str, ...]
    ) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Yield the SQLSTATEs of a message with the severities at which it has them."""
        if draft.errno:
            yield (), severities
            if draft.codes is None:
                return
        if draft.codes is not None:
            chosen = _beside(draft.codes, message, draft.messages)
            if chosen or not draft.errno:
                yield tuple(chosen), severities
            return
        for code in sorted({DEFAULTS[severity] for severity in severities}):
            yield (code,), tuple(severity for severity in severities if DEFAULTS[severity] == code)
        if not severities:
            yield (), ()


DEFAULTS: Final[Mapping[str, str]] = {
    "PANIC": "XX000",
    "FATAL": "XX000",
    "ERROR": "XX000",
    "WARNING": "01000",
    "NOTICE": "00000",
    "INFO": "00000",
    "LOG": "00000",
    "DEBUG": "00000",
}
"""The SQLSTATE of a report that names none, by its severity; ``errstart`` in src/backend/utils/error/elog.c."""

_LOG_ONLY: Final = frozenset({"LOG", "LOG_SERVER_ONLY", "COMMERROR", *(f"DEBUG{number}" for number in range(1, 6))})
_HELPERS: Final = 4
"""How deep helper functions call each other."""
_REPORTING: Final = frozenset({*_BEGINNINGS, "elog"})
# Functions that only pass on the message they are given.
_PASSING: Final = frozenset(
    {"write_stderr", "libpq_append_error", "libpq_append_conn_error", "pg_log_generic", "report_backup_error", "fatal"}
)
# Parts that say nothing a reader sees as text.
_OWN: Final = frozenset(
    {
        "errposition", "internalerrposition", "internalerrquery", "errhidestmt", "errhidecontext", "errbacktrace",
        "errtable", "errtablecol", "errtablecolname", "errtableconstraint", "errdatatype", "errdomainconstraint",
        "err_generic_string", "errfunction", "errOmitLocation",
    }
)  # fmt: skip


def _reporting_macros(units: Iterable[c.Unit]) -> dict[str, list[c.Macro]]:
    """Return the macros that report something, themselves or through another such macro, by name."""
    called = {}
    for unit in units:
        if unit.path not in DEFINING:
            called.update({macro: _called(macro.body, 0, len(macro.body.texts)) for macro in unit.macros})
    found: dict[str, list[c.Macro]] = {}
    names = set(_REPORTING)
    while True:
        new = [macro for macro, calls in called.items() if calls & names]
        if not new:
            return found
        for macro in new:
            del called[macro]
            found.setdefault(macro.name, []).append(macro)
        names = set(found)


def _expanded(macro: c.Macro, caller: c.Unit, at: int) -> c.Unit | None:
    """Return a macro's body with the arguments of one call put in; None where the call is not closed."""
    close = caller.close(at + 1)
    if close < 0:
        return None
    arguments = caller.split(at + 2, close)
    given: dict[str, tuple[int, int]] = {}
    for place, name in enumerate(macro.parameters or ()):
        if name == "...":
            given["__VA_ARGS__"] = (arguments[place][0], close) if place < len(arguments) else (close, close)
        elif place < len(arguments):
            given[name] = arguments[place]
    kinds: list[str] = []
    texts: list[str] = []
    body = macro.body
    for kind, text in zip(body.kinds, body.texts, strict=True):
        if kind == c.IDENTIFIER and text in given:
            start, end = given[text]
            if texts and texts[-1] == "#":
                kinds[-1], texts[-1] = c.STRING, "".join(caller.texts[start:end])
                continue
            kinds.extend(caller.kinds[start:end])
            texts.extend(caller.texts[start:end])
        else:
            kinds.append(kind)
            texts.append(text)
    lines = type(caller.lines)("I", [caller.lines[at]] * len(texts))
    return c.Unit(caller.path, "".join(kinds), texts, lines)


def _outer_calls(
    unit: c.Unit, start: int, end: int, whole: Callable[[str, c.Unit], bool]
) -> Iterator[tuple[str, int, int]]:
    """Yield name, place and closing bracket of the calls in a range; not of those inside a call that is ``whole``."""
    at = start
    while at < end:
        if unit.kinds[at] == c.IDENTIFIER and at + 1 < end and unit.texts[at + 1] == "(":
            name = unit.texts[at]
            close = unit.close(at + 1, end)
            if close > 0:
                yield name, at, close
                if whole(name, unit):
                    at = close
        at += 1


def module_of(path: str) -> str:
    """Return what a file of the source belongs to: empty for the server itself, else the name of the module."""
    parts = path.split("/")
    if parts[0] == "contrib":
        return parts[1]
    if parts[1] in ("pl", "bin"):
        return {"tcl": "pltcl"}.get(parts[2], parts[2])
    if parts[1] == "interfaces":
        return "libpq"
    return ""


def says(text: str) -> bool:
    """Say whether a template has words of its own, and is not just what is put into it."""
    return any(char.isalpha() for char in PLACEHOLDER.sub("", text))


def _tells(text: str) -> bool:
    """Say whether a template has two words or more: a single one is a label."""
    return len(re.findall(r"[A-Za-z]{2,}", PLACEHOLDER.sub(" ", text))) > 1


def _stands(text: str) -> bool:
    """Say whether a template can be a whole message and no piece of one."""
    line = text.rstrip("\n")
    return _tells(line) and line == line.strip() and not line.startswith((",", ";", ".", ":"))


def _lines(found: Found) -> tuple[str, ...]:
    """Return details or hints, singular and plural, without those that say nothing."""
    texts = [
        text.strip("\n") for value in found for text in (value.text, value.plural) if text is not None and says(text)
    ]
    return tuple(dict.fromkeys(texts))


def _with_plural(found: Found, plural: str | None) -> Found:
    return Found((value._replace(plural=plural) for value in found), found.open)


def _union(one: Found, other: Found) -> Found:
    both = Found(one, one.open)
    both.add(other)
    return both


def _copy(draft: _Draft) -> _Draft:
    return _Draft(
        draft.codes,
        draft.errno,
        draft.messages,
        _union(draft.details, Found()),
        _union(draft.hints, Found()),
        _union(draft.contexts, Found()),
    )


def _called(unit: c.Unit, start: int, end: int) -> set[str]:
    """Return the names of what is called in a range."""
    return {
        unit.texts[at]
        for at in range(start, min(end, len(unit.texts)) - 1)
        if unit.kinds[at] == c.IDENTIFIER and unit.texts[at + 1] == "("
    }


def _opened(unit: c.Unit, start: int, end: int) -> list[tuple[int, int]]:
    """Return the parts of ``(errcode(…), errmsg(…))``, with or without the outer brackets."""
    while (
        start < end and unit.texts[start] == "(" and unit.kinds[start] == c.MARK and unit.close(start, end) == end - 1
    ):
        start, end = start + 1, end - 1
    return unit.split(start, end)


def _variants(unit: c.Unit, start: int, end: int) -> list[c.Unit]:
    """Return the tokens of a call as units of their own: one for each way through the conditionals in it."""
    ranges: list[list[int]] = [[]]
    if c.DIRECTIVE in unit.kinds[start:end]:
        first: list[int] = []
        second: list[int] = []
        branch: list[int] = []
        for at in range(start, end):
            if unit.kinds[at] == c.DIRECTIVE:
                word = unit.texts[at][1:].lstrip()
                if word.startswith("if"):
                    branch.append(0)
                elif word.startswith(("else", "elif")) and branch:
                    branch[-1] += 1
                elif word.startswith("endif") and branch:
                    branch.pop()
                continue
            if not any(branch):
                first.append(at)
            if all(place == 1 for place in branch):
                second.append(at)
        ranges = [first] if first == second else [first, second]
    else:
        ranges = [list(range(start, end))]
    made = []
    for chosen in ranges:
        kinds = "".join(unit.kinds[at] for at in chosen)
        lines = type(unit.lines)("I", (unit.lines[at] for at in chosen))
        made.append(c.Unit(unit.path, kinds, [unit.texts[at] for at in chosen], lines))
    return made


def _beside(codes: Found, message: Value, messages: Found | None) -> list[str]:
    """Return the SQLSTATEs that go with a message where both come from the same table row or branch.

    A function that picks a message in one branch picks its SQLSTATE there too; one that is set outside the branches
    belongs to all the others.
    """
    if len(codes.texts) < 2 or messages is None or len(messages.texts) < 2:
        return codes.texts
    here = _branch(message)
    near = Found(value for value in codes if value.unit is message.unit and _branch(value) == here)
    if near:
        return near.texts
    branches = {(id(value.unit), _branch(value)) for value in messages}
    rest = Found(value for value in codes if (id(value.unit), _branch(value)) not in branches)
    return rest.texts or codes.texts


def _branch(value: Value) -> int:
    """Return the token where the innermost block, table row or case around a value begins."""
    unit, depth = value.unit, 0
    for at in range(value.at - 1, -1, -1):
        if unit.kinds[at] in (c.OPENING, c.CLOSING):
            return at
        if unit.kinds[at] == c.IDENTIFIER and depth == 0 and unit.texts[at] in ("break", "return"):
            return at
        if unit.kinds[at] == c.MARK:
            if unit.texts[at] == "}":
                depth += 1
            elif unit.texts[at] == "{":
                if depth == 0:
                    return at
                depth -= 1
    return -1
