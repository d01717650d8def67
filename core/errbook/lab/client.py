"""What the server's own command-line client prints for an error: the text that people see and paste.

The client is fed through a pipe, statement by statement. The options below make it say what it says to a person who
types; where SQLite's shell has no such option, the line of the input that it adds is taken away.
"""

import contextlib
import re
import subprocess
from typing import IO, Any, Final

from errbook.lab.driver import Refused, Target

PROGRAMS: Final = {"mysql": "mysql", "mariadb": "mariadb", "postgresql": "psql", "sqlite": "sqlite3"}
"""The name of each family's client."""

_MARK: Final = "errbook-mark-7f3a"

# --skip-line-numbers, which both list in their help, does nothing.
_MYSQL: Final = ["--force", "--unbuffered", "--skip-column-names", "--line-numbers=0"]
_OPTIONS: Final = {"mysql": _MYSQL, "mariadb": [*_MYSQL, "--skip-print-query-on-error"]}

_ERROR: Final = {
    "mysql": re.compile(r"^ERROR(?: \d+)?(?: \(\w+\))?: ", re.MULTILINE),
    "postgresql": re.compile(r"^(?:psql: (?:error: )?|(?:ERROR|FATAL|PANIC): )", re.MULTILINE),
    "sqlite": re.compile(r"^(?:Runtime error|Parse error|Error)\b", re.MULTILINE),
}
_ASK: Final = {
    "mysql": f"SELECT '{_MARK}';",
    # To the error output, which is not buffered; psql has \warn since version 13.
    "postgresql": f"\\warn {_MARK}",
    "sqlite": f".print {_MARK}",
}
_OF_PIPE: Final = {
    "sqlite": re.compile(r"(?<=error) near line \d+(?=: )"),
    # To a person psql says that it connects again.
    "postgresql": re.compile(r"\n(?:psql: error: )?connection to server was lost\Z"),
}


class Client:
    """A connection through the client program, with the methods of a driver's Connection; its errors have no code."""

    def __init__(self, instance: Any, target: Target) -> None:
        family = instance.server.family
        self._dialect = "mysql" if family == "mariadb" else family
        host = target.host
        if self._dialect == "mysql" and not target.socket and target.user is not None:
            # As the driver does it.
            host = host or instance.address.host
        command = instance.client(
            target.database,
            user=target.user,
            password=target.password,
            host=host,
            port=target.port,
            socket=target.socket,
            file=target.file,
            tls=target.tls,
        )
        environment = instance.environment(target.database or "")
        self._process = subprocess.Popen(  # noqa: S603 - the server's own client
            command + _OPTIONS.get(family, []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Not those of programs: MYSQL_HOST would win over a socket.
            env={name: value for name, value in environment.items() if not name.startswith("MYSQL_")},
        )
        # A client that cannot log in says so before the first statement.
        try:
            self._say("")
        except Refused:
            self.close()
            raise

    def run(self, statement: str) -> None:
        """Send one statement; Refused with the client's text where it prints an error."""
        if self._dialect == "mysql" and ";" in statement:
            self._say(f"DELIMITER {_MARK}\n{statement}\n{_MARK}\nDELIMITER ;")
        else:
            self._say(f"{statement};")

    def rows(self, statement: str) -> list[Any]:
        """Send one statement; its rows are for people to read."""
        self.run(statement)
        return []

    def dead(self) -> bool:
        """Tell whether the client has ended."""
        return self._process.poll() is not None

    def cancel(self) -> None:
        """End the client."""
        self._process.kill()

    def activity(self) -> None:
        """Return None: the client is not asked."""

    def leave(self) -> None:
        """End it."""
        self.close()

    def close(self) -> None:
        """End the client."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()

    @property
    def _stdin(self) -> IO[str]:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        return self._process.stdin

    @property
    def _stdout(self) -> IO[str]:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return self._process.stdout

    def _say(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(f"{text}\n{_ASK[self._dialect]}\n")
            self._stdin.flush()
        lines: list[str] = []
        gone = True
        for line in self._stdout:
            if line.strip() == _MARK:
                gone = False
                break
            lines.append(line)
        printed = "".join(lines)
        found = _ERROR[self._dialect].search(printed)
        if found:
            raise Refused(None, None, self._shown(printed[found.start() :]), lost=gone)
        if gone:
            raise Refused(None, None, self._shown(printed), lost=True)

    def _shown(self, text: str) -> str:
        """Return the text as an interactive session shows it."""
        extra = _OF_PIPE.get(self._dialect)
        text = text.strip()
        return extra.sub("", text, count=1) if extra else text
