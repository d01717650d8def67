"""The guides to setting chat up. What they tell to paste lies beside this module; tests/test_connect.py tries it."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Final, NamedTuple

from errbook_site.page import Page, root
from errbook_site.templates import render


class Guide(NamedTuple):
    """One page: its address, title and description."""

    address: str
    title: str
    description: str


_ALL: Final = Guide("connect/", "Chat", "The answer where the incident is: in Slack, Discord, Teams and Mattermost.")
PLATFORMS: Final = (
    Guide("connect/slack/", "Slack", "A slash command, a shortcut on messages, and answers that only the asker sees."),
    Guide(
        "connect/discord/", "Discord", "A slash command, a command on messages, and answers that only the asker sees."
    ),
    Guide("connect/teams/", "Microsoft Teams", "An outgoing webhook that is mentioned, and answers with a card."),
    Guide("connect/mattermost/", "Mattermost", "A slash command with answers that only the asker sees."),
)


def pages() -> Iterator[Page]:
    """Give the guides."""
    texts = pasted()
    yield _page(_ALL, "connect", platforms=PLATFORMS, settings=texts["settings.sh"])
    for guide in PLATFORMS:
        yield _page(guide, f"connect_{guide.address.split('/')[1]}", files=texts)


def pasted() -> dict[str, str]:
    """Return what the guides tell to paste, by the names of the files."""
    found = [item for item in files(__name__).iterdir() if item.name.endswith((".yaml", ".json", ".sh"))]
    return {
        item.name: item.read_text(encoding="utf-8").rstrip("\n") for item in sorted(found, key=lambda one: one.name)
    }


def _page(guide: Guide, template: str, **values: object) -> Page:
    html = render(template, root=root(guide.address), title=guide.title, description=guide.description, **values)
    return Page(guide.address, guide.title, guide.description, html, (), boost=0.2)
