"""The files that entries are checked against: engine.yaml and sqlstates.yaml."""

import re
from collections.abc import Iterator
from typing import Final

from errbook.problem import shown
from errbook.rules.rule import Finding, Rule, Subject


def folder(subject: Subject) -> Iterator[Finding]:
    """Compare the engine's name with its folder."""
    name = subject.data.get("engine")
    if name and name != subject.source.engine:
        message = f"the engine is {shown(name)}, and its folder is errors/{subject.source.engine}"
        yield Finding(("engine",), message, f"Write `{subject.source.engine}`, or rename the folder")


def example(subject: Subject) -> Iterator[Finding]:
    """Compile the pattern of codes, and try it on the example."""
    code = subject.data.get("code")
    if not code:
        return
    try:
        pattern = re.compile(code["pattern"])
    except re.error as error:
        message = f"{shown(code['pattern'])} is no regular expression: {error}"
        yield Finding(("code", "pattern"), message, "Mend it; it is Python's syntax")
        return
    if not (code["pattern"].startswith("^") and code["pattern"].endswith("$")):
        message = f"{shown(code['pattern'])} fits a part of a text as well"
        yield Finding(("code", "pattern"), message, "Start it with ^ and end it with $")
    elif not pattern.search(code["example"]):
        message = f"the example {shown(code['example'])} does not fit the pattern {shown(code['pattern'])}"
        yield Finding(("code", "example"), message, "Mend one of them")


def sibling(subject: Subject) -> Iterator[Finding]:
    """Find a sibling that is not there, is the engine itself, or does not name the engine back."""
    name, own = subject.data.get("sibling"), subject.source.engine
    if not name:
        return
    other = subject.engines.get(name)
    if other is None:
        yield Finding(
            ("sibling",), f"{shown(name)} is no engine that errbook knows", f"Write errors/{name}/engine.yaml"
        )
    elif name == own:
        yield Finding(("sibling",), f"{shown(name)} is the engine itself", "Remove the line")
    elif other.readable and other.sibling != own:
        message = f"{shown(name)} does not name `{own}` as its sibling"
        yield Finding(("sibling",), message, f"Add `sibling: {own}` to errors/{name}/engine.yaml")


def classes(subject: Subject) -> Iterator[Finding]:
    """Find classes that are given twice or out of order."""
    before = ""
    for at, row in enumerate(subject.data.get("classes", ())):
        name = row["class"]
        if name == before:
            yield Finding(("classes", at, "class"), f"the class {shown(name)} is given twice", "Keep one of them")
        elif name < before:
            message = f"the class {shown(name)} comes after {shown(before)}"
            yield Finding(("classes", at, "class"), message, "Sort the classes, digits before letters")
        before = max(before, name)


RULES: Final = (
    Rule("class-order", "sqlstates", "Classes are in order, each once.", "Sort the classes.", classes),
    Rule("engine-code", "engine", "The pattern of codes fits the example.", "Mend one of them.", example),
    Rule("engine-folder", "engine", "An engine is named as its folder.", "Rename one of them.", folder),
    Rule("engine-sibling", "engine", "Siblings name each other.", "Add `sibling` to the other engine.", sibling),
)
