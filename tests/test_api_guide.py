"""The API guide of the site shows what the service answers, and every route is described."""

import subprocess
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]


def test_the_examples_are_what_the_service_answers() -> None:
    answer = subprocess.run(
        [sys.executable, ROOT / "tools" / "api-examples", "--check"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr


def test_every_route_says_what_it_is_for(address: str) -> None:
    paths = httpx.get(f"http://{address}/openapi.json").json()["paths"]
    assert {"/errors/{query}", "/errors/{engine}/{code}", "/errors", "/sqlstates/{sqlstate}", "/search"} <= paths.keys()
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert operation.get("summary"), f"{method} {path}"
            assert operation.get("description"), f"{method} {path}"
            assert operation["responses"], f"{method} {path}"
