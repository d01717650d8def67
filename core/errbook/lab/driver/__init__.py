"""How the lab talks to each engine: one module per family of servers, each through one Python driver.

A driver module has `NAME` (the driver with its version), `Connection` and `Keeper`, which fit the protocols below.
"""

import select
from importlib import import_module
from typing import Any, Final, NamedTuple, Protocol, cast


class Refused(Exception):  # noqa: N818 - named for what the server did
    """The server or the client library raised an error; code and SQLSTATE as the driver gives them, None where not."""

    def __init__(
        self,
        code: str | None,
        sqlstate: str | None,
        message: str,
        *,
        lost: bool = False,
        output: str | None = None,
        driver: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.sqlstate = sqlstate
        self.message = message
        self.lost = lost
        """Whether the connection is gone with it."""
        self.output = output
        """All that a program printed, where it is one that failed."""
        self.driver = driver
        """Which driver raised it, with its version, where that is not the lab's own."""
        self.unsent = 0
        """How many statements of the same step would have come after this one."""


class Target(NamedTuple):
    """What to connect to; None where it is as for any other session."""

    database: str | None
    user: str | None = None
    password: str | None = None
    host: str | None = None
    port: int | None = None
    socket: str | None = None
    tls: str | None = None
    file: str | None = None
    options: tuple[tuple[str, str], ...] = ()


BLOCKED: Final = "blocked"
RUNNING: Final = "running"
IDLE: Final = "idle"


class Connection(Protocol):
    """One connection. `cancel` and `activity` may be called from any thread, the others from one."""

    def __init__(self, address: Any, target: Target) -> None:
        """Connect; Refused."""

    def run(self, statement: str) -> None:
        """Send one statement and read its results to the end; Refused."""

    def rows(self, statement: str) -> Any:
        """Send one statement and return its rows; Refused."""

    def dead(self) -> bool:
        """Tell whether the other side has closed the connection. Nothing is sent."""

    def cancel(self) -> None:
        """Ask the server, from another connection, to end what runs here. Never raises."""

    def activity(self) -> str | None:
        """Ask the server, from another connection, what it does for this one. Never raises.

        BLOCKED: it waits for a lock. RUNNING: it executes a statement. IDLE. None where the server cannot be asked.
        """

    def close(self) -> None:
        """Close, and wait a moment until the server has noticed. Never raises."""

    def leave(self) -> None:
        """Close without waiting, where it need not be waited for. Never raises."""


class Keeper(Protocol):
    """Keeps a shared server clean: a fresh database for each play, and everything as it was afterwards."""

    def __init__(self, address: Any) -> None: ...

    def snapshot(self) -> None:
        """Remember how the server is now: settings, accounts, databases; Refused."""

    def create(self, database: str) -> None:
        """Make a fresh, empty database; Refused. One connection of the keeper stays open and does nothing."""

    def lend(self, database: str) -> Connection | None:
        """Return that connection, in the database, for statements that change nothing in their session; Refused.

        None where it cannot be in that database.
        """

    def release(self) -> None:
        """Close that connection, for a scenario in which it would count. Never raises."""

    def set(self, settings: dict[str, str]) -> None:
        """Change settings at run time; Refused. No connection of the keeper is open afterwards."""

    def restore(self, database: str, *, inside: bool = False) -> bool:
        """Drop the database, end leftover sessions, put everything back; tell whether the server is as remembered.

        `inside`: none of the play's statements is of a kind that reaches beyond its database
        (`errbook.lab.plan.stays_inside`), so where the server itself has counted none, nothing more need be compared.
        """


class Driver(Protocol):
    """A driver module."""

    NAME: str
    Connection: type[Connection]
    Keeper: type[Keeper]

    def same(self, declared: str, sqlstate: str | None, refused: Refused) -> bool:
        """Tell whether what was raised is the entry's own error, by its structured fields."""


_MODULES = {"mysql": "mysql", "mariadb": "mysql", "postgresql": "postgresql", "sqlite": "sqlite"}


def load(engine: str) -> Driver:
    """Return the driver module of an engine; ModuleNotFoundError where its Python driver is not installed."""
    return cast(Driver, import_module(f"errbook.lab.driver.{_MODULES[engine]}"))


def hung_up(descriptor: int, seconds: float = 0.0) -> bool:
    """Tell whether the other side of a socket has closed it, or does so within some seconds."""
    poller = select.poll()
    # Linux: poll(2). Unread data, such as last words or tickets of TLS, does not hide it.
    poller.register(descriptor, select.POLLRDHUP)
    return bool(poller.poll(seconds * 1000))
