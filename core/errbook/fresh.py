"""Keeps the compiled file in step with its inputs.

In a checkout, or with private layers, the file is compiled again when an input changed. The signature of the inputs
(names, sizes and modification times) is kept beside the compiled file, not in it: the file itself
depends on content alone.
"""

from __future__ import annotations

import os

from errbook import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Folder = str | os.PathLike[str]

_CODE = (
    "catalog.py",
    "catalogs.py",
    "code_tables.py",
    "codes.py",
    "compile.py",
    "conditions.py",
    "confidence.py",
    "database.py",
    "identifier/dataset.py",
    "identifier/dialects.yaml",
    "identifier/layout.py",
    "identifier/wordings.yaml",
    "identifier/words.py",
    "public.py",
    "verification.py",
    "render/servers.py",
    "lab/evidence.py",
    "lab/plan.py",
    "lab/servers.yaml",
    "wording.py",
)
"""Files of the package whose change changes the compiled file."""


def signature(layers: Iterable[Folder]) -> str:
    """Return what tells one state of all inputs of a compilation from another; cheap, it reads no file."""
    lines = []
    for layer in [os.fspath(folder) for folder in layers]:
        lines += sorted(_stats(f"{layer}/errors"))
        # A knowledge without evidence or catalogs is whole.
        for name in ("evidence", "catalog"):
            if os.path.isdir(f"{layer}/{name}"):  # noqa: PTH112 - no pathlib in a cold lookup
                lines += sorted(_stats(f"{layer}/{name}"))
    lines += sorted(_stats(places.schema_folder()))
    for name in _CODE:
        stat = os.stat(f"{places.PACKAGE}/{name}")  # noqa: PTH116 - no pathlib in a cold lookup
        lines.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
    return "\n".join(lines)


def _stats(folder: str) -> Iterator[str]:
    with os.scandir(folder) as found:
        for item in found:
            if item.is_dir():
                yield from _stats(item.path)
            else:
                # A dangling link is an input too: the checker reports it.
                stat = item.stat(follow_symlinks=item.is_file())
                yield f"{item.path} {stat.st_size} {stat.st_mtime_ns}"


def _stamp(target: Folder) -> str:
    return f"{os.fspath(target)}.inputs"


def is_fresh(target: Folder, current: str) -> bool:
    """Tell whether a compiled file is that of the inputs with the given signature."""
    try:
        with open(_stamp(target), encoding="utf-8") as stamp:  # noqa: PTH123 - no pathlib in a cold lookup
            return stamp.read() == current and os.path.isfile(target)  # noqa: PTH113 - the same
    except OSError:
        return False


def ensure(target: Folder | None = None, before: Callable[[], object] | None = None) -> str:
    """Return the path of a compiled file that fits its inputs, compiling it first where it does not.

    `before` is called where it will be compiled, which takes seconds. A file named by ERRBOOK_DB and the one inside a
    wheel are taken as they are. Raises `errbook.compile.CheckFailed` when the knowledge has problems.
    """
    path = os.fspath(target or places.database_file())
    if os.environ.get("ERRBOOK_DB") or path.startswith(f"{places.DATA}/"):
        return path
    layers = places.layer_folders()
    current = signature(layers)
    if not is_fresh(path, current):
        from pathlib import Path

        from errbook.compile import compile_knowledge

        if before:
            before()
        compile_knowledge([Path(layer) for layer in layers], Path(path))
        Path(_stamp(path)).write_text(current, encoding="utf-8")
    return path
