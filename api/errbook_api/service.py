"""What the parts of one running service share."""

from typing import NamedTuple

from errbook_api.current import Current
from errbook_api.metrics import Metrics
from errbook_api.observe import Observer
from errbook_api.representation import Policy
from errbook_api.settings import Settings
from errbook_api.table import PREFIXES

RESOURCES = (
    *("errors", "entries", "findings", "coverage", "search", "identify"),
    *("codes", "catalogs"),
    *("sqlstates", "conditions", "categories", "engines"),
)
"""First parts of the paths that the service answers itself."""


class Service(NamedTuple):
    """The settings, the policy that follows from them, the knowledge in use, and what watches over requests."""

    settings: Settings
    policy: Policy
    current: Current
    observer: Observer
    metrics: Metrics


def bare(path: str) -> str:
    """Return a path without the prefix of a version."""
    for prefix in PREFIXES[:0:-1]:
        if path.startswith(f"{prefix}/"):
            return path[len(prefix) :]
    return path


def is_resource(path: str) -> bool:
    """Tell whether a path, without its suffix, belongs to the service and not to the site."""
    first, _, rest = bare(path)[1:].partition("/")
    # The site keeps files below search/ and identify/, the service has none there.
    return first in RESOURCES and not (first in ("search", "identify") and rest)
