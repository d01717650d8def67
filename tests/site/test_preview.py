"""`errbook preview`: one entry, rendered again at each save, with what the checker finds."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20_000
"""Milliseconds after which a save is not coming. How fast it really is, `benchmarks/site.py` prints."""


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    target = tmp_path / "errors" / "mysql" / "1040.yaml"
    target.parent.mkdir(parents=True)
    shutil.copy(ROOT / "errors" / "mysql" / "1040.yaml", target)
    return target


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def page(entry: Path, port: int, browser: Browser) -> Iterator[Page]:
    environment = os.environ | {"ERRBOOK_PATH": str(entry.parents[2]), "NO_MKDOCS_2_WARNING": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "core"), str(ROOT / "site")])
    command = f"from errbook_site import preview; raise SystemExit(preview.run('mysql/1040', '127.0.0.1', {port}))"
    process = subprocess.Popen([sys.executable, "-c", command], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert f"http://127.0.0.1:{port}/mysql/1040/" in process.stdout.readline()
    context = browser.new_context()
    opened = context.new_page()
    for _ in range(50):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                break
        time.sleep(0.1)
    opened.goto(f"http://127.0.0.1:{port}/")
    yield opened
    context.close()
    process.terminate()
    process.wait(10)
    process.stdout.close()


def save(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_save_is_seen_problems_are_shown_and_go(page: Page, entry: Path) -> None:
    expect(page.locator("h1")).to_contain_text("Too many connections")
    time.sleep(1)
    save(entry, "title: Too many connections", "title: Far too many connections")
    expect(page.locator("h1")).to_contain_text("Far too many connections", timeout=PATIENCE)
    assert page.locator(".eb-problems li", has_text="schema").count() == 0

    save(entry, "severity: fatal", "severity: dreadful")
    problem = page.locator(".eb-problems li", has_text="severity")
    expect(problem).to_be_visible(timeout=PATIENCE)
    expect(problem).to_contain_text("1040.yaml:")
    expect(page.locator("h1")).to_contain_text("Far too many connections")

    save(entry, "severity: dreadful", "severity: fatal")
    expect(problem).to_have_count(0, timeout=PATIENCE)

    # Editors write a new file and put it in the place of the old one.
    fresh = entry.with_suffix(".tmp")
    fresh.write_text(entry.read_text().replace("Far too many", "Quite too many"))
    fresh.replace(entry)
    expect(page.locator("h1")).to_contain_text("Quite too many", timeout=PATIENCE)


def test_entry_that_is_not_there() -> None:
    command = "from errbook_site import preview; raise SystemExit(preview.run('mysql/9', '127.0.0.1', 1))"
    ran = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "errbook new mysql/9" in ran.stderr
