"""The service answers for every code of the catalogs, with an entry or without."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from errbook import answers, places
from errbook.compile import compile_knowledge
from errbook.knowledge import Knowledge

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = json.loads((places.schemas() / "public.schema.json").read_text())


def fits(value: Any, name: str) -> None:
    """Check a value against one definition of the public schema."""
    whole = {"$schema": PUBLIC["$schema"], "$defs": PUBLIC["$defs"], "$ref": f"#/$defs/{name}"}
    Draft202012Validator(whole).validate(value)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real knowledge with its catalogs, compiled."""
    target = tmp_path_factory.mktemp("listed") / "errbook.db"
    compile_knowledge([ROOT], target)
    return target


@pytest.fixture(scope="module")
def knowledge(listed: Path) -> Iterator[Knowledge]:
    with Knowledge(listed) as opened:
        yield opened


@pytest.fixture(scope="module")
def api(start: Any, free_port: int, listed: Path) -> Iterator[httpx.Client]:
    with start(free_port, ERRBOOK_DB=str(listed)) as server:
        yield server.client


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/errors/mysql/13426", "single"),
        ("/errors/mariadb/1040", "single"),
        ("/errors/os/13", "single"),
        ("/errors/handler/187", "single"),
        ("/errors/13426", "found"),
        ("/errors/13", "found"),
        ("/errors/HY000", "found"),
        ("/errors/errno%2013", "found"),
        ("/errors/ER_SPATIAL_CANT_HAVE_NULL", "found"),
        ("/codes", "codes"),
        ("/codes?engine=mysql&written=false&limit=3", "codes"),
        ("/codes?sqlstate=08", "codes"),
        ("/codes/mysql/3000-3099", "code_range"),
        ("/codes/os/13", "code_range"),
        ("/catalogs", "catalogs"),
        ("/catalogs/mariadb/changes/10.11/11.8", "changes"),
        ("/sqlstates/42S02", "sqlstate"),
        ("/sqlstates/HY", "sqlstate"),
        ("/search?q=member+version", "search"),
    ],
)
def test_each_answer_fits_its_definition(api: httpx.Client, path: str, name: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 200
    fits(answer.json(), name)
    for kind in ("text/plain", "text/markdown"):
        assert api.get(path, headers={"accept": kind}).text.strip()


def test_a_code_without_an_entry(api: httpx.Client, knowledge: Knowledge) -> None:
    answer = api.get("/errors/mysql/13426")
    assert answer.json()["error"] is None
    assert answer.json()["code"] == json.loads(knowledge.code_raw("mysql", "13426") or "")
    assert answer.content == answers.error(knowledge, "mysql", "13426")
    # The table answers the first, FastAPI the second.
    assert api.get("/errors/MySQL/13426").content == answer.content
    assert api.get("/api/v1/errors/mysql/13426.json").content == answer.content
    assert api.get("/errors/mysql/13426.txt").text.startswith("MySQL 13426  ER_GRP_RPL_")


def test_the_ready_answers_are_those_that_are_asked_for(api: httpx.Client, knowledge: Knowledge) -> None:
    paths = list(answers.unwritten(knowledge))
    assert len(set(paths)) == len(paths) > 2 * knowledge.listed
    for path in paths[::97]:
        body = answers.lookup(knowledge, path)
        assert body is not None
        # The table makes the first ready, and has the second; FastAPI answers the third.
        assert api.get(f"/{path.removesuffix('.json')}").content == body
        assert api.get(f"/v1/{path.removesuffix('.json')}").content == body
        assert api.get(f"/api/v1/{path}").content == body


def test_a_sqlstate_that_thousands_carry_is_cut(api: httpx.Client) -> None:
    answer = api.get("/errors/HY000").json()
    assert (len(answer["codes"]), len(answer["more_codes"])) == (answers.MAX_WHOLE, answers.MAX_LINKS)
    assert answer["code_count"] > 5_000


def test_codes_in_pages(api: httpx.Client, knowledge: Knowledge) -> None:
    seen, path = [], "codes?engine=sqlite&limit=50"
    while path:
        page = api.get(f"/{path}").json()
        seen += [item["id"] for item in page["codes"]]
        path = page["next"]
    assert seen == [link.id for link in knowledge.codes("sqlite")]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/errors/99999999", 404),
        ("/errors/%00", 404),
        ("/errors/mysql/%00", 404),
        ("/errors/%F0%9F%92%A5", 404),
        ("/errors/mysql/%F0%9F%92%A5", 404),
        (f"/errors/{'1' * 10_000}", 404),
        (f"/errors/mysql/{'1' * 10_000}", 404),
        ("/errors/os/99999", 404),
        ("/codes/oracle/1-2", 404),
        ("/codes/mysql/900000-900001", 404),
        ("/codes/mysql/5-3", 422),
        ("/codes/mysql/0-99999", 422),
        ("/codes/mysql/%00", 422),
        ("/codes?engine=oracle", 422),
        ("/codes?written=maybe", 422),
        ("/codes?sqlstate=0", 422),
        ("/codes?after=mysql/0", 422),
        ("/codes?page=2", 422),
        ("/catalogs/mariadb/changes/10.11/12", 404),
        ("/catalogs/oracle/changes/1/2", 404),
    ],
)
def test_refusals_are_problem_documents(api: httpx.Client, path: str, status: int) -> None:
    answer = api.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    fits(answer.json(), "problem")


def test_a_misspelt_symbol_is_told_the_right_one(api: httpx.Client) -> None:
    problem = api.get("/errors/ER_SPATIAL_CANT_HAVE_NUL").json()
    assert [item["id"] for item in problem["codes"]][:2] == ["mysql/1252", "mariadb/1252"]


def test_lookups_of_codes_without_an_entry_are_counted(api: httpx.Client) -> None:
    def counted() -> float:
        lines = api.get("/metrics").text.splitlines()
        (line,) = [line for line in lines if line.startswith('errbook_lookups_total{outcome="unwritten"}')]
        return float(line.split()[-1])

    before = counted()
    for path in ("/errors/mysql/13426", "/errors/13426", "/errors/mysql/13426.md"):
        api.get(path)
    assert counted() == before + 3
