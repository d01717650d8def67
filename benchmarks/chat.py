"""How long chat answers take at the server: 50 requests at once on one worker, and a plain lookup in the same run.

Each platform is asked by wrk with a signed request that is repeated, over keep-alive connections on loopback, the
access log off. "lookup" is ``GET /errors/mysql/1040`` from the table of ready answers. Rounds alternate between all of
them; the figures are medians of the rounds, and the worst of them in brackets.

    python benchmarks/chat.py [--rounds 3] [--seconds 4] [--connections 50]
"""

import argparse
import base64
import hmac
import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
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
    """What wrk is to send, and what came of it in each round: requests a second, and the 99th percentile in seconds."""

    script: Path
    path: str
    rates: list[float]
    worst: list[float]


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
def service() -> Iterator[str]:
    """Start the service with all platforms, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
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
        yield url
    finally:
        process.terminate()
        process.wait()


def script(folder: Path, number: int, body: bytes, headers: dict[str, str]) -> Path:
    """Write what tells wrk to send a request."""
    lines = ['wrk.method = "POST"', f"wrk.body = {json.dumps(body.decode())}"]
    lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items()]
    written = folder / f"{number}.lua"
    written.write_text("\n".join(lines))
    return written


def measure(url: str, load: Load, command: Callable[[str], str]) -> None:
    """Run one round of a load; SystemExit when anything but 200 came back."""
    text = command(f"{url}{load.path}") if not load.script.name else command(f"-s {load.script} {url}{load.path}")
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit(f"{load.path}: {text}")
    rate, slow = re.search(r"Requests/sec:\s+([\d.]+)", text), re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    if not (rate and slow):
        sys.exit(f"wrk said: {text}")
    load.rates.append(float(rate[1]))
    load.worst.append(float(slow[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[slow[2]])


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=50)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is needed; on Debian: apt-get install wrk", file=sys.stderr)
        return 2

    def wrk(rest: str) -> str:
        command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--latency", *rest.split()]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - ours

    with tempfile.TemporaryDirectory(prefix="errbook-bench-") as name, service() as url:
        loads = {"lookup": Load(Path(), "/errors/mysql/1040", [], [])}
        for number, (title, (platform, text)) in enumerate(QUESTIONS.items()):
            body, headers = request(platform, text)
            path = f"/chat/{platform}"
            httpx.post(f"{url}{path}", content=body, headers=headers).raise_for_status()
            loads[title] = Load(script(Path(name), number, body, headers), path, [], [])
        for _ in range(options.rounds):
            for load in loads.values():
                measure(url, load, wrk)
    report(loads, options)
    return 0


def report(loads: dict[str, Load], options: argparse.Namespace) -> None:
    """Print what came out."""
    print(machine())
    print(f"{options.connections} requests at once, one worker, {options.rounds} rounds of {options.seconds} s")
    plain = statistics.median(loads["lookup"].rates)
    for title, load in loads.items():
        rate, slow = statistics.median(load.rates), statistics.median(load.worst)
        ratio = f"{plain / rate:8.1f} lookups"
        worst = f"(worst round {max(load.worst) * 1000:.1f})"
        print(f"  {title:22} {rate:9,.0f}/s {ratio}  99 %: {slow * 1000:7.1f} ms {worst}")
    for title, load in loads.items():
        if title != "lookup":
            print(f"  {verdict(f'{title}, 99 % in seconds', statistics.median(load.worst), GOAL)}")


if __name__ == "__main__":
    sys.exit(main())
