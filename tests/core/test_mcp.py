"""The tools as an agent uses them: with the SDK's client, over a real process and within this one."""

import json
import os
import subprocess
import sys
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult, TextContent

from errbook.knowledge import Knowledge
from errbook.mcp.facts import BRIEF, FULL, Facts, size
from errbook.mcp.server import server

SITE = "https://errors.example.com"
MODES = ("auto", "legacy")
"""The revision of 2026 without a handshake, and the older ones with `initialize`."""


def ask(knowledge: Knowledge, tool: str, **arguments: Any) -> CallToolResult:
    """Return what a tool answers."""

    async def call() -> CallToolResult:
        async with Client(server(lambda: knowledge, SITE)) as client:
            return await client.call_tool(tool, arguments)

    return anyio.run(call)


def told(result: CallToolResult) -> dict[str, Any]:
    """Return the structured answer, which must be what the text says too."""
    assert not result.is_error, result.content
    (text,) = result.content
    assert isinstance(text, TextContent)
    assert json.loads(text.text) == result.structured_content
    answer: dict[str, Any] = result.structured_content
    return answer


def refused(result: CallToolResult) -> str:
    """Return why a call was refused."""
    assert result.is_error
    (text,) = result.content
    assert isinstance(text, TextContent)
    return text.text


def test_a_code_is_answered_with_what_is_needed_first(knowledge: Knowledge) -> None:
    answer = told(ask(knowledge, "lookup_error", query="1040"))
    (error,) = answer["errors"]
    entry = knowledge.get("mysql", "1040")
    assert entry
    assert error["id"] == "mysql/1040"
    assert error["retry"]["verdict"] == entry.retry.verdict
    assert error["likeliest_cause"]["confirm"] == entry.causes[0].confirm.run
    assert error["first"]["code"].splitlines()[0] == entry.fixes[0].code.text.splitlines()[0]
    assert error["address"] == f"{SITE}/mysql/1040/"
    assert error["executed"].startswith("Executed.")
    assert "fixes" not in error


def test_full_has_every_cause_and_fix_with_what_came_of_it(knowledge: Knowledge) -> None:
    answer = told(ask(knowledge, "lookup_error", query="1040", engine="mariadb", detail="full"))
    (error,) = answer["errors"]
    entry = knowledge.get("mysql", "1040")
    assert entry
    assert [fix["code"] for fix in error["fixes"]] == [fix.code.text for fix in entry.fixes]
    assert len(error["causes"]) == len(entry.causes)
    assert error["sources"] == [source.url for source in entry.sources]
    assert "Proven on MySQL" in error["fixes"][0]["proof"]


def test_every_entry_keeps_to_the_budget(knowledge: Knowledge) -> None:
    facts = Facts(knowledge, SITE)
    for entry in knowledge.all():
        assert size(facts.brief(entry)) <= BRIEF, entry.id
        full = facts.full(entry)
        assert size(full) <= FULL, entry.id
        assert full["causes"], entry.id
        assert full["fixes"], entry.id


def test_a_shared_sqlstate_gives_several_and_names_the_rest(knowledge: Knowledge) -> None:
    answer = told(ask(knowledge, "lookup_error", query="40001"))
    assert [error["id"] for error in answer["errors"]] == ["postgresql/40001", "mysql/1213"]
    general = told(ask(knowledge, "lookup_error", query="HY000"))
    assert general["errors"]
    assert size(general) <= 6 * BRIEF


def test_a_code_without_an_entry_says_so(knowledge: Knowledge) -> None:
    answer = told(ask(knowledge, "lookup_error", query="13426"))
    assert answer["errors"] == []
    assert answer["codes"][0]["symbol"] == "ER_GRP_RPL_MEMBER_VER_READ_COMPATIBLE"
    assert answer["note"].startswith("Not written up yet")


def test_what_is_only_similar_is_not_passed_off(knowledge: Knowledge) -> None:
    answer = told(ask(knowledge, "lookup_error", query="ER_DUP_ENTRI"))
    assert answer["errors"] == []
    assert answer["note"].startswith("Nothing has this name")
    assert "mysql/1062" in [link["id"] for link in answer["near"]]


def test_a_text_gives_its_errors(knowledge: Knowledge) -> None:
    line = "Caused by: java.sql.SQLException: Duplicate entry 'ada@example.com' for key 'users.email'"
    (match,) = told(ask(knowledge, "identify_error", text=line))["matches"]
    assert (match["engine"], match["code"]) == ("mysql", "1062")
    assert match["parameters"] == {"key": "users.email", "value": "ada@example.com"}
    assert match["error"]["id"] == "mysql/1062"
    assert match["error"]["likeliest_cause"]["confirm"] == (
        "SHOW INDEX FROM `users` WHERE Key_name = 'email';\nSELECT * FROM `users` WHERE email = 'ada@example.com';"
    )
    assert {"`users`", "'ada@example.com'"} <= set(match["filled_in"])
    (match,) = told(ask(knowledge, "identify_error", text="sqlite3.OperationalError: no such table: users"))["matches"]
    assert match["error"]["id"] == "sqlite/1#no-such-table"
    nothing = told(ask(knowledge, "identify_error", text="listening on port 1040"))
    assert nothing["matches"] == []
    assert nothing["note"]


def test_words_find_entries_and_codes(knowledge: Knowledge) -> None:
    answer = told(ask(knowledge, "search_errors", query="member version is read compatible"))
    assert "mysql/13426" in [code["id"] for code in answer["codes"]]
    assert told(ask(knowledge, "search_errors", query="zyzzyva"))["note"].startswith("Nothing has these words")


def test_codes_come_in_pages(knowledge: Knowledge) -> None:
    first = told(ask(knowledge, "list_codes", engine="os", limit=2))
    second = told(ask(knowledge, "list_codes", engine="os", limit=2, after=first["after"]))
    assert [code["id"] for code in first["codes"] + second["codes"]] == ["os/1", "os/2", "os/3", "os/4"]
    assert told(ask(knowledge, "list_codes", engine="oracle"))["note"].startswith("No code fits")


@pytest.mark.parametrize(
    ("tool", "arguments", "why"),
    [
        ("lookup_error", {"query": "1040", "engine": "oracle"}, "use mysql, mariadb, postgresql"),
        ("lookup_error", {"query": ""}, "at least 1 character"),
        ("lookup_error", {"query": "1" * 10_000}, "at most 200 characters"),
        ("lookup_error", {}, "Field required"),
        ("lookup_error", {"query": "1040", "detail": "everything"}, "'brief' or 'full'"),
        ("list_codes", {"after": "mysql/99999999"}, "there is no code"),
        ("list_codes", {"limit": 0}, "greater than or equal to 1"),
        ("drop_tables", {}, "Unknown tool"),
    ],
)
def test_a_bad_call_says_what_to_do(knowledge: Knowledge, tool: str, arguments: dict[str, Any], why: str) -> None:
    assert why in refused(ask(knowledge, tool, **arguments))


@pytest.mark.parametrize("query", ["🦆", "\u202e1040", "1040\x00", "'; DROP TABLE entry; --", "mysql mysql mysql"])
def test_odd_queries_are_only_not_found(knowledge: Knowledge, query: str) -> None:
    assert told(ask(knowledge, "lookup_error", query=query))["errors"] == []


@pytest.mark.parametrize("mode", MODES)
def test_everything_on_standard_input_and_output(mode: str) -> None:
    given = {name: value for name, value in os.environ.items() if not name.startswith("ERRBOOK_")}
    command = StdioServerParameters(
        command=sys.executable, args=["-W", "error", "-m", "errbook", "mcp"], env={**given, "ERRBOOK_SITE_URL": SITE}
    )

    async def talk() -> None:
        async with Client(stdio_client(command), mode=mode) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert sorted(tools) == ["identify_error", "list_codes", "lookup_error", "search_errors"]
            for tool in tools.values():
                assert tool.description
                assert tool.output_schema
                assert tool.annotations
                assert tool.annotations.read_only_hint
            answer = await client.call_tool("lookup_error", {"query": "40P01"})
            assert told(answer)["errors"][0]["id"] == "postgresql/40P01"
            (template,) = (await client.list_resource_templates()).resource_templates
            assert template.uri_template == "error://{engine}/{code}"
            (page,) = (await client.read_resource("error://postgresql/40P01")).contents
            assert page.mime_type == "text/markdown"
            assert "# PostgreSQL 40P01" in page.text  # type: ignore[union-attr] # it is text, as its kind says
            (prompt,) = (await client.list_prompts()).prompts
            said = await client.get_prompt(prompt.name, {"error": "deadlock detected"})
            assert "deadlock detected" in said.messages[0].content.text  # type: ignore[union-attr] # it is text
            with pytest.raises(MCPError, match="No server that errbook knows"):
                await client.read_resource("error://mysql/99999999")

    anyio.run(talk)


def test_the_input_s_end_ends_it() -> None:
    command = [sys.executable, "-W", "error", "-m", "errbook", "mcp"]
    ended = subprocess.run(command, input=b"nonsense\n", capture_output=True, timeout=60)
    assert ended.returncode == 0
    assert b"Traceback" not in ended.stderr
