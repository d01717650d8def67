"""A source file: one document of the knowledge, read strictly, with the place of every value.

What people write is YAML. The parser is libyaml (PyYAML's C loader); the values are built here, so that what a reader
of the file sees is what the program gets. Tags, anchors, merge keys, duplicate keys and dates are refused, and no input
may cost more than its size. Evidence, which a program writes, is JSON (`errbook.strict_json`).
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import yaml

from errbook import strict_json
from errbook.problem import Problem, shown
from errbook.rules import characters

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 32
MAX_ITEMS: Final = 256
MAX_PROBLEMS: Final = 100
"""A file that is wrong in more places is reported up to here: the first ones are what gets mended."""

CONDITIONS: Final = "conditions"
"""The folder that stands beside those of the engines, and before the name of a condition where an engine would."""

Kind = Literal["entry", "condition", "engine", "sqlstates", "wanted", "evidence"]
_TOP: Final[Mapping[str, Kind]] = {"sqlstates.yaml": "sqlstates", "wanted.yaml": "wanted"}
"""Files that stand in errors/ itself, beside the folders of the engines."""
Where = Sequence[str | int]

_TAG: Final = "tag:yaml.org,2002:"
_STR, _MAP, _SEQ, _INT, _FLOAT, _BOOL, _NULL = (
    _TAG + name for name in ("str", "map", "seq", "int", "float", "bool", "null")
)
_NAMES: Final = {
    _TAG + "timestamp": "a date",
    _TAG + "value": "a default value",
    _TAG + "merge": "a merge key",
    _INT: "a number",
    _FLOAT: "a number",
    _BOOL: "a boolean",
    _NULL: "nothing",
}
# An anchor, alias, tag or directive stands at the start of a token. Prose and SQL seldom look like one; where
# they do, the events are read to know. libyaml's composer recurses in C and dies on deep input, so depth is
# bounded first: every flow level needs a bracket, every block level an indent.
_SUSPECT: Final = re.compile(r"(?:^|[\s,\[{:-])(?:[&*][^\s&*]|!(?!=))|^%|^[ \t?:-]{100}", re.MULTILINE)
_MANY_BRACKETS: Final = 400
_LONG_NUMBER: Final = 40
# YAML 1.1 reads these as booleans, YAML 1.2 and every editor as text. As keys they are text here: steps say
# `on: a`.
_WORDS: Final = frozenset({"on", "off", "yes", "no"})


class Flaw(NamedTuple):
    """A problem of a text that does not know its file yet: line and column from 1."""

    line: int
    column: int
    rule: str
    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class Source:
    """One file that could be read: its identity by path, its data, and where each value stands.

    ``layer`` is the directory that holds the folders ``errors`` and ``evidence``; ``engine`` is the folder's name
    (empty for a file of no engine) and ``name`` the file's name without its ending.
    """

    path: Path
    layer: Path
    kind: Kind
    engine: str
    name: str
    data: dict[str, Any]
    text: str = field(repr=False, compare=False)
    root: yaml.MappingNode = field(repr=False, compare=False)

    def position(self, where: Where, key: bool = False) -> tuple[int, int]:
        """Return line and column, from 1, of the value at ``where``, or of its key.

        Where there is no such value, the place of its nearest parent is returned.
        """
        node, name = self._find(where)
        mark = (name if key and name is not None else node).start_mark
        # A value that is not there begins, for the parser, on the line after the last one.
        return min(mark.line + 1, max(1, len(self.text.splitlines()))), mark.column + 1

    def position_in(self, where: Where, offset: int) -> tuple[int, int]:
        """Return line and column of the character ``offset`` of the text at ``where``.

        Known for literal blocks and for text on one line; elsewhere the place where the text starts is
        returned.
        """
        node, _ = self._find(where)
        line, column = node.start_mark.line, node.start_mark.column
        value = self.value(where)
        if isinstance(value, str) and isinstance(node, yaml.ScalarNode):
            if node.style == "|":
                before = value[:offset]
                row = line + 1 + before.count("\n")
                content = value[before.rfind("\n") + 1 :].partition("\n")[0]
                lines = self.text.split("\n", row + 1)
                if row < len(lines) and content and (indent := lines[row].find(content)) >= 0:
                    return row + 1, indent + offset - before.rfind("\n")
            elif node.style != ">" and node.end_mark.line == line:
                quote = 1 if node.style else 0
                if node.end_mark.column - column == len(value) + 2 * quote:
                    return line + 1, column + 1 + quote + offset
        return line + 1, column + 1

    def style(self, where: Where) -> str:
        """Return how the scalar at ``where`` is written: ``'``, ``"``, ``|``, ``>``, or nothing where it is plain."""
        node, _ = self._find(where)
        return node.style or "" if isinstance(node, yaml.ScalarNode) else ""

    def written(self, where: Where) -> str:
        """Return the scalar at ``where`` as it is written; nothing for lists, mappings and what is not there."""
        node, _ = self._find(where)
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""

    def value(self, where: Where) -> Any:
        """Return the value at ``where``, or None where there is none."""
        value: Any = self.data
        for step in where:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def _find(self, where: Where) -> tuple[Any, Any]:
        node: Any = self.root
        name: Any = None
        for step in where:
            if isinstance(node, yaml.MappingNode):
                pair = next((pair for pair in node.value if pair[0].value == step), None)
                if pair is None:
                    break
                name, node = pair
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and -1 < step < len(node.value):
                name, node = None, node.value[step]
            else:
                break
        return node, name


def read(path: Path, layer: Path) -> tuple[Source | None, list[Problem]]:
    """Read one file below ``layer / "errors"`` or ``layer / "evidence"``.

    Returns the source, and the problems of its form. There is no source where the file could not be turned
    into values; a source with problems is good enough to look for more of them, not to be compiled. Nothing
    is raised: what cannot be read is a problem.
    """
    shown_path = display(path)
    kind, engine, name = kind_of(path, layer)
    content = _content(path, layer)
    root, data, flaws = None, dict[str, Any](), list[Flaw]()
    if isinstance(content, Flaw):
        flaws = [content]
    elif kind == "evidence":
        root, data, found = strict_json.parse(content)
        flaws = [Flaw(*item) for item in found]
    else:
        root, data, flaws = parse(content)
    if kind == "evidence":
        flaws = [flaw._replace(advice=record_again(engine, name)) for flaw in flaws]
    problems = sorted(Problem(shown_path, *flaw) for flaw in flaws)[:MAX_PROBLEMS]
    if root is None or isinstance(content, Flaw):
        return None, problems
    return Source(path, layer, kind, engine, name, data, content, root), problems


def record_again(engine: str, name: str) -> str:
    """Return the advice for whatever is wrong with a file of evidence: nobody edits one."""
    return f"Do not edit it; record it again: errbook verify {engine}/{name} --record"


def kind_of(path: Path, layer: Path) -> tuple[Kind, str, str]:
    """Return what a path below a layer holds, its engine (empty for a file of none) and its name without ending."""
    engine = path.parent.name
    if path.parent.parent == layer / "evidence":
        return "evidence", engine, path.stem
    if path.name in _TOP and path.parent == layer / "errors":
        return _TOP[path.name], "", path.stem
    if path.parent == layer / "errors" / CONDITIONS:
        return "condition", CONDITIONS, path.stem
    return "engine" if path.name == "engine.yaml" else "entry", engine, path.stem


def display(path: Path) -> str:
    """Return the path as problems name it: relative where it lies below the current directory."""
    if path.is_absolute():
        try:
            return path.relative_to(Path.cwd()).as_posix()
        except (ValueError, OSError):  # elsewhere, or the current directory is gone
            return path.as_posix()
    return path.as_posix()


def parse(text: str) -> tuple[yaml.MappingNode | None, dict[str, Any], list[Flaw]]:
    """Parse the text of one file.

    Returns its nodes (None where there are no values), the values, and what is wrong with the form.
    """
    flaws = [Flaw(*found) for found in characters.misplaced(text)]
    if any(flaw.rule in characters.UNPARSABLE for flaw in flaws):
        return None, {}, flaws
    try:
        if _SUSPECT.search(text) or text.count("[") + text.count("{") > _MANY_BRACKETS:
            refused = list(_refused(text))
            if refused:
                return None, {}, flaws + refused
        loader = yaml.CSafeLoader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        # A tab is reported by itself, and its repair usually mends the structure too.
        return None, {}, flaws or [_syntax(error, text)]
    except yaml.YAMLError as error:
        return None, {}, flaws or [Flaw(1, 1, "yaml-syntax", str(error), "Write valid YAML")]
    if not isinstance(root, yaml.MappingNode):
        if root is None or (isinstance(root, yaml.ScalarNode) and root.tag == _NULL):
            empty = Flaw(1, 1, "empty-file", "the file holds no values", "Write the entry, or delete the file")
            return None, {}, [*flaws, empty]
        wrong = "the file holds a list" if isinstance(root, yaml.SequenceNode) else "the file holds a single value"
        return (
            None,
            {},
            [*flaws, _at(root, "yaml-syntax", wrong, "Write `field: value` lines at the left edge")],
        )
    builder = _Builder()
    data = builder.mapping(root, 1)
    return root, data, flaws + builder.flaws


def _content(path: Path, layer: Path) -> str | Flaw:
    """Return the file's text, or why there is none; pipes are not waited for, and no more is read than allowed."""
    unreadable = "unreadable-file"
    try:
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(os.path.realpath(layer)):
            message = f"the symbolic link leads out of the layer, to {shown(real, 200)}"
            return Flaw(1, 1, "outside-layer", message, "Put the file itself here")
        # Without O_NONBLOCK, opening a named pipe waits for a writer.
        handle = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(handle, "rb") as file:  # noqa: PTH123 - a Path cannot be opened without blocking
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return Flaw(1, 1, unreadable, "this is not a regular file", "Put a YAML file here, or remove it")
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        link = "the symbolic link leads nowhere" if path.is_symlink() else "the file does not exist"
        return Flaw(1, 1, unreadable, link, "Put the file itself here, or remove the link")
    except IsADirectoryError:
        return Flaw(1, 1, unreadable, "this is a directory", "Put a YAML file here, or rename the directory")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Flaw(1, 1, unreadable, f"the file cannot be read: {reason}", "Make it readable, or remove it")
    if len(raw) > MAX_BYTES:
        limit = f"the file is larger than {MAX_BYTES // 1024} kB"
        return Flaw(1, 1, "file-too-large", limit, "Keep to what one error needs; a real entry is below 40 kB")
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return Flaw(1, 1, "byte-order-mark", "the file starts with a byte order mark", "Save it as UTF-8 without BOM")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        good = raw[: error.start].decode()
        line, column = good.count("\n") + 1, len(good) - good.rfind("\n")
        message = f"byte {error.start} (0x{raw[error.start]:02x}) is not UTF-8"
        return Flaw(line, column, "not-utf8", message, "Save the file as UTF-8")


def _refused(text: str) -> Iterator[Flaw]:
    """Yield the tags, anchors, aliases and directives of a text, and stop where it is too deep to be composed."""
    depth = count = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        found: Flaw | None = None
        match event:
            case yaml.AliasEvent():
                message = f"the alias {shown(f'*{event.anchor}')} stands for another part of the file"
                found = _at(event, "anchor", message, "Write the value out")
            case yaml.DocumentStartEvent() if event.version or event.tags:
                message = "the file has a directive, a line that starts with `%`"
                found = _at(event, "directive", message, "Remove the line; entries are plain YAML")
            case yaml.CollectionEndEvent():
                depth -= 1
            case yaml.ScalarEvent() | yaml.CollectionStartEvent():
                if event.tag:
                    message = f"{shown(event.tag.removeprefix(_TAG))} is given as a tag"
                    found = _at(event, "explicit-tag", message, "Remove the tag; quote the value to make it text")
                elif event.anchor:
                    message = f"{shown(f'&{event.anchor}')} sets an anchor"
                    found = _at(event, "anchor", message, "Remove it and write the value out where it is needed")
                if isinstance(event, yaml.CollectionStartEvent):
                    depth += 1
        if found:
            yield found
            count += 1
        if depth > MAX_DEPTH:
            yield _too_deep(event)
            return
        if count >= MAX_PROBLEMS:
            return


class _Builder:
    """Turns nodes into values and collects what is refused on the way."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []

    def mapping(self, node: Any, depth: int) -> dict[str, Any]:
        self._bounded(node, depth)
        values: dict[str, Any] = {}
        if depth > MAX_DEPTH:
            return values
        for name, child in node.value[:MAX_ITEMS]:
            key = self._key(name)
            if key is None:
                continue
            if key in values:
                first = next(n for n, _ in node.value if n.value == key).start_mark.line + 1
                message = f"{shown(key)} is given twice; the first is on line {first}"
                self.flaws.append(_at(name, "duplicate-key", message, "Keep one of them"))
                continue
            values[key] = self.value(child, depth)
        return values

    def value(self, node: Any, depth: int) -> Any:
        tag = node.tag
        if tag == _STR:
            value = node.value
            if node.style == '"' and not (value.isascii() and value.replace("\n", "").isprintable()):
                self.flaws.extend(_at(node, *found) for found in characters.escaped(value))
            return value
        if tag == _MAP:
            return self.mapping(node, depth + 1)
        if tag == _SEQ:
            self._bounded(node, depth + 1)
            if depth >= MAX_DEPTH:
                return []
            return [self.value(child, depth + 1) for child in node.value[:MAX_ITEMS]]
        return self._scalar(node, tag)

    def _scalar(self, node: Any, tag: str) -> Any:
        written: str = node.value
        if tag == _NULL:
            return None
        if tag == _BOOL:
            return written.lower() in ("yes", "true", "on")
        if tag in (_INT, _FLOAT) and len(written) <= _LONG_NUMBER:
            number = _number(written, tag)
            if number is not None:
                return number
        what = _NAMES.get(tag, "a number that is no ordinary one")
        message = f"YAML reads {shown(written)} as {what}"
        self.flaws.append(_at(node, "value-type", message, "Put it in quotes to make it text"))
        return written

    def _key(self, node: Any) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            message = "a field's name is a list or a mapping"
            self.flaws.append(_at(node, "key-not-text", message, "Write a plain name; put braces in quotes"))
            return None
        key = str(node.value)
        if node.tag == _STR or (node.tag == _BOOL and key in _WORDS):
            if node.style == '"' and not (key.isascii() and key.isprintable()):
                self.flaws.extend(_at(node, *found) for found in characters.escaped(key))
            return key
        if node.tag == _TAG + "merge":
            message = "`<<` merges another mapping into this one"
            self.flaws.append(_at(node, "merge-key", message, "Write the fields out"))
            return None
        what = _NAMES.get(node.tag, node.tag.removeprefix(_TAG))
        message = f"the field's name {shown(key)} is read as {what}, not as text"
        self.flaws.append(_at(node, "key-not-text", message, f'Write "{key}" in quotes' if key else "Write a name"))
        return None

    def _bounded(self, node: Any, depth: int) -> None:
        if depth > MAX_DEPTH:
            self.flaws.append(_too_deep(node))
        elif len(node.value) > MAX_ITEMS:
            message = f"this holds {len(node.value)} items, and the limit is {MAX_ITEMS}"
            self.flaws.append(_at(node, "too-many-items", message, "Keep to what one error needs"))


def _number(written: str, tag: str) -> int | float | None:
    """Return the number that YAML 1.1 reads, as PyYAML's SafeConstructor does; None where it is not a finite one."""
    digits = written.replace("_", "")
    sign, digits = (-1, digits[1:]) if digits.startswith("-") else (1, digits.removeprefix("+"))
    try:
        if ":" in digits:
            total = 0.0
            for part in digits.split(":"):
                total = total * 60 + float(part)
            return sign * (int(total) if tag == _INT else total)
        if tag == _FLOAT:
            number = sign * float(digits)
            return number if abs(number) != float("inf") else None
        if digits.startswith(("0b", "0x")):
            return sign * int(digits, 0)
        return sign * int(digits, 8 if digits.startswith("0") and len(digits) > 1 else 10)
    except ValueError:  # .inf and .nan, and a sign without digits
        return None


def _at(node: Any, rule: str, message: str, advice: str) -> Flaw:
    mark = node.start_mark
    return Flaw(mark.line + 1, mark.column + 1, rule, message, advice)


def _too_deep(node: Any) -> Flaw:
    message = f"the values are nested deeper than {MAX_DEPTH} levels"
    return _at(node, "too-deep", message, "Look for brackets or dashes that were not meant")


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Flaw:
    """Translate a parser's error; a mark past the end of the file is moved to its end."""
    mark = error.problem_mark or error.context_mark
    lines = text.split("\n")
    if lines[-1] == "" and len(lines) > 1:
        lines.pop()
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if line >= len(lines):
        line, column = len(lines) - 1, len(lines[-1])
    reason = error.problem or "this is not YAML"
    if reason.startswith("but found another document"):
        message = "a second document starts here"
        return Flaw(line + 1, column + 1, "several-documents", message, "Put one document in a file")
    if reason.startswith("mapping values are not allowed"):
        advice = "Put the text in quotes, or in a `|` block: a colon and a space make YAML see a field"
    elif "tab" in reason or "cannot start any token" in reason:
        advice = "Put the text in quotes, or in a `|` block"
    else:
        advice = "Look at the indent and the quotes of this line and the one before it"
    context = f"{error.context}: " if error.context else ""
    return Flaw(line + 1, column + 1, "yaml-syntax", f"{context}{reason}", advice)
