"""Questions to a server of the lab: statements and programs of it, as a harvester asks them.

Run in a cell, this module starts the server and answers requests, one JSON object a line, each with one line:

``{"query": "SELECT …", "user": null}``
    Gives ``rows``, or ``refused``: the error's code, SQLSTATE and message. `user` is one without a password.
``{"run": ["perror", "13"]}``
    Gives what the program printed, ``said``.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from errbook.lab import bubblewrap, places
from errbook.lab import driver as drivers
from errbook.lab.cell import Cell
from errbook.lab.driver import Refused, Target
from errbook.lab.instance import Instance
from errbook.lab.plan import DATABASE
from errbook.lab.server import LabError, Server, select, trees

SECONDS: Final = 120.0
"""How long one answer may take; the first one waits for the server to start."""


class Question:
    """A server in a cell that can be asked; close it, or use it as a context manager."""

    def __init__(self, server: Server) -> None:
        """Open the cell. The server must be in the cache (`errbook.lab.cache.missing`)."""
        errors = tempfile.TemporaryFile(prefix="errbook-lab-")  # noqa: SIM115 - closed with the cell
        program = [sys.executable, "-P", "-m", "errbook.lab.question", server.id]
        process = bubblewrap.spawn(server, program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        self._cell = Cell(server, process, errors)
        self.server = server

    @property
    def tree(self) -> Path:
        """The folder of the server's files on this machine."""
        return places.tree_folder(trees()[str(self.server.tree)])

    def query(self, statement: str, user: str | None = None) -> list[list[Any]]:
        """Return the rows of a statement; Refused where the server raises an error, LabError."""
        answer = self._ask({"query": statement, "user": user})
        if refused := answer.get("refused"):
            raise Refused(*refused)
        rows: list[list[Any]] = answer["rows"]
        return rows

    def run(self, command: Sequence[str]) -> str:
        """Return what a program of the server prints, whatever its exit code; LabError."""
        said: str = self._ask({"run": list(command)})["said"]
        return said

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._cell.ask(request, SECONDS)
        if "error" in answer:
            raise LabError(f"{self.server.id}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the cell with everything in it."""
        self._cell.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _answers(server: Server) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return what answers requests inside of the cell; the server is started when it is first queried."""
    instance = Instance(server)
    driver = drivers.load(server.engine)

    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            if "run" in request:
                environment = instance.environment(DATABASE)
                ended = subprocess.run(  # noqa: S603 - in the cell, from the harvesters
                    request["run"], env=environment, capture_output=True, text=True, errors="replace", check=False
                )
                return {"said": ended.stdout}
            if not instance.alive():
                instance.start()
            link = driver.Connection(instance.address, Target(None, user=request["user"]))
            try:
                return {"rows": [list(row) for row in link.rows(request["query"])]}
            finally:
                link.close()
        except Refused as refused:
            return {"refused": [refused.code, refused.sqlstate, refused.message]}
        except (LabError, OSError) as error:
            return {"error": str(error)}

    return answer


def main() -> None:
    """Answer requests until they end."""
    # What a library prints must not come between the answers.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    answer = _answers(select([sys.argv[1]])[0])
    for line in sys.stdin:
        out.write(json.dumps(answer(json.loads(line)), default=str) + "\n")
        out.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
