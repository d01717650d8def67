"""The wheel, installed into a clean environment with the sources away: it answers, checks, serves and builds."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

Run = subprocess.CompletedProcess[str]


def _run(*command: object, cwd: Path, **environment: str) -> Run:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ERRBOOK_", "PYTHON"))}
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds the wheel and what the library needs, nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    built = _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = folder.glob("errbook-*.whl")
    home = folder / "env"
    venv.create(home, with_pip=True)
    requirements = folder / "requirements.txt"
    requirements.write_text(_library_requirements())
    pip = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    first = _run(*pip, "--require-hashes", "-r", requirements, cwd=folder)
    assert first.returncode == 0, first.stderr
    second = _run(*pip, "--no-deps", wheel, cwd=folder)
    assert second.returncode == 0, second.stderr
    return home / "bin"


def _library_requirements() -> str:
    """Return the pinned lines of what the bare library needs."""
    wanted = {
        "pyyaml",
        "jsonschema",
        "jsonschema-specifications",
        "referencing",
        "rpds-py",
        "attrs",
        "typing-extensions",
    }
    blocks = (ROOT / "requirements" / "serve.txt").read_text().replace("\\\n", "\\\0").splitlines()
    kept = [block for block in blocks if block.split("==")[0].strip() in wanted]
    assert len(kept) == len(wanted)
    return "\n".join(kept).replace("\\\0", "\\\n") + "\n"


def test_it_answers_at_once(installed: Path, tmp_path: Path) -> None:
    answer = _run(installed / "errbook", "--json", "1040", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["errors"][0]["id"] == "mysql/1040"
    assert list(tmp_path.iterdir()) == []
    assert "came compiled with the package" in _run(installed / "errbook", "compile", cwd=tmp_path).stdout


def test_it_checks_and_overlays_private_knowledge(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "errors" / "sqlite"
    folder.mkdir(parents=True)
    text = (ROOT / "errors" / "sqlite" / "5.yaml").read_text()
    (folder / "5.yaml").write_text(text.replace("\ntitle: ", "\ntitle: Ours, ", 1))
    checked = _run(installed / "errbook", "check", "errors", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    environment = {"ERRBOOK_PATH": str(tmp_path), "ERRBOOK_CACHE": str(tmp_path / "cache")}
    assert "Ours, " in _run(installed / "errbook", "sqlite", "5", cwd=tmp_path, **environment).stdout


def test_what_is_missing_is_named_with_the_command_that_gets_it(installed: Path, tmp_path: Path) -> None:
    served = _run(installed / "errbook", "serve", cwd=tmp_path)
    assert (served.returncode, served.stdout) == (2, "")
    assert "pip install 'errbook[api]'" in served.stderr
    built = _run(installed / "errbook", "build", cwd=tmp_path)
    assert built.returncode == 2
    assert "pip install 'errbook[site]'" in built.stderr


def test_a_new_entry_finds_its_schema(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "errors").mkdir()
    made = _run(installed / "errbook", "new", "sqlite", "19", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    path = tmp_path / "errors" / "sqlite" / "19.yaml"
    schema = path.read_text().splitlines()[0].split("$schema=")[1]
    assert (path.parent / schema).is_file()
