"""A cold ``errbook 1040``, whole process, against a bare Python that does nothing, and a code without an entry.

Also how long the knowledge takes to open, how large the compiled file is, and how large a wheel, where one is in dist/.
"""

import os
import shutil
import statistics
import sys
import time
from pathlib import Path

from measure import machine, verdict, whole_processes

from errbook.fresh import ensure
from errbook.knowledge import Knowledge

RUNS = 60
UNWRITTEN = "13426"


def main() -> None:
    """Print the ratio."""
    command = shutil.which("errbook", path=str(Path(sys.executable).parent))
    if command is None:
        raise SystemExit("errbook is not installed beside this Python; run: make bench")
    # Compiled modules are kept, as on every ordinary machine; the first run, which is not counted, writes them.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    commands = {"python -c pass": [sys.executable, "-c", "pass"]}
    commands |= {f"errbook {code}": [command, code] for code in ("1040", UNWRITTEN)}
    medians = whole_processes(commands, RUNS, environment)
    print(machine())
    for name, seconds in medians.items():
        print(f"{name}: {seconds * 1000:.1f} ms (median of {RUNS})")
    print(verdict("errbook 1040 / python -c pass", medians["errbook 1040"] / medians["python -c pass"], 3))
    name = f"errbook {UNWRITTEN}"
    print(verdict(f"{name}, not written up / errbook 1040", medians[name] / medians["errbook 1040"], 1.1))
    compiled = Path(ensure())
    print(verdict("opening the knowledge, in ms", opening(compiled) * 1000, 20))
    print(verdict("size of the compiled file, in MB", compiled.stat().st_size / 1e6, 25))
    for wheel in sorted(Path(__file__).resolve().parents[1].glob("dist/errbook-*.whl")):
        print(verdict(f"size of {wheel.name}, in MB", wheel.stat().st_size / 1e6, 8))


def opening(compiled: Path) -> float:
    """Return the median of the seconds that it takes to open a compiled file and ask it one thing."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        with Knowledge(compiled) as knowledge:
            knowledge.raw("mysql", "1040")
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
