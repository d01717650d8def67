"""A simple scenario in the lab, warm, against a bare script that sends the same statements through the same driver.

Both run in a cell of the same server. The script opens a connection, creates a database, makes a table with a row,
runs into an error, and drops the database. The lab does the same with separate sessions, and then compares settings,
accounts and databases of the server with what they were.

With --set, also: how long the entries take on all servers, and how that grows with their number.
"""

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
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
import sys, time
from errbook.lab import driver as drivers
from errbook.lab.driver import Refused, Target
from errbook.lab.instance import Instance
from errbook.lab.server import select

server = select([sys.argv[1]])[0]
instance = Instance(server)
instance.start()
driver = drivers.load(server.engine)
first, second, fails = sys.argv[2:]

def play():
    database = None if server.family == "sqlite" else "demo"
    if server.family == "postgresql":
        admin = driver.Connection(instance.address, Target(None))
        admin.run("CREATE DATABASE demo")
    link = driver.Connection(instance.address, Target(database if server.family == "postgresql" else None))
    if server.family in ("mysql", "mariadb"):
        link.run("CREATE DATABASE demo")
        link.run("USE demo")
    link.run(first)
    link.run(second)
    try:
        link.run(fails)
    except Refused:
        pass
    if server.family in ("mysql", "mariadb"):
        link.run("DROP DATABASE demo")
    link.close()
    if server.family == "postgresql":
        admin.run("DROP DATABASE demo")
        admin.close()
    if server.family == "sqlite":
        for file in instance.data.iterdir():
            file.unlink()

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
    }
    return of(entry | {"reproduce": reproduce | {"steps": [step | {"waits": False}]}, "fixes": []}, engine)


def overhead(server: Server, rounds: int, plays: int) -> float:
    """Measure both in turns and print; return the median of the rounds' ratios."""
    words = [part.strip() for part in SETUP.split(";") if part.strip()]
    program = [sys.executable, "-P", "-c", _BARE, server.id, *words, FAILS]
    bare = bubblewrap.spawn(server, program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert bare.stdin is not None  # noqa: S101 - it is a pipe
    assert bare.stdout is not None  # noqa: S101 - it is a pipe
    plan = scenario(server.engine)
    times: list[tuple[float, float]] = []
    with Cell.open(server) as cell:

        def play() -> None:
            request = {"op": "play", "plan": plan, "fix": None, "client": False, "limits": list(Limits())}
            answer = cell.ask(request, 60)
            if answer.get("outcome") != "reproduced":
                sys.exit(f"{server.id}: {answer}")

        play()
        bare.stdout.readline()
        for _ in range(rounds):
            bare.stdin.write(f"{plays}\n".encode())
            bare.stdin.flush()
            theirs = float(bare.stdout.readline())
            started = time.perf_counter()
            for _ in range(plays):
                play()
            times.append((time.perf_counter() - started, theirs))
    bare.stdin.close()
    bare.wait()
    ours, theirs = (statistics.median(column) / plays * 1000 for column in zip(*times, strict=True))
    print(f"{server.id}: {ours:.1f} ms in the lab, {theirs:.1f} ms by the bare script")
    return statistics.median(one / other for one, other in times)


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
        ratio = overhead(server, options.rounds, options.plays)
        print(verdict(f"{server.id}, a simple scenario: lab / bare script", ratio, 1.5))
    if options.set:
        once, twice = whole_set(1, options.jobs), whole_set(2, options.jobs)
        print(verdict("all entries on all servers, in minutes", once / 60, 3))
        print(verdict("twice the entries / once", twice / once, 2.2))


if __name__ == "__main__":
    main()
