"""An entry as every surface sees it: frozen, typed, complete.

`Entry.of` builds it from the public JSON object of an error (schema/public.schema.json), which is what the compiled
file stores and what the API sends; `Entry.public` gives that object back.
"""

from __future__ import annotations

from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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


class Fill(Record):
    """A place in code that a parameter of the message fills in: where, which one, and how (`errbook.fills.quoted`)."""

    start: int
    end: int
    parameter: str
    part: str | None
    form: str


class Code(Record):
    """Code as the page shows it. `values` fills its <placeholders> when it is executed."""

    language: str
    text: str
    file: str | None
    values: tuple[tuple[str, str], ...]
    fills: tuple[Fill, ...]


class Confirm(Record):
    """A statement that tells this cause from the others, and how to read its result."""

    run: str
    language: str
    reads: str
    fills: tuple[Fill, ...]


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
    prints: str | None
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
    """What the entry said the error is when it was executed.

    Where there are `messages`, what was raised had to have one of them, with {name} for any value.
    """

    code: str
    sqlstate: str | None
    messages: tuple[str, ...]


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


class Variant(Record):
    """One well-known message of a code that covers several. Its scenario is None where it is the entry's own."""

    id: str
    title: str
    messages: tuple[Message, ...]
    causes: tuple[Cause, ...]
    reproduce: Scenario | None
    fixes: tuple[Fix, ...]
    verification: Verification
    confidence: Confidence
    page: str


def _pairs(value: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(value.items())


def _fills(value: Sequence[Mapping[str, Any]]) -> tuple[Fill, ...]:
    return tuple(Fill(**item) for item in value) if value else ()


def step(value: Mapping[str, Any]) -> Step:
    """Return a step of a public object, of an entry's scenario or of a condition's."""
    return Step(
        value["action"],
        value["value"],
        value["on"],
        tuple(value["engines"]),
        _pairs(value["versions"]),
        value["raises"],
        value["waits"],
        value["prints"],
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
        Code(code["language"], code["text"], code["file"], _pairs(code["values"]), _fills(code["fills"])),
        value["why"],
        tuple(step(item) for item in value["proof"]),
        value["not_executable"],
    )


def _cause(value: Mapping[str, Any]) -> Cause:
    confirm = value["confirm"]
    told = Confirm(confirm["run"], confirm["language"], confirm["reads"], _fills(confirm["fills"]))
    return Cause(value["cause"], tuple(value["engines"]), told)


def _scenario(value: Mapping[str, Any]) -> Scenario:
    return Scenario(
        value["about"],
        tuple(value["engines"]),
        _pairs(value["versions"]),
        _pairs(value["settings"]),
        _pairs(value["host"]),
        value["setup"],
        tuple(step(item) for item in value["steps"]),
        value["not_executable"],
    )


def _verification(value: Mapping[str, Any]) -> Verification:
    return Verification(tuple(_run(item) for item in value["servers"]), tuple(value["missing"]))


def _variant(value: Mapping[str, Any]) -> Variant:
    return Variant(
        value["id"],
        value["title"],
        tuple(Message(**item) for item in value["messages"]),
        tuple(_cause(item) for item in value["causes"]),
        _scenario(value["reproduce"]) if value["reproduce"] else None,
        tuple(_fix(item) for item in value["fixes"]),
        _verification(value["verification"]),
        Confidence(**value["confidence"]),
        value["page"],
    )


def _declared(value: Mapping[str, Any]) -> Declared:
    return Declared(value["code"], value["sqlstate"], tuple(value["messages"]))


def _run(value: Mapping[str, Any]) -> Run:
    nested: dict[str, Any] = {
        "declared": _declared(value["declared"]),
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
    symbol: str | None
    aliases: tuple[Alias, ...]
    sqlstate: str | None
    sqlstates: tuple[tuple[str, str], ...]
    underlying: str | None
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
    variants: tuple[Variant, ...]
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
        nested: dict[str, Any] = {
            "engines": tuple(value["engines"]),
            "aliases": tuple(Alias(**item) for item in value["aliases"]),
            "sqlstates": _pairs(value["sqlstates"]),
            "messages": tuple(Message(**item) for item in value["messages"]),
            "parameters": tuple(Parameter(**item) for item in value["parameters"]),
            "risk": Risk(**value["risk"]),
            "retry": Retry(**value["retry"]),
            "confidence": Confidence(**value["confidence"]),
            "causes": tuple(_cause(item) for item in value["causes"]),
            "reproduce": _scenario(value["reproduce"]),
            "fixes": tuple(_fix(item) for item in value["fixes"]),
            "variants": tuple(_variant(item) for item in value["variants"]),
            "avoid": tuple(Avoid(**item) for item in value["avoid"]),
            "verification": _verification(value["verification"]),
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
        _as_written(self, value)
        for variant, plain in zip(self.variants, value["variants"], strict=True):
            _as_written(variant, plain)
        return value

    def of_message(self, variant: str | None) -> Entry:
        """Return the variant of that id in the form of an entry; the entry where there is none, or None is given."""
        return next((self.of_variant(each) for each in self.variants if each.id == variant), self)

    def of_variant(self, variant: Variant) -> Entry:
        """Return one of the entry's variants in the form of an entry, with what it has of its own."""
        return self._replace(
            id=f"{self.id}#{variant.id}",
            title=variant.title,
            messages=variant.messages,
            causes=variant.causes,
            reproduce=variant.reproduce or self.reproduce,
            fixes=variant.fixes,
            variants=(),
            verification=variant.verification,
            confidence=variant.confidence,
            page=variant.page,
        )


def _as_written(part: Entry | Variant, value: dict[str, Any]) -> None:
    """Put the mappings back that records hold as pairs."""
    steps = [step for fix in part.fixes for step in fix.proof]
    plain_steps = [step for fix in value["fixes"] for step in fix["proof"]]
    if part.reproduce is not None:
        for name in ("settings", "host", "versions"):
            value["reproduce"][name] = dict(getattr(part.reproduce, name))
        steps += part.reproduce.steps
        plain_steps += value["reproduce"]["steps"]
    for fix, plain in zip(part.fixes, value["fixes"], strict=True):
        plain["code"]["values"] = dict(fix.code.values)
        plain["versions"] = dict(fix.versions)
    for step, plain in zip(steps, plain_steps, strict=True):
        plain["value"] = step.value
        plain["versions"] = dict(step.versions)
