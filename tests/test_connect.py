"""What the guides to chat tell to paste is what the platforms document, and what the service answers."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from errbook_site.connect import PLATFORMS, pasted

SECRETS = {
    "ERRBOOK_SLACK_SIGNING_SECRET": "a-signing-secret",
    "ERRBOOK_DISCORD_PUBLIC_KEY": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "ERRBOOK_TEAMS_TOKEN": "vqF0En+Z0ucuRTM/01o2GuhMH3hKKk/N2bOmlM31zaA=",
    "ERRBOOK_MATTERMOST_TOKEN": "qzgakf1nx3yt9dr4n8585ihbxy",
}
"""Secrets of these tests; Discord's key is the first of the examples of RFC 8032, Teams' token its documentation's."""


@pytest.fixture(scope="module")
def service(free_port: int) -> Iterator[str]:
    """The address of a service with all platforms, and the real knowledge."""
    given = {"ERRBOOK_SITE_URL": "https://errors.example.com", "ERRBOOK_ACCESS_LOG": "off", **SECRETS}
    command = [sys.executable, "-m", "errbook", "serve", "--port", str(free_port)]
    process = subprocess.Popen(command, env={**os.environ, **given}, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{free_port}"
    try:
        for _ in range(100):
            try:
                httpx.get(f"{url}/readyz").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("platform", ["slack", "teams", "mattermost"])
def test_the_request_that_a_guide_shows_is_answered(service: str, platform: str) -> None:
    ended = subprocess.run(
        ["bash", "-c", pasted()[f"{platform}.sh"]],
        env={**os.environ, **SECRETS, "ERRBOOK": service},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    wanted = "1205" if platform == "mattermost" else "Too many connections"
    assert wanted in json.dumps(answer), answer
    assert "status" not in answer


def test_the_manifest_of_slack(service: str) -> None:
    manifest: dict[str, Any] = yaml.safe_load(pasted()["slack.yaml"])
    # Lengths as in docs.slack.dev/reference/app-manifest.
    shown = manifest["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert re.fullmatch(r"[a-z0-9_.-]{1,80}", manifest["features"]["bot_user"]["display_name"])
    (command,) = manifest["features"]["slash_commands"]
    assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000
    (shortcut,) = manifest["features"]["shortcuts"]
    assert shortcut["type"] == "message"
    assert len(shortcut["callback_id"]) <= 255
    assert len(shortcut["description"]) <= 150
    assert manifest["oauth_config"]["scopes"] == {"bot": ["commands"]}
    for url in (command["url"], manifest["settings"]["interactivity"]["request_url"]):
        assert url.startswith("https://errors.example.com/")
        there = httpx.post(service + url.removeprefix("https://errors.example.com"))
        assert there.status_code == 401


def test_the_commands_of_discord() -> None:
    command, message = json.loads(pasted()["discord.json"])
    # github.com/discord/discord-api-docs, developers/interactions/application-commands
    assert command["type"] == 1
    assert re.fullmatch(r"[-_'a-z0-9]{1,32}", command["name"])
    assert 1 <= len(command["description"]) <= 100
    (option,) = command["options"]
    assert option["type"] == 3
    assert option["name"] == "query"
    assert 1 <= len(option["description"]) <= 100
    assert 1 <= option["max_length"] <= 6000
    assert message["type"] == 3
    assert 1 <= len(message["name"]) <= 32
    assert "description" not in message


def test_every_script_is_one_and_every_guide_names_its_variable(site: Path) -> None:
    for name, text in pasted().items():
        if name.endswith(".sh"):
            assert subprocess.run(["bash", "-n"], input=text, text=True, check=False).returncode == 0, name
    index = (site / "connect/index.html").read_text()
    for guide in PLATFORMS:
        page = (site / guide.address / "index.html").read_text()
        platform = guide.address.split("/")[1]
        assert f"/chat/{platform}" in page
        assert re.search(rf"ERRBOOK_{platform.upper()}_\w+", page)
        assert f'href="../{guide.address}"' in index


def test_every_variable_is_in_the_help() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "errbook", "serve", "--help"], capture_output=True, text=True, check=True
    )
    assert all(name in ended.stdout for name in (*SECRETS, "ERRBOOK_SLACK_HOOKS"))
