"""C as PostgreSQL writes it, read into tokens, functions, tables and macros.

This is a lexer and the little structure that a harvester of messages needs, no compiler: preprocessor conditionals are
kept as tokens and both branches are read. PostgreSQL's own formatter puts the braces of functions, structures and
tables into the first column, and this is what tells where one begins and ends: a conditional that opens a block twice
then does no harm beyond its function. Grammars (``.y``) and scanners (``.l``) are read for the C in them.

Reading costs time proportional to the length of the text, whatever is in it.
"""

import bisect
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

IDENTIFIER: Final = "i"
NUMBER: Final = "n"
STRING: Final = "s"
CHARACTER: Final = "c"
MARK: Final = "m"
"""Operators and punctuation."""
DIRECTIVE: Final = "d"
"""A whole preprocessor line with its continuations."""
OPENING: Final = "b"
"""A brace in the first column that begins a function, structure or table."""
CLOSING: Final = "e"
"""The brace in the first column that ends it."""

_TOKEN: Final = re.compile(
    r"""
      (?P<space>   (?:[ \t\r\f\v\n]|\\\n)++ | /\*(?s:.*?)(?:\*/|\Z) | //(?:[^\n\\]|\\(?s:.))*+ )
    | (?P<s>       (?:u8|[LuU])?" (?:[^"\\\n]|\\(?s:.))*+ "?+ )
    | (?P<c>       [LuU]?' (?:[^'\\\n]|\\(?s:.))*+ '?+ )
    | (?P<i>       [A-Za-z_$][A-Za-z0-9_$]*+ )
    | (?P<n>       \.?[0-9] (?:[eEpP][+-]|[A-Za-z0-9_.])*+ )
    | (?P<d>       \#(?:[^\n\\/]|\\(?s:.)|/\*(?s:.*?)(?:\*/|\Z)|//(?:[^\n\\]|\\(?s:.))*+|/)*+ )
    | (?P<m>       \.\.\. | -> | \+\+ | -- | && | \|\| | (?:<<|>>)=? | [=!<>+*/%&|^-]= | (?s:.) )
    """,
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(?:([abfnrtv])|([0-7]{1,3})|x([0-9A-Fa-f]+)|(\n)|((?s:.)))")
_LETTERS: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_DEFINE: Final = re.compile(r"#[ \t]*define[ \t]+([A-Za-z_]\w*)(\(([^()]*)\))?")
_ATTRIBUTE: Final = re.compile(r"__attribute__$|pg_attribute_(?:printf|format_arg|noreturn|aligned|target|nonnull)$")
_C_BLOCK: Final = re.compile(r"^%(?:top)?\{", re.MULTILINE)
_C_END: Final = re.compile(r"^%\}", re.MULTILINE)
_TOP_END: Final = re.compile(r"^\}", re.MULTILINE)
_BRACES: Final = frozenset({MARK, OPENING, CLOSING})
_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSERS: Final = frozenset(_PAIRS.values())


class Scope(NamedTuple):
    """A function, a table of data, a macro or the action of a grammar rule: tokens from ``start`` to before ``end``.

    ``name`` is empty for actions and for structures, ``parameters`` are the names of a function's or a macro's.
    ``head`` is the first token of the declaration.
    """

    kind: str
    name: str
    parameters: tuple[str, ...]
    head: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Flaw:
    """A place that could not be read: the line, from 1, and what is wrong there."""

    line: int
    message: str


@dataclass(eq=False)
class Unit:
    """One file as tokens: the kind, the text and the line of each, and the scopes in order of their start.

    Texts of strings and characters are decoded, without quotes. A macro's body is a unit of its own, with one scope.
    """

    path: str
    kinds: str
    texts: list[str]
    lines: "array[int]"
    scopes: list[Scope] = field(default_factory=list)
    macros: list["Macro"] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    @cached_property
    def calls(self) -> dict[str, list[int]]:
        """Where each name stands before an opening parenthesis, by name."""
        found: dict[str, list[int]] = {}
        kinds, texts = self.kinds, self.texts
        at = kinds.find(IDENTIFIER + MARK)
        while at >= 0:
            if texts[at + 1] == "(":
                found.setdefault(texts[at], []).append(at)
            at = kinds.find(IDENTIFIER + MARK, at + 1)
        return found

    @cached_property
    def functions(self) -> dict[str, list[Scope]]:
        """The functions and macros defined here, by name."""
        found: dict[str, list[Scope]] = {}
        for scope in (*self.scopes, *(macro.body.scopes[0] for macro in self.macros)):
            if scope.kind in ("function", "macro"):
                found.setdefault(scope.name, []).append(scope)
        return found

    @cached_property
    def variables(self) -> frozenset[str]:
        """The names that are declared outside functions."""
        names = set()
        at = self.kinds.find(IDENTIFIER + MARK)
        while at >= 0:
            if self.texts[at + 1] in (";", "=") and self.scope(at).kind in ("file", "table"):
                names.add(self.texts[at])
            at = self.kinds.find(IDENTIFIER + MARK, at + 1)
        return frozenset(names)

    @cached_property
    def _starts(self) -> list[int]:
        return [scope.start for scope in self.scopes]

    def scope(self, at: int) -> Scope:
        """Return the scope around a token; the whole file where there is none."""
        place = bisect.bisect_right(self._starts, at) - 1
        if place >= 0 and at < self.scopes[place].end:
            return self.scopes[place]
        return Scope("file", "", (), 0, 0, len(self.texts))

    def close(self, opening: int, end: int | None = None) -> int:
        """Return the index of the bracket that closes the one at ``opening``, or -1 where none does before ``end``."""
        depth = 0
        texts, kinds = self.texts, self.kinds
        for at in range(opening, len(texts) if end is None else end):
            kind = kinds[at]
            if kind == MARK:
                text = texts[at]
                if text in _PAIRS:
                    depth += 1
                elif text in _CLOSERS:
                    depth -= 1
                    if depth == 0:
                        return at
            elif kind in (OPENING, CLOSING) and at > opening:
                return -1
        return -1

    def split(self, start: int, end: int, mark: str = ",") -> list[tuple[int, int]]:
        """Return the ranges between the marks that stand outside brackets in ``start`` to before ``end``."""
        parts, depth, begin = [], 0, start
        texts, kinds = self.texts, self.kinds
        for at in range(start, end):
            if kinds[at] != MARK:
                continue
            text = texts[at]
            if text in _PAIRS:
                depth += 1
            elif text in _CLOSERS:
                depth -= 1
            elif text == mark and depth == 0:
                parts.append((begin, at))
                begin = at + 1
        parts.append((begin, end))
        return parts


@dataclass(frozen=True, eq=False, slots=True)
class Macro:
    """A ``#define``: its name, its parameters (None where it takes none) and its body as a unit."""

    name: str
    parameters: tuple[str, ...] | None
    body: Unit


def read(path: str, text: str) -> Unit:
    """Read one C file (``.c``, ``.h``), grammar (``.y``) or scanner (``.l``); ``path`` is kept as its name."""
    if path.endswith(".y"):
        return _grammar(path, text)
    if path.endswith(".l"):
        return _scanner(path, text)
    unit = Unit(path, *_lex(text, [(0, len(text))]))
    _structure(unit, 0, len(unit.texts))
    _finish(unit, text)
    return unit


def decode(literal: str) -> str:
    """Return what a C string or character literal stands for; ``literal`` is without its quotes."""
    if "\\" not in literal:
        return literal
    return _ESCAPE.sub(_unescape, literal)


def _unescape(match: re.Match[str]) -> str:
    letter, octal, digits, newline, other = match.groups()
    if letter:
        return _LETTERS[letter]
    if octal:
        return chr(int(octal, 8))
    if digits:
        return chr(int(digits[-6:], 16) & 0xFF)
    return "" if newline else other


def _lex(
    text: str, ranges: Sequence[tuple[int, int]], line: int = 1, directives: bool = True
) -> tuple[str, list[str], "array[int]"]:
    """Return kinds, texts and lines of the tokens in the given ranges of a text that starts in ``line``.

    A sharp begins a directive where it is the first token of its line; in a macro's body it never does.
    """
    kinds: list[str] = []
    texts: list[str] = []
    lines = array("I")
    counted = 0
    # One object for each distinct text: a tree has millions of tokens and thousands of words.
    words: dict[str, str] = {}
    for begin, end in ranges:
        at = begin
        while at < end:
            match = _TOKEN.match(text, at, end)
            if match is None:  # pragma: no cover - the last alternative takes any character
                break
            start, at = at, match.end()
            kind = match.lastgroup
            if kind == "space" or kind is None:
                continue
            line += text.count("\n", counted, start)
            counted = start
            word = match.group()
            if kind == MARK:
                if word in "{}" and (start == 0 or text[start - 1] == "\n"):
                    kind = OPENING if word == "{" else CLOSING
            elif kind == STRING:
                word = decode(word[word.index('"') + 1 :].removesuffix('"'))
            elif kind == CHARACTER:
                word = decode(word[word.index("'") + 1 :].removesuffix("'"))
            elif kind == DIRECTIVE and (not directives or (lines and lines[-1] == line)):
                kind, word, at = MARK, "#", start + 1
            kinds.append(kind)
            texts.append(words.setdefault(word, word))
            lines.append(line)
    return "".join(kinds), texts, lines


def _structure(unit: Unit, start: int, end: int) -> None:
    """Find functions and tables by their braces in the first column."""
    kinds, texts = unit.kinds, unit.texts
    head = start
    at = start
    while at < end:
        if kinds[at] == OPENING and IDENTIFIER not in kinds[head:at]:
            # Lines of a table that another file includes in its braces.
            at = head = _block(unit, at, end) + 1
        elif kinds[at] == OPENING:
            table = _assigned(unit, head, at) >= 0
            close = _block(unit, at, end) if table else kinds.find(CLOSING, at, end)
            # A second opening before the closing is one of a conditional's branches, or the end was not seen.
            if close < 0:
                unit.flaws.append(Flaw(unit.lines[at], "the brace in the first column is not closed in one"))
                close = end
            unit.scopes.append(_scope(unit, head, at, close))
            at = head = close + 1
        elif kinds[at] == MARK and texts[at] == ";":
            _inline_table(unit, head, at)
            at += 1
            head = at
        else:
            at += 1


def _assigned(unit: Unit, head: int, end: int) -> int:
    """Return the equals sign of a declaration that sets a value, or -1."""
    for at in range(head, end):
        if unit.kinds[at] == MARK and unit.texts[at] == "=":
            return at
    return -1


def _inline_table(unit: Unit, head: int, end: int) -> None:
    """Add ``name[] = {…};`` and ``name = "…";`` outside functions as tables, whose braces may stand anywhere."""
    equals = _assigned(unit, head, end)
    if equals >= 0 and (name := _declared(unit, head, equals)):
        unit.scopes.append(Scope("table", name, (), head, equals + 1, end))


def _declared(unit: Unit, head: int, end: int) -> str:
    """Return the name declared in ``head`` to before ``end``: the last one outside brackets."""
    name, depth = "", 0
    for at in range(head, end):
        text = unit.texts[at]
        if unit.kinds[at] == MARK and text in _PAIRS:
            depth += 1
        elif unit.kinds[at] == MARK and text in _CLOSERS:
            depth -= 1
        elif unit.kinds[at] == IDENTIFIER and depth == 0:
            name = text
    return name


def _scope(unit: Unit, head: int, opening: int, close: int) -> Scope:
    """Say what the brace at ``opening`` begins, from the declaration that starts at ``head``."""
    kinds, texts = unit.kinds, unit.texts
    first = head
    equals = _assigned(unit, head, opening)
    if equals >= 0:
        return Scope("table", _declared(unit, head, equals), (), head, equals + 1, close + 1)
    # A function's name stands before the first brackets; macros that stand there too are written in capitals, and
    # attributes are known by name. A template's function (lib/simplehash.h) has capitals as well: then the last counts.
    at = head
    found: Scope | None = None
    while at + 1 < opening:
        if kinds[at] == DIRECTIVE:
            first = at + 1
        if kinds[at] == IDENTIFIER and texts[at + 1] == "(" and kinds[at + 1] == MARK:
            end = unit.close(at + 1, opening)
            if end < 0:
                break
            if not _ATTRIBUTE.match(texts[at]):
                parameters = tuple(_declared(unit, *part) for part in unit.split(at + 2, end))
                parameters = () if parameters == ("void",) else parameters
                found = Scope("function", texts[at], parameters, first, opening + 1, close)
                if not texts[at].isupper():
                    return found
            at = end
        at += 1
    return found or Scope("structure", _declared(unit, head, opening), (), head, opening + 1, close)


def _finish(unit: Unit, text: str) -> None:
    """Add the macros, and say what was left open."""
    unit.scopes.sort(key=lambda scope: (scope.start, scope.end))
    at = unit.kinds.find(DIRECTIVE)
    while at >= 0:
        if match := _DEFINE.match(unit.texts[at]):
            parameters = None if match[2] is None else tuple(re.findall(r"\w+|\.\.\.", match[3]))
            body = unit.texts[at][match.end() :]
            lexed = _lex(body, [(0, len(body))], unit.lines[at] + match[0].count("\n"), directives=False)
            inner = Unit(unit.path, *lexed)
            inner.scopes.append(Scope("macro", match[1], parameters or (), 0, 0, len(inner.texts)))
            unit.macros.append(Macro(match[1], parameters, inner))
        at = unit.kinds.find(DIRECTIVE, at + 1)
    if text.rfind("/*") > text.rfind("*/") and text.count("/*") != text.count("*/"):
        last = text.rfind("/*")
        if _inside_comment(unit, text, last):
            unit.flaws.append(Flaw(text.count("\n", 0, last) + 1, "the comment is not closed"))


def _inside_comment(unit: Unit, text: str, last: int) -> bool:
    """Say whether no token follows the position, as it must be when a comment runs to the end."""
    return not unit.lines or unit.lines[-1] <= text.count("\n", 0, last) + 1


def _sections(text: str) -> tuple[int, int, int]:
    """Return where the rules of a grammar or scanner begin, where they end, and where the code after them begins."""
    marks = [match.span() for match in re.finditer(r"^%%[^\n]*\n?", text, re.MULTILINE)]
    if not marks:
        return len(text), len(text), len(text)
    if len(marks) == 1:
        return marks[0][1], len(text), len(text)
    return marks[0][1], marks[1][0], marks[1][1]


def _grammar(path: str, text: str) -> Unit:
    """Read the C of a bison grammar: its prologue, its actions and its epilogue."""
    rules, rules_end, code = _sections(text)
    prologue = list(_prologue(text, rules))
    return _assemble(path, text, prologue, [(rules, rules_end)], (code, len(text)))


def _scanner(path: str, text: str) -> Unit:
    """Read the C of a flex scanner: patterns are left out, they are no C and hold lone quotes."""
    rules, rules_end, code = _sections(text)
    return _assemble(
        path, text, list(_prologue(text, rules)), list(_actions(text, rules, rules_end)), (code, len(text))
    )


def _prologue(text: str, end: int) -> Iterator[tuple[int, int]]:
    """Give the ranges of C in the definitions: from ``%{`` to ``%}``, and from ``%top{`` to ``}``."""
    at = 0
    while match := _C_BLOCK.search(text, at, end):
        close = (_TOP_END if match[0] == "%top{" else _C_END).search(text, match.end(), end)
        at = close.end() if close else end
        yield match.end(), close.start() if close else end


def _assemble(
    path: str,
    text: str,
    prologue: list[tuple[int, int]],
    rules: list[tuple[int, int]],
    code: tuple[int, int],
) -> Unit:
    first = _lex(text, prologue)
    # `_lex` counts lines from the beginning of the text, so each part can be read by itself.
    second = _lex(text, rules)
    third = _lex(text, [code])
    unit = Unit(path, first[0] + second[0] + third[0], first[1] + second[1] + third[1], first[2] + second[2] + third[2])
    middle, last = len(first[0]), len(first[0]) + len(second[0])
    _structure(unit, 0, middle)
    at = middle
    while at < last:
        if unit.texts[at] == "{" and unit.kinds[at] in (MARK, OPENING):
            close = _block(unit, at, last)
            unit.scopes.append(Scope("action", "", (), at, at + 1, close))
            at = close
        at += 1
    _structure(unit, last, len(unit.texts))
    _finish(unit, text)
    return unit


def _block(unit: Unit, opening: int, end: int) -> int:
    """Return the brace that closes a block whose braces may stand in any column; ``end`` where none does."""
    depth = 0
    for at in range(opening, end):
        if unit.kinds[at] in _BRACES:
            if unit.texts[at] == "{":
                depth += 1
            elif unit.texts[at] == "}":
                depth -= 1
                if depth == 0:
                    return at
    unit.flaws.append(Flaw(unit.lines[opening], "the brace is not closed"))
    return end


def _actions(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give the ranges of C in a scanner's rules: the actions, and whatever is indented between rules."""
    at = start
    while at < end:
        line_end = text.find("\n", at, end)
        line_end = end if line_end < 0 else line_end
        if text.startswith("%{", at):
            close = text.find("\n%}", at, end)
            yield at + 2, end if close < 0 else close
            at = end if close < 0 else close + 3
            continue
        if text[at] in " \t\n":
            begin = at
        else:
            begin = _pattern_end(text, at, line_end)
            if text[begin - 1] == "{" and not text[begin:line_end].strip():
                # `<state>{` opens a group of rules; its brace is closed alone on a line.
                at = line_end + 1
                continue
            if text[at] == "}" and not text[at + 1 : line_end].strip():
                at = line_end + 1
                continue
        close = _action_end(text, begin, line_end, end)
        yield begin, close
        at = close + 1


def _pattern_end(text: str, start: int, end: int) -> int:
    """Return where a pattern ends: at the first blank outside quotes, brackets and escapes."""
    at = start
    quoted = bracketed = False
    while at < end:
        char = text[at]
        if char == "\\":
            at += 1
        elif quoted:
            quoted = char != '"'
        elif bracketed:
            bracketed = char != "]"
        elif char == '"':
            quoted = True
        elif char == "[":
            bracketed = True
        elif char in " \t":
            break
        at += 1
    return min(at, end)


def _action_end(text: str, start: int, line_end: int, end: int) -> int:
    """Return the end of an action: of its line, or of the line in which its last brace is closed."""
    depth = 0
    at = start
    while at < end:
        if at >= line_end and depth <= 0:
            return at
        match = _TOKEN.match(text, at, end)
        if match is None:  # pragma: no cover - the last alternative takes any character
            break
        word = match.group()
        if match.lastgroup == "m":
            depth += (word == "{") - (word == "}")
        elif match.lastgroup == "space" and depth <= 0 and "\n" in word:
            line = text.find("\n", at, match.end())
            return line if not word.startswith("/*") else match.end()
        at = match.end()
        if at > line_end and depth > 0:
            following = text.find("\n", at, end)
            line_end = end if following < 0 else following
    return end
