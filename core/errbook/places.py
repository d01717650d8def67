"""Where things are: the checkout, the layers of knowledge, the schemas and the compiled file.

The environment decides, and everything has a default:

ERRBOOK_PATH
    Directories laid over the public knowledge, separated as in PATH; the first wins. Each holds a folder ``errors``,
    and may hold folders ``evidence``, what happened when its entries were executed, and ``catalog``, every code that a
    server knows.
ERRBOOK_DB
    A compiled file to read as it is, in place of compiling anything.
ERRBOOK_CACHE
    Where a compiled file is kept when there is no checkout.
    Default: ``$XDG_CACHE_HOME/errbook`` or ``~/.cache/errbook``.

A lookup starts cold, and `pathlib` alone costs a quarter of its time. So what a lookup needs is found as text
(`layer_folders`, `schema_folder`, `database_file`), and the functions that give a Path import it when they are called.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120 - see above
DATA = PACKAGE + "/_data"


class PlaceError(Exception):
    """A directory or file named by the environment is not there or is not what it should be."""


def checkout_folder() -> str | None:
    """Return the root of the checkout this package is run from, or None when it was installed from a wheel."""
    root = os.path.dirname(os.path.dirname(PACKAGE))  # noqa: PTH120 - see above
    found = os.path.isfile(f"{root}/schema/entry.schema.json") and os.path.isdir(f"{root}/errors")  # noqa: PTH112, PTH113
    return root if found else None


def schema_folder() -> str:
    """Return the folder with the JSON Schemas: the checkout's own, or the copy inside the wheel."""
    return f"{checkout_folder() or DATA}/schema"


def overlay_folders() -> list[str]:
    """Return the directories of ERRBOOK_PATH in order; PlaceError when one holds no ``errors`` folder."""
    found = []
    for part in os.environ.get("ERRBOOK_PATH", "").split(os.pathsep):
        if not part:
            continue
        path = os.path.realpath(os.path.expanduser(part))  # noqa: PTH111 - see above
        if not os.path.isdir(f"{path}/errors"):  # noqa: PTH112 - see above
            raise PlaceError(f"ERRBOOK_PATH: {path} has no folder named errors; name directories that hold one")
        found.append(path)
    return found


def layer_folders() -> list[str]:
    """Return every directory of knowledge, the one that wins first; the public one is last."""
    return [*overlay_folders(), checkout_folder() or DATA]


def database_file() -> str:
    """Return the path of the compiled file that the current layers compile to."""
    if named := os.environ.get("ERRBOOK_DB"):
        return named
    root = checkout_folder()
    if not overlay_folders():
        return f"{root}/build/errbook.db" if root else f"{DATA}/errbook.db"
    from hashlib import blake2b

    name = blake2b(os.pathsep.join(layer_folders()).encode(), digest_size=8).hexdigest()
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - see above
    return f"{os.environ.get('ERRBOOK_CACHE') or f'{base}/errbook'}/{name}.db"


def checkout() -> Path | None:
    """Return `checkout_folder` as a Path."""
    from pathlib import Path

    root = checkout_folder()
    return Path(root) if root else None


def schemas() -> Path:
    """Return `schema_folder` as a Path."""
    from pathlib import Path

    return Path(schema_folder())


def overlays() -> list[Path]:
    """Return `overlay_folders` as Paths."""
    from pathlib import Path

    return [Path(folder) for folder in overlay_folders()]


def layers() -> list[Path]:
    """Return `layer_folders` as Paths."""
    from pathlib import Path

    return [Path(folder) for folder in layer_folders()]


def database() -> Path:
    """Return `database_file` as a Path."""
    from pathlib import Path

    return Path(database_file())
