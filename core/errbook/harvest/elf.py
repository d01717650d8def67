"""A program of a server, as far as its constant tables go: numbers, and texts that pointers lead to.

Some facts are compiled into a server and no statement and no program of its own prints them: MariaDB's SQLSTATEs, the
messages of the client library. The tables that hold them are arrays of C structures. Servers export most of them by
name, for their plugins.

Format: System V ABI, "Object Files" (ELF), 64-bit and little-endian; relocation types of the psABIs of x86-64 and
AArch64.
"""

import contextlib
import mmap
import struct
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from errbook.harvest.catalog import CatalogError

_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_RELOCATION: Final = struct.Struct("<QQq")
_RELATIVE: Final = frozenset({8, 1027})
"""R_X86_64_RELATIVE and R_AARCH64_RELATIVE: the pointer is the addend plus where the program was loaded."""

_SHT_RELA, _SHT_NOBITS, _SHT_DYNSYM = 4, 8, 11
POINTER: Final = 8


class _Section(NamedTuple):
    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry: int


class Table(NamedTuple):
    """An exported table: its address and its size in bytes."""

    address: int
    size: int


class Program:
    """An opened ELF file. Use it in a ``with`` block.

    Raises CatalogError when the file is missing, no ELF file of the kind described above, or cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is empty"
            raise CatalogError(f"{path}: the program cannot be read: {reason}") from None
        if self._data[:6] != b"\x7fELF\x02\x01":
            raise CatalogError(f"{path}: not a 64-bit little-endian ELF program; harvest from a Linux server")
        (start,) = self._unpack("<Q", 40)
        size, count = self._unpack("<HH", 58)
        if size != _SECTION.size:
            raise CatalogError(f"{path}: the program has no sections to read tables from")
        self._sections = [_Section(*self._unpack(_SECTION.format, start + size * number)) for number in range(count)]

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()

    def table(self, name: str) -> Table | None:
        """Return the exported table of that name, or None where the program exports none."""
        return self._exported.get(name)

    def tables_of(self, first: str) -> Iterator[int]:
        """Yield the addresses of pointers to the text `first`: where a table that begins with it may start."""
        at = -1
        needle = b"\0" + first.encode() + b"\0"
        while (at := self._data.find(needle, at + 1)) >= 0:
            address = self._address(at + 1)
            yield from sorted(place for place, target in self._relocations.items() if target == address)

    def number(self, address: int) -> int:
        """Return the unsigned 32-bit number at an address."""
        (value,) = self._unpack("<I", self._offset(address))
        return int(value)

    def text(self, address: int) -> str | None:
        """Return the text that the pointer at an address leads to; None for a null pointer.

        Raises CatalogError where it leads out of the file or to what is not UTF-8.
        """
        target = self._relocations.get(address)
        if target is None:
            (target,) = self._unpack("<Q", self._offset(address))
        if not target:
            return None
        start = self._offset(target)
        end = self._data.find(b"\0", start)
        with contextlib.suppress(UnicodeDecodeError):
            if end >= 0:
                return self._data[start:end].decode()
        raise CatalogError(f"{self.path}: the pointer at {address:#x} leads to no text; is this the server's program?")

    @cached_property
    def _exported(self) -> dict[str, Table]:
        found: dict[str, Table] = {}
        for section in self._sections:
            if section.type == _SHT_DYNSYM:
                names = self._sections[section.link].offset
                for name, _, _, _, value, size in _SYMBOL.iter_unpack(self._bytes(section, _SYMBOL.size)):
                    if value and size:
                        start = names + name
                        found[self._data[start : self._data.find(b"\0", start)].decode()] = Table(value, size)
        return found

    @cached_property
    def _relocations(self) -> dict[int, int]:
        return {
            place: addend
            for section in self._sections
            if section.type == _SHT_RELA
            for place, info, addend in _RELOCATION.iter_unpack(self._bytes(section, _RELOCATION.size))
            if info & 0xFFFFFFFF in _RELATIVE
        }

    def _bytes(self, section: _Section, entry: int) -> bytes:
        data = self._data[section.offset : section.offset + section.size]
        if len(data) != section.size or len(data) % entry:
            raise self._cut()
        return data

    def _offset(self, address: int) -> int:
        for section in self._sections:
            if section.address <= address < section.address + section.size and section.address:
                if section.type == _SHT_NOBITS:
                    break
                return section.offset + address - section.address
        raise CatalogError(f"{self.path}: {address:#x} is not in the file; is this the server's program?")

    def _address(self, offset: int) -> int:
        for section in self._sections:
            if section.type != _SHT_NOBITS and section.offset <= offset < section.offset + section.size:
                return section.address + offset - section.offset
        return -1

    def _unpack(self, form: str, offset: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(form, self._data, offset)
        except struct.error:
            raise self._cut() from None

    def _cut(self) -> CatalogError:
        return CatalogError(f"{self.path}: the program is cut off; unpack the server's package again")
