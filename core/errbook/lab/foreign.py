"""A server of the user's own, which the user has declared throwaway.

The lab did not start it, so it never stops, configures or limits it: what needs that is left out and said. On such a
server databases and accounts are created and dropped, settings changed and put back, and other sessions ended.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from errbook.lab import driver as drivers
from errbook.lab.driver import Refused, Target
from errbook.lab.plan import Plan
from errbook.lab.server import LabError

NEEDS_OWN: Final = "It needs a server that the lab has started itself."

_ENGINES: Final = {
    "mysql": "mysql",
    "mariadb": "mariadb",
    "postgresql": "postgresql",
    "postgres": "postgresql",
}
_PORTS: Final = {"mysql": 3306, "mariadb": 3306, "postgresql": 5432}


class Address(NamedTuple):
    """How to reach the server; the fields of errbook.lab.instance.Address that apply."""

    family: str
    version: str
    host: str
    port: int
    socket: str | None
    user: str
    password: str
    datadir: str
    log: str
    admin_port: int | None

    @property
    def name(self) -> str:
        """How results name the server: without user and password."""
        return f"{self.family}://{self.host}:{self.port}"


def is_address(text: str) -> bool:
    """Tell whether a text is an address rather than the name of a server of the lab."""
    return "://" in text


def parse(dsn: str) -> Address:
    """Return the address of a DSN such as `mysql://root:secret@db.example.com:3306/`; LabError where it is none."""
    try:
        parts = urlsplit(dsn)
        port = parts.port
    except ValueError as error:
        raise LabError(f"--throwaway-dsn: {error}; write mysql://user:password@host:port/") from error
    engine = _ENGINES.get(parts.scheme)
    if engine is None or not parts.hostname:
        known = ", ".join(f"{name}://" for name in _ENGINES)
        raise LabError(f"--throwaway-dsn: this is not an address of a server; it begins with one of {known}")
    user = unquote(parts.username or ("postgres" if engine == "postgresql" else "root"))
    password = unquote(parts.password or "")
    return Address(engine, "", parts.hostname, port or _PORTS[engine], None, user, password, "", "", None)


def unfit(plan: Plan, fix: Mapping[str, Any] | None = None) -> bool:
    """Tell whether a scenario, or the proof of a fix, needs more than sessions and settings that can be put back."""
    steps = fix["proof"] if fix else plan["steps"]
    if not fix and (plan["settings"] or plan["host"]):
        return True
    return any(
        step["action"] in ("configure", "server", "shell", "python")
        or (step["action"] == "connect" and {"host", "port", "socket", "file"} & step["value"].keys())
        for step in steps
    )


class Foreign:
    """What a worker uses in place of an Instance."""

    def __init__(self, address: Address) -> None:
        self.address = address

    def start(self, settings: Mapping[str, str], **limits: Any) -> None:
        """Ask for the version; LabError where the server cannot be reached."""
        del settings, limits
        driver = drivers.load(self.address.family)
        statement = "SHOW server_version" if self.address.family == "postgresql" else "SELECT VERSION()"
        try:
            link = driver.Connection(self.address, Target(None))
            try:
                text = str(link.rows(statement)[0][0])
            finally:
                link.close()
        except Refused as refused:
            raise LabError(f"{self.address.name}: {refused.message}; check the address and the account") from refused
        found = re.match(r"[\d.]+", text)
        if self.address.family in ("mysql", "mariadb") and ("mariadb" in text.lower()) != (
            self.address.family == "mariadb"
        ):
            raise LabError(f"{self.address.name} is {text}; write the other of mysql:// and mariadb://")
        self.address = self.address._replace(version=found[0] if found else text)

    def alive(self) -> bool:
        """Return True: whether it lives is found out by the next statement."""
        return True

    def wipe(self) -> str:
        """Return what to do: what could not be put back is the user's to see to."""
        return f"{self.address.name} could not be put back as it was; look at its settings, accounts and databases"

    def environment(self, database: str) -> dict[str, str]:
        """Return nothing: shell and Python steps are not run here."""
        del database
        return {}
