"""An entry as every surface sees it: frozen, typed, complete.

`Entry.of` builds it from the public JSON object of an error (schema/public.schema.json), which is what the compiled
file stores and what the API sends; `Entry.public` gives that object back.
"""

from __future__ import annotations

from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Alias(Record):
    """Another symbol of the same error, and who uses it."""

    symbol: str
    where: str


class Message(Record):
    """One wording, with {named} placeholders, and who says it."""

    text: str
    where: str


class Parameter(Record):
    """A placeholder's name and what the server puts there."""

    name: str
    meaning: str


class Risk(Record):
    """What the error does to a production system."""

    level: str
    impact: str


class Retry(Record):
    """May the client send the same thing again."""

    verdict: str
    why: str


class Code(Record):
    """Code as the page shows it. `values` fills its <placeholders> when it is executed."""

    language: str
    text: str
    file: str | None
    values: tuple[tuple[str, str], ...]


class Confirm(Record):
    """A statement that tells this cause from the others, and how to read its result."""

    run: str
    language: str
    reads: str


class Cause(Record):
    """One cause. `engines` is empty where it holds for all engines of the entry."""

    cause: str
    engines: tuple[str, ...]
    confirm: Confirm


class Step(Record):
    """One step of a scenario: what is done (`run`, `connect`, …), on which session, and what is expected."""

    action: str
    value: Any
    on: str
    engines: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    raises: bool
    waits: bool
    fails: str | None
    """The code of another error in which the step must end; the scenario goes on after it."""


class Scenario(Record):
    """How to raise the error. Either `steps` or `not_executable` has something in it."""

    about: str | None
    engines: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...]
    host: tuple[tuple[str, Any], ...]
    setup: str | None
    steps: tuple[Step, ...]
    not_executable: str | None


class Fix(Record):
    """One fix, with its cost and the proof that it helps."""

    title: str
    engines: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    when: str
    changes: tuple[str, ...]
    cost: str
    code: Code
    why: str
    proof: tuple[Step, ...]
    not_executable: str | None


class Avoid(Record):
    """Bad advice, and what it breaks."""

    title: str
    why: str


class Version(Record):
    """Behaviour that differs in a range of versions."""

    engine: str
    range: str
    note: str


class Field(Record):
    """Where a driver keeps a structured value, and what that is."""

    name: str
    gives: str


class Driver(Record):
    """How the error arrives in one driver."""

    driver: str
    language: str
    exception: str
    fields: tuple[Field, ...]
    note: str | None


class Related(Record):
    """A neighbour and how to tell the two apart. `error` is its identity, `title` and `symbol` are the neighbour's."""

    error: str
    title: str
    symbol: str
    why: str


class Source(Record):
    """A page that was opened and read."""

    title: str
    url: str
    kind: str
    engine: str | None


class Confidence(Record):
    """How far the entry can be trusted, computed from evidence and sources; never typed by a writer."""

    level: str
    reason: str


class Declared(Record):
    """What the entry said the error is when it was executed."""

    code: str
    sqlstate: str | None


class Observed(Record):
    """What the driver gave in its structured fields."""

    code: str | None
    sqlstate: str | None
    message: str


class Client(Record):
    """What the server's own command-line client printed, word for word."""

    program: str
    text: str


class FixRun(Record):
    """What came of one fix on a server. `fix` is its number, from 1."""

    fix: int
    outcome: str
    detail: str | None
    seconds: float


class Run(Record):
    """What happened on one server. It is `stale` where what was executed then is not what the entry holds now."""

    server: str
    engine: str
    series: str
    version: str
    digest: str
    stale: bool
    date: str
    seconds: float
    outcome: str
    detail: str | None
    declared: Declared
    observed: Observed | None
    driver: str | None
    client: Client | None
    fixes: tuple[FixRun, ...]


class Verification(Record):
    """What evidence says of the entry: a run for each server, and the servers that have none."""

    servers: tuple[Run, ...]
    missing: tuple[str, ...]


def _pairs(value: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(value.items())


def _step(value: Mapping[str, Any]) -> Step:
    return Step(
        value["action"],
        value["value"],
        value["on"],
        tuple(value["engines"]),
        _pairs(value["versions"]),
        value["raises"],
        value["waits"],
        value["fails"],
    )


def _fix(value: Mapping[str, Any]) -> Fix:
    code = value["code"]
    return Fix(
        value["title"],
        tuple(value["engines"]),
        _pairs(value["versions"]),
        value["when"],
        tuple(value["changes"]),
        value["cost"],
        Code(code["language"], code["text"], code["file"], _pairs(code["values"])),
        value["why"],
        tuple(_step(step) for step in value["proof"]),
        value["not_executable"],
    )


def _run(value: Mapping[str, Any]) -> Run:
    nested: dict[str, Any] = {
        "declared": Declared(**value["declared"]),
        "observed": Observed(**value["observed"]) if value["observed"] else None,
        "client": Client(**value["client"]) if value["client"] else None,
        "fixes": tuple(FixRun(**fix) for fix in value["fixes"]),
    }
    return Run(**{name: nested.get(name, value[name]) for name in Run._fields})


def as_json(value: object) -> Any:
    """Return records as JSON objects, tuples as lists, all the way down."""
    if isinstance(value, tuple):
        if hasattr(value, "_fields"):
            return {name: as_json(item) for name, item in zip(value._fields, value, strict=True)}
        return [as_json(item) for item in value]
    return value


class Entry(Record):
    """One error, whole. The fields are those of schema/public.schema.json, in its order."""

    id: str
    engine: str
    code: str
    engines: tuple[str, ...]
    symbol: str
    aliases: tuple[Alias, ...]
    sqlstate: str | None
    sqlstates: tuple[tuple[str, str], ...]
    severity: str
    frequency: str
    category: str
    condition: str
    title: str
    summary: str
    messages: tuple[Message, ...]
    parameters: tuple[Parameter, ...]
    risk: Risk
    retry: Retry
    confidence: Confidence
    meaning: str
    causes: tuple[Cause, ...]
    reproduce: Scenario
    fixes: tuple[Fix, ...]
    avoid: tuple[Avoid, ...]
    verification: Verification
    versions: tuple[Version, ...]
    drivers: tuple[Driver, ...]
    related: tuple[Related, ...]
    sources: tuple[Source, ...]
    page: str
    source_file: str

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Entry:
        """Return the entry of a public JSON object; KeyError where the object is not complete."""
        scenario = value["reproduce"]
        nested: dict[str, Any] = {
            "engines": tuple(value["engines"]),
            "aliases": tuple(Alias(**item) for item in value["aliases"]),
            "sqlstates": _pairs(value["sqlstates"]),
            "messages": tuple(Message(**item) for item in value["messages"]),
            "parameters": tuple(Parameter(**item) for item in value["parameters"]),
            "risk": Risk(**value["risk"]),
            "retry": Retry(**value["retry"]),
            "confidence": Confidence(**value["confidence"]),
            "causes": tuple(
                Cause(item["cause"], tuple(item["engines"]), Confirm(**item["confirm"])) for item in value["causes"]
            ),
            "reproduce": Scenario(
                scenario["about"],
                tuple(scenario["engines"]),
                _pairs(scenario["versions"]),
                _pairs(scenario["settings"]),
                _pairs(scenario["host"]),
                scenario["setup"],
                tuple(_step(step) for step in scenario["steps"]),
                scenario["not_executable"],
            ),
            "fixes": tuple(_fix(item) for item in value["fixes"]),
            "avoid": tuple(Avoid(**item) for item in value["avoid"]),
            "verification": Verification(
                tuple(_run(item) for item in value["verification"]["servers"]),
                tuple(value["verification"]["missing"]),
            ),
            "versions": tuple(Version(**item) for item in value["versions"]),
            "drivers": tuple(
                Driver(
                    item["driver"],
                    item["language"],
                    item["exception"],
                    tuple(Field(**field) for field in item["fields"]),
                    item["note"],
                )
                for item in value["drivers"]
            ),
            "related": tuple(Related(**item) for item in value["related"]),
            "sources": tuple(Source(**item) for item in value["sources"]),
        }
        return cls(**{name: nested.get(name, value[name]) for name in cls._fields})

    def public(self) -> dict[str, Any]:
        """Return the public JSON object this entry was built from."""
        value: dict[str, Any] = as_json(self)
        value["sqlstates"] = dict(self.sqlstates)
        value["reproduce"]["settings"] = dict(self.reproduce.settings)
        value["reproduce"]["host"] = dict(self.reproduce.host)
        value["reproduce"]["versions"] = dict(self.reproduce.versions)
        for fix, plain in zip(self.fixes, value["fixes"], strict=True):
            plain["code"]["values"] = dict(fix.code.values)
            plain["versions"] = dict(fix.versions)
        steps = [*self.reproduce.steps, *(step for fix in self.fixes for step in fix.proof)]
        plain_steps = [
            *value["reproduce"]["steps"],
            *(step for fix in value["fixes"] for step in fix["proof"]),
        ]
        for step, plain in zip(steps, plain_steps, strict=True):
            plain["value"] = step.value
            plain["versions"] = dict(step.versions)
        return value
