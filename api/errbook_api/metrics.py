"""What is counted, and how it is shown to Prometheus.

Each process counts in plain integers, which costs a lookup next to nothing. With several processes any of them may be
scraped: each leaves its counts in a shared folder every second, and the one that is asked adds them all up, those of
processes that ended included, so that counters never go down.
"""

import asyncio
import json
import os
import time
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from errbook import __version__
from errbook_api.current import Current

BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the latency histogram, in seconds."""

_SHARING = 1.0
"""Seconds between two times that counts are left for the other processes."""

OUTCOMES = ("found", "several", "unwritten", "not_found")
"""What a lookup can end with: an entry, several, a code that nobody has written an entry for, nothing."""


class Counts:
    """The counts of one process."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.requests: dict[tuple[str, int], int] = {}
        self.latency: dict[str, list[int]] = {}
        self.seconds: dict[str, float] = {}
        self.lookups = dict.fromkeys(OUTCOMES, 0)

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count one request of a route."""
        key = (route, status)
        self.requests[key] = self.requests.get(key, 0) + 1
        buckets = self.latency.get(route)
        if buckets is None:
            buckets = self.latency[route] = [0] * (len(BUCKETS) + 1)
            self.seconds[route] = 0.0
        buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds[route] += seconds

    def dump(self, current: Current) -> dict[str, Any]:
        """Return the counts as a JSON object."""
        return {
            "requests": [[route, status, count] for (route, status), count in self.requests.items()],
            "latency": self.latency,
            "seconds": self.seconds,
            "lookups": self.lookups,
            "reloads": current.reloads,
        }


class Metrics(Collector):
    """Shows the counts of all processes of the service, and the state of this one."""

    def __init__(self, counts: Counts, current: Current, folder: Path | None) -> None:
        """`folder` is where the processes leave their counts for each other; None where there is only one."""
        self._counts, self._current = counts, current
        self._file = folder / f"{os.getpid()}.json" if folder else None
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def share(self) -> None:
        """Leave this process's counts for the others."""
        if self._file:
            scratch = self._file.with_suffix(".new")
            scratch.write_text(json.dumps(self._counts.dump(self._current)))
            scratch.replace(self._file)

    async def share_always(self) -> None:
        """Leave them every second, for ever."""
        while True:
            self.share()
            await asyncio.sleep(_SHARING)

    def exposition(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def _all(self) -> Iterator[dict[str, Any]]:
        yield self._counts.dump(self._current)
        for file in sorted(self._file.parent.glob("*.json")) if self._file else ():
            if file != self._file:
                yield json.loads(file.read_text())

    def collect(self) -> Iterator[Metric]:
        """Give every metric; called by the registry."""
        requests = CounterMetricFamily("errbook_requests", "Requests by route and status.", labels=["route", "status"])
        lookups = CounterMetricFamily("errbook_lookups", "Lookups of an error by outcome.", labels=["outcome"])
        reloads = CounterMetricFamily(
            "errbook_reloads", "Changes of the knowledge taken over or not.", labels=["result"]
        )
        latency = HistogramMetricFamily("errbook_request_seconds", "Time to answer, by route.", labels=["route"])
        total = Counts()
        taken = {"ok": 0, "failed": 0}
        for part in self._all():
            for route, status, count in part["requests"]:
                total.requests[route, status] = total.requests.get((route, status), 0) + count
            for route, buckets in part["latency"].items():
                total.latency[route] = [
                    a + b for a, b in zip(total.latency.get(route, [0] * 99), buckets, strict=False)
                ]
                total.seconds[route] = total.seconds.get(route, 0.0) + part["seconds"][route]
            for outcome, count in part["lookups"].items():
                total.lookups[outcome] += count
            for result, count in part["reloads"].items():
                taken[result] += count
        for (route, status), count in sorted(total.requests.items()):
            requests.add_metric([route, str(status)], count)
        for outcome, count in total.lookups.items():
            lookups.add_metric([outcome], count)
        for result, count in taken.items():
            reloads.add_metric([result], count)
        for route, counts in sorted(total.latency.items()):
            upto, buckets = 0, []
            for bound, count in zip([*map(str, BUCKETS), "+Inf"], counts, strict=True):
                upto += count
                buckets.append((bound, upto))
            latency.add_metric([route], buckets, total.seconds[route])
        yield from (requests, latency, lookups, reloads)
        yield from self._state()

    def _state(self) -> Iterator[Metric]:
        now = self._current.now
        yield GaugeMetricFamily("errbook_knowledge_entries", "Entries in the knowledge in use.", now.entries)
        stale = GaugeMetricFamily("errbook_knowledge_stale", "1 while newer knowledge cannot be taken over, else 0.")
        stale.add_metric([], 1.0 if self._current.problem else 0.0)
        yield stale
        yield GaugeMetricFamily(
            "errbook_knowledge_age_seconds", "Time since the knowledge was loaded.", time.time() - now.loaded
        )
        yield GaugeMetricFamily("errbook_table_answers", "Ready answers in the table.", len(now.table))
        build = InfoMetricFamily("errbook_build", "Version of the service and digest of the knowledge.")
        build.add_metric([], {"version": __version__, "knowledge": now.digest})
        yield build
