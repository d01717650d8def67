"""Code as HTML: coloured by Pygments, in the form to which the theme adds its copy button."""

from functools import lru_cache
from typing import Final

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name

_LEXERS: Final = {"shell": "bash", "php": "php"}
_FORMATTER: Final = HtmlFormatter(nowrap=True)
_OPTIONS: Final = {"php": {"startinline": True}}


@lru_cache
def _lexer(language: str) -> Lexer:
    # Leading and trailing blank lines were taken off by the compiler; what is left is what gets typed.
    options = {"stripnl": False, "ensurenl": False, **_OPTIONS.get(language, {})}
    return get_lexer_by_name(_LEXERS.get(language, language), **options)


@lru_cache(maxsize=64)
def code(text: str, language: str = "sql") -> Markup:
    """Return a block of code in one of the languages of schema/entry.schema.json."""
    coloured = highlight(text, _lexer(language), _FORMATTER)
    # Pygments escapes what it colours.
    return Markup(f'<div class="highlight"><pre><code tabindex="0">{coloured}</code></pre></div>')  # noqa: S704
