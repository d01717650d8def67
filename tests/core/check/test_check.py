"""Checking layers: which files count, which problems are asked for, and in which order files come out."""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from errbook.check import Identity, check, identity
from errbook.problem import text
from errbook.source import Source

PRIVATE = """\
related:
  - error: mysql/1205
    why: MySQL waits by default and ends the wait.
"""


def test_files_come_out_in_order_of_engine_and_number(layer: Any) -> None:
    for code in ("10", "6"):
        layer.write(f"sqlite/{code}.yaml", layer.path("sqlite/5.yaml").read_text().replace('"5"', f'"{code}"'))
    seen: list[str] = []

    def keep(source: Source) -> None:
        seen.append(str(identity(source)) if source.kind == "entry" else source.path.name)

    assert layer.check(on_valid=keep) == []
    assert seen == ["engine.yaml"] * 4 + [
        "sqlstates.yaml",
        "mysql/1205",
        "postgresql/55P03",
        "sqlite/5",
        "sqlite/6",
        "sqlite/10",
        "lock-not-available.yaml",
    ]


def test_a_file_with_a_problem_does_not_come_out(layer: Any) -> None:
    layer.edit("sqlite/5.yaml", "level: low", "level: lo")
    seen: list[Identity] = []
    layer.check(on_valid=lambda source: seen.append(identity(source)) if source.kind == "entry" else None)
    assert seen == [("mysql", "1205"), ("postgresql", "55P03")]


def test_what_on_valid_raises_passes_through(layer: Any) -> None:
    def stop(source: Source) -> None:
        raise InterruptedError(source.name)

    with pytest.raises(InterruptedError):
        layer.check(on_valid=stop)


def test_strange_files_are_named(layer: Any) -> None:
    layer.write("notes.txt", "")
    layer.write("sqlite/6.yml", "")
    layer.write("sqlite/draft", "")
    layer.write("sqlit/6.yaml", layer.path("sqlite/5.yaml").read_text())
    layer.write(".gitkeep", "")
    assert [line for line in layer.lines() if ": unknown-file: " in line] == [
        "notes.txt:1:1: unknown-file: `notes.txt` has no place here. "
        "Move it out of errors/; an entry is errors/<engine>/<code>.yaml",
        "sqlit:1:1: unknown-file: `sqlit` is the folder of no engine: it has no engine.yaml. "
        "Rename it to `sqlite`, or write sqlit/engine.yaml",
        "sqlite/6.yml:1:1: unknown-file: `6.yml` has no place here. Rename it to 6.yaml",
        "sqlite/draft:1:1: unknown-file: `draft` has no place here. Move it out of errors/",
    ]


def test_two_files_for_one_identity(layer: Any) -> None:
    content = layer.path("mysql/1205.yaml").read_text()
    layer.write("mariadb/1205.yaml", content.replace("[mysql, mariadb]", "[mariadb]").replace("[mysql]", "[mariadb]"))
    advice = "Keep one file: a shared entry where the condition is the same, else one engine in each"
    assert [line for line in layer.lines() if "duplicate" in line] == [
        f"mariadb/1205.yaml:3:11: duplicate-identity: mariadb/1205 is answered by mysql/1205.yaml too. {advice}",
        f"mysql/1205.yaml:3:18: duplicate-identity: mariadb/1205 is answered by mariadb/1205.yaml too. {advice}",
    ]


def test_only_what_is_named_is_reported(layer: Any) -> None:
    layer.edit("sqlite/5.yaml", "level: low", "level: lo")
    layer.edit("mysql/1205.yaml", "level: medium", "level: mid")
    assert [line.split(":")[0] for line in layer.lines("sqlite")] == ["sqlite/5.yaml"]
    assert [line.split(":")[0] for line in layer.lines("mysql/1205.yaml")] == ["mysql/1205.yaml"]
    assert [line.split(":")[0] for line in layer.lines("")] == ["mysql/1205.yaml", "sqlite/5.yaml"]
    assert layer.lines("postgresql") == []


def test_related_errors_of_a_named_file_are_looked_up_in_the_others(layer: Any) -> None:
    layer.edit("mysql/1205.yaml", "error: postgresql/55P03", "error: postgresql/55P04")
    assert layer.lines("postgresql/55P03.yaml") == [
        "postgresql/55P03.yaml:100:12: related-both-ways: mysql/1205 does not name postgresql/55P03 back. "
        "Add `- error: postgresql/55P03` under `related` in mysql/1205.yaml, or remove this item"
    ]


def test_a_related_file_that_cannot_be_read_is_not_blamed_twice(layer: Any) -> None:
    layer.write("mysql/1205.yaml", "a: [")
    assert {line.split(":")[0] for line in layer.lines()} == {"mysql/1205.yaml"}


def test_a_path_that_is_not_there(layer: Any) -> None:
    assert layer.lines("mysql/9.yaml") == [
        "mysql/9.yaml:1:1: unreadable-file: the path does not exist. "
        "Name a file or directory below errors/, evidence/ or catalog/"
    ]


def test_a_path_outside_of_every_folder_named_errors(layer: Any, tmp_path: Path) -> None:
    stray = tmp_path / "5.yaml"
    stray.write_text("a: b\n")
    assert [text(problem) for problem in check([layer.root], [stray])] == [
        f"{stray}:1:1: unreadable-file: the path lies below no folder named errors, evidence or catalog. "
        "Name a file or directory below errors/, evidence/ or catalog/"
    ]


def test_the_layer_of_a_named_path_comes_first(layer: Any, tmp_path: Path) -> None:
    own = tmp_path / "own" / "errors" / "sqlite"
    own.mkdir(parents=True)
    shutil.copy(layer.path("sqlite/5.yaml"), own / "6.yaml")
    assert [(problem.rule, problem.line) for problem in check([layer.root], [own / "6.yaml"])] == [("path-identity", 2)]
    assert check([layer.root]) == []


def test_a_private_file_hides_the_public_one(layer: Any, tmp_path: Path) -> None:
    own = tmp_path / "own"
    path = own / "errors" / "sqlite" / "5.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(layer.path("sqlite/5.yaml").read_text().replace("Database is locked", "Our database is locked"))
    layer.edit("sqlite/5.yaml", "level: low", "level: lo")
    titles = []
    problems = check([own, layer.root], on_valid=lambda source: titles.append(source.data.get("title")))
    assert problems == []
    assert "Our database is locked" in titles
    assert "Database is locked" not in titles
    assert [problem.rule for problem in check([own, layer.root], [layer.path("sqlite/5.yaml")])] == ["schema"]


def test_a_private_entry_may_name_a_public_one(layer: Any, tmp_path: Path) -> None:
    path = tmp_path / "own" / "errors" / "sqlite" / "5.yaml"
    path.parent.mkdir(parents=True)
    content = layer.path("sqlite/5.yaml").read_text()
    path.write_text(content.replace("sources:\n", PRIVATE + "sources:\n"))
    assert check([tmp_path / "own", layer.root]) == []


def test_a_layer_without_errors(tmp_path: Path) -> None:
    assert [problem.rule for problem in check([tmp_path])] == ["unreadable-file"]


def test_paths_are_relative_below_the_current_directory(layer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    layer.edit("sqlite/5.yaml", "level: low", "level: lo")
    monkeypatch.chdir(layer.root)
    assert [problem.path for problem in check([Path()])] == ["errors/sqlite/5.yaml"]
    assert [problem.path for problem in check([layer.root])] == ["errors/sqlite/5.yaml"]


def test_an_engine_that_cannot_be_read_is_not_blamed_on_its_entries(layer: Any) -> None:
    layer.write("sqlite/engine.yaml", "a: [")
    assert {line.split(":")[0] for line in layer.lines()} == {"sqlite/engine.yaml"}


def test_the_order_of_problems_does_not_depend_on_the_order_of_paths(layer: Any) -> None:
    layer.edit("sqlite/5.yaml", "level: low", "level: lo")
    layer.edit("mysql/1205.yaml", "level: medium", "level: mid")
    files = ["sqlite/5.yaml", "mysql/1205.yaml", "postgresql"]
    random.Random(1).shuffle(files)  # noqa: S311 - an order, not a secret
    assert layer.lines(*files) == layer.lines()
