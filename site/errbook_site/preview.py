"""One entry as its page, served on this machine and rendered again at each save.

What the checker finds is shown above the page. Where the file cannot be rendered, the last page that could be is shown
below its problems, so that nothing is lost from sight between a slip and its mend.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from mkdocs.livereload import LiveReloadServer

from errbook import places, public
from errbook.check import check
from errbook.compile import compile_knowledge
from errbook.database import DatabaseError
from errbook.entry import Entry
from errbook.knowledge import Knowledge
from errbook.problem import Problem
from errbook.source import Source, read
from errbook_site import addresses, build, machine
from errbook_site.page import Asset, Page
from errbook_site.pages import DEFAULT_SITE, entry_page
from errbook_site.rows import Rows
from errbook_site.templates import part, render
from errbook_site.terms import Terms

_POLL: Final = 0.3
"""Seconds between two looks at the folder of the entry."""


def run(identity: str, host: str = "127.0.0.1", port: int = 8001, open_browser: bool = False) -> int:
    """Serve the page of the entry ``engine/code`` until interrupted; return an exit code."""
    try:
        preview = Preview(identity)
    except places.PlaceError as error:
        print(f"errbook: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="errbook-preview-") as scratch:
        server = serve(preview, Path(scratch), host, port)
        print(f"http://{host}:{port}/{identity}/ shows {preview.path}; Ctrl-C ends it", flush=True)
        try:
            server.serve(open_in_browser=open_browser)  # type: ignore[no-untyped-call] # mkdocs leaves it untyped
        except KeyboardInterrupt:
            pass
        finally:
            server.shutdown(wait=True)
            preview.close()
    return 0


def serve(preview: "Preview", out: Path, host: str, port: int) -> LiveReloadServer:
    """Build the page into `out` and return the server that watches and rebuilds it, not yet serving."""

    def rebuild() -> None:
        build.run_pages(preview.pages(), out)

    rebuild()
    server = LiveReloadServer(rebuild, host, port, str(out), polling_interval=_POLL)
    # The folder, not the file: editors replace a file when they save, and a watch on the old one would see nothing.
    server.watch(str(preview.path.parent), recursive=False)
    server.error_handler = lambda code: (out / "404.html").read_bytes() if code == 404 else None
    return server


class Preview:
    """The entry that is shown, its place, and its last page that could be rendered."""

    def __init__(self, identity: str) -> None:
        """Find the entry's file; PlaceError where no layer has it."""
        self.identity = identity
        self.path, self.layer = _find(identity)
        self._scratch = tempfile.TemporaryDirectory(prefix="errbook-preview-")
        self._shared = _shared(Path(self._scratch.name))
        self._terms = Terms(self._shared)
        self._rows = _compiled_rows()
        self._entry: Entry | None = None

    def close(self) -> None:
        """Remove what the preview compiled for itself."""
        self._shared.close()
        self._scratch.cleanup()

    def pages(self) -> list[Page | Asset]:
        """Check and render the file as it is now: its page, its twin, and a redirect from the root."""
        found: list[Source] = []
        recorded = _recorded(self.identity)
        problems = check(places.layers(), [self.path, *recorded], found.append)
        entries = [source for source in found if source.kind == "entry"]
        if entries:
            evidence = next((source.data for source in found if source.kind == "evidence"), None)
            self._entry = self._read(entries[-1], evidence)
        above = part("problems", problems=problems, stale=not entries, path=self.path) if problems else ""
        if self._entry is None:
            return [self._only_problems(problems), *self._frame()]
        page = entry_page(self._entry, self._rows, self._terms, problems=above)
        page = page._replace(in_sitemap=False, meta={**page.meta, "preview": True})
        return [page, machine.twin(self._entry, self._shared), *self._frame()]

    def _read(self, source: Source, evidence: dict[str, Any] | None) -> Entry:
        titles = {engine: self._terms.engine(engine) for engine in self._terms.engines}
        return Entry.of(public.entry(source.data, self._neighbour, evidence, titles))

    def _neighbour(self, identity: str) -> tuple[str, str | None]:
        try:
            path, layer = _find(identity)
        except places.PlaceError:
            return "not written yet", None
        data: dict[str, Any] = source.data if (source := read(path, layer)[0]) else {}
        return str(data.get("title", "not written yet")), data.get("symbol")

    def _only_problems(self, problems: list[Problem]) -> Page:
        html = render("problems", problems=problems, stale=False, path=self.path)
        return Page(f"{self.identity}/", self.identity, "", f'<div class="eb">{html}</div>', in_sitemap=False)

    def _frame(self) -> list[Page | Asset]:
        return [addresses.redirect("", f"{self.identity}/", self.identity, DEFAULT_SITE)]


def _find(identity: str) -> tuple[Path, Path]:
    layers = places.layers()
    for layer in layers:
        path = layer / "errors" / f"{identity}.yaml"
        if identity.count("/") == 1 and path.is_file():
            return path, layer
    raise places.PlaceError(f"there is no errors/{identity}.yaml; start it with: errbook new {identity}")


def _recorded(identity: str) -> list[Path]:
    """Return the entry's file of evidence, from the first layer that has one."""
    files = (layer / "evidence" / f"{identity}.json" for layer in places.layers())
    return [file for file in files if file.is_file()][:1]


def _shared(folder: Path) -> Knowledge:
    """Compile what all entries share, engines, SQLSTATE classes and vocabularies, however broken the entries are."""
    for layer in reversed(places.layers()):
        for path in [*(layer / "errors").glob("*/engine.yaml"), *(layer / "errors").glob("sqlstates.yaml")]:
            target = folder / path.relative_to(layer)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    compile_knowledge([folder], folder / "shared.db")
    return Knowledge(folder / "shared.db")


def _compiled_rows() -> Rows:
    """Return the rows of the last compilation, for links to the same condition elsewhere; none where there was none."""
    try:
        with Knowledge(places.database()) as knowledge:
            return Rows.of(knowledge)
    except (DatabaseError, KeyError):
        return Rows([])
