"""What mkdocs.yml names: hands mkdocs' events to `errbook_site.hook`, also in a checkout that is not installed."""

import sys
from pathlib import Path

_SITE = Path(__file__).resolve().parent.parent
_CORE = _SITE.parent / "core"
for _root in (_SITE, _CORE):
    if _root.is_dir() and str(_root) not in sys.path:
        sys.path.append(str(_root))

from errbook_site.hook import Hook  # noqa: E402 - the path is only known now

_hook = Hook()
on_files = _hook.on_files
on_page_markdown = _hook.on_page_markdown
on_page_content = _hook.on_page_content
on_page_context = _hook.on_page_context
