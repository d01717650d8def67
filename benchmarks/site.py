"""How long the site takes to build, against plain mkdocs-material on the same pages, and how that grows.

    python benchmarks/site.py [--sizes 1000 4000] [--source DIRECTORY]

Synthetic entries are copies of the real ones under new codes, in a layer of their own. Each build runs in a process of
its own; the peer builds the pages that the hook would add, written to disk as Markdown, out of the navigation, and
without the hook. Our time includes what the peer does not do: rendering the pages from the knowledge, the Markdown
twins, the short addresses and the static JSON. Times of builds are processor time, so that what else the machine does
counts little. Printed: seconds, milliseconds a page, both ratios with their bars, the site of the real entries with and
without the catalogs of servers, and how soon a preview shows a save.
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path

from measure import machine

ROOT = Path(__file__).resolve().parent.parent
BAR_PEER = 1.5
BAR_GROWTH = 1.3
BAR_PREVIEW = 2.0
BAR_CATALOGS = 2.0

_OURS = """
import json, sys, time
from pathlib import Path
from errbook.knowledge import Knowledge
from errbook_site import build
with Knowledge(Path(sys.argv[1])) as knowledge:
    start = time.process_time()
    build.run(knowledge, Path(sys.argv[2]))
    print(json.dumps(time.process_time() - start))
"""
_PEER = """
import json, logging, sys, time
from mkdocs.commands.build import build
from mkdocs.config import load_config
logging.getLogger("mkdocs").setLevel(logging.WARNING)
start = time.process_time()
build(load_config(config_file=sys.argv[1]))
print(json.dumps(time.process_time() - start))
"""
_COMPILE = """
import json, sys, time
from pathlib import Path
from errbook.compile import CheckFailed, compile_knowledge
from errbook.problem import text
start = time.process_time()
try:
    compile_knowledge([Path(sys.argv[1])], Path(sys.argv[2]))
except CheckFailed as failed:
    sys.exit("\\n".join(map(text, failed.problems)))
print(json.dumps(time.process_time() - start))
"""
_WRITE = """
import json, sys
from pathlib import Path
from errbook.knowledge import Knowledge
from errbook_site.page import Page
from errbook_site import pages
with Knowledge(Path(sys.argv[1])) as knowledge:
    found = (item for item in pages.pages(knowledge) if isinstance(item, Page))
    print(json.dumps(pages.write(found, Path(sys.argv[2]))))
"""
_PREVIEW = """
import sys
from errbook_site import preview
sys.exit(preview.run(sys.argv[1], "127.0.0.1", int(sys.argv[2])))
"""
_PARTS = {"without": ("errors", "evidence"), "with": ("errors", "evidence", "catalog")}
"""What a layer holds of the knowledge, for both builds."""

_PEER_CONFIG = """
site_name: errbook
site_url: http://127.0.0.1:8000/
docs_dir: docs
site_dir: out
theme: {name: material, font: false, features: [navigation.tabs, content.code.copy, toc.follow]}
plugins: [search]
nav: [index.md]
not_in_nav: "*"
"""


def main() -> int:
    """Measure and print; return 1 when a ratio is beyond its bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", nargs=2, type=int, default=[1000, 4000], metavar="N")
    parser.add_argument(
        "--source", type=Path, default=ROOT, help="directory whose errors/ is copied; default: the checkout"
    )
    options = parser.parse_args()
    small, large = options.sizes
    print(machine())
    print(f"mkdocs {version('mkdocs')}, mkdocs-material {version('mkdocs-material')}")
    each = {size: measure(size, options.source / "errors") for size in (small, large)}
    growth, peer = each[large][0] / each[small][0], each[large][0] / each[large][1]
    print(f"ours / plain mkdocs-material at {large:,}, per page: {peer:.2f} (bar {BAR_PEER})")
    print(f"ours at {large:,} / ours at {small:,}, per page: {growth:.2f} (bar {BAR_GROWTH})")
    codes = catalogs(options.source)
    slowest = max(preview(options.source))
    print(f"preview: a save is on the page within {slowest:.2f} s (bar {BAR_PREVIEW} s)")
    return int(peer > BAR_PEER or growth > BAR_GROWTH or codes > BAR_CATALOGS or slowest > BAR_PREVIEW)


def catalogs(source: Path, rounds: int = 3) -> float:
    """Build the site of the entries as they are, with and without catalogs; return the ratio of the medians."""
    with tempfile.TemporaryDirectory(prefix="errbook-benchmark-") as name:
        spent: dict[str, list[float]] = {}
        for label, folders in _PARTS.items():
            for folder in folders:
                shutil.copytree(source / folder, Path(name, label, folder))
            _run(_COMPILE, Path(name, label), Path(name, f"{label}.db"))
        for label in [*_PARTS] * rounds:
            spent.setdefault(label, []).append(_run(_OURS, Path(name, f"{label}.db"), Path(name, "site")))
        without, everything = (statistics.median(spent[label]) for label in _PARTS)
        entries = sum(path.stem != "engine" for path in source.glob("errors/*/*.yaml"))
        print(
            f"site of {entries} entries with catalogs {everything:.2f} s / without {without:.2f} s: "
            f"{everything / without:.2f} (bar {BAR_CATALOGS})"
        )
        return everything / without


def preview(source: Path, saves: int = 5) -> list[float]:
    """Save an entry a few times under its preview; return the seconds until each save was served."""
    with tempfile.TemporaryDirectory(prefix="errbook-benchmark-") as name:
        original = next(path for path in sorted(source.glob("errors/*/*.yaml")) if path.stem != "engine")
        path = Path(name) / original.relative_to(source)
        path.parent.mkdir(parents=True)
        path.write_bytes(original.read_bytes())
        identity = f"{path.parent.name}/{path.stem}"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        command = [sys.executable, "-c", _PREVIEW, identity, str(port)]
        with subprocess.Popen(  # noqa: S603 - the program is the constant above
            command, env=_environment() | {"ERRBOOK_PATH": name}, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout  # noqa: S101 - it is a pipe
            process.stdout.readline()
            time.sleep(2)
            waited = [_save(path, f"http://127.0.0.1:{port}/{identity}/", f"Save {at}") for at in range(saves)]
            process.terminate()
        return waited


def _save(path: Path, address: str, title: str) -> float:
    path.write_text(re.sub(r"^title: .*$", f"title: {title}", path.read_text(), flags=re.MULTILINE))
    start = time.perf_counter()
    while True:
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - a loopback address made above
            if f"{title}</h1>".encode() in answer.read():
                return time.perf_counter() - start
        time.sleep(0.02)


def measure(size: int, source: Path) -> tuple[float, float]:
    """Build a site of so many entries both ways; return seconds a page, ours and the peer's."""
    with tempfile.TemporaryDirectory(prefix="errbook-benchmark-") as name:
        folder = Path(name)
        synthesise(source, folder / "layer" / "errors", size)
        compiled = _run(_COMPILE, folder / "layer", folder / "errbook.db")
        plain = folder / "plain"
        pages = int(_run(_WRITE, folder / "errbook.db", plain / "docs"))
        (plain / "mkdocs.yml").write_text(_PEER_CONFIG)
        ours = _run(_OURS, folder / "errbook.db", folder / "site")
        peer = _run(_PEER, plain / "mkdocs.yml")
        print(
            f"{size:,} entries, {pages:,} pages: compiled in {compiled:.1f} s; built in {ours:.1f} s "
            f"({1000 * ours / pages:.1f} ms a page), plain {peer:.1f} s ({1000 * peer / pages:.1f} ms a page)",
            flush=True,
        )
        return ours / pages, peer / pages


def synthesise(source: Path, target: Path, size: int) -> None:
    """Write so many copies of the entries of `source` under new codes, and the engines they need, below `target`."""
    shared = [*source.glob("*/engine.yaml"), source / "sqlstates.yaml"]
    originals = sorted(set(source.glob("*/*.yaml")) - set(shared))
    for path in shared:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    for number in range(size):
        path = originals[number % len(originals)]
        engine = path.parent.name
        code = _code(engine, number)
        text = path.read_text()
        # Neighbours stay behind: a copy that names the original's would have to be named back by it.
        text = re.sub(r"^related:\n(?:[ -].*\n|\n(?=[ -]))*", "", text, flags=re.MULTILINE)
        text = re.sub(r"^aliases:\n(?:[ -].*\n|\n(?=[ -]))*", "", text, flags=re.MULTILINE)
        text = re.sub(r"^code: .*$", f'code: "{code}"', text, flags=re.MULTILINE)
        text = re.sub(r"^symbol: .*$", rf"\g<0>_{number}", text, flags=re.MULTILINE)
        if engine == "postgresql":
            text = re.sub(r"^sqlstate: .*$", f'sqlstate: "{code}"', text, flags=re.MULTILINE)
        (target / engine / f"{code}.yaml").write_text(text)


def _code(engine: str, number: int) -> str:
    if engine == "postgresql":
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        return "XX" + "".join(digits[number // 36**place % 36] for place in (2, 1, 0))
    return str(10000 + number) if engine == "sqlite" else str(100000 + number)


def _environment() -> dict[str, str]:
    roots = os.pathsep.join([str(ROOT / "core"), str(ROOT / "site")])
    return os.environ | {"PYTHONPATH": roots, "NO_MKDOCS_2_WARNING": "1"}


def _run(program: str, *arguments: Path) -> float:
    ran = subprocess.run(  # noqa: S603 - the programs are the constants above
        [sys.executable, "-c", program, *map(str, arguments)],
        env=_environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(json.loads(ran.stdout.splitlines()[-1]))


if __name__ == "__main__":
    sys.exit(main())
