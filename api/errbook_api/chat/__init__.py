"""Chat: the endpoints that Slack, Discord, Microsoft Teams and Mattermost send commands to.

Each is there only when its secret is configured. What they need beyond the service comes with the extra ``chat``.
"""

from collections.abc import Callable, Iterator

from errbook_api.chat.platform import Platform
from errbook_api.settings import Settings, SettingsError


def platforms(settings: Settings) -> Iterator[Platform]:
    """Give the endpoints that are configured; SettingsError for a secret that is none, or a package that is missing."""
    made: list[tuple[str, tuple[str, ...], Callable[[Settings], list[Platform]]]] = [
        ("ERRBOOK_SLACK_SIGNING_SECRET", settings.slack_signing_secret, _slack),
        ("ERRBOOK_DISCORD_PUBLIC_KEY", settings.discord_public_key, _discord),
        ("ERRBOOK_TEAMS_TOKEN", settings.teams_token, _teams),
        ("ERRBOOK_MATTERMOST_TOKEN", settings.mattermost_token, _mattermost),
    ]
    for name, secrets, make in made:
        if not secrets:
            continue
        if not settings.site_url:
            raise SettingsError(f"{name}: answers link to the site, so set ERRBOOK_SITE_URL to its address as well")
        try:
            yield from make(settings)
        except ImportError as error:
            raise SettingsError(f"{name} needs {error.name}; run: pip install 'errbook[chat]'") from error
        except ValueError as error:
            # The value is a secret, and is not shown.
            raise SettingsError(f"{name}: {error}") from error


def _slack(settings: Settings) -> list[Platform]:
    from errbook_api.chat.slack import Slack

    secrets, hooks = settings.slack_signing_secret, settings.slack_hooks
    return [Slack(secrets, hooks), Slack(secrets, hooks, interactive=True)]


def _discord(settings: Settings) -> list[Platform]:
    from errbook_api.chat.discord import Discord

    return [Discord(settings.discord_public_key)]


def _teams(settings: Settings) -> list[Platform]:
    from errbook_api.chat.teams import Teams

    return [Teams(settings.teams_token)]


def _mattermost(settings: Settings) -> list[Platform]:
    from errbook_api.chat.mattermost import Mattermost

    return [Mattermost(settings.mattermost_token)]
