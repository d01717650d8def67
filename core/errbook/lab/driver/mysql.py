"""MySQL and MariaDB, through MySQL Connector/Python, which speaks the protocol itself and raises the client's codes.

Errors carry errno, SQLSTATE and message (https://dev.mysql.com/doc/connector-python/en/connector-python-api-errors-error.html).
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import mysql.connector
from mysql.connector.connection import MySQLConnection
from mysql.connector.cursor import MySQLCursorBuffered
from mysql.connector.errors import Error

from errbook.lab.driver import BLOCKED, IDLE, RUNNING, Refused, Target, hung_up

NAME: Final = f"mysql-connector-python {mysql.connector.__version__}"

_LOST: Final = frozenset({2006, 2013, 2055, 1053, 1152, 1158, 1159, 1160, 1161, 1927, 4031})
"""Errors after which the connection is gone: the client's own, and those with which a server says good-bye."""

PARTING: Final = 1.0
"""Seconds that a server may take to notice a good-bye."""

ENDING: Final = 5.0
"""Seconds that the statements of killed sessions may take to end."""


_COLLATION: Final = 45
"""The number of utf8mb4_general_ci, which is in both servers' information_schema.collations."""


def same(declared: str, sqlstate: str | None, refused: Refused) -> bool:
    """Tell whether the error number and, where the server sent one, the SQLSTATE are the declared ones."""
    return refused.code == declared and (refused.sqlstate is None or sqlstate is None or refused.sqlstate == sqlstate)


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Turn the driver's errors into Refused."""
    try:
        yield
    except Error as error:
        # -1 is the driver's own: it knows that the connection is gone.
        own = error.errno in (None, -1)
        code = None if own else str(error.errno)
        lost = own or error.errno in _LOST
        raise Refused(code, error.sqlstate, str(error.msg or error), lost=lost) from error


class _Link(MySQLConnection):
    """A connection that sends nothing of its own once it is there, as the servers' own clients do it.

    The driver's would greet with a collation of its own choice, send SET NAMES with the wanted one, and SET autocommit.
    """

    def _open_connection(self) -> None:
        # The driver itself looks up what it was told of charset and collation only after the greeting. In place of the
        # charset's first collation MariaDB 11.8 takes its own default (character_set_collations), as for its client.
        self._charset_id = _COLLATION
        super()._open_connection()

    def _post_connection(self) -> None:
        pass


class Connection:
    """A connection as a command-line client has it."""

    def __init__(self, address: Any, target: Target) -> None:
        self._address = address
        options: dict[str, Any] = {
            "user": target.user if target.user is not None else address.user,
            "password": target.password if target.user is not None or target.password else address.password,
            "charset": "utf8mb4",
            # The driver's own choice of a collation is unknown to MariaDB before 11.4.
            "collation": "utf8mb4_general_ci",
            "connection_timeout": 10,
            "allow_local_infile": True,
        }
        if target.database:
            options["database"] = target.database
        given = target.host or target.port or (target.user is not None and address.host)
        if target.socket:
            options["unix_socket"] = target.socket
        elif address.socket and not given:
            options["unix_socket"] = address.socket
            # As the servers' own clients do it: there is nobody between the ends of a socket.
            options["ssl_disabled"] = True
        else:
            options["host"] = target.host or address.host
            options["port"] = target.port or address.port
        if target.tls:
            options["ssl_disabled"] = target.tls == "off"
        if target.options:
            # As the driver's own function connects, which knows more options; the extension module in C, where it can
            # be loaded, words and numbers some errors otherwise.
            options |= {"use_pure": True, "autocommit": True, **dict(target.options)}
        with _refusing():
            known = {key: value for key, value in options.items() if value is not None}
            link: Any = mysql.connector.connect(**known) if target.options else _Link(**known)
            # By its class: the connection's own method asks the server first whether it is still there.
            self._cursor: Any = MySQLCursorBuffered(link)
        self._link = link
        self._id = self._link.connection_id

    def run(self, statement: str) -> None:
        """Send one statement and read all its results."""
        with _refusing():
            self._cursor.execute(statement)
            while self._cursor.nextset():
                pass

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Send one statement and return its rows; Refused."""
        with _refusing():
            self._cursor.execute(statement)
            return [tuple(row) for row in self._cursor.fetchall()] if self._cursor.with_rows else []

    def dead(self) -> bool:
        """Tell whether the server has closed the connection."""
        descriptor = self._descriptor()
        return descriptor is None or hung_up(descriptor)

    def cancel(self) -> None:
        """Kill the connection from another one."""
        with contextlib.suppress(Refused):
            other = Connection(self._address, Target(None))
            with contextlib.suppress(Refused):
                other.run(f"KILL {self._id}")
            other.close()

    def activity(self) -> str | None:
        """Look into the process list, and for row locks into InnoDB."""
        with contextlib.suppress(Refused):
            other = Connection(self._address, Target(None))
            try:
                # A number of the server's own.
                rows = other.rows(
                    "SELECT command, COALESCE(state, ''), (SELECT COUNT(*) FROM information_schema.innodb_trx"  # noqa: S608
                    f" WHERE trx_mysql_thread_id = {self._id} AND trx_state = 'LOCK WAIT')"
                    f" FROM information_schema.processlist WHERE id = {self._id}"
                )
            finally:
                other.close()
            if not rows:
                return IDLE
            command, state, locks = rows[0]
            # Metadata, table and global locks; `User lock` is GET_LOCK().
            if locks or (state.startswith("Waiting for") and "lock" in state) or state == "User lock":
                return BLOCKED
            return RUNNING if command in ("Query", "Execute") else IDLE
        return None

    def close(self) -> None:
        """Say good-bye, wait until the server has closed its end, and close."""
        # A connection whose server is gone may fail in many ways when it says good-bye.
        with contextlib.suppress(Exception):
            self._link.cmd_quit()
            descriptor = self._descriptor()
            if descriptor is not None:
                hung_up(descriptor, PARTING)
        with contextlib.suppress(Exception):
            self._link._socket.close_connection()

    def leave(self) -> None:
        """Say good-bye and close."""
        with contextlib.suppress(Exception):
            self._link.close()

    def _descriptor(self) -> int | None:
        link = self._link._socket
        return None if link is None or link.sock is None else int(link.sock.fileno())


_VOLATILE: Final = ("gtid", "timestamp", "pseudo_", "last_insert_id", "insert_id", "rand_seed", "identity")
"""Beginnings of names of variables that change by themselves, or that nobody can set back."""

_ORDINARY: Final = (
    "select insert insert_select update update_multi delete delete_multi replace replace_select truncate create_table "
    "alter_table drop_table create_index drop_index begin commit rollback savepoint release_savepoint "
    "rollback_to_savepoint change_db show_warnings show_errors"
)
"""Kinds of statements, as the counters name them, that change nothing outside the database that they name."""

TOGETHER: Final = 16
"""Plays of only such statements after which the counters are compared once."""

_CLOSED: Final = 0.003
"""Seconds that a session which was closed gets to end before it is killed."""

_LOOK: Final = 0.0002

_LOOKS: Final = 20

_GRANTS: Final = {
    "mysql": "user db tables_priv columns_priv procs_priv proxies_priv role_edges default_roles global_grants func "
    "plugin component servers",
    "mariadb": "global_priv db tables_priv columns_priv procs_priv proxies_priv roles_mapping func plugin servers "
    "event proc",
}
"""Tables of the schema mysql that hold accounts, grants, and what is installed."""


class Keeper:
    """Settings, accounts and databases of one server, compared by check sums that the server computes."""

    def __init__(self, address: Any) -> None:
        self._address = address
        self._mariadb = address.family == "mariadb"
        self._folder = Path(address.datadir) if address.datadir else None
        self._variables: dict[str, str] = {}
        self._accounts: set[tuple[str, str]] = set()
        self._databases: set[str] = set()
        self._prepare = ""
        self._queries: list[str] = []
        self._state: list[Any] = []
        text = _counters(address.family).replace("'", "''")
        self._counters = f"PREPARE errbook_counters FROM '{text}'"
        self._looks, self._step = 0, 0
        """How often the counters were read, and by how much each time raises them itself."""
        self._counted: tuple[int, int] | None = None
        """What the counters must be by now; None where that is not known."""
        self._unasked = 0
        """Plays since they were read."""
        self._link: Connection | None = None

    def snapshot(self) -> None:
        """Remember settings, accounts and databases."""
        link = self._open()
        self._variables = self._read_variables(link)
        self._accounts = set(self._read_accounts(link))
        self._databases = {str(row[0]) for row in link.rows("SHOW DATABASES")}
        self._queries = []
        link = self._prepare_variables(link)
        for query in self._all_queries():
            try:
                link.rows(query)
                self._queries.append(query)
            except Refused as refused:
                # On a server of the user's own, the account may not be allowed to see everything.
                if refused.lost:
                    raise
        self._state = self._read_state(link)
        self._step = 0
        if (first := self._count(link)) and (second := self._count(link)):
            self._looks, self._step = 0, second[0] - first[0]
        self._counted = self._count(link)

    def create(self, database: str) -> None:
        """Create the database."""
        self._open().run(f"CREATE DATABASE `{database}`")

    def lend(self, database: str) -> Connection:
        """Return the administrator's connection, with the database as its default."""
        link = self._open()
        link.run(f"USE `{database}`")
        return link

    def release(self) -> None:
        """Close the administrator's connection."""
        self._shut()

    def set(self, settings: dict[str, str]) -> None:
        """Set global variables; numbers and words are given as they are, everything else as a string."""
        try:
            for name, value in settings.items():
                self._open().run(f"SET GLOBAL {name} = {_literal(value)}")
        finally:
            self._shut()

    def restore(self, database: str, *, inside: bool = False) -> bool:
        """Put the server back and compare."""
        try:
            link = self._open()
            if inside and self._untouched(link, database):
                return True
            self._end_sessions(link)
            self._end_prepared(link)
            with contextlib.suppress(Refused):
                link.run(f"DROP DATABASE IF EXISTS `{database}`")
            kept = self._read_state(link) == self._state
            if not kept:
                self._mend(link)
                # A new session: the old one may have begun with what was mended since (sql_mode, collation_server).
                self._shut()
                link = self._open()
                kept = self._read_state(link) == self._state
            self._counted, self._unasked = self._count(link) if kept else None, 0
            return kept
        except Refused:
            self._shut()
            return False

    def _untouched(self, link: Connection, database: str) -> bool:
        """Drop the database; tell whether the server has executed nothing else that reaches beyond a database.

        The server counts the statements of each kind, whoever sends them, so two numbers stand for the comparison. It
        is asked for them after some plays together: each of them alone could not have done more.
        """
        if self._counted is None:
            return False
        try:
            link.run(f"DROP DATABASE `{database}`")
        except Refused:
            self._counted = None
            return False
        statements, sessions = self._counted
        # The two of this class: CREATE DATABASE and DROP DATABASE.
        self._counted = (statements + 2, sessions)
        self._unasked += 1
        return self._unasked < TOGETHER or self._as_counted(link)

    def _as_counted(self, link: Connection) -> bool:
        """Tell whether the server counts as many statements and sessions as there must be by now."""
        expected, self._counted, self._unasked = self._counted, None, 0
        # Sessions that were closed just now are about to end by themselves.
        for _ in range(_LOOKS):
            found = self._count(link)
            if found is None or expected is None or found[0] != expected[0]:
                return False
            if found == expected:
                self._counted = found
                return True
            time.sleep(_LOOK)
        return False

    def _count(self, link: Connection) -> tuple[int, int] | None:
        """Return how many statements were executed that may reach beyond a database, and how many sessions there are.

        None where nobody counts.
        """
        if not self._prepare:
            return None
        self._looks += 1
        row = link.rows("EXECUTE errbook_counters")[0]
        # Without the performance schema there is nothing to add up.
        return None if row[0] is None else (int(row[0]) - self._looks * self._step, int(row[1]))

    def _end_sessions(self, link: Connection) -> None:
        """Kill all other sessions and wait until they have ended."""
        begun = time.monotonic()
        end = begun + ENDING
        while rows := link.rows(
            "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()"
            " AND user NOT IN ('system user', 'event_scheduler')"
        ):
            # Those that were closed just now are about to end by themselves.
            for row in rows if time.monotonic() - begun > _CLOSED else ():
                # One that has ended by itself is unknown by now.
                with contextlib.suppress(Refused):
                    link.run(f"KILL {row[0]}")
            if time.monotonic() > end:
                raise Refused(None, None, f"{len(rows)} sessions go on although they were killed")
            time.sleep(_LOOK)

    def _end_prepared(self, link: Connection) -> None:
        """Roll back prepared transactions, which outlive their sessions."""
        if self._mariadb:
            names = [str(row[3]) for row in link.rows("XA RECOVER FORMAT = 'SQL'")]
        else:
            names = [_xid(*row) for row in link.rows("XA RECOVER CONVERT XID")]
        for name in names:
            link.run(f"XA ROLLBACK {name}")

    def _mend(self, link: Connection) -> None:
        if not self._mariadb:
            with contextlib.suppress(Refused):
                link.run("RESET PERSIST")
        # Before anything else: one of them may forbid the rest.
        for name, value in self._read_variables(link).items():
            if value != self._variables.get(name):
                with contextlib.suppress(Refused):
                    link.run(f"SET GLOBAL {name} = {_literal(self._variables[name])}")
        for row in link.rows("SHOW DATABASES"):
            if row[0] not in self._databases:
                link.run(f"DROP DATABASE `{row[0]}`")
        for user, host in self._read_accounts(link):
            if (user, host) not in self._accounts:
                # A role of MariaDB has no host.
                role = self._mariadb and not host
                link.run(f"DROP ROLE '{user}'" if role else f"DROP USER '{user}'@'{host}'")

    def _open(self) -> Connection:
        if self._link is None or self._link.dead():
            self._shut()
            self._link = Connection(self._address, Target(None))
            # In place of the default, which is a day or a year: for what still has a lock on the database.
            self._link.run(f"SET lock_wait_timeout = {ENDING:g}")
            if self._prepare:
                self._link.run(self._prepare)
                self._link.run(self._counters)
        return self._link

    def _shut(self) -> None:
        if self._link:
            self._link.close()
        self._link = None

    def _prepare_variables(self, link: Connection) -> Connection:
        """Have the server keep the statement that sums up all variables: a third of what reading their table costs.

        Return the connection to go on with: a server that takes only short statements (max_allowed_packet) ends the one
        that there was, and the table is read then.

        The order is fixed, so names need not be in it. A variable that comes or goes does so with a plugin or a
        component, and those are in tables that are compared.
        """
        values = ", ".join(f"@@GLOBAL.{name}" for name in self._variables)
        self._prepare = f"PREPARE errbook FROM 'SELECT CRC32(CONCAT_WS(0x2C, {values}))'"
        try:
            link.run(self._prepare)
            link.run(self._counters)
        except Refused:
            self._prepare = ""
            self._shut()
        return self._open()

    def _read_variables(self, link: Connection) -> dict[str, str]:
        rows = link.rows("SHOW GLOBAL VARIABLES")
        return {str(name): str(value) for name, value in rows if not name.startswith(_VOLATILE)}

    def _read_accounts(self, link: Connection) -> list[tuple[str, str]]:
        return [(str(user), str(host)) for user, host in link.rows("SELECT user, host FROM mysql.user")]

    def _read_state(self, link: Connection) -> list[Any]:
        return [self._read_folders(), *(link.rows(query) for query in self._queries)]

    def _read_folders(self) -> list[str]:
        """Return the names of databases and of the files of schema mysql; none where the server is the user's own.

        Each table has a file of its own; asking the server for the names takes fifty times as long.
        """
        if not self._folder:
            return []
        with os.scandir(self._folder) as found:
            names = [item.name for item in found if item.is_dir() and item.name[0] != "#"]
        return sorted([*names, *(item.name for item in (self._folder / "mysql").iterdir())])

    def _all_queries(self) -> list[str]:
        """Return the queries whose answers must be as before."""
        schema = "information_schema" if self._mariadb else "performance_schema"
        skipped = " AND ".join(f"variable_name NOT LIKE '{name}%'" for name in _VOLATILE)
        tables = ", ".join(f"mysql.{name}" for name in _GRANTS["mariadb" if self._mariadb else "mysql"].split())
        # All names are the literals above.
        variables = (
            f"SELECT SUM(CRC32(CONCAT_WS('=', LOWER(variable_name), variable_value))) FROM {schema}.global_variables"  # noqa: S608
            f" WHERE {skipped}"
        )
        found = [
            "EXECUTE errbook" if self._prepare else variables,
            f"CHECKSUM TABLE {tables}",
        ]
        if not self._folder:
            found += ["SHOW DATABASES", "SHOW TABLES FROM mysql"]
        if not self._mariadb:
            # SET PERSIST_ONLY changes only these.
            found.append("SELECT variable_name, variable_value FROM performance_schema.persisted_variables")
        return found


def _counters(family: str) -> str:
    """Return the query for the number of statements that may reach beyond a database, and for that of sessions.

    MySQL keeps the counters Com_… out of its tables (https://dev.mysql.com/doc/refman/9.7/en/performance-schema-status-variable-tables.html)
    and has others there, of the same names.
    """
    # All names are the literals above.
    if family == "mariadb":
        ordinary = ", ".join(f"'Com_{name}'" for name in _ORDINARY.split())
        return (
            "SELECT SUM(IF(variable_name = 'Threads_connected', 0, variable_value)),"  # noqa: S608
            " SUM(IF(variable_name = 'Threads_connected', variable_value, 0))"
            " FROM information_schema.global_status WHERE variable_name = 'Threads_connected'"
            f" OR LEFT(variable_name, 4) = 'Com_' AND variable_name NOT IN ({ordinary})"
        )
    ordinary = ", ".join(f"'statement/sql/{name}'" for name in _ORDINARY.split())
    return (
        "SELECT SUM(count_star), (SELECT COUNT(*) FROM performance_schema.processlist)"  # noqa: S608
        " FROM performance_schema.events_statements_summary_global_by_event_name"
        f" WHERE event_name NOT IN ('statement/com/Quit', {ordinary})"
    )


def _xid(form: int, length: int, rest: int, name: str) -> str:
    """Return a transaction's identifier as XA statements take it, given a row of XA RECOVER CONVERT XID."""
    digits = name.removeprefix("0x")
    return f"X'{digits[: length * 2]}', X'{digits[length * 2 : (length + rest) * 2]}', {form}"


def _literal(value: str) -> str:
    if value.replace(".", "", 1).isdigit() or value.upper() in ("ON", "OFF", "DEFAULT"):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
