"""Who an entry is: its path, its code, its SQLSTATE and the engines that it holds for."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from errbook.problem import shown
from errbook.rules.form import nearest
from errbook.rules.rule import Finding, Rule, Subject

_ENGINE_LISTS: Final = ("causes", "fixes")


def path(subject: Subject) -> Iterator[Finding]:
    """Compare the path with the first engine and the code."""
    source = subject.source
    engines = subject.data.get("engines")
    if engines and engines[0] != source.engine:
        message = f"the first engine is {shown(engines[0])}, and the file lies in errors/{source.engine}"
        advice = f"Put `{source.engine}` first, or move the file to errors/{engines[0]}/{source.name}.yaml"
        yield Finding(("engines", 0), message, advice)
    code = subject.data.get("code")
    if code is not None and code != source.name:
        message = f"the code is {shown(code)}, and the file is named {source.name}.yaml"
        yield Finding(("code",), message, f'Write "{source.name}", or rename the file to {code}.yaml')


def known(subject: Subject) -> Iterator[Finding]:
    """Find engines that have no engine.yaml, wherever an entry names one."""
    for where, name in _named(subject):
        if name not in subject.engines:
            likely = nearest(name, subject.engines)
            advice = f"Write `{likely}`" if likely else f"Write one of {', '.join(sorted(subject.engines))}"
            yield Finding(where, f"{shown(name)} is no engine that errbook knows", advice)


def own(subject: Subject) -> Iterator[Finding]:
    """Find parts that speak of an engine the entry does not hold for; sources may."""
    if "engines" not in subject.data:
        return
    for where, name in _named(subject):
        if where[0] not in ("engines", "sources") and name in subject.engines and name not in subject.named_engines:
            message = f"the entry does not hold for {shown(name)}"
            advice = f"Write one of {', '.join(subject.named_engines)}, or add it to `engines`"
            yield Finding(where, message, advice)


def siblings(subject: Subject) -> Iterator[Finding]:
    """Find a second engine that does not share codes with the first."""
    names = subject.data.get("engines", ())
    first = subject.engines.get(names[0]) if names else None
    if first is None or not first.readable:
        return
    for at, name in enumerate(names[1:], 1):
        if name in subject.engines and name != first.sibling:
            message = f"{shown(name)} does not share codes with `{first.name}`"
            shares = f"only `{first.sibling}` does" if first.sibling else "no engine does"
            yield Finding(("engines", at), message, f"Write an entry of its own for it; {shares}")


def form(subject: Subject) -> Iterator[Finding]:
    """Compare the code with the form of its engine's codes."""
    engine = subject.engines.get(subject.source.engine)
    code = subject.data.get("code")
    if engine is None or not engine.readable or code is None or subject.slug:
        return
    if not _pattern(engine.pattern).search(code):
        message = f"{shown(code)} is no {engine.code_name} of {engine.title}"
        yield Finding(("code",), message, f'Write one such as "{engine.example}"')


def sqlstate(subject: Subject) -> Iterator[Finding]:
    """Compare the SQLSTATE with what the engine has: one of its own, the code itself, or none."""
    engine = subject.engines.get(subject.source.engine)
    if engine is None or not engine.readable:
        return
    if subject.slug and engine.sqlstates != "none":
        return
    state, code = subject.data.get("sqlstate"), subject.data.get("code")
    given = "sqlstate" in subject.source.data
    if engine.sqlstates == "none":
        if given:
            message = f"{engine.title} has no SQLSTATEs"
            yield Finding(("sqlstate",), message, "Remove the line", key=True)
    elif not given:
        value = code if engine.sqlstates == "code" and code else "the five characters that the server sends"
        yield Finding((), "`sqlstate` is missing", f'Add `sqlstate: "{value}"`' if value == code else f"Add {value}")
    elif engine.sqlstates == "code" and state and code and state != code:
        message = f"the SQLSTATE {shown(state)} is not the code, and for {engine.title} they are the same"
        yield Finding(("sqlstate",), message, f'Write "{code}"')


def sqlstates(subject: Subject) -> Iterator[Finding]:
    """Find SQLSTATEs of single engines that say nothing: of the first engine, or the same as the first engine's."""
    for name, state in subject.data.get("sqlstates", {}).items():
        if name == subject.named_engines[0]:
            message = f"`sqlstate` is what {shown(name)} sends, the first of the entry's engines"
            yield Finding(("sqlstates", name), message, "Remove the line", key=True)
        elif state == subject.data.get("sqlstate"):
            message = f"{shown(name)} sends the SQLSTATE that `sqlstate` has already"
            yield Finding(("sqlstates", name), message, "Remove the line", key=True)


def sqlstate_class(subject: Subject) -> Iterator[Finding]:
    """Find a SQLSTATE whose class nobody defined."""
    data = subject.data
    given: list[tuple[tuple[str, ...], str | None]] = [(("sqlstate",), data.get("sqlstate"))]
    given += [(("sqlstates", name), state) for name, state in data.get("sqlstates", {}).items()]
    for where, state in given:
        if state and subject.classes and state[:2] not in subject.classes:
            unknown = f"has the class {state[:2]}, which errors/sqlstates.yaml does not list"
            message = f"the SQLSTATE {shown(state)} {unknown}"
            yield Finding(where, message, "Look the SQLSTATE up in the server's catalog, or add the class there")


def _named(subject: Subject) -> Iterator[tuple[tuple[str | int, ...], str]]:
    data = subject.data
    for name in data.get("sqlstates", {}):
        yield ("sqlstates", name), name
    for at, name in enumerate(data.get("engines", ())):
        yield ("engines", at), name
    for before, whole in subject.parts:
        for where, name in _held(whole):
            yield (*before, *where), name
    for part in ("versions", "sources"):
        for at, item in enumerate(data.get(part, ())):
            if "engine" in item:
                yield (part, at, "engine"), item["engine"]


def _held(part: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the engines that causes, fixes and the scenario of an entry or a variant name."""
    for name in _ENGINE_LISTS:
        for at, item in enumerate(part.get(name, ())):
            for index, engine in enumerate(item.get("engines", ())):
                yield (name, at, "engines", index), engine
            proof = item.get("proof")
            for number, step in enumerate(proof if isinstance(proof, list) else ()):
                for index, engine in enumerate(step.get("engines", ())):
                    yield (name, at, "proof", number, "engines", index), engine
    scenario = part.get("reproduce", {})
    for index, engine in enumerate(scenario.get("engines", ())):
        yield ("reproduce", "engines", index), engine
    for number, step in enumerate(scenario.get("steps", ())):
        for index, engine in enumerate(step.get("engines", ())):
            yield ("reproduce", "steps", number, "engines", index), engine


def slug(subject: Subject) -> Iterator[Finding]:
    """Find codes without a symbol, and messages without a code that have one, or nothing to be known by."""
    data, whole = subject.data, subject.source.data
    if "code" not in data:
        return
    if not subject.slug:
        if "symbol" not in whole:
            yield Finding((), "`symbol` is missing", "Add the engine's own name of the code")
        if "underlying" in whole:
            message = f"{shown(data['code'])} is a code of its own"
            yield Finding(("underlying",), message, "Remove the line", key=True)
        return
    for name in ("symbol", "aliases"):
        if name in whole:
            yield Finding((name,), f"{shown(data['code'])} is a message without a code", "Remove the line", key=True)
    scenario = data.get("reproduce", {})
    printed = any("prints" in step for step in scenario.get("steps", ()))
    if "underlying" not in whole and not printed and not {"not_executable"} >= scenario.keys():
        message = "nothing says how the reproduction is to be known: the message has no code"
        advice = (
            "Write `prints` at the program that raises it, or `underlying` with the code that drivers give beside it"
        )
        yield Finding(("reproduce",), message, advice, key=True)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


RULES: Final = (
    Rule(
        "code-or-slug",
        "entry",
        "A code has a symbol; a well-known message without a code has a slug, no symbol, and a way to be known.",
        "Add `symbol`; or, for a slug, `prints` at the program that raises it, or `underlying`.",
        slug,
    ),
    Rule(
        "code-form",
        "entry",
        "A code has the form of its engine's codes.",
        "Write the code as the engine gives it; engine.yaml has an example.",
        form,
    ),
    Rule(
        "engine-not-of-entry",
        "entry",
        "Causes, fixes, steps and versions speak only of engines that the entry holds for.",
        "Name one of the entry's engines, or add the engine.",
        own,
    ),
    Rule(
        "not-siblings",
        "entry",
        "Two engines are in one entry only where one is the other's sibling in engine.yaml.",
        "Write an entry for each.",
        siblings,
    ),
    Rule(
        "path-identity",
        "entry",
        "errors/<engine>/<code>.yaml holds the entry of that engine and code.",
        "Move the file, or mend the field.",
        path,
    ),
    Rule(
        "sqlstate-class",
        "entry",
        "The class of a SQLSTATE is known.",
        "Look the SQLSTATE up.",
        sqlstate_class,
    ),
    Rule(
        "sqlstate-mode",
        "entry",
        "An entry gives a SQLSTATE where its engine has them, and the code itself where that is one.",
        "Add, mend or remove `sqlstate`.",
        sqlstate,
    ),
    Rule(
        "sqlstate-repeated",
        "entry",
        "`sqlstates` has only engines that send another SQLSTATE than the first one.",
        "Remove the line.",
        sqlstates,
    ),
    Rule("unknown-engine", "entry", "Every engine that is named has an engine.yaml.", "Write its name.", known),
)
