"""Characters that a reader cannot see, or takes for others."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from errbook.rules.rule import Rule

Found = tuple[int, int, str, str, str]

UNPARSABLE: Final = frozenset({"control-character", "line-separator"})
"""Rules after which lines can no longer be counted as the parser does."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|\t")
_WORD: Final = re.compile(r"[^\W\d_]+")
_LINE_BREAKS: Final = "\x85\u2028\u2029"
# The letters that look like Latin ones in common fonts: Unicode's confusables.txt (UTS 39), upright Cyrillic
# and Greek.
_LOOKALIKES: Final = frozenset("аеорсухіјѕԁһԛԝАВЕКМНОРСТХУІЈЅԌԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧοναγι")
_MAX: Final = 100
_NAMES: Final = {"\x00": "NUL", "\x1b": "ESC", "\r": "a carriage return without a line feed", "\x7f": "DEL"}


def misplaced(text: str) -> Iterator[Found]:
    """Yield line, column, rule, message and advice of each character that a file may not hold, up to a hundred."""
    count = 0
    if _CONTROL.search(text):
        for match in _CONTROL.finditer(text):
            character = match[0]
            line, column = _place(text, match.start())
            if character == "\t":
                advice = 'Indent with spaces; in a value write "\\t" in double quotes'
                yield line, column, "tab", "there is a tab", advice
            else:
                name = _NAMES.get(character, f"U+{ord(character):04X}")
                yield line, column, "control-character", f"there is a control character, {name}", "Remove it"
            count += 1
            if count >= _MAX:
                return
    if text.isascii():
        return
    for offset, rule, message, advice in _suspicious(text):
        yield *_place(text, offset), rule, message, advice
        count += 1
        if count >= _MAX:
            return


def escaped(value: str) -> Iterator[tuple[str, str, str]]:
    """Yield rule, message and advice where a value in double quotes hides by an escape what a file may not hold."""
    if match := re.search(r"[\x00-\x08\x0b-\x1f\x7f]", value):
        message = f"the escape makes a control character, U+{ord(match[0]):04X}"
        yield (
            "control-character",
            message,
            "Name the character in words, or make it in code, as CHAR(0) in SQL",
        )
    for _, _, message, advice in _suspicious(value):
        yield "hidden-character", f"an escape hides a character: {message}", advice
        return


def _suspicious(text: str) -> Iterator[tuple[int, str, str, str]]:
    for match in re.finditer(r"[^\x00-\x7f]", text):
        character = match[0]
        if character in _LINE_BREAKS:
            message = f"there is {_name(character)}, which some programs take for a new line"
            yield match.start(), "line-separator", message, "Write an ordinary new line"
        elif _invisible(character):
            message = f"there is {_name(character)}, which nobody sees"
            advice = "Write an ordinary space" if character.isspace() else "Remove it"
            yield match.start(), "hidden-character", message, advice
        elif 0xFF01 <= ord(character) <= 0xFF5E or 0x1D400 <= ord(character) <= 0x1D7FF:
            plain = unicodedata.normalize("NFKC", character)
            message = f"{character} is {_name(character)}, not {plain}"
            yield match.start(), "lookalike-character", message, f"Write {plain}"
    for match in _WORD.finditer(text):
        word = match[0]
        if word.isascii():
            continue
        odd = [c for c in word if c in _LOOKALIKES]
        if odd and (len(odd) == len(word) > 1 or any("a" <= c.lower() <= "z" for c in word)):
            message = f"the word {word} has {_name(odd[0])}, which looks like a Latin letter"
            yield match.start() + word.index(odd[0]), "lookalike-character", message, "Type the Latin letter"


def _invisible(character: str) -> bool:
    category = unicodedata.category(character)
    variation = "\ufe00" <= character <= "\ufe0f"
    return (
        category in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"}
        or variation
        or character in "\u115f\u1160\u3164\u034f"
    )


def _name(character: str) -> str:
    return f"U+{ord(character):04X} ({unicodedata.name(character, 'a character without a name').lower()})"


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


RULES: Final = (
    Rule(
        "control-character",
        "file",
        "A file holds no control characters besides the line feed.",
        "Remove the character; name it in words where it matters.",
    ),
    Rule("tab", "file", "A file holds no tabs.", 'Indent with spaces; in a value write "\\t" in double quotes.'),
    Rule(
        "line-separator",
        "file",
        "Lines end with a line feed, not with one of Unicode's other separators.",
        "Write an ordinary new line.",
    ),
    Rule(
        "hidden-character",
        "file",
        "A file holds no characters that nobody sees: zero-width and no-break spaces, marks that turn the direction.",
        "Remove the character, or write an ordinary space.",
    ),
    Rule(
        "lookalike-character",
        "file",
        "A Latin word is written in Latin letters: no Cyrillic, Greek or full-width ones that look the same.",
        "Type the Latin letter.",
    ),
)
