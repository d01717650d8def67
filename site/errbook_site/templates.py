"""The Jinja environment of the pages' own templates; whatever a template prints is escaped unless it is Markup."""

import re
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from errbook.render import scenario, servers
from errbook.verification import sort
from errbook_site import highlight, prose

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@cache
def environment() -> Environment:
    """Return the environment; templates are in the package's folder ``templates``."""
    made = Environment(
        loader=PackageLoader("errbook_site", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "breakable": prose.breakable,
        "inline": prose.inline,
        "paragraphs": prose.paragraphs,
        "plain": prose.plain,
        "spaced": servers.spaced,
        "visible": servers.visible,
        "code": highlight.code,
        "placeholders": _PLACEHOLDER.split,
    }
    made.globals["scenario_lines"] = lambda steps: [scenario.line(step) for step in steps]
    made.globals["limits"] = servers.limits
    made.globals["sort"] = sort
    return made


def render(name: str, /, **values: Any) -> str:
    """Return the HTML of a template."""
    return environment().get_template(f"{name}.html.jinja").render(values)


def part(name: str, /, **values: Any) -> Markup:
    """Return the HTML of a template, to be put into another."""
    return Markup(render(name, **values))  # noqa: S704 - autoescape has escaped every value
