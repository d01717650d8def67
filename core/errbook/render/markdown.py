"""An entry as plain Markdown: the twin of its page, for agents, editors and chat."""

import re
from collections.abc import Iterable

from errbook import findings
from errbook.entry import Cause, Code, Entry, Fix, Run, Scenario, Variant
from errbook.knowledge import Knowledge
from errbook.render import scenario, servers, verification
from errbook.render.first import first_code
from errbook.wording import Group

# An underscore inside a word is no markup, and max_connections is easier to read, and to grep, as it is.
_SPECIAL = re.compile(r"([\\*\[\]<>]|(?<!\w)_|_(?!\w)|~(?=~)|^#)", re.MULTILINE)


def escape(prose: str) -> str:
    """Return prose with everything that Markdown would read as markup escaped; `inline code` and lists stay."""
    parts = prose.split("`")
    return "`".join(part if at % 2 else _SPECIAL.sub(r"\\\1", part) for at, part in enumerate(parts))


def inline(code: str) -> str:
    """Return a text as inline code, whatever backticks it holds."""
    if "`" not in code:
        return f"`{code}`"
    fence = "`" * (max((len(run) for run in re.findall("`+", code)), default=0) + 1)
    pad = " " if code.startswith("`") or code.endswith("`") else ""
    return f"{fence}{pad}{code}{pad}{fence}"


def block(language: str, text: str) -> str:
    """Return a fenced code block that no content can close early."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}{'' if language == 'text' else language}\n{text}\n{fence}"


def _cell(text: str) -> str:
    # Prose comes escaped; inline code does not, and a bar ends a cell even inside of it.
    return re.sub(r"(?<!\\)\|", r"\\|", text).replace("\n", " ")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table of Markdown; the cells are Markdown already, on one line or several."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in lines)


def _code(code: Code) -> str:
    where = f"In {inline(code.file)}:\n\n" if code.file else ""
    return where + block(code.language, code.text)


def steps(lines: list[scenario.Line]) -> str:
    """Return the steps of a scenario as a numbered list, each with its code."""
    out = []
    for number, step in enumerate(lines, 1):
        outcome = f" **This {step.outcome}.**" if step.outcome else ""
        out.append(f"{number}. {escape(step.words)}{outcome}")
        if step.code is not None:
            out.append("\n" + "\n".join(f"    {row}" for row in block(step.language or "", step.code).splitlines()))
    return "\n".join(out)


def _only(entry: Entry, part: Cause | Fix | Scenario, knowledge: Knowledge) -> str:
    held = servers.limits(entry, part, lambda engine: _titles((engine,), knowledge))
    return f"*Only {escape(held)}.* " if held else ""


def _titles(engines: tuple[str, ...], knowledge: Knowledge) -> str:
    found = [knowledge.engine(engine) for engine in engines]
    return ", ".join(engine["title"] for engine in found if engine)


def _head(entry: Entry, knowledge: Knowledge) -> list[str]:
    title, code = first_code(entry)
    named = servers.names(knowledge).engine
    facts = [
        ("Engines", _titles(entry.engines, knowledge)),
        ("Code", inline(entry.code)),
        *([("Symbol", inline(entry.symbol))] if entry.symbol else []),
        *[("Also named", f"{inline(alias.symbol)} ({escape(alias.where)})") for alias in entry.aliases],
        ("SQLSTATE", f"{inline(entry.sqlstate)}{servers.elsewhere(entry, named)}" if entry.sqlstate else "none"),
        ("Severity", knowledge.term("severity", entry.severity).title),
        ("Frequency", knowledge.term("frequency", entry.frequency).title),
        ("Category", knowledge.term("category", entry.category).title),
        ("Condition", knowledge.term("condition", entry.condition).title),
        (
            "Confidence",
            f"{knowledge.term('confidence', entry.confidence.level).title}. {escape(entry.confidence.reason)} "
            f"([what the levels mean]({servers.RULE}))",
        ),
    ]
    engine = _titles(entry.engines[:1], knowledge)
    return [
        f"# {engine} {entry.code}: {escape(entry.title)}",
        escape(entry.summary),
        "\n\n".join(f"{escape(m.where)}:\n\n{block('text', m.text)}" for m in entry.messages),
        "\n".join(f"- {name}: {value}" for name, value in facts),
        "## Production risk",
        f"**{knowledge.term('risk_level', entry.risk.level).title}.** {escape(entry.risk.impact)}",
        "## Retry",
        f"**{knowledge.term('retry_verdict', entry.retry.verdict).title}.** {escape(entry.retry.why)}",
        f"First thing to do: {escape(title)}",
        _code(code),
        "\n".join(["Known messages:", "", *(_known(variant) for variant in entry.variants)]) if entry.variants else "",
    ]


def _known(variant: Variant) -> str:
    return f"- [{escape(variant.title)}](#{variant.id}): {inline(variant.messages[0].text)}"


def _said(says: Iterable[verification.Says]) -> str:
    return "\n".join(f"- **{item.lead}** {_safe(item.rest)}".rstrip() for item in says)


def _safe(text: str) -> str:
    """Return what a server or a program said, as prose: nothing of it is markup, and nothing is invisible."""
    return escape(servers.visible(text))


def _verification(entry: Entry, names: servers.Names) -> list[str]:
    """Return the section that shows what happened on each server."""
    level = names.term("confidence", entry.confidence.level)
    parts = [
        "## Verification",
        f"**{level}.** {escape(entry.confidence.reason)} [What the levels mean]({servers.RULE}).",
    ]
    if not entry.verification.servers:
        return parts
    head = ("Server", "Reproduction", *(f"Fix {number}" for number, _ in enumerate(entry.fixes, 1)), "Executed")
    rows = [_row(entry, run, names) for run in entry.verification.servers]
    rows += [
        (names.servers([server]), "not yet executed", *("" for _ in entry.fixes), "")
        for server in entry.verification.missing
    ]
    parts.append(table(head, rows))
    if reasons := verification.reasons(entry, names):
        parts.append("\n".join(_reason(reason) for reason in reasons))
    if raised := findings.raised(entry):
        parts += ["What the driver raised:", "\n".join(_raised(entry, group, names) for group in raised)]
    for group in findings.printed(entry):
        parts += [f"{_by(group, names, client=True)} printed{_other(entry, group, client=True)}:"]
        parts += [block("text", servers.visible(group.text))]
    return parts


def _row(entry: Entry, run: Run, names: servers.Names) -> tuple[str, ...]:
    told = {number: names.term("fix_outcome", fix.outcome).lower() for number, fix in verification.told(run).items()}
    stale = ", then the executable part changed" if run.stale else ""
    return (
        names.runs([run]),
        names.term("server_outcome", run.outcome).lower() + stale,
        *(told.get(number, "") for number, _ in enumerate(entry.fixes, 1)),
        f"{run.date}, {run.seconds:g} s",
    )


def _reason(reason: verification.Reason) -> str:
    detail = f" {_safe(reason.detail)}" if reason.detail else ""
    return f"- {reason.what}: {reason.ended.lower()} on {reason.where}.{detail}"


def _raised(entry: Entry, group: Group, names: servers.Names) -> str:
    said = inline(" ".join(servers.visible(group.text).split()))
    return f"- {_by(group, names, client=False)}: {said}{_other(entry, group, client=False)}"


def _by(group: Group, names: servers.Names, *, client: bool) -> str:
    by = findings.speakers(group, client)
    alike = "" if group.exact else " (the same but for numbers, ids and paths)"
    return f"{inline(by)} on {names.runs(group.runs)}{alike}"


def _other(entry: Entry, group: Group, *, client: bool) -> str:
    said = findings.otherwise(entry, group, client)
    return f" (as {said}, where the error is declared as {findings.declared(entry, group.runs[0])})" if said else ""


def _causes(entry: Entry, knowledge: Knowledge, mark: str) -> list[str]:
    parts = []
    for number, cause in enumerate(entry.causes, 1):
        parts += [f"{mark} Cause {number}", _only(entry, cause, knowledge) + escape(cause.cause), "To confirm:"]
        parts += [block(cause.confirm.language, cause.confirm.run), escape(cause.confirm.reads)]
    return parts


def _reproduction(entry: Entry, knowledge: Knowledge, names: servers.Names) -> list[str]:
    parts = []
    if entry.reproduce.steps:
        parts += [_only(entry, entry.reproduce, knowledge) + escape(entry.reproduce.about or "")]
        parts += [steps(scenario.lines(entry.reproduce))]
    return [*parts, _said(verification.reproduction(entry, names))]


def _fixes(entry: Entry, knowledge: Knowledge, names: servers.Names, mark: str) -> list[str]:
    parts = []
    for number, fix in enumerate(entry.fixes, 1):
        changes = ", ".join(knowledge.term("changes", change).title.lower() for change in fix.changes)
        parts += [f"{mark} {number}. {escape(fix.title)}"]
        parts += [
            f"- When: {_only(entry, fix, knowledge)}{escape(fix.when)}\n"
            f"- Changes: {changes}\n- Cost: {escape(fix.cost)}"
        ]
        parts += [_code(fix.code), escape(fix.why)]
        parts += [_said(verification.fix(entry, number, names))]
        if fix.proof:
            if fix.code.values:
                parts += [
                    "Placeholders when executed: "
                    + ", ".join(f"`<{k}>` = {inline(v)}" for k, v in fix.code.values)
                    + "."
                ]
            parts += ["The proof continues from the error:", steps([scenario.line(step) for step in fix.proof])]
    return parts


def page(entry: Entry, knowledge: Knowledge) -> str:
    """Return the whole entry as Markdown, in the order of its page, ending in a newline."""
    parts = [*_head(entry, knowledge), "## What this means", escape(entry.meaning)]
    if entry.parameters:
        parts += ["## Message parts"]
        parts += ["\n".join(f"- `{{{item.name}}}`: {escape(item.meaning)}" for item in entry.parameters)]
    names = servers.names(knowledge)
    parts += ["## Why it happens", *_causes(entry, knowledge, "###")]
    parts += ["## How to reproduce", *_reproduction(entry, knowledge, names)]
    parts += ["## Fixes", *_fixes(entry, knowledge, names, "###")]
    for variant in entry.variants:
        own = entry.of_variant(variant)
        parts += [f'## <a id="{variant.id}"></a>{escape(variant.title)}']
        parts += ["\n\n".join(f"{escape(m.where)}:\n\n{block('text', m.text)}" for m in variant.messages)]
        parts += [*_causes(own, knowledge, "###")]
        parts += ["### How to reproduce this message"]
        parts += (
            _reproduction(own, knowledge, names)
            if variant.reproduce
            else [_said(verification.reproduction(own, names))]
        )
        parts += _fixes(own, knowledge, names, "### Fix")
    parts += ["## What not to do"]
    parts += ["\n".join(f"- **{escape(item.title)}.** {escape(item.why)}" for item in entry.avoid)]
    parts += _verification(entry, names)
    if entry.versions:
        rows = [(_titles((v.engine,), knowledge), inline(v.range), escape(v.note)) for v in entry.versions]
        parts += ["## Versions", table(("Engine", "Range", "What is different"), rows)]
    drivers = []
    for driver in entry.drivers:
        fields = "; ".join(f"{inline(field.name)}: {inline(field.gives)}" for field in driver.fields)
        language = knowledge.term("driver_language", driver.language).title
        drivers.append(
            (
                f"{escape(driver.driver)} ({language})",
                inline(driver.exception),
                fields,
                escape(driver.note or ""),
            )
        )
    parts += ["## In your driver", table(("Driver", "Exception", "Fields", "Note"), drivers)]
    if entry.related:
        parts += ["## Related"]
        parts += [
            "\n".join(
                f"- [{item.error} {escape(item.title)}](/{item.error}/index.md): {escape(item.why)}"
                for item in entry.related
            )
        ]
    parts += ["## Sources"]
    parts += ["\n".join(f"- [{escape(source.title)}](<{source.url}>)" for source in entry.sources)]
    return "\n\n".join(part for part in parts if part) + "\n"
