"""A cold ``errbook 1040``, whole process, against a bare Python that does nothing."""

import os
import shutil
import sys
from pathlib import Path

from measure import machine, verdict, whole_processes

RUNS = 60


def main() -> None:
    """Print the ratio."""
    command = shutil.which("errbook", path=str(Path(sys.executable).parent))
    if command is None:
        raise SystemExit("errbook is not installed beside this Python; run: make bench")
    # Compiled modules are kept, as on every ordinary machine; the first run, which is not counted, writes them.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    medians = whole_processes(
        {"python -c pass": [sys.executable, "-c", "pass"], "errbook 1040": [command, "1040"]}, RUNS, environment
    )
    print(machine())
    for name, seconds in medians.items():
        print(f"{name}: {seconds * 1000:.1f} ms (median of {RUNS})")
    print(verdict("errbook 1040 / python -c pass", medians["errbook 1040"] / medians["python -c pass"], 3))


if __name__ == "__main__":
    main()
