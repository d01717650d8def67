"""A real server process on a free port of loopback, serving a small knowledge of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import httpx
import pytest

from errbook.compile import compile_knowledge
from errbook.knowledge import Knowledge


def _layer() -> ModuleType:
    # Test modules are no package here, so the helper is loaded by its path.
    spec = spec_from_file_location("layer", Path(__file__).with_name("layer.py"))
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Server(NamedTuple):
    """A running server: its process, its address, clients for it, and the files that it writes to.

    `client` keeps its connections, `fresh` opens one for each request, which any of the processes may take.
    """

    process: subprocess.Popen[bytes]
    url: str
    client: httpx.Client
    fresh: httpx.Client
    log: Path
    errors: Path

    def stop(self) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


Start = Callable[..., AbstractContextManager[Server]]


@contextmanager
def _start(folder: Path, port: int, **environment: str) -> Iterator[Server]:
    log, errors = folder / "access.log", folder / "errors.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ERRBOOK_")}
    given = {"ERRBOOK_PORT": str(port), "ERRBOOK_ACCESS_LOG": str(log), "ERRBOOK_SITE_DIR": "off"} | environment
    with errors.open("wb") as stderr:
        command = [sys.executable, "-W", "error", "-m", "errbook_api"]
        process = subprocess.Popen(command, env=kept | given, stdout=subprocess.DEVNULL, stderr=stderr)
        url = f"http://127.0.0.1:{port}"
        try:
            never = httpx.Limits(max_keepalive_connections=0)
            # None is closed by one thread while another one reads from it.
            always = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=None)
            with (
                httpx.Client(base_url=url, timeout=60, limits=always) as client,
                httpx.Client(base_url=url, limits=never) as fresh,
            ):
                _wait(client, process, errors)
                yield Server(process, url, client, fresh, log, errors)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(30)


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], errors: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, errors.read_text()
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the server does not answer: {errors.read_text()}")


@pytest.fixture(scope="session")
def layer() -> ModuleType:
    """The helper that writes a small knowledge."""
    return _layer()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, layer: ModuleType) -> Path:
    """The folder of the small knowledge; not to be changed."""
    written: Path = layer.write(tmp_path_factory.mktemp("layer"))
    return written


@pytest.fixture(scope="session")
def database(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small knowledge, compiled."""
    target = tmp_path_factory.mktemp("compiled") / "errbook.db"
    compile_knowledge([folder], target)
    return target


@pytest.fixture(scope="session")
def knowledge(database: Path) -> Iterator[Knowledge]:
    """The small knowledge, opened."""
    with Knowledge(database) as opened:
        yield opened


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like a built site."""
    root = tmp_path_factory.mktemp("site")
    pages = ["index.html", "mysql/1040/index.html", "08004/index.html", "search/index.html", "23000/index.html"]
    for name in pages:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"<!doctype html><title>{name}</title>" + "<p>text</p>" * 100)
    (root / "404.html").write_text("<!doctype html><title>lost</title>")
    (root / "logo.png").write_bytes(b"\x89PNG" + bytes(1000))
    return root


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """A function that starts a server of its own: ``with start(port, ERRBOOK_…=…) as server``."""

    def starter(port: int, **environment: str) -> AbstractContextManager[Server]:
        return _start(tmp_path_factory.mktemp("server"), port, **environment)

    return starter


@pytest.fixture(scope="module")
def server(start: Start, free_port: int, database: Path, site: Path) -> Iterator[Server]:
    """A server with the small knowledge and a site, shared by the tests of a module."""
    with start(free_port, ERRBOOK_DB=str(database), ERRBOOK_SITE_DIR=str(site)) as running:
        yield running


@pytest.fixture
def api(server: Server) -> httpx.Client:
    """A client of the shared server."""
    return server.client
