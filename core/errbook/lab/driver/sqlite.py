"""SQLite, through Python's sqlite3 module, or through APSW where the module does not give extended result codes.

The code of an error is its extended result code (https://www.sqlite.org/rescode.html), of which the low byte is the
primary one. Python's module has it as `sqlite_errorcode`; pysqlite3, which carries a newer library under the same
interface, gives only the primary one there, and APSW of the same SQLite version gives both.
"""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any, Final

from errbook.lab.driver import Refused, Target

BUSY_TIMEOUT: Final = 5.0
"""Seconds that a connection of Python's module waits for a lock by default; every session does the same."""


def _extended() -> bool:
    """Tell whether Python's module gives extended result codes."""
    link = sqlite3.connect(":memory:")
    try:
        link.execute("CREATE TABLE one (id UNIQUE)")
        link.execute("INSERT INTO one VALUES (1)")
        link.execute("INSERT INTO one VALUES (1)")
    except sqlite3.Error as error:
        return getattr(error, "sqlite_errorcode", 0) > 0xFF
    finally:
        link.close()
    return False


_EXTENDED: Final = _extended()
if not _EXTENDED:
    import apsw

    if apsw.sqlite_lib_version() != sqlite3.sqlite_version:
        raise ImportError(
            f"apsw carries SQLite {apsw.sqlite_lib_version()} and the sqlite3 module {sqlite3.sqlite_version}; "
            "install what the extra errbook[lab] asks for",
            name="apsw",
        )

NAME: Final = f"sqlite3 of Python, SQLite {sqlite3.sqlite_version}" if _EXTENDED else f"apsw {apsw.apsw_version()}"


def same(declared: str, sqlstate: str | None, refused: Refused) -> bool:  # noqa: ARG001 - SQLite has no SQLSTATE
    """Tell whether the code is the declared one; a declared primary code also stands for its extended ones."""
    if refused.code is None:
        return False
    code = int(refused.code)
    return declared in (str(code), str(code & 0xFF))


class Connection:
    """A connection to a file, without the transactions that Python's module would begin by itself."""

    def __init__(self, address: Any, target: Target) -> None:
        folder = Path(address.datadir)
        # A path of the writer's own is taken as it is; a bare name is in the play's folder.
        file = folder / (target.file or target.database or "main.db")
        timeout, name = BUSY_TIMEOUT, str(file)
        uri = False
        for key, value in target.options:
            if key == "uri":
                uri, name = True, value.replace("$FILE", str(file))
            elif key == "timeout":
                timeout = float(value)
            else:
                raise Refused(None, None, f"SQLite connections have no option {key} here; use timeout or uri")
        try:
            self._link = _open(name, uri, timeout)
            # The file is opened by the first statement; a refusal to open it is a refusal to connect.
            self.run("PRAGMA schema_version")
        except _ERRORS as error:
            raise _refused(error) from error

    def run(self, statement: str) -> None:
        """Run one statement and read all its rows."""
        self.rows(statement)

    def rows(self, statement: str) -> Any:
        """Run one statement and return its rows; Refused."""
        try:
            return self._link.execute(statement).fetchall()
        except _ERRORS as error:
            raise _refused(error) from error

    def dead(self) -> bool:
        """Return False: a file does not hang up."""
        return False

    def cancel(self) -> None:
        """Interrupt what runs here."""
        with contextlib.suppress(*_ERRORS):
            self._link.interrupt()

    def activity(self) -> None:
        """Return None: there is no server that could be asked."""

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(*_ERRORS):
            self._link.close()

    def leave(self) -> None:
        """Close the connection."""
        self.close()


def _open(name: str, uri: bool, timeout: float) -> Any:
    if _EXTENDED:
        return sqlite3.connect(name, timeout=timeout, isolation_level=None, check_same_thread=False, uri=uri)
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | (apsw.SQLITE_OPEN_URI if uri else 0)
    link = apsw.Connection(name, flags=flags)
    link.set_busy_timeout(round(timeout * 1000))
    return link


_ERRORS: Final[tuple[type[Exception], ...]] = (sqlite3.Error,) if _EXTENDED else (apsw.Error,)


def _refused(error: Exception) -> Refused:
    # The modules' own errors (such as a closed connection) carry no code.
    code = getattr(error, "sqlite_errorcode" if _EXTENDED else "extendedresult", None)
    return Refused(None if code is None or code < 0 else str(code), None, str(error))


class Keeper:
    """A database is a file, and there is nothing else to keep."""

    def __init__(self, address: Any) -> None:
        self._folder = Path(address.datadir)

    def snapshot(self) -> None:
        """Remember nothing."""

    def create(self, database: str) -> None:
        """Make sure that the folder is there; the file comes with the first write."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / database).unlink(missing_ok=True)

    def lend(self, database: str) -> None:
        """Return None: there is no connection."""

    def release(self) -> None:
        """There is no connection."""

    def set(self, settings: dict[str, str]) -> None:
        """Refuse: SQLite has no server whose settings could be changed."""
        raise Refused(None, None, f"SQLite has no server settings; use PRAGMA {next(iter(settings))} in a run step")

    def restore(self, database: str, *, inside: bool = False) -> bool:  # noqa: ARG002 - the whole folder is emptied in any case
        """Delete every file of the play."""
        for path in self._folder.iterdir():
            if path.is_file():
                path.unlink()
        return not any(self._folder.iterdir())
