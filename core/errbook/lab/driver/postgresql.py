"""PostgreSQL, through pg8000, which gives all fields of an ErrorResponse, also those of a refused login.

The fields: https://www.postgresql.org/docs/current/protocol-error-fields.html (C is the SQLSTATE, M the message).
"""

import contextlib
import os
import socket
import ssl
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final

import pg8000.exceptions  # type: ignore[import-untyped] # it comes without types
import pg8000.native  # type: ignore[import-untyped] # the same

from errbook.lab.driver import BLOCKED, IDLE, RUNNING, Refused, Target, hung_up

NAME: Final = f"pg8000 {version('pg8000')}"

_LOST: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "08006", "08P01"})
"""Errors with which a server ends the session."""

PARTING: Final = 2.0
"""Seconds that a session may take to end after its good-bye."""

ENDING: Final = 5.0
"""Seconds that terminated sessions may take to end, and a server to read its configuration again."""


def same(declared: str, sqlstate: str | None, refused: Refused) -> bool:  # noqa: ARG001 - the code is the SQLSTATE
    """Tell whether the SQLSTATE is the declared one."""
    return refused.code == declared


class _Patient(socket.socket):
    """A socket that lets the other side's last words be read although it has closed, as libpq does.

    A server that is full says so and closes before it has read anything; the write then fails first.
    """

    def send(self, data: Any, flags: int = 0) -> int:
        """Send; report success where nobody listens any more."""
        try:
            return super().send(data, flags)
        except (BrokenPipeError, ConnectionResetError):
            return len(data)


class _Link(pg8000.native.Connection):  # type: ignore[misc] # pg8000 comes without types
    """The driver's connection, which remembers a server's last words: it reports only that the connection ended."""

    words: Any = None

    def handle_ERROR_RESPONSE(self, data: Any, context: Any) -> None:  # noqa: N802 - the driver's name
        """Note the error."""
        super().handle_ERROR_RESPONSE(data, context)
        self.words = context.error


def _reach(path: str | None, host: str, port: int) -> socket.socket:
    """Return a socket that is connected to a path or, without one, to a host and port; OSError."""
    if path:
        link: socket.socket = _Patient(socket.AF_UNIX, socket.SOCK_STREAM)
        where: Any = path
    else:
        family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        link = _Patient(family, kind)
    try:
        link.connect(where)
    except OSError:
        link.close()
        raise
    return link


class Connection:
    """A connection on which every statement is sent as a simple query, as psql sends it."""

    def __init__(self, address: Any, target: Target) -> None:
        self._address = address
        self._link: Any = None
        options: dict[str, Any] = {
            "user": target.user or address.user,
            "password": target.password,
            "database": target.database or "postgres",
            "application_name": "errbook",
        }
        if target.user is None and not target.password:
            options["password"] = address.password
        # Where a server asks for a password that nobody gave, the server shall say so, not the driver in its own way.
        options["password"] = options["password"] or ""
        # As with libpq on a socket, and as on a server without a certificate: nothing is asked before the login.
        options["ssl_context"] = False
        if target.tls == "required":
            context = ssl.create_default_context()
            context.check_hostname = False
            # The server's certificate is its own; what is tried is whether it speaks TLS at all.
            context.verify_mode = ssl.CERT_NONE
            options["ssl_context"] = context
        startup = dict(target.options)
        if startup:
            options["startup_params"] = startup
        local = target.host is None and target.port is None and target.tls is None
        path = target.socket or (address.socket if local or not address.host else None)
        with self._refusing():
            options["sock"] = _reach(path, target.host or address.host, target.port or address.port)
            self._link = _Link(**options)
        self._id = int(self.rows("SELECT pg_backend_pid()")[0][0]) if not startup.get("replication") else 0

    def run(self, statement: str) -> None:
        """Send one statement and read all its results."""
        self.rows(statement)

    def rows(self, statement: str) -> list[list[Any]]:
        """Send one statement and return its rows; Refused."""
        with self._refusing():
            # Without arguments the driver sends the text as it is.
            return list(self._link.run(statement) or [])

    def dead(self) -> bool:
        """Tell whether the server has closed the connection."""
        return self._link._usock is None or hung_up(self._link._usock.fileno())

    def cancel(self) -> None:
        """End the session from another connection."""
        with contextlib.suppress(Refused):
            other = Connection(self._address, Target(None))
            with contextlib.suppress(Refused):
                other.run(f"SELECT pg_terminate_backend({self._id})")
            other.close()

    def activity(self) -> str | None:
        """Look at the session's process and at what blocks it."""
        with contextlib.suppress(Refused):
            other = Connection(self._address, Target(None))
            try:
                # A number of the server's own.
                rows = other.rows(
                    "SELECT cardinality(pg_blocking_pids(pid)), state FROM pg_stat_activity"  # noqa: S608
                    f" WHERE pid = {self._id}"
                )
            finally:
                other.close()
            if not rows:
                return IDLE
            blockers, state = rows[0]
            return BLOCKED if blockers else RUNNING if state == "active" else IDLE
        return None

    def close(self) -> None:
        """Say good-bye and wait until the session has ended."""
        # A connection whose server is gone may fail in many ways when it says good-bye.
        with contextlib.suppress(Exception):
            # The driver closes at once. The server leaves its end open until the process of the session has ended
            # (src/backend/libpq/pqcomm.c, socket_close), and only then is its place free for another one.
            descriptor = os.dup(self._link._usock.fileno())
            try:
                self._link.close()
                hung_up(descriptor, PARTING)
            finally:
                os.close(descriptor)

    def leave(self) -> None:
        """Close, and wait as well: a database that a session is in cannot be dropped."""
        self.close()

    @contextlib.contextmanager
    def _refusing(self) -> Iterator[None]:
        """Turn the driver's errors into Refused."""
        if self._link:
            self._link.words = None
        try:
            yield
        except (pg8000.exceptions.Error, OSError) as error:
            words = self._link.words if self._link else None
            said = error if error.args and isinstance(error.args[0], dict) else words
            if said is None:
                text = str(error) or type(error).__name__
                raise Refused(None, None, text, lost=True) from error
            fields = said.args[0]
            code = fields.get("C")
            lost = code in _LOST or fields.get("V", fields.get("S")) in ("FATAL", "PANIC")
            raise Refused(code, code, fields.get("M", ""), lost=lost) from error


_STATE: Final = (
    # Settings, and the files that they come from.
    "SELECT md5(string_agg(concat_ws('=', name, reset_val, pending_restart), ',' ORDER BY name)) FROM pg_settings"
    " WHERE context <> 'internal' AND name <> 'application_name'",
    "SELECT md5(concat(pg_read_file(concat(current_setting('data_directory'), '/postgresql.auto.conf')),"
    " pg_read_file(current_setting('config_file')), pg_read_file(current_setting('hba_file')),"
    " pg_read_file(current_setting('ident_file'))))",
    # Roles, what they may do, and their settings.
    "SELECT md5(string_agg(r::text, ',' ORDER BY oid)) FROM pg_authid AS r",
    "SELECT md5(string_agg(m::text, ',' ORDER BY m::text)) FROM pg_auth_members AS m",
    "SELECT md5(string_agg(s::text, ',' ORDER BY s::text)) FROM pg_db_role_setting AS s",
    "SELECT md5(string_agg(p::text, ',' ORDER BY p::text)) FROM pg_parameter_acl AS p",
    # Databases, and what else belongs to none of them.
    "SELECT md5(string_agg(concat_ws(',', datname, datdba, datconnlimit, datallowconn, datistemplate, datacl), ';'"
    " ORDER BY datname)) FROM pg_database",
    "SELECT md5(string_agg(t::text, ',' ORDER BY oid)) FROM pg_tablespace AS t",
    "SELECT count(*) FROM pg_prepared_xacts",
    "SELECT count(*) FROM pg_replication_slots",
    "SELECT count(*) FROM pg_subscription",
    # The administrator's own database.
    "SELECT concat_ws(',', count(*), sum(oid::int8)) FROM pg_class",
    "SELECT concat_ws(',', count(*), sum(oid::int8)) FROM pg_proc",
    "SELECT concat_ws(',', count(*), sum(oid::int8)) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'",
)
"""What must be as before after a play, each as one value."""


class Keeper:
    """Settings, roles and databases of one server, compared by check sums that the server computes."""

    def __init__(self, address: Any) -> None:
        self._address = address
        self._roles: set[str] = set()
        self._databases: set[str] = set()
        self._prepares = False
        self._query = ""
        self._state: list[Any] = []
        self._link: Connection | None = None

    def snapshot(self) -> None:
        """Remember settings, roles and databases."""
        link = self._open()
        self._roles = {row[0] for row in link.rows("SELECT rolname FROM pg_roles")}
        self._databases = {row[0] for row in link.rows("SELECT datname FROM pg_database")}
        self._prepares = link.rows("SHOW max_prepared_transactions")[0][0] != "0"
        allowed = []
        for query in _STATE:
            # Not every version has all of it; on a server of the user's own, not every account may see it.
            try:
                link.rows(query)
                allowed.append(f"({query})")
            except Refused as refused:
                if refused.lost:
                    raise
        self._query = f"SELECT {', '.join(allowed)}"
        self._state = link.rows(self._query)[0]

    def create(self, database: str) -> None:
        """Create the database."""
        # As initdb left it: what a scenario did to template1 is not in it.
        self._open().run(f'CREATE DATABASE "{database}" TEMPLATE template0')

    def lend(self, database: str) -> None:
        """Return None: a session stays in its database."""

    def release(self) -> None:
        """Close the administrator's connection."""
        self._shut()

    def set(self, settings: dict[str, str]) -> None:
        """Set with ALTER SYSTEM and reload."""
        try:
            link = self._open()
            for name, value in settings.items():
                link.run(f"ALTER SYSTEM SET {name} = '{value.replace(chr(39), chr(39) * 2)}'")
            self._reload(link)
        finally:
            self._shut()

    def restore(self, database: str, *, inside: bool = False) -> bool:  # noqa: ARG002 - one query compares all
        """Put the server back and compare."""
        try:
            link = self._open()
            link.run(f"SET lock_timeout = '{ENDING:g}s'")
            self._end_sessions(link)
            if self._prepares:
                self._end_prepared(link)
            with contextlib.suppress(Refused):
                link.run(f'DROP DATABASE IF EXISTS "{database}"')
            if link.rows(self._query)[0] == self._state:
                return True
            self._mend(link)
            self._shut()
            # A new session: some settings of the old one would not follow.
            return bool(self._open().rows(self._query)[0] == self._state)
        except Refused:
            self._shut()
            return False

    def _end_sessions(self, link: Connection) -> None:
        """Terminate all other sessions and wait until they have ended."""
        end = time.monotonic() + ENDING
        while rows := link.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type IN ('client backend', 'walsender')"
        ):
            if time.monotonic() > end:
                raise Refused(None, None, f"{len(rows)} sessions go on although they were terminated")
            time.sleep(0.001)

    def _end_prepared(self, link: Connection) -> None:
        """Roll back prepared transactions, which outlive their sessions, each in its own database."""
        for gid, name in link.rows("SELECT gid, database FROM pg_prepared_xacts"):
            inside = Connection(self._address, Target(name))
            try:
                inside.run(f"ROLLBACK PREPARED '{gid.replace(chr(39), chr(39) * 2)}'")
            finally:
                inside.close()

    def _mend(self, link: Connection) -> None:
        for row in link.rows("SELECT datname FROM pg_database"):
            if row[0] not in self._databases:
                link.run(f"DROP DATABASE {_name(row[0])}")
        new = [row[0] for row in link.rows("SELECT rolname FROM pg_roles") if row[0] not in self._roles]
        for role in new:
            link.run(f"DROP OWNED BY {_name(role)}")
        for role in new:
            link.run(f"DROP ROLE {_name(role)}")
        for (role,) in link.rows("SELECT rolname FROM pg_roles WHERE rolconfig IS NOT NULL"):
            link.run(f"ALTER ROLE {_name(role)} RESET ALL")
        link.run("ALTER ROLE ALL RESET ALL")
        link.run("ALTER SYSTEM RESET ALL")
        self._reload(link)

    def _reload(self, link: Connection) -> None:
        """Have the configuration read again, and wait until this session has it: the postmaster has it before."""
        before = link.rows("SELECT pg_conf_load_time()")
        link.run("SELECT pg_reload_conf()")
        end = time.monotonic() + ENDING
        while link.rows("SELECT pg_conf_load_time()") == before:
            if time.monotonic() > end:
                raise Refused(None, None, "the server did not read its configuration again")
            time.sleep(0.001)

    def _open(self) -> Connection:
        if self._link is None or self._link.dead():
            self._shut()
            self._link = Connection(self._address, Target(None))
        return self._link

    def _shut(self) -> None:
        if self._link:
            self._link.close()
        self._link = None


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
