"""The built site, served as it lies in its folder, behind every route of the service.

What a web server in front would do better it leaves to that; what it does is right: entity tags are content hashes,
text is compressed once, and a missing page is the site's own 404 page for browsers, a problem document for programs.
"""

import os
from collections import OrderedDict
from hashlib import blake2b
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from errbook_api import negotiation
from errbook_api.negotiation import HTML, JSON, TEXT
from errbook_api.notes import notes
from errbook_api.representation import Policy, Representation, page_policy, represent

CONTENT_SECURITY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""The generator writes inline scripts and styles into every page; nothing may come from another host."""

_COMPRESSED = ("text/", "application/json", "application/javascript", "image/svg+xml", "application/xml")
_LARGEST = 16 << 20
_KEPT = 64 << 20


class Site(StaticFiles):
    """Serves a folder of HTML pages; `has` tells whether a path is a page."""

    def __init__(self, folder: Path, policy: Policy) -> None:
        """`folder` holds an index.html; RuntimeError when it does not exist."""
        super().__init__(directory=folder, html=True)
        self._policy = page_policy(policy, CONTENT_SECURITY)
        self._tags: dict[tuple[str, int, int], str] = {}
        self._ready: OrderedDict[tuple[str, str], Representation] = OrderedDict()
        self._held = 0

    def has(self, path: str) -> bool:
        """Tell whether the site has a page at a path that ends in a slash."""
        if "\x00" in path or len(path) > 255:
            return False
        full, stat = self.lookup_path(os.path.normpath(f"{path.strip('/')}/index.html"))
        return bool(full) and stat is not None

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file of a path, with the headers of the service; HTTPException where there is none."""
        notes(scope)["route"] = "site"
        if "\x00" in path or len(path) > 1024:
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        if response.status_code == 404:
            # The page for lost readers is of no use to a program.
            accept = Headers(scope=scope).get("accept")
            if negotiation.media_type(accept, (JSON, TEXT, HTML)) != HTML:
                raise HTTPException(404)
        if isinstance(response, RedirectResponse):
            response.headers.update(dict(self._policy.common))
        return response

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return one file: compressed where that is wanted, 304 where the asker has it, or the range asked for."""
        asked = Headers(scope=scope)
        response = FileResponse(full_path, status_code=status_code, stat_result=stat_result)
        kind = response.headers["content-type"].partition(";")[0]
        compressible = kind.startswith(_COMPRESSED) and stat_result.st_size <= _LARGEST
        if status_code == 200 and compressible and "range" not in asked:
            ready = self._represent(Path(full_path), stat_result, kind)
            status, headers, body, _ = ready.select(asked.get("accept-encoding"), asked.get("if-none-match"))
            return Response(body, status, dict(headers))
        # A changed file has a changed tag, and equal files have equal ones on every replica.
        tag = self._tag(Path(full_path), stat_result)
        response.headers.update({"etag": tag, "cache-control": self._policy.cache, **dict(self._policy.common)})
        if status_code == 200 and (wanted := asked.get("if-none-match")) and negotiation.matches(wanted, tag):
            kept = {"etag": tag, "cache-control": self._policy.cache, **dict(self._policy.common)}
            return Response(status_code=304, headers=kept)
        if status_code == 404:
            response.headers["vary"] = "Accept"
        return response

    def _represent(self, path: Path, stat: os.stat_result, kind: str) -> Representation:
        key = (str(path), f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}")
        if ready := self._ready.get(key):
            return ready
        ready = self._ready[key] = represent(path.read_bytes(), kind, self._policy)
        self._held += ready.size
        while self._held > _KEPT and len(self._ready) > 1:
            _, oldest = self._ready.popitem(last=False)
            self._held -= oldest.size
        return ready

    def _tag(self, path: Path, stat: os.stat_result) -> str:
        key = (str(path), stat.st_size, stat.st_mtime_ns)
        if key not in self._tags:
            self._tags[key] = f'"{blake2b(path.read_bytes(), digest_size=16).hexdigest()}"'
        return self._tags[key]
