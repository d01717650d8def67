"""The data file of the servers."""

import pytest

from errbook.lab import program
from errbook.lab.server import LabError, bytes_of, families, select, servers, trees


def test_the_servers_are_those_that_entries_claim() -> None:
    assert [server.id for server in servers()] == [
        "mysql:9.7",
        "mariadb:10.11",
        "mariadb:11.8",
        *(f"postgresql:{series}" for series in range(13, 19)),
        "sqlite:3.40",
        "sqlite:3.51",
    ]
    for server in servers():
        assert server.id == f"{server.engine}:{server.series}"


def test_servers_are_selected_by_name_and_by_engine_in_the_order_of_the_file() -> None:
    assert [server.id for server in select(["mariadb", "mysql:9.7", "mariadb:10.11"])] == [
        "mysql:9.7",
        "mariadb:10.11",
        "mariadb:11.8",
    ]
    assert select([]) == list(servers())


def test_an_unknown_server_is_told_with_the_known_ones() -> None:
    with pytest.raises(LabError, match=r"'mysql:5\.7' is not a server of the lab; use one of mysql:9\.7, "):
        select(["mysql", "mysql:5.7"])


def test_every_program_that_is_called_is_in_a_tree() -> None:
    for server in servers():
        for command in (server.kind.initialise, server.kind.start, server.kind.version):
            if command:
                assert program.words(trees()[str(server.tree)], command[0])
        if server.client:
            assert program.words(trees()[server.client], server.kind.client[0])


def test_a_program_that_no_tree_names_is_told() -> None:
    with pytest.raises(LabError, match=r"servers\.yaml: mongod is not among the needs of psql"):
        program.words(trees()["psql"], "mongod")


def test_every_tree_and_family_is_used() -> None:
    assert {tree for server in servers() for tree in server.fetched} <= set(trees().values())
    assert {tree.name for tree in trees().values()} == {
        name for server in servers() for name in (server.tree, server.client, *server.also, server.headers) if name
    }
    assert {server.family for server in servers()} == set(families())


def test_headers_are_fetched_and_not_needed_to_run() -> None:
    (server,) = select(["mysql:9.7"])
    headers = trees()["headers-sid"]
    assert headers in server.fetched
    assert headers not in server.trees


def test_sizes() -> None:
    assert [bytes_of(size) for size in (None, "8 KiB", "16 MiB", "1 GiB")] == [None, 8192, 16 << 20, 1 << 30]
