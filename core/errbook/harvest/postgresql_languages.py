"""PostgreSQL's messages in other languages, from the message files in its source.

A server whose ``lc_messages`` is not English writes neither the English message nor the SQLSTATE into its log, so the
translations are what such a line is recognised by. ``languages.jsonl`` holds them all, in UTF-8 with one compact JSON
object a line; one file, because the languages then share the English text. The first line is the header::

    {"catalog":1,"engine":"postgresql","versions":["18.6","15.18"],"license":"LICENSE","languages":{"de":{…}},"rows":50}

``versions`` are those of the sources, the newest first; ``license`` is the file with the terms. ``languages`` says of
each language how many messages it has, its words for severities (``severity``: ``{"ERROR":"FEHLER"}``) and for the
parts of a report (``label``: ``{"HINT":["TIPP","TIP"]}``; the server's log and the client library may differ). Every
other line is a message as the catalogs of the versions spell it, and what it is in each language::

    {"message":"relation \\"%s\\" already exists","de":["Relation »%s« existiert bereits"],"es":["la relación …"]}

The list begins with the wording of the newest version, for one thing and for more things where the message counts; the
wordings of older versions follow. Placeholders may be numbered (``%2$s``). Messages that are never translated, those
that are no warnings or errors, and languages with few translations are left out.
"""

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from errbook.harvest.catalog import FORMAT, CatalogError, Row
from errbook.harvest.postgresql_binary import shape
from errbook.harvest.postgresql_po import read_po
from errbook.harvest.postgresql_report import SEVERITIES
from errbook.harvest.postgresql_source import version_of
from errbook.problem import shown

DOMAINS: Final = (
    "src/backend/po",
    "src/interfaces/libpq/po",
    "src/pl/plpgsql/src/po",
    "src/pl/plperl/po",
    "src/pl/plpython/po",
    "src/pl/tcl/po",
)
"""The folders of a source tree with the message files of the server, the client library and the server's languages."""

FEWEST: Final = 3
"""A language is left out where less than one of so many translated messages is translated."""

LABELS: Final = ("DETAIL", "HINT", "QUERY", "CONTEXT", "LOCATION", "BACKTRACE", "STATEMENT", "LINE")
"""What stands before the parts of a report, in the server's log and in what the client library prints."""

_WORST: Final = frozenset({"PANIC", "FATAL", "ERROR", "WARNING"})
_WHERE: Final = frozenset({"client", "log", "library"})
_LABEL: Final = re.compile(rf"({'|'.join(LABELS)})(?: %d)?:\s")
_TRANSLATED_LABEL: Final = re.compile(r"([^:\uff1a%]+?)\s*(?:%d)?\s*[:\uff1a]")
_NUMBERED: Final = re.compile(r"%(\d+)\$")
_PORTABLE: Final = re.compile(r"%<PRI([diouxX])64>")

_FIELDS: Final[Mapping[str, type]] = {
    "catalog": int,
    "engine": str,
    "versions": list,
    "license": str,
    "languages": dict,
    "rows": int,
}


class Languages(NamedTuple):
    """The header and the rows of the file, as `read_languages` returns them and `write_languages` takes them."""

    header: dict[str, Any]
    rows: list[Row]


def harvest_languages(trees: Iterable[Path], rows: Iterable[Row]) -> Languages:
    """Collect the translations of the messages in catalog rows from the message files of source trees.

    Raises CatalogError where a tree is no source of PostgreSQL, has no message files, or one of them is damaged.
    """
    wanted = sorted({row["message"] for row in rows if _is_wanted(row)})
    spellings: dict[str, list[str]] = {}
    for message in wanted:
        spellings.setdefault(shape(message), []).append(message)
    found: dict[str, dict[str, dict[str, str]]] = {}
    words: dict[str, dict[str, Any]] = {}
    versions = sorted(((version_of(tree), tree) for tree in trees), key=lambda pair: _number(pair[0]), reverse=True)
    for version, tree in versions:
        files = [path for domain in DOMAINS for path in sorted((tree / domain).glob("*.po"))]
        if not files:
            raise CatalogError(f"{tree}: the source of PostgreSQL {version} has no message files in {DOMAINS[0]}")
        for path in files:
            language = path.stem
            translated = {entry.message: entry.forms for entry in read_po(path) if entry.forms}
            _collect_words(words.setdefault(language, {"severity": {}, "label": {}}), translated)
            for message, forms in _translate(spellings, translated):
                texts = found.setdefault(message, {}).setdefault(language, {})
                for form in forms:
                    # Wordings that differ in the width of a number only are the same to a reader.
                    texts.setdefault(shape(form), form)
    counts = {language: sum(language in texts for texts in found.values()) for language in words}
    kept = sorted(language for language, count in counts.items() if count * FEWEST >= len(found) > 0)
    header = {
        "versions": [version for version, _ in versions],
        "languages": {language: {"messages": counts[language], **words[language]} for language in kept},
    }
    made = [
        {"message": message, **{name: list(texts[name].values()) for name in kept if name in texts}}
        for message, texts in sorted(found.items())
    ]
    return ordered(header, [row for row in made if len(row) > 1])


def encode_languages(header: Mapping[str, Any], rows: Iterable[Row]) -> bytes:
    """Return the bytes of the file: rows sorted by message, languages in order, ``rows`` counted anew."""
    made = ordered(header, rows)
    return "".join(f"{_dumps(line)}\n" for line in (made.header, *made.rows)).encode()


def write_languages(path: Path, header: Mapping[str, Any], rows: Iterable[Row]) -> None:
    """Write the file so that whoever opens `path` finds the old one or the whole new one. Raises OSError."""
    data = encode_languages(header, rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
            os.fchmod(out.fileno(), 0o644)
        Path(scratch).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(scratch).unlink()
        raise


def read_languages(path: Path) -> Languages:
    """Read the file.

    Raises CatalogError where it is missing, something else, of another version of the format, or cut off.
    """
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise CatalogError(f"{path}: there are no translations here; run: errbook harvest") from None
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path}: byte {error.start} is not UTF-8; {_AGAIN}") from None
    # Not splitlines(): messages may hold other line separators, which JSON leaves as they are.
    lines = text.split("\n")
    header = _object(path, 1, lines[0])
    if header.get("catalog") != FORMAT or any(type(header.get(name)) is not kind for name, kind in _FIELDS.items()):
        raise CatalogError(f"{path}:1: {shown(lines[0])} is no header of translations of format {FORMAT}; {_AGAIN}")
    if lines.pop() or len(lines) - 1 != header["rows"]:
        raise CatalogError(
            f"{path}: the header promises {header['rows']} rows and {len(lines) - 1} whole ones follow; the file was "
            f"cut off or edited; {_AGAIN}"
        )
    rows: list[Row] = []
    for number, line in enumerate(lines[1:], 2):
        row = _object(path, number, line)
        message = row.get("message")
        if not isinstance(message, str) or (rows and message <= rows[-1]["message"]):
            raise CatalogError(f"{path}:{number}: this row has no message or stands in the wrong place; {_AGAIN}")
        for name, texts in row.items():
            if name != "message" and (name not in header["languages"] or not _is_texts(texts)):
                raise CatalogError(f"{path}:{number}: {shown(name)} is no language of the header, or no list; {_AGAIN}")
        rows.append(row)
    return Languages(header, rows)


_AGAIN: Final = "harvest it again"


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise CatalogError(f"{path}:{number}: {shown(line)} is no object of JSON; {_AGAIN}")
    return value


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)


def ordered(header: Mapping[str, Any], rows: Iterable[Row]) -> Languages:
    """Return header and rows in the order of the file; `header` names versions and languages, and engine and license.

    Without engine and license they are PostgreSQL's.
    """
    kept = sorted(({**row} for row in rows), key=lambda row: str(row["message"]))
    first = {
        "catalog": FORMAT,
        "engine": header.get("engine", "postgresql"),
        "versions": list(header["versions"]),
        "license": header.get("license", "LICENSE"),
        "languages": dict(sorted(header["languages"].items())),
        "rows": len(kept),
    }
    return Languages(first, [{"message": row.pop("message"), **dict(sorted(row.items()))} for row in kept])


def _dumps(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def _is_wanted(row: Row) -> bool:
    """Say whether people paste the message of a row: it is a warning or worse, or has no severity."""
    if "message" not in row or row.get("where") not in _WHERE:
        return False
    severities = row.get("severity", "")
    return not severities or any(word in _WORST for word in severities.split(", "))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _text(form: str) -> str:
    return _PORTABLE.sub(r"%l\1", form).rstrip("\n")


def _translate(
    spellings: Mapping[str, Sequence[str]], translated: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the messages that one file translates, in each of their spellings, with the translations.

    A message that is a word put into a format (``syntax error`` in ``%s at or near "%s"``) is put together here too.
    """
    forms = {shape(message): [_text(text) for text in texts] for message, texts in translated.items()}
    formats = {message.removeprefix("%s"): texts[0] for message, texts in forms.items() if message.startswith("%s ")}
    for message, spelled in spellings.items():
        texts = forms.get(message, [])
        for ending, form in formats.items() if not texts else ():
            if message.endswith(ending) and (word := forms.get(message.removesuffix(ending))):
                texts = [_put(form, word[0])]
                break
        for spelling in spelled:
            if kept := [text for text in texts if text and text != spelling]:
                yield spelling, kept


def _put(form: str, word: str) -> str:
    """Put a word in the place of a format's first value; the numbers of the others go down by one."""
    if "%1$s" in form:
        form = form.replace("%1$s", "\0")
        form = _NUMBERED.sub(lambda match: f"%{int(match[1]) - 1}$", form)
    else:
        form = form.replace("%s", "\0", 1)
    return form.replace("\0", word)


def _collect_words(words: dict[str, Any], translated: Mapping[str, Sequence[str]]) -> None:
    """Add the words of one message file for severities and parts of a report; those of newer files stay first."""
    for severity in SEVERITIES:
        if severity in translated:
            words["severity"].setdefault(severity, translated[severity][0].strip())
    for message, forms in sorted(translated.items()):
        label = _LABEL.match(message)
        text = _TRANSLATED_LABEL.match(forms[0])
        if label and text:
            texts = words["label"].setdefault(label[1], [])
            if text[1] not in texts:
                texts.append(text[1])
