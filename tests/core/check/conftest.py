"""A small knowledge to break: four engines, three entries, nothing wrong with any of them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from errbook.check import check
from errbook.problem import Problem, text
from errbook.source import Source

DATA = Path(__file__).parent / "data"


class Layer:
    """A copy of the small knowledge that a test may change."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, file: str) -> Path:
        return self.root / "errors" / file

    def write(self, file: str, content: str | bytes) -> Path:
        path = self.path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def edit(self, file: str, old: str, new: str) -> Path:
        content = self.path(file).read_text("utf-8")
        assert content.count(old) >= 1, f"{file} does not hold {old!r}"
        return self.write(file, content.replace(old, new, 1))

    def check(self, *only: str, on_valid: Callable[[Source], None] | None = None) -> list[Problem]:
        return check([self.root], [self.path(file) for file in only], on_valid)

    def lines(self, *only: str) -> list[str]:
        """Return the problems as text, with paths below errors/."""
        return [text(problem).replace(f"{self.root}/errors/", "") for problem in self.check(*only)]


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    """Return a copy of the small knowledge."""
    root = tmp_path / "layer"
    shutil.copytree(DATA, root)
    return Layer(root)
