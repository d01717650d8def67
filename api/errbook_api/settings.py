"""What can be set, all of it by environment; the service reads no other configuration.

ERRBOOK_HOST
    Address to listen on. Default ``127.0.0.1``; ``0.0.0.0`` or ``::`` for all.
ERRBOOK_PORT
    TCP port. Default ``8000``.
ERRBOOK_WORKERS
    Number of server processes. Default ``1``.
ERRBOOK_SITE_DIR
    Folder of the built site, served at ``/``; ``off`` for none. Default: ``build/site`` of the checkout if it exists.
ERRBOOK_SITE_URL
    Address of the site where it is served elsewhere, such as ``https://errors.example.com``: browsers are sent there.
    Default: none.
ERRBOOK_ACCESS_LOG
    ``on`` (standard output, the default), ``off``, or the path of a file to append to. One JSON object a line.
ERRBOOK_RELOAD
    ``on`` (the default) or ``off``: whether changed knowledge is taken over while the service runs.
ERRBOOK_CORS
    ``on`` (the default) or ``off``: whether pages of other origins may read the answers. Private knowledge: off.
ERRBOOK_METRICS
    ``on`` (the default) or ``off``: whether ``/metrics`` is there.
ERRBOOK_TABLE_MB
    Mebibytes that ready answers may take in each process; what does not fit is computed when asked for. Default
    ``128``.
ERRBOOK_MCP
    ``on`` (the default) or ``off``: whether agents find the knowledge on ``/mcp``.
ERRBOOK_MCP_HOSTS
    Names by which agents reach the service, separated by commas, such as ``errors.example.com``. Requests to ``/mcp``
    under other names, or from pages of other hosts, are refused. This machine's own names and that of ERRBOOK_SITE_URL
    need not be named.
ERRBOOK_STOP_SECONDS
    How long requests in flight may take to finish after SIGTERM. Default ``20``.

Chat: an endpoint is there when its secret is set; each may be several, separated by commas, any of which counts. All
need ERRBOOK_SITE_URL, and the extra ``chat`` (``pip install 'errbook[api,chat]'``).

ERRBOOK_SLACK_SIGNING_SECRET
    Signing secret of a Slack app: ``/chat/slack`` and ``/chat/slack/interactive``.
ERRBOOK_SLACK_HOOKS
    Where answers to buttons and shortcuts may be sent. Default ``https://hooks.slack.com/``.
ERRBOOK_DISCORD_PUBLIC_KEY
    Public key of a Discord application, in hex: ``/chat/discord``.
ERRBOOK_TEAMS_TOKEN
    Security token of a Teams outgoing webhook, in base64: ``/chat/teams``.
ERRBOOK_MATTERMOST_TOKEN
    Token of a Mattermost slash command: ``/chat/mattermost``.

Which knowledge is served is decided by ERRBOOK_PATH and ERRBOOK_DB, as for every other command (`errbook.places`).
Knowledge with ERRBOOK_PATH is private: its answers carry ``Cache-Control: private, no-store`` and no CORS.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from errbook import places

_SECRET = re.compile(r"[\x21-\x7e]{8,200}")
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_SECRETS = {
    "ERRBOOK_SLACK_SIGNING_SECRET": "a signing secret; it stands in the app's Basic Information",
    "ERRBOOK_DISCORD_PUBLIC_KEY": "a public key of 64 hexadecimal digits; it stands in General Information",
    "ERRBOOK_TEAMS_TOKEN": "a security token in base64; Teams shows it when the webhook is created",
    "ERRBOOK_MATTERMOST_TOKEN": "a token; Mattermost shows it when the command is saved",
}
"""What each secret must be, and where it is found."""


class SettingsError(Exception):
    """A variable of the environment has a value that cannot be used; the message names it and says what can."""


class Settings(NamedTuple):
    """The settings, as the module's documentation lists them, plus whether the knowledge is private."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    site_dir: Path | None = None
    site_url: str | None = None
    access_log: str = "on"
    reload: bool = True
    cors: bool = True
    metrics: bool = True
    table_mb: int = 128
    mcp: bool = True
    mcp_hosts: frozenset[str] = frozenset()
    stop_seconds: int = 20
    private: bool = False
    slack_signing_secret: tuple[str, ...] = ()
    slack_hooks: str = "https://hooks.slack.com/"
    discord_public_key: tuple[str, ...] = ()
    teams_token: tuple[str, ...] = ()
    mattermost_token: tuple[str, ...] = ()


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of an environment, by default this process's; SettingsError for a value that is no good."""
    given = os.environ if environment is None else environment
    private = bool(given.get("ERRBOOK_PATH"))
    return Settings(
        host=given.get("ERRBOOK_HOST") or "127.0.0.1",
        port=_number(given, "ERRBOOK_PORT", 8000, 1, 65535),
        workers=_number(given, "ERRBOOK_WORKERS", 1, 1, 256),
        site_dir=_site_dir(given.get("ERRBOOK_SITE_DIR", "")),
        site_url=_site_url(given.get("ERRBOOK_SITE_URL", "")),
        access_log=given.get("ERRBOOK_ACCESS_LOG") or "on",
        reload=_switch(given, "ERRBOOK_RELOAD"),
        cors=_switch(given, "ERRBOOK_CORS") and not private,
        metrics=_switch(given, "ERRBOOK_METRICS"),
        table_mb=_number(given, "ERRBOOK_TABLE_MB", 128, 0, 1 << 20),
        mcp=_switch(given, "ERRBOOK_MCP"),
        mcp_hosts=_hosts(given.get("ERRBOOK_MCP_HOSTS", "")),
        stop_seconds=_number(given, "ERRBOOK_STOP_SECONDS", 20, 1, 3600),
        private=private,
        slack_signing_secret=_secrets(given, "ERRBOOK_SLACK_SIGNING_SECRET"),
        slack_hooks=given.get("ERRBOOK_SLACK_HOOKS") or "https://hooks.slack.com/",
        discord_public_key=_secrets(given, "ERRBOOK_DISCORD_PUBLIC_KEY", _HEX),
        teams_token=_secrets(given, "ERRBOOK_TEAMS_TOKEN", _BASE64),
        mattermost_token=_secrets(given, "ERRBOOK_MATTERMOST_TOKEN"),
    )


def _number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most and len(text) < 9):
        raise SettingsError(f"{name}: {text!r} is no whole number from {least} to {most}")
    return int(text)


def _secrets(given: Mapping[str, str], name: str, form: re.Pattern[str] = _SECRET) -> tuple[str, ...]:
    found = tuple(part.strip() for part in given.get(name, "").split(",") if part.strip())
    if not all(form.fullmatch(part) for part in found):
        # The value is a secret, so it is not shown.
        raise SettingsError(f"{name}: that is not {_SECRETS[name]}")
    return found


def _switch(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "").strip().lower()
    if text not in ("", "on", "off"):
        raise SettingsError(f"{name}: {text!r} is neither on nor off")
    return text != "off"


def _hosts(text: str) -> frozenset[str]:
    names = frozenset(name.strip().lower() for name in text.split(",") if name.strip())
    for name in names:
        parts = urlsplit(f"//{name}")
        if parts.netloc != name or parts.hostname != name.strip("[]"):
            raise SettingsError(f"ERRBOOK_MCP_HOSTS: {name!r} is no name such as errors.example.com, without a port")
    return names


def _site_dir(text: str) -> Path | None:
    if text == "off":
        return None
    if text:
        folder = Path(text).expanduser().resolve()
        if not (folder / "index.html").is_file():
            raise SettingsError(f"ERRBOOK_SITE_DIR: {folder} holds no index.html; build the site first, or say off")
        return folder
    root = places.checkout()
    built = root / "build" / "site" if root else None
    return built if built and (built / "index.html").is_file() else None


def _site_url(text: str) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise SettingsError(f"ERRBOOK_SITE_URL: {text!r} is no address such as https://errors.example.com")
    return text.rstrip("/")
