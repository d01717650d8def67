"""How often the identifier is right, how long it takes, how much a browser loads, and how fast logs are watched.

Labelled texts are those of tests/data/identify; files named as arguments are counted too, each for itself. Speeds of
whole commands are ratios to grep's on the same log in the same run.
"""

import gzip
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import labelled
from measure import machine, verdict

from errbook.fresh import ensure
from errbook.knowledge import Knowledge

GOALS = {
    "code, symbol or SQLSTATE": 97,
    "message only": 90,
    "message only, shipped languages": 90,
    "message only, other languages": 0,
    "no error": 99,
}
BYTES = (200_000_000, 1_000_000_000)
RUNS = 5
GREP = "ERROR|FATAL|SQLSTATE|errno"


def main() -> None:
    """Print everything."""
    print(machine())
    compiled = Path(ensure())
    with Knowledge(compiled) as knowledge:
        loads(compiled)
        correctness(knowledge, "the corpus", sorted(labelled.CORPUS.glob("*.jsonl")))
        for name in sys.argv[1:]:
            correctness(knowledge, Path(name).name, [Path(name)])
        pastes(knowledge)
        sizes(knowledge)
    for size in BYTES:
        logs(size)


def correctness(knowledge: Knowledge, title: str, paths: list[Path]) -> None:
    """Print the share of texts of which the first match is right, by kind and by engine."""
    counts = labelled.score(labelled.rows(paths), knowledge.identify)
    print(f"First match right, {title}:")
    for kind, goal in GOALS.items():
        each = {engine: found for (name, engine), found in counts.items() if name == kind}
        if each:
            total = sum(each.values(), Counter())
            share = 100 * total[True] / total.total()
            said = f"{kind} ({total.total()}), %"
            print("  " + (verdict(said, share, goal, False) if goal else f"{said}: {share:.2f} (no goal)"))
            for engine, found in sorted(each.items()):
                if len(each) > 1:
                    share = 100 * found[True] / found.total()
                    print(f"    {engine}: {share:.1f} % of {found.total()}")


def loads(compiled: Path) -> None:
    """Print how long it takes from a closed file to the first answer."""
    times = []
    for _ in range(RUNS + 1):
        with Knowledge(compiled) as knowledge:
            started = time.process_time()
            knowledge.identify("")
            times.append(time.process_time() - started)
    print(verdict("loading the identifier, in ms of CPU", statistics.median(times[1:]) * 1000, 150))


def pastes(knowledge: Knowledge) -> None:
    """Print how long a paste takes for each 1,000 characters, once loaded."""
    texts = [row["text"] for row in labelled.rows(sorted(labelled.CORPUS.glob("*.jsonl")))]
    each = []
    for text in texts:
        knowledge.identify(text)
    for at in range(0, len(texts), 8):
        joined, size = texts[at : at + 8], sum(map(len, texts[at : at + 8]))
        started = time.process_time()
        for text in joined:
            knowledge.identify(text)
        each.append((time.process_time() - started) * 1000 / (size / 1000))
    print(verdict("CPU of 1 kB, in ms, median of the corpus", statistics.median(each), 1))
    print(verdict("CPU of 1 kB, in ms, 95 of 100 within", statistics.quantiles(each, n=20)[-1], 1))


def sizes(knowledge: Knowledge) -> None:
    """Print what a browser loads, compressed as a server does."""
    parts = {name: knowledge.identifier_part(name).encode() for name in knowledge.identifier_parts()}
    packed = {name: len(gzip.compress(part, 9)) for name, part in parts.items()}
    print(verdict("base part for browsers, in kB compressed", packed.pop("base") / 1000, 600))
    largest = max(packed, key=packed.__getitem__)
    print(f"  a language's part, only for texts in it: at most {packed[largest] / 1000:.0f} kB ({largest})")


def logs(size: int) -> None:
    """Print the speed of watch and identify --jsonl on a log of so many bytes, against grep's, the best of all runs."""
    command = shutil.which("errbook", path=str(Path(sys.executable).parent)) or "errbook"
    with TemporaryDirectory(prefix="errbook-") as folder:
        log, rows = Path(folder, "app.log"), Path(folder, "app.jsonl")
        with log.open("w", encoding="utf-8") as plain, rows.open("w", encoding="utf-8") as made:
            for number, line in enumerate(_log(size)):
                plain.write(line)
                made.write(json.dumps({"id": number, "text": line.rstrip("\n")}) + "\n")
        speeds: dict[str, list[float]] = {}
        runs = {
            "grep": (["grep", "-cE", GREP], log),
            "watch": ([command, "watch"], log),
            "grep, JSON": (["grep", "-cE", GREP], rows),
            "identify --jsonl": ([command, "identify", "--jsonl"], rows),
        }
        for _ in range(RUNS):
            for name, (words, path) in runs.items():
                with path.open("rb") as given:
                    started = time.perf_counter()
                    # Where grep's output is /dev/null it stops at the first line. Our own commands.
                    out = subprocess.PIPE if words[0] == "grep" else subprocess.DEVNULL
                    subprocess.run(  # noqa: S603
                        words, stdin=given, stdout=out, stderr=subprocess.DEVNULL, check=True
                    )
                    speeds.setdefault(name, []).append(path.stat().st_size / 1e6 / (time.perf_counter() - started))
        best = {name: max(values) for name, values in speeds.items()}
        print(f"A log of {size / 1e6:.0f} MB, whole processes with their starts:")
        for name, speed in best.items():
            print(f"  {name}: {speed:.0f} MB/s")
        print("  " + verdict("watch / grep", best["watch"] / best["grep"], 0.25, False))
        print("  " + verdict("identify --jsonl / grep", best["identify --jsonl"] / best["grep, JSON"], 0.25, False))


def _log(size: int) -> Iterator[str]:
    """Give the lines of an ordinary log of about so many bytes; 1 of 100 is an error, of twelve kinds."""
    errors = (
        "(1062, \"Duplicate entry '{n}' for key 'orders.PRIMARY'\")",
        "(1213, 'Deadlock found when trying to get lock; try restarting transaction')",
        "SQLSTATE[42S02]: Base table or view not found: 1146 Table 'shop.cart{k}' doesn't exist",
        "SQLSTATE[HY000] [2002] Connection refused",
        'psycopg.errors.UniqueViolation: duplicate key value violates unique constraint "orders_pkey"',
        'ERROR: relation "cart{k}" does not exist (SQLSTATE 42P01)',
        "FATAL:  sorry, too many clients already",
        "sqlite3.OperationalError: database is locked",
        "Error: Table 'shop.cart{k}' doesn't exist, errno: 1146, code: 'ER_NO_SUCH_TABLE'",
        "could not send mail to customer {n}: timeout after {k} s",
        "payment {n} was declined",
        "upstream returned 50{k}",
    )
    done = number = 0
    while done < size:
        time_ = f"2026-01-02T12:{number // 60 % 60:02}:{number % 60:02}.{number % 997:03}Z"
        if number % 100 == 50:
            said = errors[number // 100 % len(errors)].format(n=number, k=number // 1200 % 9)
            line = f"{time_} ERROR [worker-{number % 8}] shop.orders: {said}\n"
        else:
            line = (
                f"{time_} {('INFO', 'DEBUG')[number % 2]} [worker-{number % 8}] shop.http: GET /api/v1/orders/{number} "
                f"status=200 duration={number * 7 % 300}ms user={number * 13 % 10007} request completed\n"
            )
        yield line
        done += len(line)
        number += 1


if __name__ == "__main__":
    main()
