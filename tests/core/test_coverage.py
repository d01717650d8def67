"""How far the knowledge reaches: counts, what is stale, what was not executed and why, and what is wanted next."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from tests import evidence
from tests.core.conftest import ROOT, Entries, Run

from errbook import answers, schema
from errbook.compile import compile_knowledge
from errbook.coverage import NEVER_RUN, Coverage
from errbook.knowledge import Knowledge
from errbook.render import coverage as render

DETAIL = "step 3: `INSERT` expected the error 1062 (23000); 1048 (23000) came."
"""Of the made-up evidence in tests/evidence.py."""


def reasons(found: Coverage, identity: str) -> list[tuple[int | None, tuple[str, ...], str]]:
    return [(gap.fix, gap.servers, gap.reason) for gap in found.not_executed if gap.error.id == identity]


def test_the_coverage_of_this_checkout_adds_up(knowledge: Knowledge) -> None:
    found = knowledge.coverage()
    everything = [part for entry in knowledge.all() for part in (entry, *map(entry.of_variant, entry.variants))]
    assert found.entries == len(knowledge)
    assert found.scenarios == len(everything)
    assert found.fixes.total == sum(len(part.fixes) for part in everything)
    assert found.fixes.proven <= found.fixes.executable <= found.fixes.total
    for server in found.servers:
        assert server.scenarios == sum(render.counts(server)[1:]), server
    for engine in found.engines:
        assert engine.written <= engine.codes
        assert engine.executed <= engine.scenarios
    assert len(found.not_executed) >= found.fixes.total - found.fixes.executable


def test_what_evidence_says_is_counted_by_server(entries: Entries, executed: Knowledge) -> None:
    found = executed.coverage()
    rows = {item.server: item for item in found.servers}
    mysql = sum(1 + len(entry.variants) for entry in entries.values() if "mysql" in entry.engines)
    assert (rows["mysql:9.7"].reproduced, rows["mysql:9.7"].stale, rows["mysql:9.7"].missing) == (3, 1, mysql - 4)
    assert (rows["mariadb:11.8"].reproduced, rows["mariadb:11.8"].disputed) == (2, 1)
    assert rows["postgresql:13"].versions == ("13.23",)
    assert [(item.error.id, item.servers) for item in found.stale] == [("mysql/1205", ("mysql:9.7",))]
    assert found.executed == 6


def test_what_was_not_executed_says_why(executed: Knowledge) -> None:
    found = executed.coverage()
    assert reasons(found, "mysql/1146")[-1] == (None, ("mariadb:10.11", "mariadb:11.8"), NEVER_RUN)
    assert (None, ("mariadb:11.8",), DETAIL) in reasons(found, "mysql/1062")
    assert reasons(found, "mysql/1040") == []
    # An exemption says so itself, wherever it is.
    assert any(number == 5 and not servers for number, servers, _ in reasons(found, "mysql/2002"))


def test_a_fix_is_proven_where_nothing_speaks_against_it(tmp_path: Path, entries: Entries) -> None:
    entry = entries["sqlite/5"]
    records = {server: evidence.record(entry, server) for server in evidence.servers(entry)}
    with evidence.compiled(tmp_path / "well", {"sqlite/5": records}, entries) as knowledge:
        well = knowledge.coverage().fixes
    assert well.proven == len(entry.fixes)
    records["sqlite:3.51"] = evidence.record(entry, "sqlite:3.51", {2: ("failed", "proof step 1: no.")})
    with evidence.compiled(tmp_path / "badly", {"sqlite/5": records}, entries) as knowledge:
        badly = knowledge.coverage()
    assert badly.fixes.proven == well.proven - 1
    assert (2, ("sqlite:3.51",), "proof step 1: no.") in reasons(badly, "sqlite/5")


def test_percent_is_cut_and_nothing_is_no_percent(tmp_path: Path, executed: Knowledge) -> None:
    fixes = executed.coverage().fixes
    assert fixes.percent == 1000 * fixes.proven // fixes.executable / 10
    (tmp_path / "errors").mkdir()
    compile_knowledge([tmp_path], tmp_path / "errbook.db")
    with Knowledge(tmp_path / "errbook.db") as empty:
        assert empty.coverage().fixes == (0, 0, 0, None)
        assert "0 entries" in render.page(empty.coverage(), empty, marked=False)


def test_the_answer_fits_the_public_schema(executed: Knowledge) -> None:
    public = schema.schema("public")
    body = json.loads(answers.coverage(executed))
    whole = {"$schema": public["$schema"], "$defs": public["$defs"], "$ref": "#/$defs/coverage"}
    Draft202012Validator(whole).validate(body)


# What is wanted


def want(code: str, rank: int = 1) -> str:
    return f'  - rank: {rank}\n    engine: mysql\n    code: "{code}"\n    why: Somebody here asked for {code}.\n'


def with_list(folder: Path, *items: str) -> Path:
    """Return a layer with a list of what is wanted."""
    (folder / "errors").mkdir(parents=True, exist_ok=True)
    (folder / "errors" / "wanted.yaml").write_text("wanted:\n" + "".join(items))
    return folder


def test_the_public_list_leads_to_the_codes_that_it_names(knowledge: Knowledge) -> None:
    wanted = knowledge.wanted()
    assert [item.rank for item in wanted] == sorted({item.rank for item in wanted})
    for item in wanted:
        assert knowledge.get(item.engine, item.code) is None
        code = knowledge.code(item.engine, item.code)
        if code is None:
            assert item.page is None
            continue
        assert (item.page, item.symbol, code.wanted) == (code.page, code.symbol, item.why)
        assert item.contribute == code.contribute


def test_a_shared_code_is_wanted_for_both_engines(knowledge: Knowledge) -> None:
    item = next(item for item in knowledge.wanted() if item.engine == "mysql" and item.symbol == "ER_SUBQUERY_NO_1_ROW")
    code = knowledge.code("mariadb", item.code)
    assert code
    assert code.wanted == item.why
    # The same number for something else is not wanted with it.
    other = next(item for item in knowledge.wanted() if item.code == "3780")
    assert (sibling := knowledge.code("mariadb", other.code)) is None or sibling.wanted is None


def test_a_private_list_comes_before_the_public_one(tmp_path: Path) -> None:
    public = evidence.layer(tmp_path / "public")
    first = json.loads(answers.coverage(_compiled(tmp_path / "a", [public])))["wanted"][0]
    private = with_list(tmp_path / "private", want("9999", 7), want("9998", 8))
    with _compiled(tmp_path / "b", [private, public]) as knowledge:
        found = knowledge.wanted()
        assert [(item.rank, item.code) for item in found[:2]] == [(7, "9999"), (8, "9998")]
        assert found[2].code == first["code"]


def test_what_is_written_above_is_wanted_no_more(tmp_path: Path) -> None:
    public = with_list(evidence.layer(tmp_path / "public"), want("9999"), want("9998", 2))
    private = tmp_path / "private" / "errors" / "mysql" / "9999.yaml"
    private.parent.mkdir(parents=True)
    source = (ROOT / "errors/mysql/1046.yaml").read_text()
    # Without its related errors, which would have to name it back.
    before, after = source.partition("\nrelated:")[0], source.partition("\nsources:")[2]
    private.write_text(before.replace('code: "1046"', 'code: "9999"') + "\nsources:" + after)
    with _compiled(tmp_path / "c", [tmp_path / "private", public]) as knowledge:
        assert [item.code for item in knowledge.wanted()] == ["9998"]


def _compiled(folder: Path, layers: list[Path]) -> Knowledge:
    folder.mkdir()
    compile_knowledge(layers, folder / "errbook.db")
    return Knowledge(folder / "errbook.db")


# What a user sees


def test_the_command_shows_it(errbook: Run, knowledge: Knowledge) -> None:
    shown = errbook("coverage")
    assert (shown.returncode, shown.stderr) == (0, "")
    first = knowledge.wanted()[0]
    for line in ("Coverage", "By engine", "By server", "Wanted next", f"Begin one: {first.contribute}"):
        assert f"\n{line}\n" in f"\n{shown.stdout}"
    assert " ".join(render.summary(knowledge.coverage()).split()) in " ".join(shown.stdout.split())
    assert json.loads(errbook("coverage", "--json").stdout) == json.loads(answers.coverage(knowledge))
    assert errbook("coverage", "mysql").returncode == 2


def test_an_unwritten_code_says_that_it_is_wanted(errbook: Run, knowledge: Knowledge) -> None:
    item = next(item for item in knowledge.wanted() if item.page)
    said = errbook(item.engine, item.code).stdout
    assert f"Wanted: {item.why}" in " ".join(said.split())
    assert "Wanted:" not in errbook("mysql", "1041").stdout


def test_markdown_has_links_and_tables(executed: Knowledge) -> None:
    text = render.page(executed.coverage(), executed, marked=True)
    assert "# Coverage\n" in text
    assert "| MySQL 9.7 | 9.7.4 |" in text
    assert "- [MySQL 1205](/mysql/1205/): on MySQL 9.7" in text
