"""How fast one lookup is answered, against nginx and against plain FastAPI routes, measured side by side in one run.

All serve ``/errors/mysql/1040`` over keep-alive connections on loopback, one worker each, access logs off. nginx serves
the same bytes from disk with the same headers. The plain FastAPI routes give the same answer through a response model
on uvicorn (uvloop, httptools): "file" reads the compiled file for each request, "dict" holds the answer as a dictionary
in memory, which the model checks and writes (the usual way, and the one with a goal), "model" holds an instance of
the model. Rounds alternate between the servers; the ratio is the median of the rounds' own ratios, so that whatever
else the machine does meanwhile weighs on both sides.

    python benchmarks/api.py [--rounds 5] [--seconds 4] [--connections 32]
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import httpx
from measure import machine

from errbook.fresh import ensure

PATH = "/errors/mysql/1040"
UNWRITTEN = "/errors/mysql/13426"
"""A code without an entry; it is looked up as fast as one that has one."""

PLAIN = ("file", "dict", "model")
TARGETS = {"nginx": 0.5, "file": None, "dict": 15.0, "model": None}
"""Each peer, and the multiple of it that the service is meant to reach."""

_NGINX = """
daemon off; worker_processes 1; {user} pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=100; keepalive_requests 1000000000;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  types {{}} default_type application/json; etag off; if_modified_since off;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; {headers} add_header x-request-id $request_id; }}
}}
"""

_PLAIN = '''
"""A plain FastAPI service: the entry as models, a route with a response model."""
import json
import os
from pathlib import Path
from typing import Any
from errbook.knowledge import Knowledge
from errbook.public import SCHEMA_VERSION
from fastapi import FastAPI
from pydantic import create_model

def kind(name: str, values: list[Any]) -> Any:
    """Return the type that fits all of these values, with a model for every object, as a writer would declare it."""
    present = [value for value in values if value is not None]
    made: Any = Any
    if present and all(isinstance(value, dict) and value.keys() == present[0].keys() for value in present):
        fields = {key: (kind(f"{name}_{key}", [value[key] for value in present]), ...) for key in present[0]}
        made = create_model(name, **fields)
    elif present and all(isinstance(value, list) for value in present):
        made = list[kind(f"{name}_item", [item for value in present for item in value])]
    elif present and len({type(value) for value in present}) == 1 and not isinstance(present[0], dict):
        made = type(present[0])
    return made if len(present) == len(values) else made | None

answer = json.loads(Path(__file__).with_name("1040.json").read_text())
Answer = kind("Answer", [answer])
entry = Answer(**answer)
knowledge = Knowledge(os.environ["ERRBOOK_DB"])
app = FastAPI()

if os.environ["ROUTE"] == "model":
    @app.get("/errors/{engine}/{code}", response_model=Answer)
    async def error(engine: str, code: str) -> Any:
        return entry
elif os.environ["ROUTE"] == "dict":
    @app.get("/errors/{engine}/{code}", response_model=Answer)
    async def error(engine: str, code: str) -> Any:
        return answer
else:
    # Reading a file blocks, so the route is no coroutine: FastAPI runs it in a thread.
    @app.get("/errors/{engine}/{code}", response_model=Answer)
    def error(engine: str, code: str) -> Any:
        entry, known = knowledge.raw(engine, code), knowledge.code_raw(engine, code)
        return {"schema_version": SCHEMA_VERSION, "error": json.loads(entry), "code": json.loads(known)}
'''


class Server(NamedTuple):
    """A running server under measurement."""

    name: str
    port: int


def free_port() -> int:
    """Return a TCP port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(name: str, command: list[str], port: int, **environment: str) -> Iterator[Server]:
    """Start a server, wait until it answers, and stop it at the end; SystemExit when it does not answer."""
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
    try:
        for _ in range(200):
            time.sleep(0.1)
            try:
                if httpx.get(f"http://127.0.0.1:{port}{PATH}").status_code == 200:
                    break
            except httpx.TransportError:
                continue
        else:
            sys.exit(f"{name} does not answer")
        yield Server(name, port)
    finally:
        process.terminate()
        process.wait()


def measure(server: Server, seconds: int, connections: int, path: str = PATH) -> float:
    """Return requests per second; SystemExit when anything but 200 came back."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{server.port}{path}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - ours
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit(f"{server.name}: {text}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    return float(found[1]) if found else sys.exit(f"wrk said: {text}")


def peers(stack: ExitStack, folder: Path, nginx: str, answer: httpx.Response) -> list[Server]:
    """Start nginx and the plain FastAPI service with the bytes and headers of an answer."""
    target = folder / f"www{PATH}"
    target.parent.mkdir(parents=True)
    target.write_bytes(answer.content)
    (folder / "1040.json").write_bytes(answer.content)
    # The workers of an nginx that was started by root run as somebody else.
    folder.chmod(0o755)
    own = ("content-type", "content-length", "server", "date", "connection", "x-request-id")
    headers = " ".join(
        f"add_header {name} {json.dumps(text)};" for name, text in answer.headers.items() if name not in own
    )
    port = free_port()
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port, headers=headers, user=user))
    (folder / "plain.py").write_text(_PLAIN)
    found = [
        stack.enter_context(running("nginx", [nginx, "-e", f"{folder}/start.log", "-c", f"{folder}/nginx.conf"], port))
    ]
    for name in PLAIN:
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "plain:app", "--app-dir", str(folder), "--port", str(port)]
        command += [
            "--workers",
            "1",
            "--loop",
            "uvloop",
            "--http",
            "httptools",
            "--no-access-log",
            "--log-level",
            "error",
        ]
        found.append(stack.enter_context(running(name, command, port, ROUTE=name, ERRBOOK_DB=str(ensure()))))
    return found


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if nginx is None or shutil.which("wrk") is None:
        print("nginx and wrk are needed; on Debian: apt-get install nginx-light wrk", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="errbook-bench-")))
        port = free_port()
        environment = {"ERRBOOK_DB": str(ensure()), "ERRBOOK_PORT": str(port), "ERRBOOK_ACCESS_LOG": "off"}
        ours = running("errbook", [sys.executable, "-m", "errbook_api"], port, ERRBOOK_SITE_DIR="off", **environment)
        servers = [stack.enter_context(ours)]
        answer = httpx.get(f"http://127.0.0.1:{port}{PATH}", headers={"accept-encoding": "identity"})
        servers += peers(stack, folder, nginx, answer)
        for server in servers:
            got = httpx.get(f"http://127.0.0.1:{server.port}{PATH}", headers={"accept-encoding": "identity"})
            if got.json() != answer.json() or (server.name == "nginx" and got.content != answer.content):
                sys.exit(f"{server.name} does not serve the same answer")
            measure(server, 1, options.connections)
        report(servers, len(answer.content), nginx, options)
    return 0


def report(servers: list[Server], size: int, nginx: str, options: argparse.Namespace) -> None:
    """Measure in alternating rounds and print what came out."""
    nginx_version = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr.strip()  # noqa: S603 - ours
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("fastapi", "uvicorn", "httptools", "uvloop", "pydantic")
    )
    print(machine())
    print(f"{nginx_version}, {packages}")
    print(f"GET {PATH}: {size} bytes, {options.connections} connections, one worker each, access logs off")
    rates: dict[str, list[float]] = {server.name: [] for server in servers}
    unwritten: list[float] = []
    for _ in range(options.rounds):
        for server in servers:
            rates[server.name].append(measure(server, options.seconds, options.connections))
        unwritten.append(measure(servers[0], options.seconds, options.connections, UNWRITTEN))
    for name, values in rates.items():
        spread = f"{min(values):,.0f} to {max(values):,.0f}"
        print(f"  {name:8} {statistics.median(values):10,.0f} requests/s  (median of {len(values)}; {spread})")
    for peer, target in TARGETS.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(rates["errbook"], rates[peer], strict=True))
        goal = f" (target: at least {target:g}, {'reached' if ratio >= target else 'missed'})" if target else ""
        print(f"  errbook / {peer}: {ratio:.2f}{goal}")
    same = statistics.median(new / old for new, old in zip(unwritten, rates["errbook"], strict=True))
    print(f"  {UNWRITTEN}, not written up: {statistics.median(unwritten):,.0f} requests/s")
    print(f"  not written up / written: {same:.2f} (target: at least 0.9, {'reached' if same >= 0.9 else 'missed'})")


if __name__ == "__main__":
    sys.exit(main())
