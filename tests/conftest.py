"""What the tests of all rooms share."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from errbook_site import build

# A change is judged by the same examples at every run, and on a busy machine too;
# `--hypothesis-profile default` looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in the background so, and programs inherit it; the tests send them Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def free_port() -> int:
    """A TCP port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site, with the real knowledge."""
    return build.run(None, tmp_path_factory.mktemp("site") / "site")


@pytest.fixture(scope="module")
def address(free_port: int, site: Path) -> Iterator[str]:
    """The host and port of a running service with the real knowledge and its site."""
    process = subprocess.Popen(
        [sys.executable, "-m", "errbook", "serve", "--port", str(free_port)],
        env={**os.environ, "ERRBOOK_SITE_DIR": str(site), "ERRBOOK_ACCESS_LOG": "off"},
        stderr=subprocess.DEVNULL,
    )
    url = f"localhost:{free_port}"
    try:
        for _ in range(100):
            try:
                httpx.get(f"http://{url}/readyz").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium: ERRBOOK_CHROMIUM, or the one on the PATH (`tools/get-browser` gets it)."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("ERRBOOK_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert path, "there is no Chromium; run: tools/get-browser"
    # What a browser does beside showing pages would ask other hosts.
    quiet = ["disable-background-networking", "disable-component-update", "disable-sync", "no-first-run"]
    # No sandbox, as root in a container has none; the pages are our own.
    arguments = [f"--{name}" for name in (*quiet, "disable-gpu", "disable-quic", "no-sandbox")]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=arguments)
        yield opened
        opened.close()
