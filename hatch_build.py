"""Puts the compiled knowledge and the schemas into the wheel: an installed errbook answers at once."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class KnowledgeHook(BuildHookInterface[Any]):
    """Compiles the knowledge when a wheel is built. An editable install reads the checkout itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile and add the files; the build fails where the knowledge has problems."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "core"))
        from errbook.compile import compile_knowledge

        database = root / "build" / "wheel" / "errbook.db"
        compile_knowledge([root], database)
        included = build_data["force_include"]
        included[str(database)] = "errbook/_data/errbook.db"
        included[str(root / "schema")] = "errbook/_data/schema"
        for folder in ("errors", "evidence"):
            if (root / folder).is_dir():
                included[str(root / folder)] = f"errbook/_data/{folder}"
        # A private knowledge base is compiled with the public catalogs; translations are not compiled.
        for path in sorted((root / "catalog").glob("*/*.jsonl")):
            if path.name != "languages.jsonl":
                included[str(path)] = f"errbook/_data/{path.relative_to(root)}"
