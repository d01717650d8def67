"""A simple scenario in the lab, warm, against a bare script that sends the same statements through the same driver.

The script opens a connection, creates a database, makes a table with a row, runs into an error, and drops the database.
The lab does the same with separate sessions, and then compares settings, accounts and databases of the server with
what they were. The script runs twice: against a server whose data lies on this machine's disk, as a server's data
does, and against one whose data lies in memory, as in the lab, where nothing ever waits for a disk.

With --set, also: how long the entries take on all servers, and how that grows with their number.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from measure import machine, verdict

import errbook
from errbook.lab import bubblewrap, evidence
from errbook.lab.cell import Cell
from errbook.lab.limits import Limits
from errbook.lab.plan import of
from errbook.lab.server import Server, select, servers
from errbook.lab.verify import Result, verify

SERVERS: Final = ("mysql:9.7", "mariadb:11.8", "postgresql:18", "sqlite:3.40")
SETUP: Final = "CREATE TABLE stock (id int PRIMARY KEY, qty int); INSERT INTO stock VALUES (1, 10);"
FAILS: Final = "INSERT INTO stock VALUES (1, 1)"
CODES: Final = {"mysql": "1062", "mariadb": "1062", "postgresql": "23505", "sqlite": "1555"}
ROUNDS: Final = 5
PLAYS: Final = 40

_BARE = """
import sqlite3, sys, time
import mysql.connector, pg8000.native
from errbook.lab.instance import Instance
from errbook.lab.server import select

server = select([sys.argv[1]])[0]
instance = Instance(server)
instance.start()
address = instance.address
first, second, fails = sys.argv[2:]

def play_mysql():
    link = mysql.connector.connect(
        use_pure=True, user=address.user, password=address.password, unix_socket=address.socket, autocommit=True,
        charset="utf8mb4", collation="utf8mb4_general_ci",
    )
    cursor = link.cursor()
    cursor.execute("CREATE DATABASE demo")
    cursor.execute("USE demo")
    cursor.execute(first)
    cursor.execute(second)
    try:
        cursor.execute(fails)
    except mysql.connector.Error:
        pass
    cursor.execute("DROP DATABASE demo")
    link.close()

def play_postgresql():
    admin = pg8000.native.Connection(
        address.user, unix_sock=address.socket, database="postgres"
    )
    admin.run("CREATE DATABASE demo")
    link = pg8000.native.Connection(
        address.user, unix_sock=address.socket, database="demo"
    )
    link.run(first)
    link.run(second)
    try:
        link.run(fails)
    except pg8000.native.DatabaseError:
        pass
    link.close()
    admin.run("DROP DATABASE demo WITH (FORCE)")
    admin.close()

def play_sqlite():
    file = instance.data / "demo"
    link = sqlite3.connect(file, isolation_level=None)
    link.execute(first)
    link.execute(second)
    try:
        link.execute(fails)
    except sqlite3.Error:
        pass
    link.close()
    file.unlink()

play = {"mysql": play_mysql, "mariadb": play_mysql, "postgresql": play_postgresql, "sqlite": play_sqlite}[server.family]
play()
print("ready", flush=True)
for line in sys.stdin:
    started = time.perf_counter()
    for _ in range(int(line)):
        play()
    print(time.perf_counter() - started, flush=True)
"""


def scenario(engine: str) -> dict[str, Any]:
    """Return the plan of the simple scenario."""
    step = {"action": "run", "value": f"{FAILS};", "on": "main", "engines": [], "versions": {}, "raises": True}
    reproduce: dict[str, Any] = {
        "engines": [],
        "versions": {},
        "settings": {},
        "host": {},
        "setup": SETUP,
        "not_executable": None,
    }
    entry: dict[str, Any] = {
        "id": f"{engine}/{CODES[engine]}",
        "engines": [engine],
        "code": CODES[engine],
        "sqlstate": None,
        "sqlstates": {},
    }
    return of(
        entry | {"reproduce": reproduce | {"steps": [step | {"waits": False, "fails": None}]}, "fixes": []}, engine
    )


class Bare:
    """The bare script beside a server of its own."""

    def __init__(self, server: Server, disk: Path | None) -> None:
        words = [part.strip() for part in SETUP.split(";") if part.strip()]
        program = [sys.executable, "-P", "-c", _BARE, server.id, *words, FAILS]
        options = bubblewrap.Options(shared={disk: "/lab/data"} if disk else {})
        self._process = bubblewrap.spawn(server, program, options, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._say()

    def seconds(self, plays: int) -> float:
        """Return how long so many plays take."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(f"{plays}\n".encode())
        self._process.stdin.flush()
        return float(self._say())

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.close()
        self._process.wait()

    def _say(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return self._process.stdout.readline()


def overhead(server: Server, rounds: int, plays: int) -> tuple[float, float]:
    """Measure in turns and print; return the medians of the rounds' ratios: to data on disk, and in memory."""
    plan = scenario(server.engine)
    times: list[tuple[float, float, float]] = []
    # The user of a cell is nobody of this machine.
    with tempfile.TemporaryDirectory(dir=Path.cwd() / "build") as folder, Cell.open(server) as cell:
        disk = Path(folder, "data")
        disk.mkdir()
        Path(folder).chmod(0o755)
        disk.chmod(0o777)
        on_disk, in_memory = Bare(server, disk), Bare(server, None)

        def play() -> None:
            request = {"op": "play", "plan": plan, "fix": None, "client": False, "limits": list(Limits())}
            answer = cell.ask(request, 60)
            if answer.get("outcome") != "reproduced":
                sys.exit(f"{server.id}: {answer}")

        play()
        for _ in range(rounds):
            slow, fast = on_disk.seconds(plays), in_memory.seconds(plays)
            started = time.perf_counter()
            for _ in range(plays):
                play()
            times.append((time.perf_counter() - started, slow, fast))
        on_disk.close()
        in_memory.close()
    ours, slow, fast = (statistics.median(column) / plays * 1000 for column in zip(*times, strict=True))
    print(f"{server.id}: {ours:.1f} ms in the lab; by the bare script {slow:.1f} ms on disk, {fast:.1f} ms in memory")
    return statistics.median(one / two for one, two, _ in times), statistics.median(one / two for one, _, two in times)


def whole_set(copies: int, jobs: int) -> float:
    """Return the seconds that copies of all entries take on all servers."""
    with errbook.open() as knowledge:
        entries = [json.loads(text) for text in knowledge.all_raw()]
    copied = [entry | {"id": f"{entry['id']}-{number}"} for number in range(copies) for entry in entries]
    nothing: Mapping[str, evidence.Record] = {}
    results: list[Result] = []
    started = time.perf_counter()
    verify(
        copied,
        servers(),
        jobs=jobs,
        recorded=lambda _: nothing,
        client=False,
        report=results.append,
        stop=threading.Event(),
    )
    seconds = time.perf_counter() - started
    bad = sum(not result.accepted for result in results)
    what = f"{len(copied)} entries on {len(servers())} servers, {jobs} cells at a time"
    print(f"{what}: {seconds:.0f} s, {bad} not as claimed")
    return seconds


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--plays", type=int, default=PLAYS)
    parser.add_argument("--set", action="store_true", help="also run all entries on all servers, once and twice")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    print(machine())
    for server in select(SERVERS):
        on_disk, in_memory = overhead(server, options.rounds, options.plays)
        print(verdict(f"{server.id}, a simple scenario: lab / bare script, data on disk", on_disk, 1.5))
        print(verdict(f"{server.id}, a simple scenario: lab / bare script, data in memory", in_memory, 1.5))
    if options.set:
        once, twice = whole_set(1, options.jobs), whole_set(2, options.jobs)
        print(verdict("all entries on all servers, in minutes", once / 60, 3))
        print(verdict("twice the entries / once", twice / once, 2.2))


if __name__ == "__main__":
    main()
