"""The scenario that raises the error, and the sessions that proofs go on with."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from errbook.problem import shown
from errbook.rules.form import nearest
from errbook.rules.rule import Finding, Rule, Subject

MAIN: Final = "main"
"""The session of a step that names none."""


def raising(subject: Subject) -> Iterator[Finding]:
    """Find scenarios in which no step, or more than one, raises the error on one of the engines."""
    for before, part in subject.parts:
        yield from _raising(subject, (*before, "reproduce"), part.get("reproduce", {}))


def _raising(subject: Subject, place: tuple[str | int, ...], scenario: Mapping[str, Any]) -> Iterator[Finding]:
    steps = scenario.get("steps")
    if steps is None:
        return
    for engine in scenario.get("engines") or subject.named_engines:
        found = [at for at, step in enumerate(steps) if "raises" in step and engine in step.get("engines", (engine,))]
        on = f" on {engine}" if len(subject.named_engines) > 1 else ""
        if not found:
            message = f"no step raises the error{on}"
            yield Finding((*place, "steps"), message, "Add `raises: true` to the step that does", key=True)
            return
        if len(found) > 1:
            message = f"step {found[1] + 1} raises the error{on}, and step {found[0] + 1} does already"
            where = (*place, "steps", found[1], "raises")
            yield Finding(where, message, "Keep `raises: true` at one step; the scenario ends with the error")
            return


def quiet(subject: Subject) -> Iterator[Finding]:
    """Find proofs that expect an error."""
    for place, fix in fixes(subject):
        for number, step in enumerate(proof(fix)):
            if "raises" in step:
                where = (*place, "proof", number, "raises")
                message = "everything in a proof must succeed, and this step is to raise the error"
                yield Finding(where, message, "Remove `raises`, or move the step to `reproduce`", key=True)


def fails(subject: Subject) -> Iterator[Finding]:
    """Find steps that are to fail and cannot, or that are to fail with the error of the entry itself."""
    parts: list[tuple[tuple[str | int, ...], Sequence[Mapping[str, Any]]]]
    parts = [(("reproduce", "steps"), subject.data.get("reproduce", {}).get("steps", ()))]
    parts += [(("fixes", at, "proof"), proof(fix)) for at, fix in enumerate(subject.data.get("fixes", ()))]
    for where, steps in parts:
        for number, step in enumerate(steps):
            if "fails" not in step:
                continue
            at = (*where, number, "fails")
            if "run" not in step and "connect" not in step:
                message = "`fails` compares what a driver gives, and this step has none"
                yield Finding(at, message, "Write it at a step with `run` or `connect`", key=True)
            elif "raises" in step:
                message = "a step either raises the error, which ends the scenario, or fails with another one"
                yield Finding(at, message, "Remove `raises` or `fails`", key=True)
            elif step["fails"] == subject.data.get("code") and where[0] == "reproduce":
                message = "this is the error of the entry itself"
                yield Finding(at, message, "Write `raises: true`, with which the scenario ends, or another code")


def sessions(subject: Subject) -> Iterator[Finding]:
    """Find proofs that name a session which neither the scenario nor a step before has opened."""
    for before, part in subject.parts:
        yield from _sessions(before, part.get("reproduce", subject.data.get("reproduce")), part.get("fixes", ()))


def _sessions(
    before: tuple[str | int, ...], scenario: Mapping[str, Any] | None, listed: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    if scenario is None or "not_executable" in scenario:
        return
    opened = {MAIN} | _opened(scenario.get("steps", ()))
    for at, fix in enumerate(listed):
        known = set(opened)
        for number, step in enumerate(proof(fix)):
            name = step.get("on", MAIN)
            if "connect" in step:
                known |= _opened([step])
            elif name not in known:
                likely = nearest(name, known)
                said = f"write `{likely}`" if likely else f"use one of {', '.join(sorted(known))}"
                message = f"the scenario has no session {shown(name)}"
                advice = f"Open it before with `- on: {name}` and `connect: {{}}`, or {said}"
                yield Finding((*before, "fixes", at, "proof", number, "on"), message, advice)
                known.add(name)


def fixes(subject: Subject) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """Give every fix of an entry, those of its variants too, with its place."""
    for before, part in subject.parts:
        for at, fix in enumerate(part.get("fixes", ())):
            yield (*before, "fixes", at), fix


def printing(subject: Subject) -> Iterator[Finding]:
    """Find texts to be printed at steps that print nothing, or that are not to raise the error."""
    for before, part in subject.parts:
        steps = part.get("reproduce", {}).get("steps", ())
        lists: list[tuple[tuple[str | int, ...], Sequence[Mapping[str, Any]]]] = [(("reproduce", "steps"), steps)]
        lists += [(("fixes", at, "proof"), proof(fix)) for at, fix in enumerate(part.get("fixes", ()))]
        for inner, steps in lists:
            for number, step in enumerate(steps):
                if "prints" in step and not ("raises" in step and ("shell" in step or "python" in step)):
                    message = "`prints` belongs to the shell or Python step that raises the error"
                    yield Finding((*before, *inner, number, "prints"), message, "Move or remove it", key=True)


def proof(fix: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the steps of a fix's proof; none where it is not executable."""
    steps = fix.get("proof")
    return steps if isinstance(steps, list) else ()


def _opened(steps: Sequence[Mapping[str, Any]]) -> set[str]:
    names: set[str] = set()
    for step in steps:
        name = step.get("on", MAIN)
        names.add(name)
        count = step.get("connect", {}).get("count", 0)
        names.update(f"{name}{number}" for number in range(1, count + 1))
    return names


RULES: Final = (
    Rule(
        "prints-raises",
        "entry",
        "A text that a program must print stands at the step that raises the error, and the step is a program.",
        "Write it beside `raises: true` at a shell or Python step.",
        printing,
    ),
    Rule(
        "proof-raises",
        "entry",
        "A proof shows success: none of its steps raises the error.",
        "Remove `raises`, or move the step to `reproduce`.",
        quiet,
    ),
    Rule(
        "fails-otherwise",
        "entry",
        "A step that fails on purpose is a `run` or `connect`; in a scenario its error is not the entry's own.",
        "Write `raises: true` for the entry's own error; remove `fails` elsewhere.",
        fails,
    ),
    Rule(
        "raises-once",
        "entry",
        "Exactly one step of a scenario raises the error, for each engine.",
        "Mark that step with `raises: true`.",
        raising,
    ),
    Rule(
        "unknown-session",
        "entry",
        "A proof goes on with the scenario's sessions, or opens its own with `connect`.",
        "Name a session of the scenario, or open one.",
        sessions,
    ),
)
