"""``errbook lab``: the servers on which entries are executed."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from errbook.cli import reading
from errbook.lab import background, cache, doctor, places, plan, shell
from errbook.lab.server import LabError, Server, select, servers


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook lab",
        description="The servers on which entries are executed: which this machine can run, and one to try things on. "
        "Each runs in a cell that reaches nothing else of the machine, with its data in memory.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"SERVER is one such as mysql:9.7, or an engine for all of its servers. Known are:\n"
        f"{_wrapped([server.id for server in servers()])}\n\n"
        "exit codes: 0 done, 1 a server cannot run or something is wrong in the cache, 2 bad usage\n"
        "environment: ERRBOOK_LAB (the cache, default ~/.cache/errbook/lab), XDG_RUNTIME_DIR",
    )
    verbs = made.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    add = verbs.add_parser("list", help="which servers this machine can run", description="List all servers.")
    add.add_argument("--json", action="store_true", help="for programs")
    add = verbs.add_parser(
        "get",
        help="fetch or repair servers",
        description="Have servers in the cache: fetch what is not there, and again what is damaged.",
    )
    _servers(add)
    add = verbs.add_parser(
        "up",
        help="start servers in the background",
        description="Start servers in the background and print how to be connected; get them first where needed.",
    )
    _servers(add, "+")
    add.add_argument("--entry", metavar="ENGINE/CODE", help="set up the scenario of this entry")
    add = verbs.add_parser(
        "down",
        help="stop servers that `up` has started",
        description="Stop servers that `errbook lab up` has started, with their data. No other process is touched.",
    )
    _servers(add)
    add.add_argument("--purge", action="store_true", help="also delete them from the cache")
    add = verbs.add_parser(
        "doctor",
        help="look whether everything works, and say what to do",
        description="Look at every part: the programs, every file of the cache, and start each server once. "
        "Each problem comes with the command that mends it. Exit codes: 0 all well, 1 a server cannot run.",
    )
    _servers(add)
    add = verbs.add_parser(
        "shell",
        help="a session on a server, in its own client",
        description="Start a server and its command-line client on it, in a cell; everything is gone when the client "
        "ends. With an entry, the settings and the setup of its scenario are there; its steps are yours. Where "
        "`errbook lab up` has started the server, it is one more session on that server and what it changes stays, "
        "but not with --entry or --fresh. What is piped in is executed.",
    )
    add.add_argument("server", metavar="SERVER", help="such as mysql:9.7; of an engine, the newest one is taken")
    add.add_argument("--entry", metavar="ENGINE/CODE", help="set up the scenario of this entry")
    add.add_argument("--fresh", action="store_true", help="a server of its own, even if `errbook lab up` has one")
    return made


def _servers(made: argparse.ArgumentParser, count: str = "*") -> None:
    default = "" if count == "+" else "; default: all"
    made.add_argument("servers", nargs=count, metavar="SERVER", help=f"such as mysql:9.7 or mariadb{default}")


def _wrapped(words: Sequence[str]) -> str:
    from textwrap import fill

    return fill(", ".join(words), 78, initial_indent="  ", subsequent_indent="  ")


def run(arguments: Sequence[str]) -> int:
    """Do one of the commands; return the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    if options.verb == "list":
        return _list(options.json)
    try:
        chosen = select([options.server] if options.verb == "shell" else options.servers)
    except LabError as error:
        made.error(str(error))
    if options.verb == "shell":
        server = next((server for server in reversed(chosen) if server.client), chosen[-1])
        scenario = _scenario(made, options.entry, server) if options.entry else None
    try:
        if options.verb == "shell":
            return _shell(server, scenario, fresh=options.fresh)
        if options.verb == "up":
            return _up(made, chosen, options.entry)
        if options.verb == "down":
            return _down(chosen, options.purge)
        return _get(chosen) if options.verb == "get" else _doctor(chosen)
    except LabError as error:
        print(f"errbook: {error}", file=sys.stderr)
        return 1


def _unable(server: Server) -> str | None:
    return cache.unable(server.family) or cache.lacking(server.modules)


def _say(line: str) -> None:
    print(f"errbook: {line}", file=sys.stderr, flush=True)


def _list(as_json: bool) -> int:
    """Print a line or an object for each server."""
    rows: list[dict[str, Any]] = []
    for server in servers():
        reason = cache.missing(server)
        up = background.running(server)
        state = "up" if up else "ready"
        if reason:
            state = "cannot run" if _unable(server) else "not got"
        rows.append(
            {
                "server": server.id,
                "version": cache.version(server),
                "state": state,
                "reason": reason,
                "connect": up.command if up else None,
                "bytes": cache.size(server),
            }
        )
    if as_json:
        print(json.dumps(rows, indent=2))
        return 0
    print(f"{'SERVER':<15} {'VERSION':<9} {'SIZE':>8}  STATE")
    for row in rows:
        size = f"{row['bytes'] >> 20} MiB" if row["bytes"] else ""
        detail = row["reason"] or row["connect"]
        state = f"{row['state']}: {detail}" if detail else row["state"]
        print(f"{row['server']:<15} {row['version'] or '-':<9} {size:>8}  {state}")
    return 0


def _get(chosen: Sequence[Server]) -> int:
    cache.get_all(chosen, _say, thorough=True)
    _say(f"{len(chosen)} servers are ready in {places.folder()}")
    return 0


def _up(made: argparse.ArgumentParser, chosen: Sequence[Server], entry: str | None) -> int:
    scenarios = [_scenario(made, entry, server) if entry else shell.PLAIN for server in chosen]
    for server, scenario in zip(chosen, scenarios, strict=True):
        _have(server)
        found = background.up(server, scenario)
        print(f"{server.id} {found.version}\n  {found.command}\n  {found.dsn}", flush=True)
    _say(f"sessions: errbook lab shell {chosen[0].id}; the end: errbook lab down {chosen[0].id}")
    return 0


def _have(server: Server) -> None:
    """Get a server where it is not there; LabError where it cannot run."""
    if cache.missing(server):
        if reason := _unable(server):
            raise LabError(f"{server.id}: {reason}")
        cache.get(server, _say)


def _down(chosen: Sequence[Server], purge: bool) -> int:
    for server in chosen:
        if background.down(server):
            _say(f"{server.id} is stopped")
        if purge:
            cache.delete(server, [other for other in servers() if other not in chosen and cache.version(other)])
            _say(f"{server.id} is deleted from {places.folder()}")
    return 0


def _shell(server: Server, scenario: Mapping[str, Any] | None, *, fresh: bool) -> int:
    """Run the client of a server until the user has enough."""
    joined = None if scenario or fresh else background.running(server)
    scenario = scenario or shell.PLAIN
    if not joined:
        _have(server)
    if sys.stdin.isatty() and sys.stdout.isatty():
        print(_what(server, scenario, joined), file=sys.stderr, flush=True)
        return shell.interactive(server, scenario, joined)
    if joined:
        _say(_what(server, scenario, joined))
    return shell.piped(server, scenario, joined, stdin=sys.stdin.fileno()).wait()


def _what(server: Server, scenario: Mapping[str, Any], joined: background.Running | None) -> str:
    """Return what a writer wants to know at the beginning of a session."""
    where = (
        "in the background: what you change stays; --fresh gives a server of its own"
        if joined
        else "of this session, with its data in memory: all is gone when you leave"
    )
    lines = [f"{server.id} {cache.version(server)} {where}."]
    lines += [f"set: {name} = {value}" for name, value in scenario["settings"].items()]
    lines += [f"limit: {name} {value}" for name, value in scenario["host"].items()]
    lines += [f"step {number}: {_step(step)}" for number, step in enumerate(scenario["steps"], 1)]
    return "\n".join([*lines, "The setup is done; the steps are yours."] if scenario["steps"] else lines)


def _step(step: Mapping[str, Any]) -> str:
    value = step["value"] if isinstance(step["value"], str) else json.dumps(step["value"])
    raises = f"  <- fails with {step['fails']}" if step.get("fails") else ""
    if step["raises"]:
        raises = "  <- raises the error"
    return f"({step['on']}) {'' if step['action'] == 'run' else step['action'] + ' '}{' '.join(value.split())}{raises}"


def _scenario(made: argparse.ArgumentParser, name: str, server: Server) -> Mapping[str, Any]:
    """Return the plan of an entry for a server."""
    engine, _, code = name.partition("/")
    with reading.sound() as (knowledge, wrong):
        raw = knowledge.raw(engine, code) if code else None
    if broken := [text for path, text in wrong.items() if path.endswith(f"errors/{name}.yaml")]:
        made.error("\n".join(broken))
    if raw is None:
        made.error(f"there is no entry {name}; name it as mysql/1040")
    entry = json.loads(raw)
    if server.engine not in entry["engines"]:
        made.error(f"{entry['id']} is for {', '.join(entry['engines'])}; name a server of those")
    found = plan.of(entry, server.engine, server.series)
    if reason := found["not_executable"] or found["applies"]:
        made.error(f"{entry['id']} has no scenario for {server.id}: {reason}")
    return found


def _doctor(chosen: Sequence[Server]) -> int:
    """Print a line for each part that was looked at."""
    code = 0
    for subject, wrong, note in doctor.examine(chosen):
        code = 1 if wrong else code
        detail = wrong or note
        print(f"{'not ok' if wrong else 'ok    '} {subject}{f': {detail}' if detail else ''}", flush=True)
    return code
