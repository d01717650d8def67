"""The command as a user types it: what it prints, where, and its exit code."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.core.conftest import ROOT, Run

from errbook.cli import COMMANDS
from errbook.knowledge import Knowledge


def test_a_code_prints_its_entry(errbook: Run, knowledge: Knowledge) -> None:
    answer = errbook("1040")
    assert answer.returncode == 0
    assert answer.stderr == ""
    assert answer.stdout.startswith("MySQL, MariaDB 1040  ER_CON_COUNT_ERROR  SQLSTATE 08004\nToo many connections\n")
    heads = [
        "WHAT THIS MEANS",
        "WHY IT HAPPENS",
        "HOW TO REPRODUCE",
        "FIXES",
        "WHAT NOT TO DO",
        "VERIFICATION",
        "IN YOUR DRIVER",
        "SOURCES",
    ]
    places = [answer.stdout.index(f"\n{head}\n") for head in heads]
    assert places == sorted(places)
    entry = knowledge.get("mysql", "1040")
    assert entry
    assert entry.confidence.reason.split(";")[0] in " ".join(answer.stdout.split())


def test_the_first_thing_to_type_is_on_the_first_screen(knowledge: Knowledge, errbook: Run) -> None:
    for link in knowledge.entries():
        entry = knowledge.get(link.engine, link.code)
        assert entry is not None
        lines = errbook(link.engine, link.code).stdout.splitlines()
        assert any(line.startswith("First: ") for line in lines[:40]), link.id


def test_prose_keeps_to_80_columns_in_a_pipe(errbook: Run) -> None:
    lines = errbook("mysql", "1040").stdout.splitlines()
    assert all(len(line) <= 80 or line.startswith("    ") or "://" in line for line in lines)


def test_several_matches_are_a_choice(errbook: Run) -> None:
    answer = errbook("40001")
    assert answer.returncode == 0
    assert "2 errors go by this name" in answer.stdout
    assert "errbook postgresql 40001" in answer.stdout
    assert "errbook mysql 1213" in answer.stdout


@pytest.mark.parametrize(
    "words", [["mysql", "1040"], ["mysql/1040"], ["--engine", "mariadb", "1040"], ["1040", "--engine=mysql"]]
)
def test_the_engine_can_be_named(errbook: Run, words: list[str]) -> None:
    assert "ER_CON_COUNT_ERROR" in errbook(*words).stdout


def test_json_is_the_answer_of_the_api(errbook: Run, knowledge: Knowledge) -> None:
    answer = json.loads(errbook("--json", "40001").stdout)
    assert answer["schema_version"] == knowledge.schema_version
    assert answer["query"] == "40001"
    assert answer["count"] == len(answer["errors"]) == 2
    assert errbook("--json", "nope").returncode == 1


def test_markdown_has_every_part(errbook: Run) -> None:
    text = errbook("--md", "mysql/1040").stdout
    assert text.startswith("# MySQL 1040: Too many connections\n")
    assert "\n## Fixes\n" in text


def test_not_found_says_what_is_near_and_how_to_contribute(errbook: Run) -> None:
    answer = errbook("31040")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "mysql/1040  ER_CON_COUNT_ERROR" in answer.stderr
    assert "errbook new" in answer.stderr
    assert "SQLSTATE class 08: Connection exception" in errbook("08999").stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: errbook"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["--engine", "oracle", "1"], "'oracle' is not an engine; use one of"),
        (["--json", "--md", "1"], "not allowed with argument"),
        (["search"], "the following arguments are required: WORD"),
        (["search", "--limit", "0", "x"], "--limit: use a number from 1"),
        (["check", "no/such.yaml"], "there is no no/such.yaml"),
        (["new"], "the following arguments are required: ENGINE"),
        (["new", "oracle", "1"], "'oracle' is not an engine; use one of mysql, mariadb, postgresql, sqlite"),
        (["completion"], "which shell? bash, zsh or fish"),
        (["compile", "everything"], "unrecognized arguments: everything"),
    ],
)
def test_bad_usage_is_told_and_exits_2(errbook: Run, arguments: list[str], message: str) -> None:
    answer = errbook(*arguments)
    assert answer.returncode == 2
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr


def test_search_prints_a_line_for_each(errbook: Run) -> None:
    answer = errbook("search", "too", "many", "connections")
    assert answer.returncode == 0
    assert answer.stdout.splitlines()[0] == "mysql/1040  ER_CON_COUNT_ERROR  Too many connections"
    assert errbook("search", "--engine", "sqlite", "locked").stdout.startswith("sqlite/5 ")
    assert errbook("search", "zebra").returncode == 1
    # What a server says word for word comes before entries with some of the words.
    found = errbook("search", "member", "version", "is", "read", "compatible").stdout.splitlines()
    assert found[0] == "Not written up yet:"
    assert found[1].startswith("  mysql/13426 ")


def test_version_names_the_knowledge(errbook: Run, knowledge: Knowledge) -> None:
    assert knowledge.digest in errbook("--version").stdout


def test_help_names_every_command(errbook: Run) -> None:
    text = errbook("--help").stdout
    for command in COMMANDS:
        assert f"\n  {command} " in text
        if command not in ("serve", "preview", "build"):
            assert errbook(command, "--help").returncode == 0


def test_a_pipe_that_closes_early_is_no_error(database: Path) -> None:
    command = f"{sys.executable} -m errbook 1040 | head -1"
    answer = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        env={**os.environ, "ERRBOOK_DB": str(database)},
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")


def _on_a_terminal(database: Path, *arguments: str, **environment: str) -> str:
    master, slave = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "errbook", *arguments],
        stdout=slave,
        env={**inherited, "ERRBOOK_DB": str(database), "PAGER": "cat", "TERM": "xterm", **environment},
    )
    os.close(slave)
    output = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        output += chunk
    process.wait()
    os.close(master)
    return output.decode()


def test_colours_and_links_are_for_terminals_only(database: Path, errbook: Run) -> None:
    shown = _on_a_terminal(database, "1040", ERRBOOK_SITE_URL="https://errors.example.com")
    assert "\x1b[1m" in shown
    assert "\x1b]8;;https://errors.example.com/mysql/1040/\x1b\\" in shown
    assert "\x1b" not in _on_a_terminal(database, "1040", NO_COLOR="1")
    assert "\x1b" not in errbook("1040").stdout


def test_completion_offers_commands_codes_and_symbols(errbook: Run) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "errbook completion --words" in errbook("completion", shell).stdout
    assert errbook("completion", "--words", "se", "--position", "1").stdout.split() == ["search", "serve"]
    assert "ER_CON_COUNT_ERROR" in errbook("completion", "--words", "er_con").stdout.split()


def test_bash_completes(database: Path) -> None:
    script = (
        f'errbook() {{ {sys.executable} -m errbook "$@"; }}; eval "$(errbook completion bash)"; '
        "COMP_WORDS=(errbook ER_CON_C); COMP_CWORD=1; _errbook; echo ${COMPREPLY[@]}"
    )
    answer = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "ERRBOOK_DB": str(database)},
        check=True,
    )
    assert answer.stdout.split() == ["ER_CON_COUNT_ERROR"]


def test_a_new_entry_is_refused_until_it_is_written(errbook: Run, tmp_path: Path) -> None:
    (tmp_path / "errors").mkdir()
    made = errbook("new", "mysql", "1242")
    assert made.returncode == 0, made.stderr
    path = tmp_path / "errors" / "mysql" / "1242.yaml"
    assert str(path) in made.stdout
    checked = errbook("check", str(path))
    assert checked.returncode == 1
    assert "unwritten: this is still the text of the scaffold" in checked.stdout
    again = errbook("new", "mysql/1242")
    assert again.returncode == 1
    assert "exists already; edit it" in again.stderr
    assert "errors/mysql/1040.yaml exists already" in errbook("new", "mariadb", "1040").stderr
    assert errbook("new", "pg", "22012").returncode == 0
    assert 'sqlstate: "22012"' in (tmp_path / "errors" / "postgresql" / "22012.yaml").read_text()
    assert "is no error number of MySQL, which look like 1040" in errbook("new", "mysql", "../../x").stderr


def test_a_new_entry_knows_what_the_catalogs_know(errbook: Run, tmp_path: Path) -> None:
    (tmp_path / "errors").mkdir()
    # MariaDB has the same error under the same number: one entry for both, in one place.
    made = errbook("new", "mariadb", "1126")
    assert made.returncode == 0
    assert "the same error in MySQL, so one entry for both" in made.stderr
    text = (tmp_path / "errors" / "mysql" / "1126.yaml").read_text()
    for line in (
        "engines: [mysql, mariadb]",
        "symbol: ER_CANT_OPEN_LIBRARY",
        'sqlstate: "HY000"',
        "  - text: \"Can't open shared library '{value1}' (errno: {value2}, {value3})\"",
        "    where: MySQL server",
        "    where: MariaDB server",
        "  - name: value2",
    ):
        assert f"\n{line}\n" in text
    # Every choice is the writer's: the checker names the values.
    problems = errbook("check", "errors/mysql/1126.yaml").stdout
    for field in ("frequency", "category", "condition", "risk.level", "retry.verdict", "fixes[1].changes"):
        assert f"`WRITE` is no value of `{field}`. Write one of `" in problems

    # A number that means something else there is not shared, a message without values has no parameters.
    assert errbook("new", "sqlite", "262").returncode == 0
    assert "parameters:" not in (tmp_path / "errors" / "sqlite" / "262.yaml").read_text()
    assert errbook("new", "mysql", "3780").returncode == 0
    assert "engines: [mysql]\n" in (tmp_path / "errors" / "mysql" / "3780.yaml").read_text()

    assert "no catalog of mysql has 9991; is it the right one?" in errbook("new", "mysql", "9991").stderr
    slug = errbook("new", "mysql", "packets-out-of-order")
    assert (slug.returncode, slug.stderr) == (0, "")
    assert "symbol" not in (tmp_path / "errors" / "mysql" / "packets-out-of-order.yaml").read_text()


def test_check_in_all_its_formats(errbook: Run, tmp_path: Path) -> None:
    folder = tmp_path / "errors" / "mysql"
    folder.mkdir(parents=True)
    bad = folder / "1999.yaml"
    bad.write_text(
        (ROOT / "errors/mysql/1040.yaml").read_text().replace("retry:", "retyr:", 1).replace('"1040"', '"1999"', 1)
    )
    text = errbook("check", "errors/mysql/1999.yaml")
    assert text.returncode == 1
    assert "errors/mysql/1999.yaml:" in text.stdout
    assert "`retry`" in text.stdout
    found = json.loads(errbook("check", "--format", "json", "errors").stdout)
    assert {"path", "line", "column", "rule", "message", "advice"} <= found[0].keys()
    assert errbook("check", "--format", "github", "errors").stdout.startswith(
        "::error file=errors/mysql/1999.yaml,line="
    )
    assert errbook("check", str(ROOT / "errors")).returncode == 0


def test_a_query_that_is_no_name_is_not_repeated_whole(errbook: Run) -> None:
    answer = errbook("a" * 10_000)
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()[0]) < 200


def test_numbers_that_no_server_raises_are_counted_in_a_comparison(errbook: Run) -> None:
    shown = errbook("catalog", "diff", "mariadb", "10.11", "11.8").stdout
    assert "numbers that are reserved and not raised" in shown
    assert "ER_MYSQL_3061" not in shown
