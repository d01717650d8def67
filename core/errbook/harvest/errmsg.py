"""errmsg.sys: the message templates of a MySQL or MariaDB server, one file a language.

Both formats begin with a header of 32 bytes, integers are little-endian, and texts are UTF-8, each ended by a zero
byte, whatever the character set in the header of MySQL's file says.

MySQL (since 5.7; ``utilities/comp_err.cc`` and ``sql/derror.cc`` of its source)::

    0  fe fe 03 01 01   magic, version                 32  uint32 x count   where each text starts
    6  uint32           length of all texts                texts
    10 uint32           count of texts

The texts are those of all sections one after the other; which numbers those are is not in the file.

MariaDB (``extra/comp_err.c`` and ``sql/derror.cc`` of its source)::

    0  fe fe 02 04 or 05  magic, version               32  uint16 x sections  count of texts in each
    6  uint32             length of all texts              uint16 x count     length of each text with its zero
    10 uint16             highest number less 1000         texts
    12 uint16             count of texts
    14 uint16             sections

Section 0 starts with the number 1000, section 1 with 2000, and so on. The last length is left over from memory that
was never set, which the server does not notice because it only adds up what stands before.
"""

import struct
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

from errbook.harvest.catalog import CatalogError

ENGLISH: Final = "english"
"""The folder of the messages that a server sends unless it is told otherwise."""

_HEADER: Final = 32
_MAGIC: Final = b"\xfe\xfe"
_MYSQL: Final = b"\x03\x01"
_MARIADB: Final = (b"\x02\x04", b"\x02\x05")
_SECTION: Final = 1000


class Messages(NamedTuple):
    """The texts of one file. ``numbers`` are their error numbers, empty for MySQL, whose file does not hold them."""

    flavour: str
    numbers: list[int]
    texts: list[str]


def read(path: Path) -> Messages:
    """Read one errmsg.sys; CatalogError when it is missing, foreign, cut off or contradicts itself."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CatalogError(f"{path}: the server's messages cannot be read: {error.strerror}") from None
    if len(data) < _HEADER or data[:2] != _MAGIC:
        raise CatalogError(f"{path}: not an errmsg.sys; name the file of a MySQL or MariaDB server")
    if data[2:4] == _MYSQL:
        return _mysql(path, data)
    if data[2:4] in _MARIADB:
        return _mariadb(path, data)
    raise CatalogError(
        f"{path}: an errmsg.sys of version {data[2]}.{data[3]}; known are MySQL's 3.1 and MariaDB's 2.4 and 2.5"
    )


def _mysql(path: Path, data: bytes) -> Messages:
    length, count = struct.unpack_from("<II", data, 6)
    start = _HEADER + 4 * count
    texts = _texts(path, data, start, length, count)
    if list(struct.unpack_from(f"<{count}I", data, _HEADER)) != _starts(texts):
        raise CatalogError(f"{path}: the table of texts does not fit the texts; unpack the server's package again")
    return Messages("mysql", [], _decoded(path, texts))


def _mariadb(path: Path, data: bytes) -> Messages:
    length, _, count, sections = struct.unpack_from("<IHHH", data, 6)
    start = _HEADER + 2 * (sections + count)
    texts = _texts(path, data, start, length, count)
    counts = struct.unpack_from(f"<{sections}H", data, _HEADER)
    lengths = struct.unpack_from(f"<{count}H", data, _HEADER + 2 * sections)
    if sum(counts) != count or [len(text) + 1 for text in texts[:-1]] != list(lengths[:-1]):
        raise CatalogError(f"{path}: the table of texts does not fit the texts; unpack the server's package again")
    numbers = [_SECTION * (section + 1) + place for section, within in enumerate(counts) for place in range(within)]
    return Messages("mariadb", numbers, _decoded(path, texts))


def _texts(path: Path, data: bytes, start: int, length: int, count: int) -> list[bytes]:
    if len(data) != start + length:
        what = "is cut off" if len(data) < start + length else "has something after its end"
        raise CatalogError(
            f"{path}: the file {what}: its header promises {start + length:,} bytes, it has {len(data):,}; "
            "unpack the server's package again"
        )
    texts = data[start:].split(b"\0")
    if texts.pop() or len(texts) != count:
        raise CatalogError(
            f"{path}: its header promises {count:,} texts, it has {len(texts):,}; unpack the server's package again"
        )
    return texts


def _starts(texts: list[bytes]) -> list[int]:
    return [0, *accumulate(len(text) + 1 for text in texts)][:-1]


def _decoded(path: Path, texts: list[bytes]) -> list[str]:
    try:
        return [text.decode() for text in texts]
    except UnicodeDecodeError:
        raise CatalogError(f"{path}: a text is not UTF-8; is this the file of a server since 5.5?") from None
