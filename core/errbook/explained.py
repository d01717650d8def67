"""From an exception to the errors behind it, by the fields that its driver filled in. No text is parsed.

`errbook.explain` goes through what wraps drivers' exceptions: SQLAlchemy's ``orig``, Django's and everybody's
``__cause__`` and ``__context__``, groups of exceptions. Which fields there are is said by each driver's documentation:
psycopg and asyncpg have ``sqlstate``, psycopg2 ``pgcode``, pg8000 the fields of PostgreSQL's protocol, PyMySQL,
mysqlclient and asyncmy the number as the first argument, MySQL's and MariaDB's connectors ``errno``, sqlite3
``sqlite_errorcode`` (from Python 3.11 on), APSW ``extendedresult``.
"""

from __future__ import annotations

from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from errbook.codes import Code
    from errbook.knowledge import Knowledge

MOST = 100
"""Exceptions of one chain that are looked at."""

_PRIMARY = 0xFF
"""SQLite: the low byte of an extended result code is the primary one (https://sqlite.org/rescode.html)."""


class Explained(Record):
    """One error behind an exception.

    `code` is as the catalogs have it: a number, for PostgreSQL the SQLSTATE. `title` is the entry's, or the server's
    own message where nobody has written an entry; `summary`, `entry` and `page` are the entry's, None where there is
    none. `exception` is the driver's own one.
    """

    engine: str
    code: str
    sqlstate: str | None
    symbol: str | None
    title: str | None
    summary: str | None
    entry: str | None
    page: str | None
    exception: BaseException

    def line(self, site: str = "") -> str:
        """Return it in one line: what it is, its summary, and where to read on (below the address `site`, if any)."""
        named = " ".join(part for part in (self.engine, self.code, self.symbol) if part)
        told = self.summary or self.title
        address = f"{site.rstrip('/')}{self.page}" if self.page and site else None
        more = address or f"errbook {self.engine} {self.code}"
        return f"{named}: {told} ({more})" if told else f"{named} ({more})"


class Raised(Record):
    """What a driver's exception says: whose the code is (the likeliest first), the code, and the SQLSTATE or None."""

    engines: tuple[str, ...]
    code: str
    sqlstate: str | None


def explain(knowledge: Knowledge, exception: BaseException, engine: str | None = None) -> list[Explained]:
    """Return the errors behind an exception, the first that happened first; empty where no driver's is among them.

    Drivers do not say whether a number is MySQL's or MariaDB's. Where it means different things, it is taken for
    MySQL's unless MariaDB's connector raised it, the SQLSTATE tells, or `engine` says.
    """
    found: dict[tuple[str, str], Explained] = {}
    for one in chain(exception):
        raised = read(one)
        if raised is not None:
            made = _explained(knowledge, raised, engine, one)
            found.setdefault((made.engine, made.code), made)
    return list(found.values())


def chain(exception: BaseException) -> Iterator[BaseException]:
    """Give an exception and all that it wraps or that led to it, at most MOST, the first that happened first."""
    order: list[BaseException] = []
    seen: set[int] = set()
    waiting = [exception]
    while waiting and len(order) < MOST:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        order.append(one)
        hidden = one.__context__ if not one.__suppress_context__ else None
        inner = [hidden, one.__cause__, getattr(one, "orig", None)]
        if isinstance(one, BaseExceptionGroup):
            inner += reversed(one.exceptions)
        waiting += [each for each in inner if isinstance(each, BaseException)]
    return reversed(order)


def read(exception: BaseException) -> Raised | None:
    """Return what the fields of a driver's exception say; None where it is no driver's or says nothing."""
    for kind in type(exception).__mro__:
        reader = _READERS.get(kind.__module__.partition(".")[0])
        if reader is not None:
            return reader(exception)
    return None


def _sqlstate(exception: BaseException) -> Raised | None:
    state = getattr(exception, "sqlstate", None)
    return Raised(("postgresql",), state, state) if isinstance(state, str) else None


def _pgcode(exception: BaseException) -> Raised | None:
    state = getattr(exception, "pgcode", None)
    return Raised(("postgresql",), state, state) if isinstance(state, str) else None


def _fields(exception: BaseException) -> Raised | None:
    # https://www.postgresql.org/docs/current/protocol-error-fields.html: C is the SQLSTATE.
    given = exception.args[0] if exception.args else None
    state = given.get("C") if isinstance(given, dict) else None
    return Raised(("postgresql",), state, state) if isinstance(state, str) else None


def _argument(exception: BaseException) -> Raised | None:
    number = exception.args[0] if exception.args else None
    return Raised(("mysql", "mariadb"), str(number), None) if _is_number(number) else None


def _errno(exception: BaseException) -> Raised | None:
    number, state = getattr(exception, "errno", None), getattr(exception, "sqlstate", None)
    return Raised(("mysql", "mariadb"), str(number), state) if _is_number(number) else None


def _mariadb(exception: BaseException) -> Raised | None:
    raised = _errno(exception)
    return raised and raised._replace(engines=("mariadb", "mysql"))


def _sqlite(exception: BaseException) -> Raised | None:
    number = getattr(exception, "sqlite_errorcode", None)
    return Raised(("sqlite",), str(number), None) if _is_number(number) else None


def _apsw(exception: BaseException) -> Raised | None:
    number = getattr(exception, "extendedresult", None)
    if not _is_number(number):
        number = getattr(exception, "result", None)
    return Raised(("sqlite",), str(number), None) if _is_number(number) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


_READERS: dict[str, Callable[[BaseException], Raised | None]] = {
    "psycopg": _sqlstate,
    "psycopg2": _pgcode,
    "asyncpg": _sqlstate,
    "pg8000": _fields,
    "pymysql": _argument,
    "MySQLdb": _argument,
    "asyncmy": _argument,
    "mysql": _errno,
    "_mysql_connector": _errno,
    "mariadb": _mariadb,
    "sqlite3": _sqlite,
    "pysqlite3": _sqlite,
    "apsw": _apsw,
}
"""How to read the exceptions of a driver, by its top package."""


def _explained(knowledge: Knowledge, raised: Raised, engine: str | None, exception: BaseException) -> Explained:
    engines = raised.engines
    if engine in engines:
        engines = (engine, *(each for each in engines if each != engine))
    known = [found for each in engines if (found := _known(knowledge, each, raised.code))]
    if engine is None and raised.sqlstate and known:
        # The two families give most numbers that they do not share SQLSTATEs of their own.
        known.sort(key=lambda code: code.sqlstate not in (None, raised.sqlstate))
    if not known:
        return Explained(engines[0], raised.code, raised.sqlstate, None, None, None, None, None, exception)
    code = known[0]
    link = code.entry
    title = link.title if link else next((message.text for message in code.messages), None)
    return Explained(
        code.engine,
        code.code,
        raised.sqlstate or code.sqlstate,
        code.symbol,
        title,
        link.summary if link else None,
        link.id if link else None,
        link.page if link else None,
        exception,
    )


def _known(knowledge: Knowledge, engine: str, code: str) -> Code | None:
    found = knowledge.code(engine, code)
    if found is None and engine == "sqlite" and int(code) > _PRIMARY:
        found = knowledge.code(engine, str(int(code) & _PRIMARY))
    return found
