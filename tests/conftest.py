"""What the tests of all rooms share."""

import socket

import pytest


@pytest.fixture(scope="module")
def free_port() -> int:
    """A TCP port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
