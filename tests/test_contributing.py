"""The entry that CONTRIBUTING.md follows from its first command to its last: what is shown of it is so."""

import re
from importlib import import_module
from pathlib import Path

import yaml

import errbook
from errbook import scaffold
from errbook.check import check
from errbook.cli import COMMANDS
from errbook.problem import text

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
ENTRY = ROOT / "errors/mysql/1136.yaml"


def shown(command: str) -> str:
    """Return the output that is shown for a command."""
    found = re.search(rf"^\$ {re.escape(command)}\n(.*?)(?=^\$ |^```)", GUIDE, re.DOTALL | re.MULTILINE)
    assert found, command
    return found[1].rstrip("\n")


def fits(output: str, said: str) -> bool:
    """Tell whether an output is what is shown, where `…` stands for anything."""
    return bool(re.fullmatch(".*".join(map(re.escape, output.split("…"))), said, re.DOTALL))


def test_the_scaffold_is_the_one_that_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "errors" / "mysql" / "1136.yaml"
    path.parent.mkdir(parents=True)
    with errbook.open() as knowledge:
        engine, known, other = (
            knowledge.engine("mysql"),
            knowledge.code("mysql", "1136"),
            knowledge.code("mariadb", "1136"),
        )
        assert engine
        assert known
        assert other
        path.write_text(scaffold.text(path, engine, "1136", known, ("MariaDB", other)), encoding="utf-8")
    problems = [text(problem) for problem in check([tmp_path, ROOT], [path])]
    said = "\n".join([*problems, f"errbook: {len(problems)} problems in 1 file"]).replace(str(tmp_path), "")
    assert fits(shown("errbook check errors/mysql/1136.yaml"), said.replace("/errors/", "errors/"))


def test_what_is_shown_of_the_entry_stands_in_it() -> None:
    (excerpt,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    part = yaml.safe_load(excerpt.replace("    …\n", ""))
    entry = yaml.safe_load(ENTRY.read_text("utf-8"))
    assert part["reproduce"] == entry["reproduce"]
    (fix,) = part["fixes"]
    assert fix in [{name: item[name] for name in fix} for item in entry["fixes"]]


def test_its_evidence_is_that_of_the_entry_as_it_is() -> None:
    with errbook.open() as knowledge:
        entry = knowledge.get("mysql", "1136")
    assert entry
    assert entry.confidence.level == "executed"
    assert not any(run.stale for run in entry.verification.servers)


def test_every_command_is_one_and_takes_what_is_given() -> None:
    for line in re.findall(r"(?:`|^\$ )errbook ([a-z][^`\n]*)", GUIDE, re.MULTILINE):
        command, *given = line.replace("…", "").split()
        assert command in COMMANDS, line
        if options := [word for word in given if word.startswith("--")]:
            module = import_module(COMMANDS[command])
            help_text = (module.parser().format_help()) + "".join(
                str(choice.format_help())
                for action in module.parser()._actions
                for choice in (action.choices.values() if isinstance(action.choices, dict) else ())
            )
            assert all(option in help_text for option in options), line
