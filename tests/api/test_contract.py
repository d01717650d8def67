"""The OpenAPI document is kept: requests made up from it are answered as it says, and never with a 5xx."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_requests_made_up_from_the_document_are_answered_as_it_says(server: Any, tmp_path: Path, prefix: str) -> None:
    tool = Path(sys.executable).with_name("schemathesis")
    command = [str(tool) if tool.is_file() else shutil.which("schemathesis") or "schemathesis", "run"]
    command += [f"{server.url}/openapi.json", "--url", f"{server.url}{prefix}", "--checks", CHECKS, "--no-color"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--seed", "1", "--workers", "1"]
    if prefix:
        # What tells whether the process is well has no version.
        command += ["--exclude-tag", "operation"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr
