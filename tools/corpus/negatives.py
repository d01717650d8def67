"""Texts without any database error: written ones with changing numbers, and what commands and sound servers print."""

from __future__ import annotations

import random
import re
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import logs
from make import arguments, write
from servers import Servers

FILE: Final = Path(__file__).with_name("negatives.txt")

STATUSES: Final = ("200 OK", "201 Created", "404 Not Found", "500 Internal Server Error", "503 Service Unavailable")

ROUNDS: Final = 3
"""How often each written text is taken, each time with other numbers."""

COMMANDS: Final = (
    "dpkg -l | head -60",
    "tail -60 /var/log/dpkg.log",
    "apt-cache show curl bash | grep -v '^Filename\\|^Homepage'",
    "git log --format='commit %h%nDate: %ad%n%n    %s%n' --stat -12",
    "git status",
    "df -h /",
    "free -m",
    "xxd /bin/ls | sed -n '100,160p'",
    "od -A x -t x1z /bin/ls | sed -n '200,240p'",
    "openssl s_client -connect 127.0.0.1:9",
    "curl -sS http://127.0.0.1:9/",
    "wget -O- http://127.0.0.1:9/",
    "ls -la /srv/nothing",
    "echo 'int main(){ return x; }' | gcc -x c - -o /dev/null",
    "python3 -c 'import json; json.loads(\"{\")'",
    "python3 -c 'open(\"/srv/nothing\")'",
    "python3 -c 'import nothing'",
    "python3 -c 'int(\"abc\")'",
    "python3 -c '{}[\"id\"]'",
    "python3 -c 'import urllib.request as u; u.urlopen(\"http://127.0.0.1:9\")'",
    "python3 -c 'import asyncio; asyncio.run(asyncio.wait_for(asyncio.sleep(5), 0.1))'",
    "node -e 'undefinedFunction()'",
    "node -e 'require(\"nothing\")'",
    "node -e 'fetch(\"http://127.0.0.1:9\")'",
    "node -e 'JSON.parse(\"{\")'",
    'node -e \'require("fs").readFileSync("/srv/nothing")\'',
    "ruby -e 'nil.upcase'",
    "ruby -e 'raise ArgumentError, \"wrong\"'",
    "ruby -e 'require \"nothing\"'",
    "perl -e 'die \"oops\"'",
    "perl -e 'use Nothing;'",
    "php -r 'undefined_fn();'",
    "php -r 'new DateTime(\"abc\");'",
    "php -r 'echo intdiv(1, 0);'",
    "make --directory=/ nothing",
    "tar xf /srv/nothing",
    "git clone /srv/nothing",
    "printf 'a:\\n  - b\\n c' | python3 -c 'import sys, yaml; yaml.safe_load(sys.stdin)'",
    "psql --help | head -40",
    "sqlite3 --help",
    "go help | head -40",
    "man -k nothing; node --help | head -60",
    "sed -n '1,120p' /etc/services",
    "sed -n '1,60p' /etc/passwd",
    "cat /etc/os-release",
    "ls -la /usr/share/doc | sed -n '1,40p'",
)

_DOUBTFUL: Final = re.compile(r"(Error|error code|code:) \d+$|LOG:|.*\bmysqld\)")
"""Where somebody could well think of a database."""

LINES: Final = 14
"""Lines of a command's output that make one text."""


def written() -> Iterator[tuple[str, str]]:
    """Yield the written texts with numbers filled in."""
    dice = random.Random(7)  # noqa: S311 - for variety
    # The first lists numbers that are codes of errors, as ports, years and prices happen to be; the second words.
    numbers, words, *templates = (text.strip("\n") for text in FILE.read_text("utf-8").split("\n%%\n"))
    fill = {
        "n": lambda: dice.choice(numbers.split()),
        "b": lambda: str(dice.randint(2, 98)),
        "s": lambda: f"{dice.randint(1, 90)}.{dice.randint(100, 999)}",
        "y": lambda: str(dice.choice([1997, 2002, 2003, 2005, 2006, 2013, 2019, 2024, 2026])),
        "w": lambda: dice.choice(words.split()),
        "h": lambda: dice.choice(STATUSES),
        "u": lambda: str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "x": lambda: f"{dice.getrandbits(40):010x}",
    }
    for number in range(ROUNDS):
        for template in templates:
            if number and not re.search(r"\{[nbsywhux]\}", template):
                continue
            text = re.sub(r"\{([nbsywhux])\}", lambda found: fill[found[1]](), template)
            yield "written", text


def printed() -> Iterator[tuple[str, str]]:
    """Yield what commands print, cut into pieces."""
    for command in COMMANDS:
        done = subprocess.run(
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=20,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        lines = done.stdout.splitlines()
        source = command.split("'")[0].split("|")[0].strip()
        for at in range(0, min(len(lines), 8 * LINES), LINES):
            yield f"output of {source}", "\n".join(lines[at : at + LINES])


def sound(servers: Servers) -> Iterator[tuple[str, str]]:
    """Yield what servers log that start and stop in order."""
    quiet = {"mysql": {"log_error_verbosity": "3"}, "mariadb": {}}
    for name in ("mysql:9.7", "mariadb:11.8", "mariadb:10.11", "postgresql:13", "postgresql:15", "postgresql:18"):
        lines = logs.startup(servers, name, quiet.get(name.partition(":")[0], {})).splitlines()
        lines = [line for line in lines if not re.search(r"\[ERROR\]|ERROR:|FATAL|[Ww]arning|MY-010\d+.*rror", line)]
        for at in range(0, len(lines), 5):
            yield f"log of {name}, nothing wrong", "\n".join(lines[at : at + 5])


def clean(text: str, servers: Servers) -> str:
    """Replace what is of this machine."""
    import os

    text = re.sub(re.escape(str(servers.folder)) + r"/[\w.-]+", "/var/lib/db", text)
    text = text.replace(tempfile.gettempdir(), "/srv/tmp").replace(str(Path(__file__).parents[2]), "/srv/app")
    text = re.sub(r"/root/\.pyenv/versions/[\d.]+", "/usr", text)
    text = re.sub(rf"(?<![\w.-]){re.escape(os.uname().nodename)}(?![\w-])", "web-1", text)
    return re.sub(r"/(root|work)\b[\w./-]*", "/srv/app", text).strip("\n")


def main() -> None:
    """Write negatives.jsonl."""
    options = arguments()
    rows: list[dict[str, Any]] = []
    seen = set()
    with Servers() as servers:
        for make in (written(), printed(), sound(servers)):
            for source, text in make:
                text = clean(text, servers)
                if not text.strip() or text in seen or len(text) > 3000:
                    continue
                seen.add(text)
                nothing = {"engine": None, "codes": [], "sqlstate": None, "symbol": None}
                doubtful = bool(_DOUBTFUL.match(text))
                rest = {"has_code_in_text": False, "localized": False, "doubtful": doubtful, "source": source}
                rows.append({"id": f"negative-{len(rows) + 1:04}", "text": text} | nothing | rest)
    write(rows, options.out / "negatives.jsonl", alike=True)


if __name__ == "__main__":
    main()
