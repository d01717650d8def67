"""What the server's own command-line client prints for an error: the text that people see and paste.

The client is run in batch mode and fed through a pipe, statement by statement. What it adds only because it reads from
a pipe (` at line 3`, ` near line 3`, and MariaDB's repetition of the statement between dashes) is taken away, so the
text is that of an interactive session.
"""

import contextlib
import re
import subprocess
from typing import IO, Any, Final

from errbook.lab.driver import Refused, Target

PROGRAMS: Final = {"mysql": "mysql", "mariadb": "mariadb", "postgresql": "psql", "sqlite": "sqlite3"}
"""The name of each family's client."""

_MARK: Final = "errbook-mark-7f3a"

_ERROR: Final = {
    "mysql": re.compile(r"^ERROR(?: \d+)?(?: \(\w+\))?(?: at line \d+)?: ", re.MULTILINE),
    "postgresql": re.compile(r"^(?:psql: (?:error: )?.*|(?:ERROR|FATAL|PANIC): )", re.MULTILINE),
    "sqlite": re.compile(r"^(?:Runtime error|Parse error|Error)\b", re.MULTILINE),
}
_LINE: Final = re.compile(r" (?:at|near) line \d+")
_ASK: Final = {
    "mysql": f"SELECT '{_MARK}';",
    # To the error output, which is not buffered; psql has \warn since version 13.
    "postgresql": f"\\warn {_MARK}",
    "sqlite": f".print {_MARK}",
}


class Client:
    """A connection through the client program, with the methods of a driver's Connection; its errors have no code."""

    def __init__(self, instance: Any, target: Target) -> None:
        engine = instance.server.engine
        self._dialect = "mysql" if engine == "mariadb" else engine
        command = instance.client(
            target.database,
            user=target.user,
            password=target.password,
            host=target.host,
            port=target.port,
            socket=target.socket,
            file=target.file,
            tls=target.tls,
        )
        if self._dialect == "mysql":
            command += ["--force", "--unbuffered", "--batch"]
        self._process = subprocess.Popen(  # noqa: S603 - the server's own client
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=instance.environment(target.database or ""),
        )
        # A client that cannot log in says so before the first statement.
        self._say("")

    def run(self, statement: str) -> None:
        """Send one statement; Refused with the client's text where it prints an error."""
        if self._dialect == "mysql" and ";" in statement:
            statement = f"DELIMITER $$\n{statement} $$\nDELIMITER ;"
        elif statement:
            statement += ";"
        self._say(statement)

    def rows(self, statement: str) -> list[Any]:
        """Send one statement; its rows are for people to read."""
        self.run(statement)
        return []

    def cancel(self) -> None:
        """End the client."""
        self._process.kill()

    def dead(self) -> bool:
        """Tell whether the client has ended."""
        return self._process.poll() is not None

    def activity(self) -> None:
        """Return None: the client is not asked."""

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

    def _say(self, statement: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(f"{statement}\n{_ASK[self._dialect]}\n")
            self._stdin.flush()
        lines = []
        gone = True
        for line in self._stdout:
            if line.strip() == _MARK:
                gone = False
                break
            lines.append(line)
        printed = "".join(lines)
        found = _ERROR[self._dialect].search(printed)
        if found:
            raise Refused(None, None, shown(printed[found.start() :]), lost=gone)
        if gone:
            raise Refused(None, None, shown(printed), lost=True)


def shown(text: str) -> str:
    """Return a client's text as an interactive session shows it."""
    return _LINE.sub("", text.strip(), count=1)
