"""What README.md shows is what happens: its console examples are executed and compared."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def examples() -> list[tuple[str, str]]:
    """Return every command of the console blocks with the output shown for it."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.parametrize(("command", "shown"), examples())
def test_an_example_does_what_is_shown(command: str, shown: str, address: str, tmp_path: Path) -> None:
    folder = tmp_path / "somewhere"
    (folder / "errors").mkdir(parents=True)
    answer = subprocess.run(
        ["bash", "-c", command.replace("localhost:8000", address)],
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # "..." stands for anything, as in doctest.
    pattern = ".*".join(re.escape(part) for part in shown.rstrip("\n").split("..."))
    assert re.fullmatch(pattern, answer.stdout.rstrip("\n"), re.DOTALL), answer.stdout + answer.stderr


def test_the_python_example_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "mysql/1062" in answer.stdout


def test_the_two_commands_are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`?make (\w+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert (ROOT / "site/screenshot.png").is_file()
