"""Builds the whole site, so that whoever serves the folder sees the old site or the new one and never half of one."""

import gc
import logging
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig

from errbook import places
from errbook.knowledge import Knowledge
from errbook_site.hook import OPTIONS
from errbook_site.page import Asset, Page

_PACKAGE: Final = Path(__file__).resolve().parent

_SELDOM: Final = 200_000
"""New objects after which the collector looks for unreachable ones; Python's own number is 700."""


def run(knowledge: Knowledge | None = None, out: Path | None = None, quiet: bool = True) -> Path:
    """Build the site to `out` (default: build/site of the checkout, else below the working directory); return `out`.

    Without `knowledge`, that of the environment is opened, as by `errbook.open`. `quiet` leaves out mkdocs' progress.
    The site is built beside `out` and then takes its place; a build that fails leaves the old site as it was.
    """
    out = (out or (places.checkout() or Path.cwd()) / "build" / "site").absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
        fresh = Path(scratch) / "new"
        handed = {} if knowledge is None else {"knowledge": knowledge}
        _build(config(fresh, handed), quiet)
        # A folder made for the owner alone could not be served by another account.
        fresh.chmod(0o755)
        if out.exists():
            out.rename(Path(scratch) / "old")
        fresh.rename(out)
    return out


def run_pages(items: Iterable[Page | Asset], out: Path) -> None:
    """Build just the given pages and files into `out`, in place, for the preview."""
    _build(config(out, {"pages": list(items), "preview": True}), quiet=True)


def config(out: Path, handed: dict[str, Any]) -> MkDocsConfig:
    """Return the site's mkdocs configuration: the checkout's, else the package's own."""
    root = places.checkout()
    file = root / "mkdocs.yml" if root and (root / "mkdocs.yml").is_file() else _PACKAGE / "mkdocs.yml"
    loaded = load_config(config_file=str(file), site_dir=str(out))
    loaded.extra[OPTIONS] = handed
    return loaded


def _build(loaded: MkDocsConfig, quiet: bool) -> None:
    logger = logging.getLogger("mkdocs")
    before = logger.level
    if quiet:
        logger.setLevel(logging.WARNING)
    loaded.plugins.on_startup(command="build", dirty=False)
    # Thousands of codes stay in memory to the end: the collector would walk them again and again and find nothing.
    thresholds = gc.get_threshold()
    gc.set_threshold(_SELDOM, *thresholds[1:])
    try:
        build(loaded)
    finally:
        gc.set_threshold(*thresholds)
        logger.setLevel(before)
        loaded.plugins.on_shutdown()
