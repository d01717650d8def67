"""Conditions that are written up: their names, engines and errors, and that their scenarios run what is shown."""

from collections.abc import Iterator
from typing import Final

from errbook import schema
from errbook.problem import Problem, shown
from errbook.rules.form import nearest
from errbook.rules.knowledge import Index
from errbook.rules.rule import Finding, Rule, Subject

_CODE: Final = "$code"

_PLAYED: Final = ("steps", "python")
"""The keys of a scenario of which exactly one is there."""


def name(subject: Subject) -> Iterator[Finding]:
    """Compare the name with the file's, and find one that entries cannot have."""
    named, own = subject.data.get("condition"), subject.source.name
    known = [term.value for term in schema.vocabulary("condition")]
    if named is not None and named != own:
        message = f"the condition is {shown(named)}, and the file is named {own}.yaml"
        yield Finding(("condition",), message, f"Write `{own}`, or rename the file to {named}.yaml")
    elif named is not None and named not in known:
        likely = nearest(named, known)
        advice = f"Write `{likely}`" if likely else "Write one of the conditions in schema/entry.schema.json"
        yield Finding(("condition",), f"{shown(named)} is no condition that entries have", advice)


def engines(subject: Subject) -> Iterator[Finding]:
    """Find engines that have no engine.yaml, and those that are named twice."""
    seen = set()
    for at, part in enumerate(subject.data.get("behaviours", ())):
        for number, engine in enumerate(part["engines"]):
            where = ("behaviours", at, "engines", number)
            if engine not in subject.engines:
                likely = nearest(engine, subject.engines)
                advice = f"Write `{likely}`" if likely else f"Write one of {', '.join(sorted(subject.engines))}"
                yield Finding(where, f"{shown(engine)} is no engine that errbook knows", advice)
            elif engine in seen:
                yield Finding(where, f"{shown(engine)} is in the file already", "Say all of an engine in one place")
            seen.add(engine)


def executed(subject: Subject) -> Iterator[Finding]:
    """Find scenarios that do not run the program that is shown."""
    for at, part in enumerate(subject.data.get("behaviours", ())):
        scenario = part["scenario"]
        programs = [step.get("python", "") for step in scenario.get("steps", (scenario,))]
        if not any(_CODE in program for program in programs):
            message = "the scenario does not run the handling program"
            where = next(key for key in _PLAYED if key in scenario)
            advice = f"Write a line `{_CODE}` in {'a Python step' if where == 'steps' else 'it'}"
            yield Finding(("behaviours", at, "scenario", where), message, advice, key=True)


def errors(index: Index) -> Iterator[Problem]:
    """Find errors of conditions that neither an entry nor a catalog has."""
    for facts in index.conditions.values():
        for target in facts.related if facts.reported else ():
            engine, _, code = target.name.partition("/")
            if index.find(target.name) is None and not index.listed(engine, code):
                likely = nearest(target.name, [f"{folder}/{code}" for folder in index.folders.get(code, ())])
                advice = f"Write `{likely}`" if likely else "Write a code that the engine has: errbook catalog"
                message = f"{shown(target.name)} has no entry and is in no catalog"
                yield Problem(facts.path, target.line, target.column, "condition-error", message, advice)


RULES: Final = (
    Rule(
        "condition-engine",
        "condition",
        "A condition names each engine that errbook knows at most once.",
        "Write the engine as its folder under errors/ is named, once.",
        engines,
    ),
    Rule(
        "condition-error",
        "knowledge",
        "An error of a condition has an entry, or is a code that a server knows.",
        "Write a code that the engine has; `errbook catalog` lists them.",
        across=errors,
    ),
    Rule(
        "condition-name",
        "condition",
        "A condition has the name of its file, and one that entries can have.",
        "Rename the file, or write the condition as entries do.",
        name,
    ),
    Rule(
        "condition-executed",
        "condition",
        "The scenarios of a condition run the program that its page shows.",
        "Write a line `$code` in the scenario.",
        executed,
    ),
)
