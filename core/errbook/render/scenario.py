"""The steps of a scenario in words, the same on every surface."""

from __future__ import annotations

from errbook.record import Record
from errbook.render.servers import spaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from errbook.entry import Scenario, Step

_SERVER = {
    "restart": "The server is restarted.",
    "stop": "The server is stopped in order.",
    "kill": "The server is killed, as by a crash.",
    "start": "The server is started again.",
}
_TLS = {"off": "without TLS", "required": "with TLS"}


class Line(Record):
    """One step: what is done in words, the code it is done with (None for none), and what must come of it."""

    words: str
    language: str | None
    code: str | None
    outcome: str | None


def _session(step: Step) -> str:
    return "The session" if step.on == "main" else f"Session {step.on}"


def _connect(step: Step) -> str:
    how: Mapping[str, Any] = step.value
    parts = []
    if "user" in how:
        parts.append(f"as `{how['user']}`")
    if "password" in how:
        parts.append(f"with the password `{how['password']}`" if how["password"] else "without a password")
    if "database" in how:
        parts.append(f"to the database `{how['database']}`")
    if "file" in how:
        parts.append(f"to the file `{how['file']}`")
    if "host" in how:
        parts.append(f"at the host `{how['host']}`")
    if "port" in how:
        parts.append(f"at the port `{how['port']}`")
    if "socket" in how:
        parts.append(f"through the socket `{how['socket']}`")
    if "tls" in how:
        parts.append(_TLS[how["tls"]])
    parts += [f"with `{name}={value}`" for name, value in how.get("options", {}).items()]
    if how.get("count", 1) > 1:
        return " ".join([f"{how['count']} sessions connect", *parts, "and stay"]) + "."
    return " ".join([f"{_session(step)} connects", *parts]) + "."


def line(step: Step) -> Line:
    """Return a step in words. The only markup in them is `inline code`."""
    outcome = None
    if step.raises and step.waits:
        outcome = "waits, then ends in this error"
    elif step.raises:
        outcome = f"fails and prints `{step.prints}`" if step.prints else "ends in this error"
    elif step.fails:
        outcome = f"waits, then fails with {step.fails}" if step.waits else f"fails with {step.fails}"
    elif step.waits:
        outcome = "waits"
    language = code = None
    match step.action:
        case "run":
            words, language, code = f"{_session(step)} runs:", "sql", step.value
        case "connect":
            words = _connect(step)
        case "close":
            words = f"{_session(step)} disconnects."
        case "set":
            words = f"Set while the server runs: {settings(step.value)}."
        case "configure":
            words, language, code = (
                "Written to the server's configuration, then a restart:",
                "ini",
                step.value,
            )
        case "server":
            words = _SERVER[step.value]
        case "shell":
            words, language, code = "In a shell:", "shell", step.value
        case "python":
            words, language, code = "In Python:", "python", step.value
        case "pause":
            words = f"Wait {step.value:g} s."
        case _:
            raise ValueError(f"unknown action of a step: {step.action!r}")
    if step.engines:
        words = f"Only {', '.join(step.engines)}: {words}"
    if step.versions:
        words = f"{', '.join(f'Only {engine} {spaced(text)}' for engine, text in step.versions)}: {words}"
    if code == "$code":
        words, language, code = f"{words.removesuffix(':')} the code of this fix.", None, None
    return Line(words, language, code, outcome)


def lines(scenario: Scenario) -> list[Line]:
    """Return a whole scenario: what it needs, its setup and its steps."""
    needs = []
    if scenario.settings:
        needs.append(Line(f"A server started with {settings(dict(scenario.settings))}.", None, None, None))
    if scenario.host:
        limits = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in scenario.host)
        needs.append(Line(f"A host limited to: {limits}.", None, None, None))
    if scenario.setup:
        needs.append(Line("In a fresh database:", "sql", scenario.setup, None))
    return needs + [line(step) for step in scenario.steps]


def settings(values: Mapping[str, str]) -> str:
    """Return settings as `name = value`, joined by commas."""
    return ", ".join(f"`{name} = {value}`" for name, value in values.items())
