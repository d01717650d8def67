"""``errbook harvest``: catalogs made from the servers of the lab, and compared with those that are there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from errbook.harvest.catalog import read
from errbook.lab import cache
from errbook.lab.server import select

ROOT = Path(__file__).resolve().parents[2]
SERVER = "mariadb:11.8"


def errbook(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    kept = {name: value for name, value in os.environ.items() if name == "ERRBOOK_LAB" or "ERRBOOK" not in name}
    command = [sys.executable, "-m", "errbook", *map(str, arguments)]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def harvested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private knowledge base with the catalogs of one server."""
    if reason := cache.missing(select([SERVER])[0]):
        pytest.skip(f"{SERVER}: {reason}")
    folder = tmp_path_factory.mktemp("private")
    made = errbook("harvest", "--server", SERVER, "--out", folder)
    assert made.returncode == 0, made.stderr
    return folder


def test_a_harvested_catalog_counts_at_once(harvested: Path, tmp_path: Path) -> None:
    header, rows = read(harvested / "catalog" / "mariadb" / "11.8.jsonl")
    assert header["rows"] == len(rows) > 1_300
    # What this machine can tell of the numbers below is less than the committed catalog, which stays in use.
    assert not (harvested / "catalog" / "system").exists()
    assert (harvested / "errors").is_dir()
    private = {"ERRBOOK_PATH": str(harvested), "ERRBOOK_CACHE": str(tmp_path)}
    assert errbook("mariadb", "4112", **private).stdout.startswith("MariaDB 4112  ER_WRONG_VERSIONING_RANGE")
    assert errbook("CR_SERVER_GONE_ERROR", "--engine", "mariadb", **private).stdout.startswith("MySQL, MariaDB 2006  ")
    assert "HA_ERR_" in errbook("handler", "122", **private).stdout
    assert errbook("check", harvested / "catalog", **private).returncode == 0


def test_harvesting_again_gives_the_same(harvested: Path) -> None:
    path = harvested / "catalog" / "mariadb" / "11.8.jsonl"
    before = path.read_bytes()
    assert errbook("harvest", "mariadb", "--server", SERVER, "--out", harvested).returncode == 0
    assert path.read_bytes() == before
    checked = errbook("harvest", "mariadb", "--server", SERVER, "--out", harvested, "--check")
    assert checked.returncode == 0
    assert "11.8.jsonl: as harvested, " in checked.stdout


def test_the_committed_catalogs_are_what_the_servers_say(harvested: Path) -> None:
    assert harvested.is_dir()
    checked = errbook("harvest", "--server", SERVER, "--check")
    assert checked.returncode == 0, checked.stderr


def test_a_difference_is_shown(harvested: Path, tmp_path: Path) -> None:
    shutil.copytree(harvested, tmp_path / "kb")
    path = tmp_path / "kb" / "catalog" / "mariadb" / "11.8.jsonl"
    path.write_text(path.read_text().replace("Too many connections", "Too few connections"))
    checked = errbook("harvest", "mariadb", "--server", SERVER, "--out", tmp_path / "kb", "--check")
    assert checked.returncode == 1
    assert "11.8.jsonl is not what the server says:" in checked.stderr
    assert "+ 1040 ER_CON_COUNT_ERROR 08004 Too many connections client" in checked.stderr


def test_facts_that_this_machine_cannot_tell_are_not_lost(harvested: Path, tmp_path: Path) -> None:
    shutil.copytree(harvested, tmp_path / "kb")
    path = tmp_path / "kb" / "catalog" / "mariadb" / "11.8.jsonl"
    path.write_text(path.read_text().replace('"sources":[', '"sources":["symbol: a book",', 1))
    before = path.read_bytes()
    refused = errbook("harvest", "mariadb", "--server", SERVER, "--out", tmp_path / "kb")
    assert refused.returncode == 1
    assert "left as it is" in refused.stderr
    assert "Without: symbol: a book" in refused.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["oracle"], 2, "invalid choice: 'oracle'"),
        (["mysql", "--server", "mysql:8.0"], 2, "'mysql:8.0' is not a server of the lab; use one of mysql:9.7,"),
        (["mysql", "--server", "mariadb:11.8"], 2, "mariadb:11.8 has no codes of mysql"),
        (["mysql", "--source", "/no/such/folder"], 2, "--source: there is no folder /no/such/folder"),
        (["postgresql", "--server", "postgresql:18"], 1, "--source DIR"),
    ],
)
def test_bad_usage(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    answer = errbook("harvest", *arguments, "--out", tmp_path)
    assert answer.returncode == code
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:11.8"])
def test_messages_in_other_languages_are_for_a_knowledge_base_of_one_s_own(server: str, tmp_path: Path) -> None:
    if reason := cache.missing(select([server])[0]):
        pytest.skip(f"{server}: {reason}")
    engine = server.partition(":")[0]
    base = tmp_path / "private"
    made = errbook("harvest", engine, "--server", server, "--languages", "--out", base)
    assert made.returncode == 0, made.stderr
    line = "Mysql2::Error: Doppelter Eintrag '7-1204' für Schlüssel 'uuid_idx'"
    assert errbook("identify", line).returncode == 1
    told = errbook("identify", "--json", line, ERRBOOK_PATH=str(base), ERRBOOK_CACHE=str(tmp_path / "cache"))
    assert told.returncode == 0, told.stderr
    assert '"code":"1062"' in told.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("mysql", "--languages"), "name a private knowledge base"),
        (("postgresql", "--languages", "--out", "x"), "name mysql or mariadb"),
        (("mysql", "--languages", "--out", "x", "--check"), "goes with --server and --out only"),
        (("mysql", "--languages", "--out", "x", "--server", "mariadb"), "is no server of mysql"),
    ],
)
def test_languages_are_refused_where_they_have_no_place(arguments: tuple[str, ...], why: str, tmp_path: Path) -> None:
    answer = errbook("harvest", *(tmp_path / "x" if part == "x" else part for part in arguments))
    assert answer.returncode == 2
    assert why in " ".join(answer.stderr.split())
    assert not (tmp_path / "x").exists()
