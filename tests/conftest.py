"""What the tests of all rooms share."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest


@pytest.fixture(scope="module")
def free_port() -> int:
    """A TCP port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def address(free_port: int) -> Iterator[str]:
    """The host and port of a running service with the real knowledge."""
    process = subprocess.Popen(
        [sys.executable, "-m", "errbook", "serve", "--port", str(free_port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
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
        process.communicate(timeout=20)
