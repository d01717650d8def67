"""The example plugin runs in a real Errbot, in an environment of its own."""

import os
import shutil
import subprocess
import venv
from pathlib import Path

from errbook.fresh import ensure

ROOT = Path(__file__).resolve().parents[1]


def test_the_plugin_answers_in_errbot(tmp_path: Path) -> None:
    home = tmp_path / "env"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    install: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
    ]
    subprocess.run([*install, "-r", ROOT / "requirements" / "errbot.txt"], check=True, timeout=300)
    plugin = shutil.copytree(ROOT / "examples" / "errbot", tmp_path / "plugin")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ERRBOOK_")}
    ended = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=plugin,
        env=kept | {"PYTHONPATH": str(ROOT / "core"), "ERRBOOK_DB": str(ensure())},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "3 passed" in ended.stdout
