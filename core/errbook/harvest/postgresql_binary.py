"""What a PostgreSQL server's programs and libraries hold: its texts, and the reports in its machine code.

Every message of the source ends up as a string in a program, so whether a version has a message can be seen in the
version itself. And a report is compiled to calls in a row (``errstart``, ``errcode``, ``errmsg``, ``errfinish``) whose
arguments are constants: on x86-64 the SQLSTATE and the message of most reports can be read off the machine code. That
checks what was read in a source, and fills in what no source at hand has.

Formats: System V ABI, "Object Files" (ELF), 64-bit and little-endian, and its x86-64 supplement for the registers that
carry arguments; ``MAKE_SQLSTATE`` in src/include/utils/elog.h; Intel's manual, volume 2, for the instructions.
"""

import functools
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from errbook.harvest.catalog import CatalogError, Row
from errbook.harvest.postgresql_report import PLACEHOLDER

_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_RELOCATION: Final = struct.Struct("<QQq")
_NOBITS: Final = 8
_X86_64: Final = 62
_LEVELS: Final[Mapping[int, str]] = {
    **dict.fromkeys(range(10, 15), "DEBUG"),
    15: "LOG",
    16: "LOG",
    17: "INFO",
    18: "NOTICE",
    19: "WARNING",
    20: "WARNING",
    21: "ERROR",
    22: "FATAL",
    23: "PANIC",
}
"""Levels by their number since PostgreSQL 14; src/include/utils/elog.h."""
_LEVELS_13: Final[Mapping[int, str]] = {**_LEVELS, 20: "ERROR", 21: "FATAL", 22: "PANIC"}
"""PostgreSQL 13 had no WARNING_CLIENT_ONLY."""

_BEGIN: Final = frozenset({"errstart", "errstart_cold", "errsave_start"})
_END: Final = frozenset({"errfinish", "errsave_finish"})
_ERRNO: Final = {"errcode_for_file_access": "file-access", "errcode_for_socket_access": "socket-access"}
_TEXTS: Final = {
    "errmsg": "message",
    "errmsg_internal": "message",
    "errmsg_plural": "message",
    "errdetail": "detail",
    "errdetail_internal": "detail",
    "errdetail_log": "detail",
    "errhint": "hint",
}
_CALLED: Final = frozenset({*_BEGIN, *_END, *_ERRNO, *_TEXTS, "errcode"})
_CALL: Final = b"\xe8"
_LOAD_ADDRESS: Final = b"\x48\x8d\x3d"
"""``lea rdi, [rip + distance]``: the first argument is an address in the program."""
_LOAD_NUMBER: Final = b"\xbf"
"""``mov edi, number``: the first argument is a number."""
_END_BYTES: Final = 4
"""Texts are found by as many of their last bytes."""
_NEAR: Final = 40
"""Bytes before a call in which its first argument is loaded."""


class Reported(NamedTuple):
    """One report in machine code. ``code`` is empty where it names none; ``severity`` where the level is no constant.

    ``errno`` is ``file-access`` or ``socket-access`` where the operating system's error decides.
    """

    message: str
    code: str
    errno: str
    severity: str
    detail: tuple[str, ...]
    hint: tuple[str, ...]


class Texts:
    """The texts in the programs and libraries of one server."""

    def __init__(self, binaries: Iterable[Path]) -> None:
        self._whole: set[bytes] = set()
        for path in binaries:
            self._whole.update(re.findall(rb"[^\0]{3,}(?=\0)", _read(path)))
        if not self._whole:
            raise CatalogError("no programs are given; give the server's `postgres` and the libraries beside it")
        self._ends: dict[bytes, list[bytes]] = {}
        for text in self._whole:
            self._ends.setdefault(text[-_END_BYTES:], []).append(text)

    def has(self, template: str) -> bool:
        """Say whether a program holds a text, with or without a line end.

        A linker stores a text that another one ends with inside that one, so the end of a longer text counts too.
        """
        encoded = template.encode()
        return any(
            text.endswith(ending)
            for ending in (encoded, encoded + b"\n")
            for text in self._ends.get(ending[-_END_BYTES:], ())
        )

    def begins(self, template: str) -> bool:
        """Say whether a program holds a text as a whole, with or without a line end."""
        encoded = template.encode()
        return encoded in self._whole or encoded + b"\n" in self._whole

    def spelling(self, template: str) -> str | None:
        """Return the template as the server has it: integers of another width may stand where it has them.

        A template that is put together of two texts (``syntax error at or near "%s"``) is there when both are. None
        where the server has no such text.
        """
        if self.has(template):
            return template
        if (key := shape(template)) in self._shapes:
            return self._shapes[key]
        at = template.find(" ")
        while at > 0:
            if self.begins("%s" + template[at:]) and self.has(template[:at]):
                return template
            at = template.find(" ", at + 1)
        return None

    @functools.cached_property
    def _shapes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for text in sorted(self._whole):
            if b"%" in text and text.isascii():
                plain = text.decode()
                found.setdefault(shape(plain), plain.rstrip("\n"))
        return found


def present(binaries: Iterable[Path], rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Divide rows by whether their message is in the programs and libraries of a server.

    Returns the rows that are there, spelled as there and with those details and hints that are there, and the rest.
    Rows without a message are there. Raises CatalogError where a program cannot be read.
    """
    texts = Texts(binaries)
    found: list[Row] = []
    missing: list[Row] = []
    for row in rows:
        held = there(texts, row)
        if held is None:
            missing.append(row)
        else:
            found.append(held)
    return found, missing


def there(texts: Texts, row: Row) -> Row | None:
    """Return a row as the server of these texts has it, as `present` does; None where it has no such message."""
    made: dict[str, Any] = dict(row)
    for name in ("message", "plural"):
        if name in row:
            made[name] = texts.spelling(row[name])
            if made[name] is None:
                return None
    for name in ("detail", "hint", "context"):
        if name in row:
            made[name] = sorted({held for text in row[name] if (held := texts.spelling(text)) is not None})
            if not made[name]:
                del made[name]
    return made


@functools.cache
def shape(template: str) -> str:
    """Return a template without its line end and without the width of its integers, which versions change."""
    return PLACEHOLDER.sub(_narrow, _PORTABLE.sub(r"%\1", template)).rstrip("\n")


def _narrow(match: re.Match[str]) -> str:
    return re.sub(r"(?:hh?|ll?|[qjzt])?(?=[a-zA-Z]$)", "", match[0])


_PORTABLE: Final = re.compile(r"%<PRI([diouxX])64>")
"""How gettext writes the macros of <inttypes.h> in a message."""


def server_version(postgres: Path) -> str:
    """Return the version that a server's program `postgres` says it is, such as ``17.10``."""
    match = re.search(rb"postgres \(PostgreSQL\) (\d+(?:\.\d+|devel|beta\d+|rc\d+))", _read(postgres))
    if match is None:
        raise CatalogError(f"{postgres}: not the program `postgres` of a PostgreSQL server")
    return match[1].decode()


def reports(binary: Path, series: str) -> list[Reported]:
    """Read the reports in the machine code of a program or library for x86-64, in the order of their addresses.

    Only reports whose message is one constant are read; for other processors there are none. Raises CatalogError where
    the file is missing, cut off, or no ELF file.
    """
    levels = _LEVELS_13 if series == "13" else _LEVELS
    found: list[Reported] = []
    code = errno = severity = ""
    texts: dict[str, list[str | None]] | None = None
    for name, argument, text in _Machine(binary).calls():
        if name in _BEGIN:
            texts = {"message": [], "detail": [], "hint": []}
            code = errno = ""
            severity = "ERROR" if name == "errsave_start" else levels.get(argument, "")
        elif texts is None:
            continue
        elif name == "errcode":
            code = sqlstate(argument)
        elif name in _ERRNO:
            errno = _ERRNO[name]
        elif name in _TEXTS:
            texts[_TEXTS[name]].append(text)
        elif name in _END:
            message = texts["message"][0] if len(texts["message"]) == 1 else None
            if message:
                detail, hint = (tuple(text for text in texts[part] if text) for part in ("detail", "hint"))
                found.append(Reported(message.rstrip("\n"), code, errno, severity, detail, hint))
            texts = None
    return found


def sqlstate(number: int) -> str:
    """Return the SQLSTATE that a server's number stands for; empty where it is none."""
    letters = "".join(chr((number >> (6 * place) & 0x3F) + ord("0")) for place in range(5))
    return letters if number >> 30 == 0 and re.fullmatch("[0-9A-Z]{5}", letters) else ""


class _Machine:
    """The machine code of one ELF file, as far as calls with constant arguments go."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = _read(path)
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise CatalogError(f"{path}: not a 64-bit little-endian ELF program; harvest from a Linux server")
        self.processor = self._unpack("<H", 18)[0]
        (start,) = self._unpack("<Q", 40)
        _, count, names = self._unpack("<HHH", 58)
        entries = [self._unpack(_SECTION.format, start + _SECTION.size * number) for number in range(count)]
        self.sections: dict[str, tuple[int, ...]] = {}
        self.entries = entries
        for entry in entries:
            if entry[1] != _NOBITS and entry[4] + entry[5] > len(self.data):
                raise self._cut()
            self.sections[self._name(entries[names], entry[0])] = entry

    def calls(self) -> Iterator[tuple[str, int, str | None]]:
        """Yield the calls of the functions that make a report: the name, the first argument and the text it leads to.

        The argument is -1 where it is no constant.
        """
        if self.processor != _X86_64:
            return
        targets = self._targets()
        found = []
        for name in (".text", ".text.unlikely"):
            if name not in self.sections:
                continue
            _, _, _, base, offset, size, *_ = self.sections[name]
            code = self.data[offset : offset + size]
            at = code.find(_CALL)
            while 0 <= at <= len(code) - 5:
                address = (base + at + 5 + struct.unpack_from("<i", code, at + 1)[0]) & 0xFFFFFFFFFFFFFFFF
                if address in targets:
                    number, text = self._argument(code, base, at)
                    found.append((base + at, targets[address], number, text))
                at = code.find(_CALL, at + 1)
        for _, called, number, text in sorted(found):
            yield called, number, text

    def _argument(self, code: bytes, base: int, at: int) -> tuple[int, str | None]:
        """Return the constant that is loaded last before a call, as a number and as the text at that address."""
        begin = max(0, at - _NEAR)
        near = code[begin:at]
        number, text = -1, None
        place = near.rfind(_LOAD_NUMBER)
        if 0 <= place <= len(near) - 5:
            (number,) = struct.unpack_from("<I", near, place + 1)
        place = near.rfind(_LOAD_ADDRESS)
        if 0 <= place <= len(near) - 7:
            text = self._text(base + begin + place + 7 + struct.unpack_from("<i", near, place + 3)[0])
        elif number > 0:
            text = self._text(number)
        return number, text

    def _text(self, address: int) -> str | None:
        """Return the text at an address, None where none begins there."""
        for _, kind, _, base, offset, size, *_ in self.entries:
            if base and base <= address < base + size and kind != _NOBITS:
                start = offset + address - base
                end = self.data.find(b"\0", start)
                text = self.data[start:end]
                if end > start and text.isascii() and text.decode().replace("\n", "").replace("\t", "").isprintable():
                    return text.decode()
        return None

    def _targets(self) -> dict[int, str]:
        """Return the addresses at which the functions of `_CALLED` are called: their own, or their entry in the PLT."""
        names: list[str] = []
        found: dict[int, str] = {}
        if ".dynsym" not in self.sections:
            return found
        symbols = self.sections[".dynsym"]
        strings = self.entries[symbols[6]]
        for name, _, _, _, value, _ in _SYMBOL.iter_unpack(self._bytes(symbols, _SYMBOL.size)):
            names.append(self._name(strings, name))
            if value and names[-1] in _CALLED:
                found[value] = names[-1]
        slots = {}
        if ".rela.plt" in self.sections:
            for place, info, _ in _RELOCATION.iter_unpack(self._bytes(self.sections[".rela.plt"], _RELOCATION.size)):
                slots[place] = names[info >> 32]
        for section in (".plt", ".plt.sec"):
            if section in self.sections:
                entry = self.sections[section]
                table = self._bytes(entry, 1)
                for at in range(0, len(table) - 15, 16):
                    jump = table.find(b"\xff\x25", at, at + 12)
                    if jump >= 0:
                        slot = entry[3] + jump + 6 + struct.unpack_from("<i", table, jump + 2)[0]
                        if slots.get(slot) in _CALLED:
                            found[entry[3] + at] = slots[slot]
        return found

    def _bytes(self, section: tuple[int, ...], entry: int) -> bytes:
        data = self.data[section[4] : section[4] + section[5]]
        if len(data) % entry:
            raise self._cut()
        return data

    def _name(self, strings: tuple[int, ...], offset: int) -> str:
        start = strings[4] + offset
        end = self.data.find(b"\0", start)
        if end < 0:
            raise self._cut()
        return self.data[start:end].decode("ascii", "replace")

    def _unpack(self, form: str, offset: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(form, self.data, offset)
        except struct.error:
            raise self._cut() from None

    def _cut(self) -> CatalogError:
        return CatalogError(f"{self.path}: the program is cut off; unpack the server's package again")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CatalogError(f"{path}: the program cannot be read: {error.strerror}") from None
