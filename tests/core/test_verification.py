"""Evidence in the knowledge: what it says of an entry, how far that is to be trusted, and how it reads."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests import evidence
from tests.core.conftest import ROOT, Entries, Run

from errbook import fresh
from errbook.compile import CheckFailed, compile_knowledge
from errbook.entry import Declared, Entry
from errbook.knowledge import Knowledge
from errbook.render import markdown, text, verification
from errbook.render.servers import listed, names, numbered
from errbook.wording import client_error, normalised


def made(tmp_path: Path, entries: Entries, identity: str, records: Mapping[str, Any]) -> Entry:
    """Return an entry compiled with these records."""
    with evidence.compiled(tmp_path, {identity: records}, entries) as knowledge:
        return get(knowledge, identity)


def get(knowledge: Knowledge, identity: str) -> Entry:
    entry = knowledge.get(*identity.split("/"))
    assert entry
    return entry


def well(entries: Entries, identity: str) -> dict[str, Any]:
    entry = entries[identity]
    return {server: evidence.record(entry, server) for server in evidence.servers(entry)}


# What a public entry holds


def test_a_run_is_its_record_with_the_server_and_whether_it_is_stale(entries: Entries, executed: Knowledge) -> None:
    shown = get(executed, "mysql/1205").public()["verification"]
    assert [run["server"] for run in shown["servers"]] == ["mysql:9.7", "mariadb:10.11", "mariadb:11.8"]
    assert [run["stale"] for run in shown["servers"]] == [True, False, False]
    assert shown["missing"] == []
    run = shown["servers"][1]
    record = evidence.record(entries["mysql/1205"], "mariadb:10.11")
    record["declared"]["messages"] = []
    assert run == {"server": "mariadb:10.11", "engine": "mariadb", "series": "10.11", "stale": False, **record}


def test_a_server_without_a_record_is_missing(executed: Knowledge) -> None:
    assert get(executed, "mysql/1146").verification.missing == ("mariadb:10.11", "mariadb:11.8")
    bare = get(executed, "sqlite/2067").verification
    assert (bare.servers, bare.missing) == ((), ("sqlite:3.40", "sqlite:3.51"))


def test_an_entry_with_evidence_is_its_public_object(executed: Knowledge) -> None:
    for entry in executed.all():
        assert entry.public() == json.loads(executed.raw(entry.engine, entry.code) or "")
        assert Entry.of(entry.public()) == entry


def test_prose_may_change_and_what_is_executed_may_not(tmp_path: Path, entries: Entries) -> None:
    layer = evidence.layer(tmp_path)
    evidence.put(layer, entries["sqlite/5"], well(entries, "sqlite/5"))
    path = layer / "errors" / "sqlite" / "5.yaml"
    found = []
    for old, new in (
        ("title: Wait for the lock for a bounded time", "title: Wait for a bounded time"),
        ("PRAGMA busy_timeout = 5000;\n        UPDATE", "PRAGMA busy_timeout = 4000;\n        UPDATE"),
    ):
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
        compile_knowledge([layer], tmp_path / "errbook.db")
        with Knowledge(tmp_path / "errbook.db") as knowledge:
            found.append(get(knowledge, "sqlite/5").confidence.level)
    assert found == ["executed", "stale"]


def test_the_same_evidence_gives_the_same_bytes(tmp_path: Path, entries: Entries, executed: Knowledge) -> None:
    with evidence.compiled(tmp_path, evidence.example(entries), entries) as again:
        assert Path(again.path).read_bytes() == Path(executed.path).read_bytes()
        assert again.digest == executed.digest


def test_malformed_evidence_is_never_skipped(tmp_path: Path) -> None:
    layer = evidence.layer(tmp_path)
    evidence.write(layer, "mysql/1040", '{"entry": "mysql/1040"}')
    with pytest.raises(CheckFailed) as failed:
        compile_knowledge([layer], tmp_path / "errbook.db")
    (problem,) = failed.value.problems
    assert (problem.path, problem.rule) == (str(layer / "evidence" / "mysql" / "1040.json"), "schema")


def test_changed_evidence_is_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: Entries) -> None:
    layer = evidence.layer(tmp_path)
    monkeypatch.delenv("ERRBOOK_DB", raising=False)
    monkeypatch.setenv("ERRBOOK_PATH", str(layer))
    monkeypatch.setenv("ERRBOOK_CACHE", str(tmp_path / "cache"))

    def level() -> str:
        with Knowledge(fresh.ensure()) as knowledge:
            return get(knowledge, "sqlite/5").confidence.level

    records = well(entries, "sqlite/5")
    evidence.put(layer, entries["sqlite/5"], {"sqlite:3.40": records["sqlite:3.40"]})
    assert level() == "partly-executed"
    path = evidence.put(layer, entries["sqlite/5"], records)
    assert level() == "executed"
    path.unlink()
    evidence.put(layer, entries["sqlite/5"], {"sqlite:3.51": records["sqlite:3.51"]})
    assert level() == "partly-executed"


def test_private_evidence_comes_first(tmp_path: Path, entries: Entries) -> None:
    own = evidence.layer(tmp_path)
    evidence.put(own, entries["sqlite/2067"], well(entries, "sqlite/2067"))
    compile_knowledge([own, ROOT], tmp_path / "errbook.db")
    with Knowledge(tmp_path / "errbook.db") as knowledge:
        assert get(knowledge, "sqlite/2067").confidence.level == "executed"


# Confidence


def test_every_level_has_a_term(executed: Knowledge) -> None:
    levels = [term.value for term in executed.vocabulary("confidence")]
    assert levels == ["disputed", "stale", "partly-executed", "executed", "sourced"]
    assert {entry.confidence.level for entry in executed.all()} == set(levels)


def test_executed(executed: Knowledge) -> None:
    assert get(executed, "mysql/1040").confidence == (
        "executed",
        "Reproduced on MySQL 9.7.4, MariaDB 10.11.19 and 11.8.6; 5 of 5 executable fixes proven on each.",
    )


def test_partly_executed(executed: Knowledge) -> None:
    level, reason = get(executed, "mysql/1146").confidence
    assert level == "partly-executed"
    assert reason.startswith("Reproduced on MySQL 9.7.4; ")
    assert reason.endswith(" proven; not yet executed on MariaDB 10.11 and 11.8.")


def test_stale(executed: Knowledge) -> None:
    assert get(executed, "mysql/1205").confidence == (
        "stale",
        "The executable part changed since it was executed on MySQL 9.7.4; "
        "reproduced as it is now on MariaDB 10.11.19 and 11.8.6.",
    )


def test_disputed_by_a_server(executed: Knowledge) -> None:
    assert get(executed, "mysql/1062").confidence == (
        "disputed",
        "Not reproduced on MariaDB 11.8.6 (another error); reproduced on MySQL 9.7.4 and MariaDB 10.11.19.",
    )


def test_disputed_by_a_fix(tmp_path: Path, entries: Entries) -> None:
    records = well(entries, "sqlite/5")
    records["sqlite:3.51"] = evidence.record(entries["sqlite/5"], "sqlite:3.51", {2: ("did-not-wait", "Proof step 1.")})
    assert made(tmp_path, entries, "sqlite/5", records).confidence == (
        "disputed",
        "Fix 2 not proven on SQLite 3.51.1 (did not wait); reproduced on SQLite 3.40.1 and 3.51.1.",
    )


def test_a_dispute_of_an_entry_that_changed_since_is_none(tmp_path: Path, entries: Entries) -> None:
    records = well(entries, "sqlite/5")
    records["sqlite:3.51"] |= {"outcome": "raised-nothing", "observed": None, "digest": "0" * 16}
    assert made(tmp_path, entries, "sqlite/5", records).confidence.level == "stale"


def test_a_fix_that_settles_nothing_is_left_to_do(tmp_path: Path, entries: Entries) -> None:
    records = {
        server: evidence.record(entries["sqlite/5"], server, {5: ("exemption-unneeded", None)})
        for server in ("sqlite:3.40", "sqlite:3.51")
    }
    for record in records.values():
        del record["fixes"][0]
    assert made(tmp_path, entries, "sqlite/5", records).confidence == (
        "partly-executed",
        "Reproduced on SQLite 3.40.1 and 3.51.1; 3 of 5 executable fixes proven on each; "
        "fix 5 not settled on SQLite 3.40.1 and 3.51.1 (executable after all); "
        "fix 1 not yet executed on SQLite 3.40.1 and 3.51.1.",
    )


def test_exemptions_are_named(tmp_path: Path, entries: Entries) -> None:
    records = well(entries, "sqlite/5")
    records["sqlite:3.40"] = evidence.record(
        entries["sqlite/5"], "sqlite:3.40", {3: ("not-executable", "There is no /proc here.")}
    )
    assert made(tmp_path, entries, "sqlite/5", records).confidence == (
        "executed",
        "Reproduced on SQLite 3.40.1 and 3.51.1; 4 of 5 executable fixes proven on SQLite 3.40.1; "
        "5 of 5 executable fixes proven on SQLite 3.51.1; fix 3 not executable on SQLite 3.40.1.",
    )


def test_nothing_that_was_not_executed_is_more_than_sourced(tmp_path: Path, entries: Entries) -> None:
    nothing: dict[str, Any] = {"outcome": "not-executable", "detail": "It needs a second host.", "version": ""}
    skipped = {number: ("not-run", None) for number, _ in enumerate(entries["sqlite/5"].fixes, 1)}
    records = {
        server: evidence.record(entries["sqlite/5"], server, skipped, **nothing, observed=None, client=None, driver="")
        for server in ("sqlite:3.40", "sqlite:3.51")
    }
    assert made(tmp_path, entries, "sqlite/5", records).confidence == (
        "sourced",
        "6 official sources; not executable on SQLite 3.40 and 3.51.",
    )


def test_a_bare_entry_is_sourced(entries: Entries) -> None:
    assert entries["sqlite/5"].confidence == ("sourced", "6 official sources; not yet executed on any server.")


def test_lists_can_be_narrowed_by_confidence(executed: Knowledge) -> None:
    assert [link.id for link in executed.entries(confidence="stale")] == ["mysql/1205"]
    assert {link.id for link in executed.search("too many connections", confidence="executed")} == {"mysql/1040"}
    with sqlite3.connect(executed.path) as connection:
        assert connection.execute("SELECT count(*) FROM entry WHERE confidence = 'disputed'").fetchone() == (1,)
    connection.close()


# Words


def test_versions_and_fixes_are_listed_as_people_would() -> None:
    assert listed([("MySQL", "9.7.4")]) == "MySQL 9.7.4"
    assert listed([("MySQL", "9.7.4"), ("MariaDB", "10.11.19"), ("MariaDB", "11.8.6")]) == (
        "MySQL 9.7.4, MariaDB 10.11.19 and 11.8.6"
    )
    assert (numbered([2]), numbered([2, 6]), numbered([1, 2, 3, 4, 6])) == ("fix 2", "fixes 2 and 6", "fixes 1-4 and 6")


def test_what_changes_from_run_to_run_is_no_difference() -> None:
    one = "Process 71 waits in /lab/run/a.sock for 0xfe01 (id 6f1c2d3e-0000-4000-8000-0123456789ab)"
    other = "Process 8 waits in /lab/run/b.sock for 0x1 (id 00000000-0000-4000-8000-0123456789ab)"
    assert normalised(one) == normalised(other)
    assert normalised("utf8mb4_0900_ai_ci") != normalised("utf8mb4_uca1400_ai_ci")
    assert normalised("ERROR 1040 (08004): Too many") != normalised("ERROR 2002 (HY000): Too many")
    assert normalised("database is locked (5)") != normalised("database is locked (517)")
    assert client_error(evidence.WRAPPED) == ("2002", "HY000")
    assert client_error("Runtime error: database is locked (5)") is None


def test_each_fix_says_where_it_was_proven(executed: Knowledge) -> None:
    called = names(executed)

    def said(identity: str, number: int) -> list[str]:
        return [item.text() for item in verification.fix(get(executed, identity), number, called)]

    assert said("mysql/1040", 1) == ["Executed: proven on MySQL 9.7.4, MariaDB 10.11.19 and 11.8.6."]
    assert said("mysql/1040", 5) == ["Executed: proven on MySQL 9.7.4."]
    assert said("mysql/1205", 1) == [
        "Executed: proven on MariaDB 10.11.19 and 11.8.6.",
        "Stale. The executable part changed since it was executed on MySQL 9.7.4.",
    ]
    assert said("mysql/1062", 1) == [
        "Executed: proven on MySQL 9.7.4 and MariaDB 10.11.19.",
        "Not run on MariaDB 11.8.6.",
    ]
    assert said("mysql/1146", 1) == [
        "Executed: proven on MySQL 9.7.4.",
        "Not yet executed on MariaDB 10.11 and 11.8.",
    ]
    assert said("sqlite/2067", 1) == ["Not yet executed."]


def test_the_reproduction_says_where_it_raised_the_error(executed: Knowledge) -> None:
    called = names(executed)
    said = verification.reproduction(get(executed, "mysql/1062"), called)
    assert [(item.sort, item.text()) for item in said] == [
        ("good", "Executed: reproduced on MySQL 9.7.4 and MariaDB 10.11.19."),
        (
            "bad",
            "Executed: another error on MariaDB 11.8.6. Step 3: `INSERT` expected the error 1062 (23000); "
            "1048 (23000) came.",
        ),
    ]
    assert [item.text() for item in verification.reproduction(get(executed, "sqlite/2067"), called)] == [
        "Not yet executed."
    ]


def test_text_has_a_line_for_each_server(executed: Knowledge) -> None:
    shown = text.page(get(executed, "mysql/1040"), executed, site="https://errors.example.com/")
    part = shown.split("\nVERIFICATION\n")[1].split("\n\n")[0].splitlines()
    assert part[2:] == [
        "  MySQL 9.7.4: reproduced as 1040 (08004), fixes 1-5 proven (2026-11-24)",
        "  MariaDB 10.11.19: reproduced as 1040 (08004), fixes 1-4 and 6 proven",
        "    (2026-11-24)",
        "  MariaDB 11.8.6: reproduced as 1040 (08004), fixes 1-4 and 6 proven",
        "    (2026-11-24)",
        "What the levels mean: https://errors.example.com/reading/#confidence",
    ]
    assert "Not yet executed" not in shown


def test_short_text_stays_short(executed: Knowledge) -> None:
    assert "Reproduced" not in text.card(get(executed, "mysql/1040"), executed)


def test_markdown_shows_the_same_text_of_a_client_once(executed: Knowledge) -> None:
    shown = markdown.page(get(executed, "mysql/1040"), executed)
    part = shown.split("\n## Verification\n")[1].split("\n## ")[0]
    assert part.count("ERROR 1040 (08004): Too many connections") == 1
    assert "`client` on MySQL 9.7.4 and MariaDB 10.11.19 printed:" in part
    assert "`mariadb` on MariaDB 11.8.6 printed (as 2002 (HY000), where the error is declared as 1040 (08004)):" in part
    assert f"```\n{evidence.WRAPPED}\n```" in part
    assert "| MySQL 9.7.4 | reproduced | proven | proven |" in part
    assert "Fix 5: not applicable on MariaDB 10.11.19 and 11.8.6. It is for mysql only." in part
    assert "](/reading/#confidence)" in part
    assert "Placeholders when executed: `<account>` = `app`, `<seconds>` = `0`." in shown
    six = markdown.page(get(executed, "postgresql/40P01"), executed)
    assert six.count("deadlock detected\nDETAIL") == 1
    assert "15.18, 16.14, 17.10 and 18.4 (the same but for numbers, ids and paths) printed:" in six


def test_what_a_client_printed_steers_no_terminal_and_is_no_markup(executed: Knowledge) -> None:
    entry = get(executed, "mysql/1146")
    shown = markdown.page(entry, executed)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "````\n␛[31m<script>window.hurt=1</script>␛[0m␇ \\u202e ``` xxx" in shown
    assert "\x1b" not in text.page(entry, executed)
    # The public object has it word for word.
    assert entry.verification.servers[0].client is not None
    assert entry.verification.servers[0].client.text == evidence.HOSTILE


def test_the_command_shows_it(executed: Knowledge, errbook: Run) -> None:
    answer = errbook("mysql", "1062", ERRBOOK_DB=executed.path)
    assert "Disputed. Not reproduced on MariaDB 11.8.6 (another error);" in answer.stdout
    assert "  MariaDB 11.8.6: another error, 1048 (23000), fixes 1-" in answer.stdout
    assert "/reading/#confidence" in answer.stdout


# Findings


def test_clients_that_differ_are_found(executed: Knowledge) -> None:
    found = [item for item in executed.findings().differences if item.error.id == "mysql/1040"]
    assert [item.kind for item in found] == ["client", "declared"]
    client, declared = found
    assert [[at.server for at in seen.servers] for seen in client.seen] == [
        ["mysql:9.7", "mariadb:10.11"],
        ["mariadb:11.8"],
    ]
    assert [seen.text for seen in client.seen] == ["ERROR 1040 (08004): Too many connections", evidence.WRAPPED]
    assert declared.declared == Declared("1040", "08004", ())
    assert [(seen.by, seen.text) for seen in declared.seen] == [("mariadb", evidence.WRAPPED)]


def test_what_differs_in_several_ways_between_the_same_servers_is_told_once(executed: Knowledge) -> None:
    found = [item for item in executed.findings().differences if item.error.id == "mysql/1062"]
    assert [(item.kind, item.also) for item in found] == [("code", ("message",)), ("declared", ())]
    assert [seen.text[:12] for seen in found[0].seen] == ["1062 (23000)", "1048 (23000)"]


def test_numbers_and_stale_runs_are_no_findings(executed: Knowledge) -> None:
    found = {item.error.id for item in executed.findings().differences}
    assert "postgresql/40P01" not in found
    assert "mysql/1205" not in found


def test_notes_on_versions_are_grouped_by_entry(executed: Knowledge) -> None:
    noted = executed.findings().notes
    assert [item.error.id for item in noted] == [entry.id for entry in executed.all() if entry.versions]
    for item in noted:
        entry = get(executed, item.error.id)
        assert [(note.engine, note.range, note.note) for note in item.versions] == [tuple(v) for v in entry.versions]


def test_a_note_is_marked_where_runs_show_what_it_tells(tmp_path: Path, entries: Entries) -> None:
    layer = evidence.layer(tmp_path)
    path = layer / "errors" / "mysql" / "1040.yaml"
    notes = """\
versions:
  - engine: mariadb
    range: ">=11.8"
    note: The client prints error 2002 in place of the server's own, when the extra connection is taken too.
  - engine: mariadb
    range: ">=11.8"
    note: SUPER alone is refused where the extra slot is free; the account needs CONNECTION ADMIN.
  - engine: mariadb
    range: ">=10.11"
    note: The client prints the server's own error where the extra slot is free, and nothing else.
"""
    before, _, after = path.read_text().partition("\nversions:\n")
    path.write_text(f"{before}\n{notes}drivers:\n{after.partition('drivers:' + chr(10))[2]}")
    records = well(entries, "mysql/1040")
    records["mariadb:11.8"]["client"] = {"program": "mariadb", "text": evidence.WRAPPED}
    evidence.put(layer, entries["mysql/1040"], records)
    compile_knowledge([layer], tmp_path / "errbook.db")
    with Knowledge(tmp_path / "errbook.db") as knowledge:
        (noted,) = [item for item in knowledge.findings().notes if item.error.id == "mysql/1040"]
    assert [note.shown_by for note in noted.versions] == [("client",), (), ()]


def test_without_evidence_there_are_notes_and_no_differences(tmp_path: Path) -> None:
    with evidence.compiled(tmp_path, {}, {}) as knowledge:
        assert knowledge.findings().differences == ()
        assert knowledge.findings().notes
