"""The running process: changes of the knowledge under load, bad knowledge, several processes, start and stop."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from errbook.compile import compile_knowledge
from errbook_api.settings import Settings, SettingsError, read


def until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for a condition; fail with what was waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class Load:
    """Asks without a pause from several threads and keeps everything that was not 200."""

    def __init__(self, url: str, paths: list[str]) -> None:
        self._url, self._paths = url, paths
        self.count, self.wrong = 0, list[str]()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(4)]

    def _ask(self) -> None:
        with httpx.Client(base_url=self._url, timeout=20) as client:
            while not self._over.is_set():
                for path in self._paths:
                    try:
                        answer = client.get(path)
                        if answer.status_code != 200:
                            self.wrong.append(f"{path} {answer.status_code} {answer.text}")
                    except httpx.HTTPError as error:
                        self.wrong.append(f"{path} {error!r}")
                    self.count += 1

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def private(tmp_path: Path, layer: ModuleType) -> dict[str, str]:
    """A checkout with the small knowledge, a private layer over it, and the environment that names both."""
    root = layer.write(tmp_path / "checkout")
    for name in ("core", "api", "schema"):
        shutil.copytree(layer.ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "layer/errors/mysql").mkdir(parents=True)
    layer.put(tmp_path / "layer", PRIVATE)
    return {
        "PYTHONPATH": f"{root / 'core'}{os.pathsep}{root / 'api'}",
        "ERRBOOK_PATH": str(tmp_path / "layer"),
        "ERRBOOK_CACHE": str(tmp_path / "cache"),
    }


PRIVATE: dict[str, Any] = {
    "code": "3819",
    "engines": ["mysql"],
    "symbol": "ER_CHECK_CONSTRAINT_VIOLATED",
    "sqlstate": "HY000",
    "severity": "error",
    "frequency": "common",
    "category": "constraint",
    "condition": "check-violation",
    "title": "A check of ours failed",
    "risk": "low",
    "retry": "no",
}


def test_changed_knowledge_is_taken_over_and_no_request_fails(
    start: Any, free_port: int, tmp_path: Path, layer: ModuleType
) -> None:
    folder, target = layer.write(tmp_path / "layer"), tmp_path / "errbook.db"
    compile_knowledge([folder], target)
    with start(free_port, ERRBOOK_DB=str(target)) as server:
        paths = ["/errors/mysql/1040", "/errors/23000.md", "/search?q=dup", "/errors?limit=3", "/conditions"]
        with Load(server.url, paths) as load:
            for title in ("First change", "Second change", "Third change"):
                layer.put(folder, layer.ENTRIES[0] | {"title": title})
                compile_knowledge([folder], target)
                until(lambda: titled(server.client, "/errors/mysql/1040") == title, f"reload to {title}")  # noqa: B023 - used at once
        assert load.wrong == []
        assert load.count > 100
        assert 'errbook_reloads_total{result="ok"} 3.0' in server.client.get("/metrics").text


def titled(client: httpx.Client, path: str) -> str:
    title: str = client.get(path).json()["error"]["title"]
    return title


def test_a_damaged_file_is_not_taken_over(start: Any, free_port: int, tmp_path: Path, database: Path) -> None:
    target = tmp_path / "errbook.db"
    target.write_bytes(database.read_bytes())
    with start(free_port, ERRBOOK_DB=str(target)) as server:
        other = tmp_path / "other"
        other.write_bytes(b"no database at all" * 100)
        other.replace(target)
        until(lambda: server.client.get("/readyz").json()["stale"], "noticed")
        assert "errbook compile" in server.client.get("/readyz").json()["problem"]
        assert titled(server.client, "/errors/mysql/1040") == "Too many connections"
        assert "errbook_knowledge_stale 1.0" in server.client.get("/metrics").text
        other.write_bytes(database.read_bytes())
        other.replace(target)
        until(lambda: not server.client.get("/readyz").json()["stale"], "mended")


def test_private_knowledge_is_checked_aside_and_stays_private(
    start: Any, free_port: int, private: dict[str, str], tmp_path: Path, layer: ModuleType
) -> None:
    with start(free_port, ERRBOOK_WORKERS="2", **private) as server:
        answer = server.client.get("/errors/mysql/3819")
        assert answer.headers["cache-control"] == "private, no-store"
        assert "access-control-allow-origin" not in answer.headers
        written = layer.put(tmp_path / "layer", PRIVATE | {"severity": "terrible"})

        def every(stale: bool) -> bool:
            # Each connection may land on another process.
            return all(server.fresh.get("/readyz").json()["stale"] is stale for _ in range(12))

        with Load(server.url, ["/errors/mysql/3819"]) as load:
            until(lambda: every(True), "the problem is noticed")
            ready = server.fresh.get("/readyz")
            assert ready.status_code == 200
            assert "3819.yaml" in ready.json()["problem"]
            assert titled(server.client, "/errors/mysql/3819") == "A check of ours failed"
            layer.put(tmp_path / "layer", PRIVATE | {"title": "Our check failed"})
            until(lambda: every(False), "the mended knowledge is taken over")
            until(lambda: titled(server.client, "/errors/mysql/3819") == "Our check failed", "the new title")
        assert load.wrong == []
        assert written.exists()
        pids = {server.fresh.get("/readyz").json()["pid"] for _ in range(40)}
        assert len(pids) == 2


def test_several_processes_count_together(start: Any, free_port: int, database: Path) -> None:
    with start(free_port, ERRBOOK_DB=str(database), ERRBOOK_WORKERS="2") as server:
        for _ in range(30):
            server.fresh.get("/errors/mysql/1040")
        wanted = 'errbook_requests_total{route="/errors/{engine}/{code}",status="200"} 30.0'
        until(lambda: wanted in server.fresh.get("/metrics").text, "the counts of both")
        tags = {server.fresh.get("/errors/mysql/1040").headers["etag"] for _ in range(20)}
        assert len(tags) == 1


def test_requests_in_flight_are_finished_when_it_stops(start: Any, free_port: int, database: Path) -> None:
    with start(free_port, ERRBOOK_DB=str(database)) as server:
        request = b"GET /errors?q=constraint HTTP/1.1\r\nHost: a\r\n\r\n"
        connections = [socket.create_connection(("127.0.0.1", free_port), timeout=20) for _ in range(40)]
        for connection in connections:
            connection.sendall(request)
        assert connections[0].recv(1, socket.MSG_PEEK)
        server.process.send_signal(signal.SIGTERM)
        for connection in connections:
            with connection:
                answer = b"".join(iter(lambda: connection.recv(65536), b""))  # noqa: B023 - used at once
            assert answer.startswith(b"HTTP/1.1 200")
            head, _, body = answer.partition(b"\r\n\r\n")
            assert f"content-length: {len(body)}".encode() in head.lower()
        assert server.process.wait(30) == 0
        assert "Traceback" not in server.errors.read_text()


def test_the_access_log_has_a_line_for_each_request_and_nothing_of_the_asker(
    start: Any, free_port: int, database: Path
) -> None:
    with start(free_port, ERRBOOK_DB=str(database)) as server:
        headers = {"x-request-id": "from-outside", "user-agent": "secret-agent"}
        server.client.get("/errors/mysql/1040", headers=headers)
        server.client.get("/search?q=secret", headers=headers)
        assert server.stop() == 0
        lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    mine = [line for line in lines if line["request_id"] == "from-outside"]
    assert [(line["path"], line["route"], line["status"]) for line in mine] == [
        ("/errors/mysql/1040", "/errors/{engine}/{code}", 200),
        ("/search", "/search", 200),
    ]
    assert all(line["bytes"] > 0 and line["milliseconds"] > 0 and line["time"].endswith("Z") for line in mine)
    assert "secret" not in json.dumps(lines)
    assert "127.0.0.1" not in json.dumps(lines)


def refused(**environment: str) -> str:
    """Start a service that cannot start; return what it says."""
    command = [sys.executable, "-m", "errbook_api"]
    ended = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_a_port_in_use_is_said_so(database: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refused(ERRBOOK_DB=str(database), ERRBOOK_PORT=str(port))
    assert f"127.0.0.1:{port}" in said
    assert "ERRBOOK_PORT" in said


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    assert "nothing.db" in refused(ERRBOOK_DB=str(tmp_path / "nothing.db"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ERRBOOK_PORT", "http"),
        ("ERRBOOK_PORT", "0"),
        ("ERRBOOK_PORT", "٣"),
        ("ERRBOOK_WORKERS", "-1"),
        ("ERRBOOK_RELOAD", "maybe"),
        ("ERRBOOK_SITE_DIR", "/nonexistent"),
        ("ERRBOOK_SITE_URL", "errors.example.com"),
        ("ERRBOOK_TABLE_MB", "99999999999"),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read({name: value})


def test_settings_come_from_the_environment() -> None:
    assert read({"ERRBOOK_SITE_DIR": "off"}) == Settings()
    given = {"ERRBOOK_PORT": "81", "ERRBOOK_CORS": "off", "ERRBOOK_SITE_URL": "https://errors.example.com/"}
    assert read(given)._replace(site_dir=None) == Settings(port=81, cors=False, site_url="https://errors.example.com")
    assert read({"ERRBOOK_PATH": "/somewhere"})._replace(site_dir=None) == Settings(cors=False, private=True)


def test_what_does_not_fit_the_table_is_answered_all_the_same(start: Any, free_port: int, database: Path) -> None:
    with start(free_port, ERRBOOK_DB=str(database), ERRBOOK_TABLE_MB="0", ERRBOOK_CORS="off") as server:
        answer = server.client.get("/errors/mysql/1040")
        assert titled(server.client, "/errors/mysql/1040") == "Too many connections"
        assert "access-control-allow-origin" not in answer.headers
        assert server.client.get("/", follow_redirects=True).url.path == "/docs"
        assert "errbook_table_answers 0.0" in server.client.get("/metrics").text


def test_browsers_are_sent_to_a_site_elsewhere(start: Any, free_port: int, database: Path) -> None:
    with start(free_port, ERRBOOK_DB=str(database), ERRBOOK_SITE_URL="https://errors.example.com") as server:
        answer = server.client.get("/errors/23000", headers={"accept": "text/html"})
        assert answer.headers["location"] == "https://errors.example.com/23000/"


def test_both_ways_to_a_lookup_give_the_same_answer(server: Any) -> None:
    # With a body, however empty, a request is not answered in front of the application but by it.
    for headers in ({}, {"accept-encoding": "gzip"}, {"if-none-match": "*"}, {"accept": "text/plain"}):
        for path in ("/errors/mysql/1040", "/errors/1040", "/v1/engines"):
            front = server.client.get(path, headers=headers)
            behind = server.client.request("GET", path, headers={**headers, "content-length": "0"})
            assert (front.status_code, front.content) == (behind.status_code, behind.content)
            kept = [
                {k: v for k, v in answer.headers.items() if k not in ("x-request-id", "date")}
                for answer in (front, behind)
            ]
            assert kept[0] == kept[1]


def test_an_endless_head_is_refused(server: Any) -> None:
    host, port = server.url.removeprefix("http://").split(":")

    def send_forever(connection: socket.socket) -> None:
        for number in range(1000):
            connection.sendall(b"X-%d: " % number + b"y" * 4000 + b"\r\n")
            time.sleep(0.002)

    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET /errors/1040 HTTP/1.1\r\nHost: x\r\n")
        # The refusal may be lost with the reset of the connection; that there is an end to it is what matters.
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            send_forever(connection)
    assert server.client.get("/healthz").status_code == 200


def test_requests_sent_at_once_are_answered_in_order(server: Any) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    paths = ["/errors/mysql/1040", "/errors/nope", "/engines", "/errors?limit=1", "/errors/mysql/1040"]
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for path in paths[:-1]:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.sendall(f"GET {paths[-1]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", received)
    assert statuses == [b"200", b"404", b"200", b"200", b"200"]


def test_a_long_body_that_nobody_wants_gets_one_answer(server: Any) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    body = b"x" * 300_000
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /errors/1040 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
        received = connection.recv(65536)
        # The answer is out; what still comes of the body is neither a head nor a reason for another answer.
        for at in range(0, len(body), 10_000):
            connection.sendall(body[at : at + 10_000])
            time.sleep(0.002)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while piece := connection.recv(65536):
            received += piece
    assert re.findall(rb"HTTP/1\.1 (\d+) ", received) == [b"405", b"200"]
