"""The answers: what each path gives, that it fits the public schema, and that the static files are the same bytes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from tests import evidence

from errbook import answers, places, schema
from errbook.entry import Entry
from errbook.knowledge import Knowledge
from errbook_api import openapi, pages

PUBLIC = json.loads((places.schemas() / "public.schema.json").read_text())


def fits(value: Any, name: str) -> None:
    """Check a value against one definition of the public schema."""
    whole = {"$schema": PUBLIC["$schema"], "$defs": PUBLIC["$defs"], "$ref": f"#/$defs/{name}"}
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(value)


def ids(answer: httpx.Response) -> list[str]:
    return [item["id"] for item in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/errors", "list"),
        ("/errors?limit=2", "list"),
        ("/errors/1040", "found"),
        ("/errors/23000", "found"),
        ("/errors/mysql/1040", "single"),
        ("/entries", "entries"),
        ("/findings", "findings"),
        ("/coverage", "coverage"),
        ("/search?q=dup", "search"),
        ("/sqlstates", "sqlstates"),
        ("/sqlstates/23000", "sqlstate"),
        ("/sqlstates/08", "sqlstate"),
        ("/conditions", "conditions"),
        ("/conditions/unique-violation", "condition"),
        ("/categories", "categories"),
        ("/categories/constraint", "category"),
        ("/engines", "engines"),
        ("/engines/pg", "engine"),
        ("/healthz", "health"),
        ("/readyz", "ready"),
    ],
)
def test_each_answer_fits_its_definition(api: httpx.Client, path: str, name: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    fits(answer.json(), name)


@pytest.mark.parametrize("path", ["/errors/nope", "/errors/23999", "/errors?category=x", "/nowhere", "/sqlstates/zzz"])
def test_each_refusal_fits_the_definition_of_a_problem(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    assert answer.headers["content-type"] == "application/problem+json"
    fits(answer.json(), "problem")
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("1040", ["mysql/1040"]),
        ("er_con_count_error", ["mysql/1040"]),
        ("08004", ["mysql/1040"]),
        ("mysql 1040", ["mysql/1040"]),
        ("mariadb/1040", ["mysql/1040"]),
        ("ERROR 1040 (08004)", ["mysql/1040"]),
        ("SQLSTATE[42P01]", ["postgresql/42P01"]),
        ("42p01", ["postgresql/42P01"]),
        ("23000", ["mysql/1062", "mysql/1452"]),
    ],
)
def test_a_lookup_finds_what_was_typed(api: httpx.Client, query: str, expected: list[str]) -> None:
    answer = api.get(f"/errors/{query}")
    if "schema_version" in answer.json() and "error" in answer.json():
        assert answer.json()["error"]["id"] == expected[0]
    else:
        assert ids(answer) == expected
        assert answer.json()["count"] == len(expected)


def test_a_shared_entry_answers_for_its_sibling_with_the_same_bytes(api: httpx.Client) -> None:
    assert api.get("/errors/mariadb/1040").content == api.get("/errors/mysql/1040").content
    assert api.get("/errors/pg/42p01").content == api.get("/errors/postgresql/42P01").content


def test_the_same_is_below_every_prefix(api: httpx.Client) -> None:
    for path in ("/errors/1040", "/errors/mysql/1040", "/engines", "/conditions/unique-violation"):
        expected = api.get(path)
        for other in (f"/v1{path}", f"/api/v1{path}", f"/api/v1{path}.json"):
            assert api.get(other).content == expected.content
            assert api.get(other).headers["etag"] == expected.headers["etag"]


def test_static_files_are_the_answers_of_the_service(api: httpx.Client, knowledge: Knowledge) -> None:
    paths = set()
    for path, body in answers.answers(knowledge):
        assert path not in paths
        paths.add(path)
        # The table answers the bare path, FastAPI the one with a suffix.
        assert api.get(f"/{path.removesuffix('.json')}").content == body
        assert api.get(f"/api/v1/{path}").content == body
    assert {"errors/mysql/1040.json", "errors/mariadb/1040.json", "errors/ER_DUP_ENTRY.json"} <= paths
    assert {"sqlstates/08004.json", "sqlstates/08.json", "engines.json", "entries.json", "findings.json"} <= paths


def test_an_entry_in_an_answer_is_the_entry_of_the_library(api: httpx.Client, knowledge: Knowledge) -> None:
    given = api.get("/errors/mysql/1040").json()["error"]
    assert Entry.of(given) == knowledge.get("mysql", "1040")


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knowledge]:
    """The real entries with made-up evidence of every sort."""
    with evidence.compiled(tmp_path_factory.mktemp("bare"), {}, {}) as bare:
        entries = {entry.id: entry for entry in bare.all()}
    with evidence.compiled(tmp_path_factory.mktemp("executed"), evidence.example(entries), entries) as knowledge:
        yield knowledge


def test_answers_with_evidence_fit_their_definitions(executed: Knowledge) -> None:
    for entry in executed.all():
        answer = json.loads(answers.error(executed, entry.engine, entry.code) or b"")
        fits(answer, "single")
        assert answer["error"]["verification"] == entry.public()["verification"]
    found = json.loads(answers.findings(executed))
    fits(found, "findings")
    assert found["count"] == len(found["differences"]) == 4
    assert {item["kind"] for item in found["differences"]} == {"code", "client", "declared"}


def test_findings_are_to_be_had_as_text(executed: Knowledge) -> None:
    answer = json.loads(answers.findings(executed))
    marked = pages.render(answer, executed, "text/markdown").decode()
    assert marked.startswith("# What we found out\n")
    assert "\n## Another text from the client\n" in marked
    assert "\n### [MySQL 1040: Too many connections](/mysql/1040/index.md)\n" in marked
    assert f"\n```\n{evidence.WRAPPED}\n```\n" in marked
    assert "\n## Another message\n" not in marked
    plain = pages.render(answer, executed, "text/plain").decode()
    assert f"\n  mariadb on MariaDB 11.8.6:\n    {evidence.WRAPPED}\n" in plain


def test_more_matches_than_are_given_whole_come_as_links(knowledge: Knowledge) -> None:
    text = knowledge.raw("mysql", "1040")
    assert text
    answer = json.loads(answers.found("HY000", [text] * 23, answers.Listed(0, (), ())))
    assert (answer["count"], len(answer["errors"]), len(answer["more"])) == (23, answers.MAX_WHOLE, 3)
    fits(answer, "found")


def test_unknown_codes_suggest_what_is_near(api: httpx.Client) -> None:
    problem = api.get("/errors/31040").json()
    assert problem["status"] == 404
    assert "mysql/1040" in [item["id"] for item in problem["suggestions"]]


def test_unknown_sqlstates_are_explained_by_their_class(api: httpx.Client) -> None:
    problem = api.get("/errors/23999").json()
    assert problem["class"]["title"] == "Integrity constraint violation"
    assert api.get("/sqlstates/23999").json()["class"]["class"] == "23"


def test_the_name_of_an_engine_leads_to_its_errors(api: httpx.Client) -> None:
    assert "/errors?engine=mysql" in api.get("/errors/mysql").json()["detail"]


def test_pages_join_to_the_whole_list(api: httpx.Client, knowledge: Knowledge) -> None:
    found: list[str] = []
    where = "/v1/errors?limit=3"
    while where:
        answer = api.get(where)
        found += ids(answer)
        following = answer.json()["next"]
        where = str(answer.url.join(following)) if following else ""
    assert found == [link.id for link in knowledge.entries()]


def test_a_search_is_paged_too(api: httpx.Client) -> None:
    whole = ids(api.get("/errors?q=constraint"))
    first = api.get("/errors?q=constraint&limit=1")
    rest = api.get(str(first.url.join(first.json()["next"])))
    assert whole[:2] == ids(first) + ids(rest)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("engine=pg&category=constraint", ["postgresql/23505"]),
        ("engine=mariadb&severity=fatal", ["mariadb/1927", "mysql/1040"]),
        ("condition=unique-violation&retry=no", ["mysql/1062", "postgresql/23505", "sqlite/2067"]),
        ("sqlstate=23000&frequency=common", ["mysql/1452"]),
        ("risk=critical&q=already", ["postgresql/53300"]),
        ("confidence=sourced&engine=sqlite", ["sqlite/2067"]),
        ("confidence=executed", []),
    ],
)
def test_filters_narrow_the_list(api: httpx.Client, filters: str, expected: list[str]) -> None:
    assert sorted(ids(api.get(f"/errors?{filters}"))) == sorted(expected)


@pytest.mark.parametrize(
    "name", ["engine", "category", "condition", "severity", "frequency", "risk", "retry", "confidence"]
)
def test_a_bad_filter_names_the_values_it_takes(api: httpx.Client, name: str) -> None:
    answer = api.get("/errors", params={name: "nonsense"})
    assert answer.status_code == 422
    (wrong,) = answer.json()["parameters"]
    assert wrong["name"] == name
    assert len(wrong["allowed"]) > 1


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=!", "cursor=bm9wZQ", "colour=red", "sqlstate=1"]
)
def test_bad_parameters_are_refused(api: httpx.Client, query: str) -> None:
    answer = api.get(f"/errors?{query}")
    assert answer.status_code == 422
    assert answer.json()["parameters"][0]["name"] == query.partition("=")[0]


def test_the_document_describes_every_route_with_real_examples(api: httpx.Client) -> None:
    document = api.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {*openapi.SCHEMAS, "/metrics"}
    for path, name in openapi.SCHEMAS.items():
        operation = document["paths"][path]["get"]
        body = operation["responses"]["200"]["content"]["application/json"]
        assert body["schema"]["$ref"].endswith(f"/{name}")
        if "example" in body:
            fits(body["example"], name)
        assert operation["summary"]
        assert all(parameter["description"] for parameter in operation.get("parameters", []))
    single = document["paths"]["/errors/{engine}/{code}"]["get"]
    assert set(single["responses"]) == {"200", "303", "304", "404", "406"}
    assert document["components"]["schemas"]["error"]["required"] == list(Entry._fields)


def test_every_field_of_the_public_schema_is_described_with_an_example() -> None:
    Draft202012Validator.check_schema(PUBLIC)

    def walk(node: Any, where: str) -> None:
        if isinstance(node, dict):
            for name, field in node.get("properties", {}).items():
                if "$ref" not in field:
                    assert field["description"], f"{where}/{name}"
                    assert field["examples"], f"{where}/{name}"
            for key, item in node.items():
                if key not in ("examples", "enum", "required"):
                    walk(item, f"{where}/{key}")

    walk(PUBLIC, "")
    for name, definition in PUBLIC["$defs"].items():
        for example in definition["examples"]:
            fits(example, name)


def test_the_public_schema_knows_the_vocabularies_of_entries() -> None:
    error = PUBLIC["$defs"]["error"]["properties"]
    vocabularies = schema.vocabularies()
    for name, values in {
        "severity": error["severity"],
        "frequency": error["frequency"],
        "risk_level": error["risk"]["properties"]["level"],
        "retry_verdict": error["retry"]["properties"]["verdict"],
        "changes": PUBLIC["$defs"]["fix"]["properties"]["changes"]["items"],
        "code_language": PUBLIC["$defs"]["code"]["properties"]["language"],
        "driver_language": error["drivers"]["items"]["properties"]["language"],
        "source_kind": error["sources"]["items"]["properties"]["kind"],
        "server_outcome": PUBLIC["$defs"]["run"]["properties"]["outcome"],
        "fix_outcome": PUBLIC["$defs"]["fix_run"]["properties"]["outcome"],
    }.items():
        assert values["enum"] == [term.value for term in vocabularies[name]], name


def test_the_schema_lies_where_the_wheel_takes_it_from() -> None:
    assert (places.schemas() / "public.schema.json").is_relative_to(Path(places.schema_folder()))
