"""How long chat answers take at the server: 50 requests at once on one worker, and a plain lookup in the same run.

Each of 50 keep-alive connections on loopback sends a signed request, waits for its answer and sends the next; the
access log is off. "lookup" is ``GET /errors/mysql/1040`` from the table of ready answers, asked in the same way. Rounds
alternate between all of them; figures are medians of the rounds. Of the lookups the client is the slower part;
`benchmarks/api.py` measures them. (wrk would count what a request
would have waited if it had been sent earlier, and so says more than any asker waits.)

    python benchmarks/chat.py [--rounds 3] [--seconds 4] [--connections 50]
"""

import argparse
import asyncio
import base64
import hmac
import json
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from typing import NamedTuple
from urllib.parse import urlencode

import httpx
from measure import machine, verdict
from nacl.signing import SigningKey
from slack_sdk.signature import SignatureVerifier

from errbook.fresh import ensure

GOAL = 0.1
"""Seconds in which 99 of 100 answers are to be there."""

SECRET = "a-secret-of-this-benchmark"  # noqa: S105 - of nothing else
KEY = SigningKey(bytes(32))
TOKEN = base64.b64encode(SECRET.encode()).decode()
FORM, JSON = "application/x-www-form-urlencoded", "application/json"

QUESTIONS = {
    "slack, an entry": ("slack", "mysql 1205"),
    "slack, several": ("slack", "23000"),
    "slack, thousands": ("slack", "HY000"),
    "slack, a log line": (
        "slack",
        "2026-11-28 03:12:45 ERROR 1205 (HY000): Lock wait timeout exceeded; try restarting transaction",
    ),
    "slack, nothing found": ("slack", "asdfqwe"),
    "discord, an entry": ("discord", "mysql 1205"),
    "teams, an entry": ("teams", "mysql 1205"),
    "mattermost, an entry": ("mattermost", "mysql 1205"),
}
"""What is measured: the platform, and what is typed."""


class Load(NamedTuple):
    """What is sent, and what came of it in each round: answers a second, median and 99th percentile in seconds."""

    sent: bytes
    rates: list[float]
    middle: list[float]
    slow: list[float]


def request(platform: str, text: str) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a request as a platform sends it."""
    if platform == "slack":
        body, stamp = urlencode({"command": "/errbook", "text": text}).encode(), str(int(time.time()))
        made = str(SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body))
        return body, {"content-type": FORM, "x-slack-request-timestamp": stamp, "x-slack-signature": made}
    if platform == "mattermost":
        return urlencode({"text": text}).encode(), {"content-type": FORM, "authorization": f"Token {SECRET}"}
    if platform == "teams":
        body = json.dumps({"type": "message", "text": f"<at>errbook</at> {text}"}).encode()
        made = base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
        return body, {"content-type": JSON, "authorization": f"HMAC {made}"}
    data = {"type": 1, "options": [{"name": "query", "value": text}]}
    body = json.dumps({"type": 2, "data": data}).encode()
    signed = KEY.sign(b"1" + body).signature.hex()
    return body, {"content-type": JSON, "x-signature-timestamp": "1", "x-signature-ed25519": signed}


@contextmanager
def service() -> Iterator[int]:
    """Start the service with all platforms, and give its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    given = {
        "ERRBOOK_DB": str(ensure()),
        "ERRBOOK_PORT": str(port),
        "ERRBOOK_ACCESS_LOG": "off",
        "ERRBOOK_SITE_DIR": "off",
        "ERRBOOK_SITE_URL": "https://errors.example.com",
        "ERRBOOK_SLACK_SIGNING_SECRET": SECRET,
        "ERRBOOK_DISCORD_PUBLIC_KEY": KEY.verify_key.encode().hex(),
        "ERRBOOK_TEAMS_TOKEN": TOKEN,
        "ERRBOOK_MATTERMOST_TOKEN": SECRET,
    }
    process = subprocess.Popen([sys.executable, "-m", "errbook_api"], env=environ | given, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            time.sleep(0.1)
            try:
                if httpx.get(f"{url}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                continue
        else:
            sys.exit("the service does not answer")
        yield port
    finally:
        process.terminate()
        process.wait()


def wire(path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """Return a request as it is sent."""
    lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", "host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [f"content-length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode() + body


async def ask(port: int, sent: bytes, end: float, times: list[float]) -> None:
    """Send a request again and again on one connection; SystemExit when anything but 200 comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < end:
        started = time.perf_counter()
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        size = re.search(rb"\r\ncontent-length: (\d+)\r\n", head)
        if not (size and head.startswith(b"HTTP/1.1 200 ")):
            sys.exit(head.decode())
        await reader.readexactly(int(size[1]))
        times.append(time.perf_counter() - started)
    writer.close()
    await writer.wait_closed()


async def measure(port: int, load: Load, options: argparse.Namespace) -> None:
    """Run one round of a load."""
    times: list[float] = []
    end = time.perf_counter() + options.seconds
    await asyncio.gather(*(ask(port, load.sent, end, times) for _ in range(options.connections)))
    times.sort()
    load.rates.append(len(times) / options.seconds)
    load.middle.append(times[len(times) // 2])
    load.slow.append(times[len(times) * 99 // 100])


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=50)
    options = parser.parse_args()
    with service() as port:
        loads = {"lookup": Load(wire("/errors/mysql/1040"), [], [], [])}
        for title, (platform, text) in QUESTIONS.items():
            loads[title] = Load(wire(f"/chat/{platform}", *request(platform, text)), [], [], [])
        for _ in range(options.rounds):
            for load in loads.values():
                asyncio.run(measure(port, load, options))
    report(loads, options)
    return 0


def report(loads: dict[str, Load], options: argparse.Namespace) -> None:
    """Print what came out."""
    print(machine())
    print(f"{options.connections} requests at once, one worker, {options.rounds} rounds of {options.seconds} s")
    plain = statistics.median(loads["lookup"].middle)
    for title, load in loads.items():
        rate, middle, slow = map(statistics.median, (load.rates, load.middle, load.slow))
        print(
            f"  {title:22} {rate:7,.0f}/s   half within {middle * 1000:5.1f} ms ({middle / plain:4.1f} lookups)"
            f"   99 % within {slow * 1000:5.1f} ms (worst round {max(load.slow) * 1000:.1f})"
        )
    for title, load in loads.items():
        if title != "lookup":
            print(f"  {verdict(f'{title}, 99 % within seconds', statistics.median(load.slow), GOAL)}")


if __name__ == "__main__":
    sys.exit(main())
