"""What people type and press on each platform, and what they see."""

import json
import time
from queue import Empty
from typing import Any

import pytest

EPHEMERAL = 64


def texts(message: dict[str, Any]) -> str:
    """Return all texts of a Slack message."""
    return json.dumps(message["blocks"], ensure_ascii=False)


def buttons(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the buttons of a Slack message by their labels."""
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return {item["text"]["text"]: item for row in rows for item in row}


@pytest.mark.parametrize(
    "text", ["1040", "mysql 1040", "MySQL/1040", "er_con_count_error", "`08004`", "\u200b1040\u200f"]
)
def test_slack_answers_a_code_to_the_asker_alone(chat: Any, text: str) -> None:
    answer = chat.slack(text)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers
    message = answer.json()
    assert message["response_type"] == "ephemeral"
    assert message["blocks"][0]["text"]["text"] == "MySQL, MariaDB 1040: Too many connections"
    headings = ["How bad: Critical", "Retry with backoff", "Likeliest cause", "First thing to type", "What not to do"]
    places = [texts(message).index(f"*{heading}*") for heading in [*headings, "Where this was executed"]]
    assert places == sorted(places)
    assert buttons(message)["Page"]["url"] == "https://errors.example.com/mysql/1040/"


def test_share_is_for_the_channel(chat: Any) -> None:
    message = chat.slack("share 1040").json()
    assert message["response_type"] == "in_channel"
    assert "Share" not in buttons(message)
    assert chat.mattermost("share 1040").json()["response_type"] == "in_channel"
    assert chat.mattermost("1040").json()["response_type"] == "ephemeral"


def test_an_answer_that_is_kept_is_still_only_for_whom_it_is(chat: Any) -> None:
    line = "ERROR 1062 (23000): Duplicate entry '1' for key 'users.email'"
    for share, kind in (("share ", "in_channel"), ("", "ephemeral"), ("share ", "in_channel")):
        message = chat.slack(f"{share}{line}").json()
        assert (message["response_type"], "Share" in buttons(message)) == (kind, not share)


@pytest.mark.parametrize("text", ["", "help", "  HELP "])
def test_help(chat: Any, text: str) -> None:
    assert "What to type" in texts(chat.slack(text).json())
    assert "What to type" in chat.mattermost(text).json()["text"]
    assert "Everybody in the channel" in chat.teams(f"<at>errbook</at>&nbsp;{text}").text


def test_several_are_offered_and_chosen_by_a_button(chat: Any) -> None:
    message = chat.slack("23000").json()
    offered = buttons(message)
    assert {"MySQL 1062: Duplicate entry", "MySQL 1452: Foreign key constraint fails"} <= offered.keys()
    pressed = offered["MySQL 1062: Duplicate entry"]
    taken = chat.press({"type": "block_actions", "actions": [pressed]})
    assert (taken.status_code, taken.content) == (200, b"")
    sent = chat.hooks.came.get(timeout=20)
    assert (sent["response_type"], sent["replace_original"]) == ("ephemeral", False)
    assert "MySQL, MariaDB 1062" in texts(sent)


def test_the_share_button_posts_into_the_channel(chat: Any) -> None:
    share = buttons(chat.slack("mysql 1040").json())["Share"]
    assert chat.press({"type": "block_actions", "actions": [share]}).status_code == 200
    sent = chat.hooks.came.get(timeout=20)
    assert sent["response_type"] == "in_channel"
    assert sent["blocks"][0]["text"]["text"] == "MySQL, MariaDB 1040: Too many connections"
    assert "Share" not in buttons(sent)


def test_a_button_that_opens_a_page_is_taken_and_says_nothing(chat: Any) -> None:
    page = buttons(chat.slack("mysql 1040").json())["Page"]
    assert chat.press({"type": "block_actions", "actions": [page]}).content == b""
    with pytest.raises(Empty):
        chat.hooks.came.get(timeout=0.3)


def test_explain_this_error_on_a_message_in_slack(chat: Any) -> None:
    message = {
        "type": "message",
        "user": "U2",
        "text": "<@U7> look: ERROR 1040 (08004): Too many connections &lt;here&gt;",
    }
    taken = chat.press({"type": "message_action", "callback_id": "explain", "message": message})
    assert taken.status_code == 200
    sent = chat.hooks.came.get(timeout=20)
    assert sent["response_type"] == "ephemeral"
    assert "mysql 1040" in texts(sent)


def test_explain_this_error_on_an_alert_that_a_program_posted(chat: Any) -> None:
    alert = "ERROR 1040 (08004): Too many connections"
    attached = {"text": "", "attachments": [{"color": "red", "fields": [{"title": "Log", "value": alert}]}]}
    chat.press({"type": "message_action", "message": attached})
    assert "mysql 1040" in texts(chat.hooks.came.get(timeout=20))
    embedded = {"id": "9", "content": "", "embeds": [{"title": "Alert", "description": alert}]}
    data = {"type": 3, "target_id": "9", "resolved": {"messages": {"9": embedded}}}
    answer = chat.discord({"type": 2, "data": data}).json()
    assert "1040" in answer["data"]["embeds"][0]["title"]


def test_answers_go_only_to_slack(chat: Any) -> None:
    share = {"action_id": "share", "value": "mysql 1040"}
    elsewhere = {"type": "block_actions", "actions": [share], "response_url": "http://169.254.169.254/latest"}
    assert chat.press(elsewhere).json()["detail"] == "The response_url is not one of Slack's."


def test_an_answer_that_cannot_be_delivered_is_told_to_the_operator_without_its_address(chat: Any) -> None:
    share = {"action_id": "share", "value": "mysql 1040"}
    gone = f"{chat.hooks.url}/\x00/secret"
    assert chat.press({"type": "block_actions", "actions": [share], "response_url": gone}).status_code == 200
    end = time.monotonic() + 30
    while "chat-delivery" not in chat.server.errors.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    told = [json.loads(line) for line in chat.server.errors.read_text().splitlines() if line.startswith("{")]
    assert "secret" not in json.dumps(told)


def test_discord_answers_a_ping(chat: Any) -> None:
    answer = chat.discord({"type": 1, "id": "1", "application_id": "2", "token": "t", "version": 1})
    assert (answer.status_code, answer.json()) == (200, {"type": 1})
    assert answer.headers["content-type"] == "application/json"


def slash(text: str) -> dict[str, Any]:
    """Return the interaction of the slash command."""
    return {"type": 2, "data": {"type": 1, "name": "errbook", "options": [{"type": 3, "name": "query", "value": text}]}}


def test_discord_answers_a_command_and_its_buttons(chat: Any) -> None:
    answer = chat.discord(slash("mysql 1040")).json()
    assert answer["type"] == 4
    data = answer["data"]
    assert data["flags"] == EPHEMERAL
    assert data["allowed_mentions"] == {"parse": []}
    assert data["embeds"][0]["title"] == "MySQL, MariaDB 1040: Too many connections"
    (share,) = [item for row in data["components"] for item in row["components"] if item["label"] == "Share"]
    shared = chat.discord({"type": 3, "data": {"component_type": 2, "custom_id": share["custom_id"]}}).json()
    assert shared["type"] == 4
    assert "flags" not in shared["data"]
    chosen = chat.discord({"type": 3, "data": {"component_type": 2, "custom_id": "show:mysql 1452"}}).json()
    assert chosen["data"]["flags"] == EPHEMERAL
    assert "1452" in chosen["data"]["embeds"][0]["title"]


def test_explain_this_error_on_a_message_in_discord(chat: Any) -> None:
    message = {"id": "9", "content": "ERROR 1040 (08004): Too many connections"}
    data = {"type": 3, "name": "Explain this error", "target_id": "9", "resolved": {"messages": {"9": message}}}
    answer = chat.discord({"type": 2, "data": data}).json()
    assert answer["data"]["flags"] == EPHEMERAL
    assert "1040" in answer["data"]["embeds"][0]["title"]


def test_teams_answers_a_mention_with_a_card(chat: Any) -> None:
    answer = chat.teams("<p><at>errbook</at>&nbsp;mysql <b>1040</b></p>\n").json()
    assert answer["type"] == "message"
    (attachment,) = answer["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert card["version"] == "1.4"
    assert card["body"][0]["inlines"][0]["text"] == "MySQL, MariaDB 1040: Too many connections"
    assert {action["type"] for action in card["actions"]} == {"Action.OpenUrl"}


def test_mattermost_answers_in_markdown(chat: Any) -> None:
    answer = chat.mattermost("mysql 1040").json()
    assert answer["skip_slack_parsing"] is True
    assert answer["text"].startswith(
        "#### [MySQL, MariaDB 1040: Too many connections](https://errors.example.com/mysql/1040/)"
    )


PASTED = "<!channel> <@U024BE7LH> @everyone @here *bold* `code` [x](https://evil.example.com) & <https://evil.example.com|ok>"


def test_what_is_pasted_is_no_markup_and_reaches_nobody(chat: Any) -> None:
    slack = json.dumps(chat.slack(PASTED).json(), ensure_ascii=False)
    assert "<!" not in slack
    assert "<@" not in slack
    assert "<http" not in slack
    discord = chat.discord(slash(PASTED)).json()["data"]
    assert discord["allowed_mentions"] == {"parse": []}
    assert "@everyone" not in json.dumps(discord, ensure_ascii=False)
    mattermost = chat.mattermost(PASTED).json()["text"]
    assert "@everyone" not in mattermost
    assert "@here" not in mattermost
    assert "](https://evil" not in mattermost


def test_statements_have_names_from_the_text_each_time_its_own(chat: Any) -> None:
    line = "ERROR 1062 (23000): Duplicate entry '%s' for key 'users.email'"
    hostile = "x ``` <!channel> @everyone '; DROP TABLE users; --"
    for value in ("ada@example.com", "bob@example.com", hostile):
        quoted = value.replace("'", "''")
        message = texts(chat.slack(line % value).json())
        assert "Run, with names from your text" in message
        if value is not hostile:
            assert f"FROM `users` WHERE email = '{value}'" in message
        assert "<!" not in message
        discord = json.dumps(chat.discord(slash(line % value)).json()["data"], ensure_ascii=False)
        assert f"WHERE email = '{quoted}'".replace("```", "`\u200b``") in discord
        mattermost = chat.mattermost(line % value).json()["text"]
        assert f"WHERE email = '{quoted}'" in mattermost
        # No fence in the value ends the block.
        assert ("````" in mattermost) == ("```" in value)
    # What is shared afterwards is the entry's, without them.
    button = buttons(chat.slack(line % "ada@example.com").json())["Share"]
    assert button["value"] == "mysql 1062"


def test_nothing_pasted_is_logged(chat: Any) -> None:
    word = "xyzzy-password-of-somebody"
    for ask in (chat.slack, chat.mattermost, chat.teams, lambda text: chat.discord(slash(text))):
        assert ask(f"connect failed {word}").status_code == 200
    chat.press({"type": "message_action", "message": {"text": word}})
    chat.hooks.came.get(timeout=20)
    chat.server.client.get("/healthz")
    assert word not in chat.server.errors.read_text()
    assert word not in chat.server.log.read_text()
    metrics = chat.client.get("/metrics").text
    assert word not in metrics
    assert 'errbook_requests_total{route="/chat/slack",status="200"}' in metrics
