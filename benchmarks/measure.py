"""What the benchmarks share: the machine in a line, whole processes timed in turn, medians."""

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


def machine() -> str:
    """Return the machine and the Python that a benchmark ran on, in one line."""
    model = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def whole_processes(
    commands: Mapping[str, Sequence[str]], runs: int, environment: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Time whole processes in turn (A B A B …), after one run of each that does not count; return median seconds."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(runs + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603 - our own commands
            if run:
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}


def verdict(name: str, ratio: float, limit: float, at_most: bool = True) -> str:
    """Return one line: a ratio, what it should be, and whether it is."""
    kept = ratio <= limit if at_most else ratio >= limit
    return (
        f"{name}: {ratio:.2f} (goal: {'at most' if at_most else 'at least'} {limit:g}): {'kept' if kept else 'MISSED'}"
    )
