"""The identifier: a text in, the errors in it out."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from errbook.identifier.dialects import Code, Dialects
from errbook.identifier.judge import Hit, Match, judge
from errbook.identifier.layout import BASE, FORMAT, PARTED, SPACE
from errbook.identifier.messages import Found, Messages
from errbook.identifier.words import FILLER, fold, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from errbook.identifier.alike import Alike
    from errbook.identifier.quiet import Quiet

ENGINES: Final = {"m": "mysql", "b": "mysql", "a": "mariadb", "p": "postgresql", "s": "sqlite"}

_OWN: Final = ("mysql", "mariadb", "postgresql", "sqlite")
_ERRORS: Final = ("error", "fatal", "panic", "exception", "fail", "errno", "sqlstate", "err:", "denied")
_CLEAN_BEFORE: Final = frozenset(":'\"([>\u00ab\u201e\u201c`*|-;,=]")
_CLEAN_AFTER: Final = frozenset(".'\")],;\u00bb\u201d`<}\\|(")
_QUOTES: Final = "'\"`\u00ab\u00bb\u201e\u201c\u201d\u2018\u2019\u300c\u300d\\"
_BLANKS: Final = " \t\r\n\u00a0\u202f"
"""White space around a value; French has spaces that do not break inside of its quotes."""

_SYMBOL: Final = re.compile(r"(?:er|cr|warn|sqlite|ee|ha_err)_\w+")
_OTHERS: Final = frozenset(
    {
        "syntaxerror",
        "systemerror",
        "ioerror",
        "internalerror",
        "dataexception",
        "connectionexception",
        "diskfull",
        "indexcorrupted",
        "configfileerror",
        "invalidname",
        "invalidpassword",
        "warning",
        "outofmemory",
        "assertfailure",
        "divisionbyzero",
    }
)
"""Names of PostgreSQL's conditions that other programs' exceptions have too."""

_QUIET: Final = re.compile(
    r"\[(?:Note|System|Warning)\]|\b(?:LOG|DEBUG\d?|NOTICE|INFO|STATEMENT|CONTEXT|HINT|DETAIL): {1,2}"
)
_OTHER_ERRORS: Final = re.compile(
    r"(?:zerodivision|divisionbyzero|attribute|arithmetic|type|key|name|index|value|reference)(?:error|exception)"
)
"""Exceptions of programming languages, in lower case, whose messages databases have too."""

_FOLLOWS: Final = re.compile(r"[ \t:?!,;(-]{1,4}(?!at\b|in /|line\b|\(SQL|\[SQL|SQLSTATE|\d)[A-Za-z]")
"""What follows a message in its line where it is a part of a longer sentence."""

_NUMBERS: Final = frozenset({"*row", "*line", "*limit", "*number", "*errno", "*port"})
_NUMBER: Final = re.compile(r"[^0-9\n]{0,3}[0-9]+")
"""Gaps at the end that hold a number: a wrapper's words go on behind it."""

_SHORT: Final = 80
_WEAK: Final = 0.5
_PLAIN: Final = 24
_NEVER: Final = 100
_MY: Final = frozenset({"mysql", "mariadb"})
_FEW: Final = 2
_BITS: Final = 8
_HALF: Final = 6
_TOP: Final = 0.95


class Identity(NamedTuple):
    """What is known of a reference: symbol, SQLSTATE and the identity of its entry, each None where there is none."""

    symbol: str | None
    sqlstate: str | None
    entry: str | None


class Identifier:
    """Everything that the data set knows, ready to be asked. It keeps nothing of a text."""

    def __init__(self, part: Callable[[str], str]) -> None:
        """`part` gives a part of the data set by its name; parts for languages are read when a text needs them."""
        self._part = part
        head, _, rest = part(BASE).partition("\n")
        about: dict[str, Any] = json.loads(head)
        if about["format"] != FORMAT:
            raise ValueError(f"data of format {about['format']}, not {FORMAT}")
        self._about = about
        lines = rest.split("\n")
        self._codes: dict[str, Identity] = {}
        self._states: dict[str, str] = {}
        self._symbols: dict[str, str] = {}
        self._classes: dict[str, str] = {}
        self._variants: dict[tuple[str, str], str] = {}
        for line in lines[: about["codes"]]:
            ref, symbol, state, entry, others, variants = line.split("\t")
            for variant in variants.split(";") if variants else ():
                name, _, text = variant.partition(":")
                self._variants[ref, text] = name
            self._codes[ref] = Identity(symbol or None, state or None, entry or None)
            self._states[ref] = state
            if symbol:
                self._symbols.setdefault(symbol.lower(), ref)
            for other in others.split():
                self._symbols.setdefault(other.lower(), ref)
            if ref[0] == "p" and symbol:
                self._classes.setdefault(symbol.replace("_", "").lower(), ref)
        self._messages = Messages(lines[about["codes"] :])
        self._dialects = Dialects(about["dialects"])
        self._exact, self._prefixes = _hints(about["hints"])
        self._errno: list[tuple[tuple[str, ...], str]] = [
            (tuple(text.split()), f"p{code}") for text, code in about["errno"].items()
        ]
        self._telling: dict[str, list[str]] = {}
        for name, text in about["languages"].items():
            for word in text.split():
                self._telling.setdefault(word, []).append(name)
        self._languages: dict[str, Messages] = {}

    def known(self, ref: str) -> Identity:
        """Return what is known of a reference."""
        return self._codes.get(ref, Identity(None, None, None))

    def quiet(self) -> Quiet:
        """Return what tells texts in which nothing is found; it takes about a third of the time to make."""
        from errbook.identifier.quiet import Quiet

        given = self._about["dialects"]
        dialects = ((tuple(item["needs"]), item["pattern"], bool(item.get("exact"))) for item in given)
        return Quiet(self._messages.zeroed(), dialects, self._symbols, self._classes, self._telling)

    def alike(self) -> Alike:
        """Return what tells texts that get the same answer; it takes about a third of the time to make."""
        from errbook.identifier.alike import Alike

        vocabulary = self._messages.numbered()
        vocabulary.update(self._symbols, self._exact, *(text for text, _ in self._errno))
        prefixes = [prefix for named in self._prefixes.values() for prefix, _ in named]
        return Alike(vocabulary, prefixes, self._classes, self._telling, self._about["dialects"])

    def identify(self, text: str) -> tuple[list[Match], bool]:
        """Return the errors in a text, the root cause first, and whether the text names MariaDB."""
        folded = fold(text)
        found, starts, ends = words(folded)
        hints = self._hinted(found)
        codes = self._dialects.find(folded)
        if not hints and any(code.engine == "sqlite" for code in codes):
            # The form in which a driver prints SQLite's codes names it.
            hints.add("sqlite")
        hits: list[Hit] = []
        foreign: list[tuple[int, int]] = []
        ours = {code.state for code in codes if code.state and code.code and self._my(code.code, hints)}
        for code in codes:
            if not code.code and code.state in ours:
                # The SQLSTATE that stands with a number of MySQL's.
                continue
            for hit in self._code(code, hints):
                hits.append(hit)
                if "/" in hit.refs[0]:
                    foreign.append(_line(folded, code.start))
        hits += self._named(folded, found, starts, ends, hints)
        messages = self._messages.find(found)
        for name in self._spoken(found):
            if name not in self._languages:
                self._languages[name] = Messages(self._part(name).split("\n"), "t")
            messages += self._languages[name].find(found)
        hits += self._said(messages, folded, found, starts, ends, hints)
        if foreign:
            hits = [
                hit for hit in hits if "/" in hit.refs[0] or not any(since <= hit.start < to for since, to in foreign)
            ]
        return judge(hits, self._states), "mariadb" in hints

    def _hinted(self, found: list[str]) -> set[str]:
        hints: set[str] = set()
        for word in set(found):
            if named := self._exact.get(word):
                hints |= named
            for prefix, named in self._prefixes.get(word[:2], ()):
                if word.startswith(prefix):
                    hints |= named
        return hints

    def _spoken(self, found: list[str]) -> list[str]:
        """Return the languages of a text, at most two, by the words that tell them."""
        count: dict[str, int] = {}
        for word in set(found):
            for name in self._telling.get(word, ()):
                count[name] = count.get(name, 0) + 1
        best = sorted(count.items(), key=lambda item: (-item[1], item[0]))[:2]
        return [name for name, number in best if number >= _FEW]

    def _code(self, code: Code, hints: set[str]) -> list[Hit]:
        """Return what a printed code is evidence for."""
        kind = "code" if code.code else ("exception" if code.exception else "sqlstate")
        made = []
        if code.engine not in (*_OWN, "my", "any"):
            return [Hit("code", (f"{code.engine}/{(code.code or '').upper()}",), code.weight, code.start, code.end)]
        ours = hints & {"mysql", "mariadb"}
        weight = code.weight
        if code.weak and not (ours if code.engine == "my" else code.engine in hints) and not (code.code and code.state):
            weight *= _WEAK
        if code.engine == "my" or (code.engine == "any" and code.code and len(code.code) > 3):
            ref = self._my(code.code or "", hints)
            if ref and (ours or not code.hinted):
                made.append(Hit("code", (ref,), weight, code.start, code.end, root=code.root))
        elif code.engine == "sqlite" or (code.engine == "any" and code.code and code.code != "7"):
            ref = f"s{int(code.code or 0)}"
            if ref in self._codes:
                made.append(Hit("code", (ref,), code.weight, code.start, code.end))
        elif code.exception:
            ref = self._classes.get(code.exception.lower(), "")
            if ref and ("postgresql" in hints or not code.hinted):
                made.append(Hit(kind, (ref,), code.weight, code.start, code.end))
        elif code.state:
            ref = f"p{code.state}"
            open_ = code.engine == "any" and "postgresql" not in hints
            if ref in self._codes and not (open_ and (ours or code.state.endswith("000"))):
                made.append(Hit("code", (ref,), weight - 0.25 * open_, code.start, code.end, root=code.root))
        if code.state and code.engine != "postgresql":
            made.append(Hit("sqlstate", (f"={code.state}",), code.weight, code.start, code.end))
        return made

    def _my(self, number: str, hints: set[str]) -> str | None:
        number = number.lstrip("0")
        both = f"b{number}"
        if both in self._codes:
            return both
        order = ("a", "m") if "mariadb" in hints else ("m", "a")
        return next((f"{letter}{number}" for letter in order if f"{letter}{number}" in self._codes), None)

    def _named(self, folded: str, found: list[str], starts: list[int], ends: list[int], hints: set[str]) -> list[Hit]:
        """Return the symbols that stand in a text."""
        hits = []
        for word, start, end in zip(found, starts, ends, strict=True):
            if "_" not in word:
                name = word.removesuffix("error") if word not in self._classes else word
                if (
                    len(name) > 8
                    and name in self._classes
                    and folded[start].isupper()
                    and not folded[start:end].isupper()
                ):
                    weight = 0.75 if "postgresql" in hints else 0.6
                    if name in _OTHERS:
                        weight = 0.55 if "postgresql" in hints else 0.0
                    hits += [Hit("exception", (self._classes[name],), weight, start, end)] if weight else []
                continue
            ref = self._symbols.get(word)
            if ref is None:
                continue
            if _SYMBOL.fullmatch(word):
                hits.append(Hit("symbol", (ref,), 0.85, start, end))
            elif ref[0] == "p" and "postgresql" in hints and folded[start:end].islower():
                hits.append(Hit("symbol", (ref,), 0.55, start, end))
        return hits

    def _said(
        self,
        messages: list[Found],
        folded: str,
        found: list[str],
        starts: list[int],
        ends: list[int],
        hints: set[str],
    ) -> list[Hit]:
        """Return the messages that stand in a text, of those that overlap the one that says most."""
        scored = []
        for item in messages:
            start, end = starts[item.start], ends[item.end - 1]
            refs = self._refs(item, folded, found, start, hints)
            if not refs:
                continue
            bits = item.bits + self._context(item, refs, folded, start, end, hints)
            scored.append((bits, item, refs, start, end))
        scored.sort(key=lambda each: (-each[0], len(each[1].gaps), each[3], each[1].message.words))
        taken: list[tuple[int, int]] = []
        hits = []
        for bits, item, refs, start, end in scored:
            at = bisect_right(taken, (start, 1 << 60))
            if (at and taken[at - 1][1] > start) or (at < len(taken) and taken[at][0] < end):
                continue
            taken.insert(at, (start, end))
            if bits <= _BITS:
                continue
            weight = min(_TOP, 1 - 0.5 ** ((bits - _BITS) / _HALF))
            variant = self._variants.get((refs[0], _unnamed(item)))
            values = _parameters(item, folded, starts, ends)
            hits.append(Hit("message", refs, weight, start, end, values, variant=variant))
        return hits

    def _refs(self, item: Found, folded: str, found: list[str], start: int, hints: set[str]) -> tuple[str, ...]:
        """Return the references of a message that fit what else the text tells."""
        refs = item.message.refs
        if "e" in item.message.flags:
            chosen = self._system(found, item.end)
            refs = (chosen,) if chosen in refs else refs
        engines = {_engine(ref) for ref in refs}
        named = engines & hints
        if hints & _MY:
            named |= engines & _MY
        if named:
            return tuple(ref for ref in refs if _engine(ref) in named)
        if len(engines) > 1:
            # MySQL's messages begin with a capital, PostgreSQL's and SQLite's do not.
            before = folded[max(0, start - 2) : start].strip(" ")[-1:]
            high = before in ("'", "`") if item.message.first and before in ("'", "`", '"') else folded[start].isupper()
            fitting = tuple(ref for ref in refs if (_engine(ref) in ("mysql", "mariadb")) == high)
            return fitting or refs
        return refs

    def _system(self, found: list[str], at: int) -> str | None:
        """Return PostgreSQL's code for the operating system's error whose words follow."""
        for place in range(at, min(at + 24, len(found))):
            for text, ref in self._errno:
                if found[place] == text[0] and tuple(found[place : place + len(text)]) == text:
                    return ref
        return None

    def _context(self, item: Found, refs: tuple[str, ...], folded: str, start: int, end: int, hints: set[str]) -> float:
        """Return the bits that the surroundings of a message add or take."""
        flags = item.message.flags
        engines = {_engine(ref) for ref in refs}
        own = engines & hints or (engines & _MY and hints & _MY)
        since, to = _line(folded, start)
        before = folded[since:start].rstrip().lower()
        after = folded[end : end + 3].lstrip(" ")
        outer = item.message.first > 0
        clean = not before or before[-1] in _CLEAN_BEFORE or outer
        closed = (
            not after or after[0] in _CLEAN_AFTER or after[0] == "\n" or item.message.last + 1 < len(item.message.words)
        )
        bits = 0.0
        if own or ("t" in flags and not hints):
            # Translations are PostgreSQL's alone.
            bits += 4
        elif hints:
            bits -= 8
        if clean:
            bits += 3
        if closed:
            bits += 1
        said = any(word in before for word in _ERRORS)
        if said:
            bits += 3
        quiet = _QUIET.search(folded[since : min(start + 1, to)])
        if quiet:
            bits -= _NEVER if quiet[0][0] == "[" else 0 if "w" in flags else 12
        if "o" in flags:
            bits += 40
        if "l" in flags:
            # Logs are full of messages that are no errors; those that are say so.
            bits -= 5 if said else _NEVER
        if "w" in flags:
            bits -= 5
        if "h" in flags and not own:
            bits -= _NEVER
        if "a" in flags:
            bits += 10 if own and clean and closed else -_NEVER
        if not hints and _OTHER_ERRORS.search(before):
            bits -= _NEVER
        if not hints and item.message.bits < _PLAIN and "t" not in flags:
            # Nothing tells that a database said this, and it is made of everybody's words: it must be all that is said.
            bare = not before or (clean and not outer)
            if not (bare or (outer and len(before) < _SHORT)) or self._goes_on(item, folded, end, to):
                bits -= _NEVER
        return bits

    def _goes_on(self, item: Found, folded: str, end: int, to: int) -> bool:
        """Tell whether more than the value of a last gap, or a place, follows a message in its line."""
        return item.message.last + 1 == len(item.message.words) and bool(_FOLLOWS.match(folded[end:to]))


def _line(text: str, at: int) -> tuple[int, int]:
    """Return where the line around a place begins and ends, at most 400 characters away."""
    since = text.rfind("\n", max(0, at - 400), at) + 1 or max(0, at - 400)
    to = text.find("\n", at, at + 400)
    return since, to if to >= 0 else min(len(text), at + 400)


def _engine(ref: str) -> str:
    return ref.partition("/")[0] if "/" in ref else ENGINES[ref[0]]


def _unnamed(item: Found) -> str:
    """Return the words of a message between its outer ones, without the names of its gaps."""
    message = item.message
    inner = message.words[message.first : message.last + 1]
    return " ".join("*" if word[0] == "*" else word for word in inner)


def _parameters(item: Found, folded: str, starts: list[int], ends: list[int]) -> tuple[tuple[str, str], ...]:
    """Return the values of a message's named gaps, without the quotes around them."""
    values = []
    for name, since, to in item.gaps:
        if name:
            left = ends[since - 1]
            right = starts[to] if to < len(starts) else len(folded)
            values += _parted(name, folded[left:right])
    names = item.message.words
    if len(names[0]) > 1 and names[0][0] == "*":
        left = folded.rfind("\n", max(0, starts[item.start] - 200), starts[item.start]) + 1
        before = folded[max(left, starts[item.start] - 200) : starts[item.start]]
        values += _parted(names[0][1:], before if PARTED in names[0] else _last(before))
    if len(names[-1]) > 1 and names[-1][0] == "*":
        right = folded.find("\n", ends[item.end - 1])
        stop = min(right if right >= 0 else len(folded), ends[item.end - 1] + 200)
        behind = folded[ends[item.end - 1] : stop]
        number = _NUMBER.match(behind) if names[-1] in _NUMBERS else None
        values += _parted(names[-1][1:], number[0] if number else behind)
    return tuple(sorted((name, value) for name, value in values if value))


def _parted(name: str, text: str) -> list[tuple[str, str]]:
    """Return the values of the names that share a gap.

    Where what parts two of them is missing, so is the second one's value; before a dot the first one's, a qualifier.
    """
    names = name.split(PARTED)
    values = []
    while len(names) > 1:
        between = names[1].replace(SPACE, " ")
        core = between.strip(_QUOTES + " ")
        # With the quotes first: a name may have a dot in it.
        place = text.find(between)
        if place < 0:
            between = core
            place = text.find(core) if core else -1
        if place < 0:
            names = names[2:] if core == "." else [names[0], *names[3:]]
            continue
        values.append((names[0], _value(text[:place])))
        text = text[place + len(between) :]
        names = names[2:]
    return [*values, (names[0], _value(text))]


def _value(text: str) -> str:
    """Return what stands in a gap: what is in quotes there, or all of it without white space and colons."""
    text = text.replace(FILLER, "").strip(f"{_BLANKS}:;,")
    for quote in _QUOTES:
        first = text.find(quote)
        if first >= 0:
            return text.strip(f"{_QUOTES}{_BLANKS}:;,.()")
    bare = text.strip("()")
    # Brackets that are a part of it, as in lower(text), stay.
    return bare if bare.count("(") == bare.count(")") or text.count("(") != text.count(")") else text


def _last(text: str) -> str:
    """Return the end of what stands before a message: what is in quotes there, or follows the last colon."""
    text = text.rstrip(f"{_BLANKS}:;,")
    if text[-1:] and text[-1] in _QUOTES:
        opened = max(text.rfind(quote, 0, -1) for quote in _QUOTES)
        return text[opened:] if opened >= 0 else text
    return text[text.rfind(": ") + 1 :]


def _hints(table: dict[str, list[str]]) -> tuple[dict[str, set[str]], dict[str, list[tuple[str, set[str]]]]]:
    exact: dict[str, set[str]] = {}
    prefixes: dict[str, list[tuple[str, set[str]]]] = {}
    for engine, names in table.items():
        for name in names:
            if name.endswith("*"):
                prefixes.setdefault(name[:2], []).append((name[:-1], {engine}))
            else:
                exact.setdefault(name, set()).add(engine)
    return exact, prefixes
