"""Checking and compiling many entries, against PyYAML's C loader and jsonschema alone on the same files.

The entries are copies of the real ones under codes of their own; their prose is as long as real prose is.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import machine, verdict

ROOT = Path(__file__).resolve().parents[1]

PEER = """
import json, sys, time, yaml, jsonschema
from pathlib import Path
root = Path(sys.argv[1])
class Loader(yaml.CSafeLoader):
    # YAML 1.1 reads the key `on` as true, and so would the schema.
    yaml_implicit_resolvers = {k: v for k, v in yaml.CSafeLoader.yaml_implicit_resolvers.items() if k not in "oO"}
validator = jsonschema.Draft202012Validator(json.loads(Path(sys.argv[2]).read_text()))
started = time.perf_counter()
for path in sorted(root.glob("errors/*/*.yaml")):
    if path.stem != "engine":
        data = yaml.load(path.read_bytes(), Loader)
        if any(validator.iter_errors(data)): sys.exit(f"{path} is not valid")
print(json.dumps({"seconds": time.perf_counter() - started}))
"""

OURS = """
import json, resource, sys, time
from pathlib import Path
from errbook.compile import compile_knowledge
started = time.perf_counter()
report = compile_knowledge([Path(sys.argv[1])], Path(sys.argv[2]))
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "entries": report.entries, "size": report.size, "peak": peak}))
"""


def synthesise(folder: Path, count: int) -> None:
    """Write `count` entries into a layer: the real ones in turn, under numbers that no real entry has."""
    originals = sorted(path for path in (ROOT / "errors" / "mysql").glob("*.yaml") if path.stem != "engine")
    for engine in sorted((ROOT / "errors").glob("*/engine.yaml")):
        target = folder / "errors" / engine.parent.name / "engine.yaml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(engine.read_text())
    (folder / "errors" / "sqlstates.yaml").write_text((ROOT / "errors" / "sqlstates.yaml").read_text())
    texts = [_without_related(path.read_text()) for path in originals]
    for number in range(count):
        code = str(100_000 + number)
        text = texts[number % len(texts)]
        text = re.sub(r'^code: ".*"$', f'code: "{code}"', text, count=1, flags=re.MULTILINE)
        (folder / "errors" / "mysql" / f"{code}.yaml").write_text(text)


def _without_related(text: str) -> str:
    # Neighbours are named both ways, which copies cannot do.
    return re.sub(r"^related:\n(?:[ -].*\n|\n)+", "", text, count=1, flags=re.MULTILINE)


def _run(script: str, *arguments: object) -> dict[str, float]:
    answer = subprocess.run(  # noqa: S603 - the scripts above
        [sys.executable, "-c", script, *map(str, arguments)], check=True, capture_output=True, text=True
    )
    result: dict[str, float] = json.loads(answer.stdout)
    return result


def main() -> None:
    """Print time per entry, its ratio to the peer's, its growth, and the peak of memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000)
    count = parser.parse_args().entries
    print(machine())
    per_entry = []
    for size in (count // 10, count):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            started = time.perf_counter()
            synthesise(folder, size)
            print(f"{size} entries written in {time.perf_counter() - started:.0f} s")
            peer = _run(PEER, folder, ROOT / "schema" / "entry.schema.json")["seconds"]
            ours = _run(OURS, folder, folder / "errbook.db")
        if ours["entries"] != size:
            raise SystemExit("not every entry was compiled")
        per_entry.append(ours["seconds"] / size)
        print(
            f"{size} entries: check and compile {ours['seconds'] / size * 1000:.2f} ms each, "
            f"loader and jsonschema alone {peer / size * 1000:.2f} ms each; "
            f"peak memory {ours['peak'] / 1024:.0f} MiB, file {ours['size'] / 2**20:.0f} MiB"
        )
        print(verdict("check and compile / loader and jsonschema", ours["seconds"] / peer, 2))
        print(verdict("peak memory in GiB", ours["peak"] / 2**20, 1))
    print(verdict(f"time per entry at {count} / at {count // 10}", per_entry[1] / per_entry[0], 1.2))


if __name__ == "__main__":
    main()
