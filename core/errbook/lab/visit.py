"""Run in a cell: the server's own client, on a server with a scenario set up, or on one that runs in the background.

The two arguments are the server and a JSON object: `settings`, `host` and `setup` of a plan (`errbook.lab.plan`),
`join`, whether to use the server whose socket was shared with this cell, and `term`, the kind of the terminal, null
where there is none. `prepared` is for whoever keeps such a server.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from errbook.lab import driver as drivers
from errbook.lab.driver import Refused, Target
from errbook.lab.instance import Instance
from errbook.lab.plan import DATABASE
from errbook.lab.server import LabError, Server, bytes_of, select
from errbook.lab.statements import split

_ERROR: Final = re.compile(r"(?:psql: )?(?:ERROR|FATAL|PANIC|error)\b|(?:Runtime |Parse )?[Ee]rror\b")
"""How lines begin in which one of the clients tells of an error."""


def main() -> int:
    """Do it; return the exit code of the client."""
    server = select([sys.argv[1]])[0]
    visit = json.loads(sys.argv[2])
    try:
        instance = _joined(server) if visit["join"] else prepared(server, visit)
        command = instance.client(DATABASE, batch=not visit["term"])
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    environment = instance.environment(DATABASE) | ({"TERM": visit["term"]} if visit["term"] else {})
    if visit["join"]:
        # There is only the socket. The clients of MySQL and MariaDB would let the variables win over --socket.
        environment = {key: value for key, value in environment.items() if key not in ("MYSQL_HOST", "MYSQL_TCP_PORT")}
    folder = instance.data if server.family == "sqlite" else None
    code = (_run if visit["term"] else _run_all)(server, command, environment, folder)
    # The cell ends here, with its server.
    os._exit(code)


def _joined(server: Server) -> Instance:
    """Return the server that runs in the background, with the database that may have been dropped meanwhile."""
    instance = Instance(server)
    keeper = drivers.load(server.engine).Keeper(instance.address)
    # Mostly it is there. What else is wrong the client says.
    with contextlib.suppress(Refused):
        keeper.create(DATABASE)
    keeper.release()
    return instance


def _run(server: Server, command: list[str], environment: Mapping[str, str], folder: Path | None) -> int:  # noqa: ARG001 - as _run_all
    return subprocess.run(command, env=environment, cwd=folder, check=False).returncode  # noqa: S603 - from servers.yaml


def _run_all(server: Server, command: list[str], environment: Mapping[str, str], folder: Path | None) -> int:
    """Let the client go on after errors, as a person would; return 1 where there was one, also if it does not tell."""
    options = ["--force", "--unbuffered"] if server.family in ("mysql", "mariadb") else []
    # Where both outputs end in one place, results and errors come through one pipe, which keeps their order. A row that
    # reads like an error then counts as one.
    both = os.path.sameopenfile(sys.stdout.fileno(), sys.stderr.fileno())
    with subprocess.Popen(  # noqa: S603 - from servers.yaml
        [*command, *options],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE if both else None,
        stderr=subprocess.STDOUT if both else subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        printed = process.stdout or process.stderr
        assert printed is not None  # noqa: S101 - one of them is a pipe
        failed = False
        for line in printed:
            failed = failed or bool(_ERROR.match(line))
            print(line, end="", file=sys.stderr, flush=True)
    return process.returncode or int(failed)


def prepared(server: Server, scenario: Mapping[str, Any]) -> Instance:
    """Return the running server of this cell with a scenario's setup done in a fresh database; LabError."""
    instance = Instance(server)
    host = scenario["host"]
    instance.start(scenario["settings"], open_files=host.get("open_files"), file_size=bytes_of(host.get("file_size")))
    driver = drivers.load(server.engine)
    keeper = driver.Keeper(instance.address)
    keeper.create(DATABASE)
    keeper.release()
    statement = ""
    try:
        link = driver.Connection(instance.address, Target(DATABASE))
        for statement in split(scenario["setup"] or "", server.engine):
            link.run(statement)
        link.close()
    except Refused as refused:
        code = f"{refused.code}: " if refused.code else ""
        raise LabError(f"{server.id}: the setup failed: {code}{refused.message}\n{statement}".rstrip()) from refused
    return instance


if __name__ == "__main__":
    sys.exit(main())
