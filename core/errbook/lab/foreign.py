"""A server of the user's own, which the user has declared throwaway.

The lab did not start it, so it never stops, configures or limits it: what needs that is left out and said. On such a
server databases and accounts are created and dropped, settings changed and put back, and other sessions ended.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from errbook.lab import driver as drivers
from errbook.lab.driver import Connection, Refused, Target
from errbook.lab.plan import DATABASE, Plan
from errbook.lab.server import LabError

NEEDS_OWN: Final = "It needs a server that the lab has started itself."
NEEDS_TCP: Final = "It needs a connection over TCP, and the address is that of a socket."

_ENGINES: Final = {
    "mysql": "mysql",
    "mariadb": "mariadb",
    "postgresql": "postgresql",
    "postgres": "postgresql",
}
_PORTS: Final = {"mysql": 3306, "mariadb": 3306, "postgresql": 5432}

_QUESTIONS: Final = {
    "mysql": ("SELECT VERSION()", "SHOW DATABASES"),
    "postgresql": ("SHOW server_version", "SELECT datname FROM pg_database"),
}
"""What asks for the version, and for the databases."""

_CONTENTS: Final = {
    "mysql": "SELECT COUNT(*) FROM (SELECT table_schema AS name FROM information_schema.tables"
    " UNION ALL SELECT routine_schema FROM information_schema.routines"
    " UNION ALL SELECT event_schema FROM information_schema.events) AS found WHERE name = DATABASE()",
    # What initdb makes has smaller numbers (src/include/access/transam.h, FirstNormalObjectId).
    "postgresql": "SELECT count(*) FROM (SELECT oid FROM pg_class UNION ALL SELECT oid FROM pg_type"
    " UNION ALL SELECT oid FROM pg_proc UNION ALL SELECT oid FROM pg_namespace UNION ALL SELECT oid FROM pg_extension"
    " UNION ALL SELECT oid FROM pg_largeobject_metadata) AS found WHERE oid >= 16384",
}
"""What asks how much there is in the database that one is connected to."""

_SHARED: Final = "/run/throwaway"
"""Where the folder of the server's socket appears in the cell."""


class Address(NamedTuple):
    """How to reach the server; the fields of errbook.lab.instance.Address."""

    family: str
    version: str
    host: str | None
    """None where there is only a socket."""
    port: int | None
    socket: str | None
    user: str
    password: str
    datadir: str = ""
    log: str = ""
    admin_port: int | None = None

    @property
    def name(self) -> str:
        """How results name the server: without user and password."""
        return f"{self.family}://{self.host}:{self.port}" if self.host else f"{self.family}://{self.socket}"

    def in_cell(self) -> tuple["Address", dict[Path, str]]:
        """Return the address as it is in a cell that shares the host's network, and the folder to share with it."""
        if not self.socket:
            return self, {}
        path = Path(self.socket)
        return self._replace(socket=f"{_SHARED}/{path.name}"), {path.parent: _SHARED}


def is_address(text: str) -> bool:
    """Tell whether a text is an address rather than the name of a server of the lab."""
    return "://" in text


def parse(dsn: str) -> Address:
    """Return the address of a DSN; LabError where it is none. No message repeats it: it may hold a password.

    `mysql://user:password@host:port/`, or with a socket in place of host and port, as the drivers write it:
    `mysql://user@localhost/?unix_socket=/path/mysqld.sock`, `postgresql://user@/?host=/path`.
    """
    form = "write ENGINE://user:password@host:port/, with reserved characters in user and password as %2F and so on"
    try:
        parts = urlsplit(dsn)
        # Out of range, or no number at all.
        port = parts.port
        query = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        raise LabError(f"--throwaway-dsn: this is not an address; {form}") from None
    engine = _ENGINES.get(parts.scheme)
    if engine is None:
        known = ", ".join(f"{name}://" for name in _ENGINES)
        raise LabError(f"--throwaway-dsn: this is not the address of a server; it begins with one of {known}")
    socket = query.pop("host" if engine == "postgresql" else "unix_socket", None)
    if query:
        raise LabError(f"--throwaway-dsn: {', '.join(sorted(query))} is not understood here; {form}")
    if not socket and not parts.hostname:
        raise LabError(f"--throwaway-dsn: the host is missing; {form}")
    port = port or _PORTS[engine]
    if socket:
        socket = f"{socket}/.s.PGSQL.{port}" if engine == "postgresql" else socket
        if not Path(socket).is_socket():
            raise LabError(f"--throwaway-dsn: {socket} is not a socket; see whether the server runs")
    user = unquote(parts.username or ("postgres" if engine == "postgresql" else "root"))
    host, port = (None, None) if socket else (parts.hostname, port)
    return Address(engine, "", host, port, socket, user, unquote(parts.password or ""))


def unfit(address: Address, plan: Plan, fix: Mapping[str, Any] | None = None) -> str | None:
    """Return why a scenario, or the proof of a fix, is not for such a server; None where it is.

    Only what needs nothing but sessions, and settings that can be put back, is.
    """
    steps = fix["proof"] if fix else plan["steps"]
    own = not fix and (plan["settings"] or plan["host"])
    connects = [step["value"] for step in steps if step["action"] == "connect"]
    # An option of a driver may name another server.
    elsewhere = any({"host", "port", "socket", "file", "options"} & value.keys() for value in connects)
    if own or elsewhere or any(step["action"] in ("configure", "server", "shell", "python") for step in steps):
        return NEEDS_OWN
    if not address.host and address.family != "postgresql" and any("user" in value for value in connects):
        # Accounts of these servers belong to hosts.
        return NEEDS_TCP
    return None


class Foreign:
    """What a worker uses in place of an Instance."""

    def __init__(self, address: Address) -> None:
        self._outside = address
        self.address, _ = address.in_cell()

    def start(self, settings: Mapping[str, str], **limits: Any) -> None:
        """Ask for the version; LabError where the server cannot be reached, or is of the other engine."""
        del settings, limits
        address = self._outside
        kind = "postgresql" if address.family == "postgresql" else "mysql"
        version, databases = _QUESTIONS[kind]
        try:
            link = drivers.load(address.family).Connection(self.address, Target(None))
            try:
                text = str(link.rows(version)[0][0])
                if address.family != "postgresql" and ("mariadb" in text.lower()) != (address.family == "mariadb"):
                    other = "mysql" if address.family == "mariadb" else "mariadb"
                    raise LabError(f"{address.name} is {text}; write {other}:// in place of {address.family}://")
                there = any(row[0] == DATABASE for row in link.rows(databases))
                taken = there and not self._dropped(link, kind)
            finally:
                link.close()
        except Refused as refused:
            code = f"{refused.code}: " if refused.code else ""
            raise LabError(
                f"{address.name} cannot be used ({code}{refused.message}); check the address and the account"
            ) from refused
        found = re.search(r"\d+\.\d+(\.\d+)?", text)
        if taken:
            raise LabError(
                f"{address.name} has a database {DATABASE} with something in it, and scenarios create and drop one of "
                f"that name; where nobody needs it: DROP DATABASE {DATABASE}"
            )
        self.address = self.address._replace(version=found[0] if found else text)

    def _dropped(self, link: Connection, kind: str) -> bool:
        """Drop the database whose name scenarios use where nothing is in it; tell whether it was. Refused."""
        inside = drivers.load(self.address.family).Connection(self.address, Target(DATABASE))
        try:
            empty = bool(inside.rows(_CONTENTS[kind])[0][0] == 0)
        finally:
            inside.close()
        if empty:
            link.run(f"DROP DATABASE {DATABASE}")
        return empty

    def alive(self) -> bool:
        """Return True: whether it lives is found out by the next statement."""
        return True

    def wipe(self) -> str:
        """Return what to do: what could not be put back is the user's to see to."""
        return f"{self._outside.name} could not be put back as it was; look at its settings, accounts and databases"

    def environment(self, database: str) -> dict[str, str]:
        """Return nothing: shell and Python steps are not run here."""
        del database
        return {}
