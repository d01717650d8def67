"""The data that both matchers read: made once, when knowledge is compiled, from catalogs, entries and tables.

How it is laid out stands in `errbook.identifier.layout`.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, product
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from errbook.identifier.layout import BASE, FORMAT, PARTED, SPACE
from errbook.identifier.words import fold, words
from errbook.variants import split

LETTERS: Final = {"mysql": "m", "mariadb": "a", "postgresql": "p", "sqlite": "s"}
"""The letter of an engine in references; ``b`` is MySQL and MariaDB."""

LEAST: Final = 7
"""Bits that a message must have to be kept: one with fewer says nothing."""

_GAP: Final = re.compile(r"%%|%(?:\d+\$)?[-+ #0'.*\d]*(?:hh?|ll?|[qjzt])?(?:`s|[a-zA-Z][QTBE]?)|\{\w+\}")
_COUNTED: Final = re.compile(r"(%(?:l{0,2}|z)[du] )([a-z]{3,12}(?<!s))\b")
"""A number and what it counts: the catalogs have the message for one, servers print it for several too."""

_HERE: Final = Path(__file__).parent
_TELLING: Final = 2
_ENTRY: Final = (-1,)
"""The rank of an entry's own messages."""

_GENERAL: Final = {"XX000": 3, "0A000": 2, "F0000": 1, "01000": 3}


class Message(NamedTuple):
    """A message with what is known of it, before it is weighed."""

    words: tuple[str, ...]
    refs: tuple[str, ...]
    flags: str


def parse(template: str) -> tuple[str, ...]:
    """Return the words of a template with its gaps: conversions of printf and {named} placeholders."""
    found: list[str] = []
    at = 0
    for match in _GAP.finditer(template):
        between = template[at : match.start()]
        found += words(fold(between))[0]
        at = match.end()
        name = match[0][1:-1] if match[0][0] == "{" else ""
        if match[0] == "%%":
            continue
        # Two placeholders without a word between them are one gap; what has names says how to part it.
        if not (found and found[-1][0] == "*"):
            found.append(f"*{name}")
        elif name and found[-1] != "*":
            found[-1] += f"{PARTED}{between.replace(' ', SPACE)}{PARTED}{name}"
    return (*found, *words(fold(template[at:]))[0])


def tables() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the tables beside this module: the dialects with the hints, and the wordings."""
    read = [yaml.safe_load((_HERE / name).read_text("utf-8")) for name in ("dialects.yaml", "wordings.yaml")]
    return read[0], read[1]


class Builder:
    """Takes codes and messages and gives the parts."""

    def __init__(self) -> None:
        self._dialects, self._wordings = tables()
        self._codes: dict[str, tuple[str, ...]] = {}
        self._refs: dict[str, str] = {}
        self._variants: dict[str, dict[str, str]] = {}
        self._messages: dict[tuple[str, ...], dict[str, Any]] = {}
        self._waiting: list[tuple[tuple[str, ...], str, str]] = []
        self._english: dict[tuple[str, str], tuple[str, ...]] = {}
        prefer = self._wordings["prefer"]
        self._preferred = {code: preferred for preferred, codes in prefer.items() for code in codes}
        self._silent = frozenset(self._wordings["silent"])
        self._dropped = {_bare(parse(text)) for text in self._wordings["drop"]}

    def code(self, code: Mapping[str, Any]) -> None:
        """Take a public code object (``listed_code`` in schema/public.schema.json); MySQL's come before MariaDB's."""
        engine, number = code["engine"], code["code"]
        if engine not in LETTERS or (engine == "postgresql" and number == "00000"):
            return
        sibling = code["sibling"]
        shared = bool(sibling and sibling["same"])
        if shared and engine == "mariadb":
            ref = f"b{number}"
            symbol, state, entry, others = self._codes[ref]
            more = {code["symbol"], *code["formerly"], *code["aliases"], *others.split()} - {symbol, None, ""}
            self._codes[ref] = (symbol, state, entry, " ".join(sorted(more)))
        else:
            ref = f"{'b' if shared else LETTERS[engine]}{number}"
            more = {*code["formerly"], *code["aliases"]} - {code["symbol"], None}
            entry = code["entry"]["id"] if code["entry"] else ""
            self._codes[ref] = (code["symbol"] or "", code["sqlstate"] or "", entry, " ".join(sorted(more)))
        self._refs[f"{engine}/{number}"] = ref
        if f"{'mysql' if ref[0] == 'b' else engine}/{number}" not in self._silent:
            for item in code["messages"]:
                self._catalogued(code, item, ref)

    def _catalogued(self, code: Mapping[str, Any], item: Mapping[str, Any], ref: str) -> None:
        severities = {part.strip() for part in (item["severity"] or "ERROR").split(",")}
        said = severities & {"ERROR", "FATAL", "PANIC", "WARNING"}
        if not said:
            return
        where = item["where"] or code["where"]
        flags = ("w" if said == {"WARNING"} else "") + ("l" if where == "log" else "") + ("e" if item["errno"] else "")
        # MariaDB's messages of a shared code are the shared code's.
        preferred = self._preferred.get(f"{'mysql' if ref[0] == 'b' else code['engine']}/{code['code']}")
        rank = (
            preferred is not None,
            code["obsolete"],
            item["module"] is not None,
            where == "log",
            said == {"WARNING"},
            _GENERAL.get(code["code"], 0),
            code["entry"] is None,
            -len(item["series"]),
        )
        found = parse(item["text"])
        self._english.setdefault((code["engine"], item["text"]), found)
        if code["engine"] == "postgresql" and (several := _COUNTED.sub(r"\1\2s", item["text"])) != item["text"]:
            self._add(parse(several), ref, rank, flags)
        self._add(found, ref, rank, flags)
        if preferred:
            self._waiting.append((found, preferred, flags))

    def entry(self, entry: Mapping[str, Any]) -> None:
        """Take a public entry object: its messages come first for their words, and their placeholders have names."""
        ref = self._refs.get(f"{entry['engine']}/{entry['code']}")
        if ref is None:
            if entry["engine"] not in LETTERS:
                return
            # A knowledge may have entries without a catalog, and entries of what no catalog lists.
            shared = {"mysql", "mariadb"} <= set(entry["engines"])
            ref = f"{'b' if shared else LETTERS[entry['engine']]}{entry['code']}"
            names = " ".join(alias["symbol"] for alias in entry["aliases"] if " " not in alias["symbol"])
            self._codes[ref] = (entry["symbol"] or "", entry["sqlstate"] or "", entry["id"], names)
            self._refs.update({f"{engine}/{entry['code']}": ref for engine in entry["engines"]})
        self._variants[ref] = {
            " ".join(_unnamed(parse(message["text"]))): variant["id"]
            for variant in entry["variants"]
            for message in variant["messages"]
        }
        for message in (*entry["messages"], *(each for variant in entry["variants"] for each in variant["messages"])):
            found = parse(message["text"])
            gaps = sum(word[0] == "*" for word in found)
            # Whatever carries another error's text is found by its form, not by its words.
            if len(found) - gaps > 1:
                self._add(found, ref, _ENTRY, "")

    def _worded(self) -> None:
        """Take the table of wordings."""
        for found, code, flags in self._waiting:
            if code in self._refs:
                self._add(found, self._refs[code], (-2, 1), flags)
        for item in self._wordings["wordings"]:
            codes = item["code"] if isinstance(item["code"], list) else [item["code"]]
            named = {"a": "alone", "h": "hint", "o": "holds", "k": "known"}
            flags = "".join(flag for flag, name in named.items() if item.get(name))
            for at, whole in enumerate(codes):
                code, variant = split(whole)
                engine = code.partition("/")[0]
                if engine not in LETTERS or code in self._refs:
                    ref, found = self._refs.get(code, code), parse(item["text"])
                    self._add(found, ref, (-2, at), flags)
                    if variant and variant in self._variants.get(ref, {}).values():
                        self._variants[ref][" ".join(_unnamed(found))] = variant

    def _add(self, found: tuple[str, ...], ref: str, rank: tuple[Any, ...], flags: str) -> None:
        key = _unnamed(found)
        if not key or key in self._dropped:
            return
        kept = self._messages.setdefault(key, {"words": found, "refs": {}, "flags": flags, "rank": rank})
        kept["refs"][ref] = min(kept["refs"].get(ref, rank), rank)
        # A message that is an error for one code is one, whatever it is for others.
        kept["flags"] = "".join(flag for flag in kept["flags"] if flag in flags)
        # The names of an entry go before those of a wording, and more names before fewer.
        if _names(found) > _names(kept["words"]) and (rank == _ENTRY or not _names(kept["words"])):
            kept["words"] = found

    def parts(self, languages: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
        """Give the parts, (name, text); `languages` are files of messages in other languages (`errbook.catalogs`)."""
        self._worded()
        english = {
            key: Message(item["words"], tuple(sorted(item["refs"], key=item["refs"].__getitem__)), item["flags"])
            for key, item in self._messages.items()
        }
        lines = list(_weighed(english.values()))
        head: dict[str, Any] = {
            "format": FORMAT,
            "codes": len(self._codes),
            "messages": len(lines),
            "dialects": [
                {name: value for name, value in item.items() if name != "example"}
                for item in self._dialects["dialects"]
            ],
            "hints": self._dialects["hints"],
            "errno": {" ".join(words(text)[0]): code for text, code in self._wordings["errno"].items()},
            "languages": {},
        }
        others = list(self._languages(languages, english))
        vocabulary = {word for key in english for word in key}
        for name, messages in others:
            head["languages"][name] = _telling(messages, vocabulary)
        codes = ["\t".join((ref, *fields, self._told(ref))) for ref, fields in self._codes.items()]
        yield BASE, "\n".join([json.dumps(head, ensure_ascii=False, separators=(",", ":")), *codes, *lines])
        for name, messages in others:
            yield name, "\n".join(_weighed(messages))

    def _told(self, ref: str) -> str:
        return ";".join(f"{variant}:{text}" for text, variant in self._variants.get(ref, {}).items())

    def _languages(
        self, files: Mapping[str, Path], english: Mapping[tuple[str, ...], Message]
    ) -> Iterator[tuple[str, list[Message]]]:
        found: dict[str, dict[tuple[str, ...], Message]] = {}
        for engine, path in sorted(files.items()):
            own = {LETTERS.get(engine, ""), "b" if engine in ("mysql", "mariadb") else ""}
            for row in _rows(path):
                source = row.pop("message")
                for name, parsed, ref in self._filled(source, row):
                    found.setdefault(name, {})[_unnamed(parsed)] = Message(parsed, (ref,), "")
                origin = self._english.get((engine, source))
                message = english.get(_unnamed(origin or ()))
                refs = tuple(ref for ref in message.refs if ref[0] in own and "/" not in ref) if message else ()
                if not message or not refs:
                    continue
                names = _conversions(source, message.words)
                variants = self._variants.get(refs[0], {})
                variant = variants.get(" ".join(_unnamed(message.words)))
                for name, texts in row.items():
                    kept = found.setdefault(name, {})
                    for parsed in (parse(_renamed(text, names)) for text in texts):
                        key = _unnamed(parsed)
                        if key and _unnamed(parsed) not in english:
                            there = kept.get(key)
                            if variant:
                                variants[" ".join(key)] = variant
                            merged = tuple(dict.fromkeys((*(there.refs if there else ()), *refs)))
                            best = there.words if there and _names(there.words) > _names(parsed) else parsed
                            kept[key] = Message(best, merged, there.flags if there else message.flags)
        for name in sorted(found):
            yield name, list(found[name].values())

    def _filled(self, source: str, row: Mapping[str, list[str]]) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Give translations of a message whose first gap is filled with what chooses another code, by the table."""
        for item in self._wordings["filled"]:
            if item["message"] == source and item["code"] in self._refs:
                for name, texts in row.items():
                    for text, value in product(texts, item["values"]):
                        # A translation may turn the gaps round; then they have numbers.
                        gap = "%1$s" if "%1$s" in text else "%s"
                        yield name, parse(text.replace(gap, value, 1)), self._refs[item["code"]]


def _conversions(source: str, named: tuple[str, ...]) -> dict[int, str]:
    """Return the names of a message's conversions, counted from 1.

    `source` is its template for printf, `named` its words with the names that an entry gives to the gaps.
    """
    marked = _renamed(source, {number: f"_{number}" for number in range(1, source.count("%") + 1)})
    ours, theirs = ([word.split(PARTED)[::2] for word in found if word[0] == "*"] for found in (parse(marked), named))
    # Only one of them may have a gap at its beginning.
    if (marked[:2] == "{_") != (named[:1] and named[0][0] == "*"):
        ours, theirs = (ours[1:], theirs) if marked[:2] == "{_" else (ours, theirs[1:])
    names: dict[int, str] = {}
    for numbers, given in zip(ours, theirs, strict=False):
        if len(numbers) == len(given):
            pairs = ((number.lstrip("*"), name.lstrip("*")) for number, name in zip(numbers, given, strict=True))
            names |= {int(number[1:]): name for number, name in pairs if name and re.fullmatch("_[0-9]+", number)}
    return names


def _renamed(template: str, names: Mapping[int, str]) -> str:
    """Return a template for printf in which the conversions that have a name are {name}."""
    count = 0

    def renamed(match: re.Match[str]) -> str:
        nonlocal count
        if match[0] == "%%" or match[0][0] == "{":
            return match[0]
        count += 1
        place = re.match(r"%(\d+)\$", match[0])
        name = names.get(int(place[1]) if place else count)
        return f"{{{name}}}" if name else match[0]

    return _GAP.sub(renamed, template)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """Give the rows of a file of messages in other languages, which has been checked."""
    with path.open(encoding="utf-8") as lines:
        next(lines)
        yield from map(json.loads, lines)


def _bare(found: tuple[str, ...]) -> tuple[str, ...]:
    """Return words without the gaps at both ends."""
    first, last = 0, len(found)
    while first < last and found[first][0] == "*":
        first += 1
    while last > first and found[last - 1][0] == "*":
        last -= 1
    return found[first:last]


def _names(found: tuple[str, ...]) -> int:
    return sum(word.count(PARTED) // 2 + 1 for word in found if word[0] == "*" and len(word) > 1)


def _unnamed(found: tuple[str, ...]) -> tuple[str, ...]:
    """Return words without the gaps at both ends and without the names of the others."""
    return tuple("*" if word[0] == "*" else word for word in _bare(found))


def _weighed(messages: Iterable[Message]) -> Iterator[str]:
    """Give the lines of messages, each with its weight and its anchor."""
    kept = list(messages)
    having: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for message in kept:
        bare = _bare(message.words)
        having.update({word for word in bare if word[0] != "*"})
        pairs.update(set(_neighbours(bare)))
    for message in kept:
        bare = _bare(message.words)
        bits = round(sum(math.log2(len(kept) / having[word]) for word in bare if word[0] != "*"))
        single = sum(word[0] != "*" for word in bare) == 1
        if (bits < LEAST or single) and not {"a", "k"} & set(message.flags):
            continue
        near = [
            (pairs[one, other], at)
            for at, (one, other) in enumerate(pairwise(bare))
            if one[0] != "*" and other[0] != "*"
        ]
        each = [(having[word], at) for at, word in enumerate(bare) if word[0] != "*"]
        anchor = min(near or each)[1]
        yield f"{bits}\t{anchor}\t{message.flags}\t{','.join(message.refs)}\t{' '.join(message.words)}"


def _neighbours(bare: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for one, other in pairwise(bare):
        if one[0] != "*" and other[0] != "*":
            yield one, other


def _telling(messages: Iterable[Message], english: set[str]) -> str:
    """Return the words that tell a language: the fewest common ones, none in English, that each message has two of."""
    own = [{word for word in message.words if word[0] != "*" and not word.isdigit()} - english for message in messages]
    count = Counter(word for words_ in own for word in words_)
    places: dict[str, list[int]] = {}
    for at, words_ in enumerate(own):
        for word in words_:
            places.setdefault(word, []).append(at)
    having = [0] * len(own)
    chosen = []
    for word, _ in sorted(count.items(), key=lambda item: (-item[1], item[0])):
        if any(having[at] < _TELLING for at in places[word]):
            chosen.append(word)
            for at in places[word]:
                having[at] += 1
    return " ".join(chosen)
