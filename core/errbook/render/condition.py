"""A condition as plain Markdown: the twin of its page. One that is not written up is the list of its entries."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from errbook.entry import step
from errbook.knowledge import Knowledge
from errbook.render import servers
from errbook.render.markdown import block, escape, inline, steps, table
from errbook.render.scenario import line
from errbook.verification import sort

Json = Mapping[str, Any]

RAISED: Final = (
    "The errors of the condition come first, where the driver gives a code; the program meets the others to hand them "
    "on."
)
"""What stands with the errors that drivers raised."""


def page(answer: Json, knowledge: Knowledge) -> str:
    """Return the answer `conditions/<condition>` (errbook.answers) as Markdown, ending in a newline."""
    guide = answer["guide"]
    about = answer["condition"]
    parts = [f"# {escape(guide['title'] if guide else about['title'])}"]
    parts += [escape(guide["summary"] if guide else about["description"])]
    missing = _missing(answer, knowledge)
    if guide:
        names = servers.names(knowledge)
        parts += [*_compared(guide, names), missing, *_handling(guide, names), *_executed(guide, names)]
        parts += ["## The entries"]
    parts += ["\n".join(_entry(item, knowledge) for item in answer["errors"])]
    if not guide:
        parts += [missing]
    return "\n\n".join(part for part in parts if part) + "\n"


def verdicts(guide: Json) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return the runs of a condition by engine, those that bear it out, those that say nothing, and all others."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for engine in guide["engines"]:
        runs = [run for run in guide["verification"]["servers"] if run["engine"] == engine]
        good = [run for run in runs if sort(run["outcome"]) == "good" and not run["stale"]]
        exempt = [run for run in runs if sort(run["outcome"]) == "exempt"]
        other = [run for run in runs if run not in good and run not in exempt]
        found[engine] = {"good": good, "exempt": exempt, "other": other}
    return found


def on(raised: Json, guide: Json, names: servers.Names) -> str:
    """Return the servers on which a driver raised an error, each with its exact version, as a phrase."""
    runs = [run for run in guide["verification"]["servers"] if run["server"] in raised["servers"]]
    return servers.listed((names.engine(run["engine"]), run["version"]) for run in runs)


def _missing(answer: Json, knowledge: Knowledge) -> str:
    entries = [knowledge.get(item["engine"], item["code"]) for item in answer["errors"]]
    named = {engine for entry in entries if entry for engine in entry.engines}
    named |= set(answer["guide"]["engines"] if answer["guide"] else ())
    missing = [engine["title"] for engine in knowledge.engines() if engine["engine"] not in named]
    return f"Not written up for {', '.join(missing)}." if missing else ""


def _titles(engines: list[str], names: servers.Names) -> str:
    return ", ".join(names.engine(engine) for engine in engines)


def _compared(guide: Json, names: servers.Names) -> list[str]:
    rows = [
        (
            _titles(part["engines"], names),
            ", ".join(_error(error) for error in part["errors"]),
            escape(part["statement"]),
            escape(part["transaction"]),
            _retry(part["errors"], names),
        )
        for part in guide["behaviours"]
    ]
    head = ("Engine", "Code", "The statement", "The transaction", "Retry")
    return ["## What each engine does", table(head, rows)]


def _error(error: Json) -> str:
    state = error["sqlstate"] if error["sqlstate"] != error["code"] else None
    told = " ".join(part for part in (error["code"], error["symbol"], state) if part)
    return f"[{inline(told)}]({_twin(error['page'])})" if error["page"] else inline(told)


def _twin(page: str) -> str:
    """Return where the twin of an entry's page lies, or of the page with the row of a code: an anchor is not for it."""
    return f"{page.partition('#')[0]}index.md"


def _retry(errors: list[Json], names: servers.Names) -> str:
    told = [names.term("retry_verdict", error["retry"]) for error in errors if error["retry"]]
    return ", ".join(dict.fromkeys(told)) or "Not written up"


def _handling(guide: Json, names: servers.Names) -> list[str]:
    lines = [line for engine, runs in verdicts(guide).items() for line in _verdict(engine, runs, names)]
    return [
        "## Handle it on every engine",
        "\n".join(f"- {line}" for line in lines),
        block("python", guide["handling"]["python"]),
        escape(guide["handling"]["why"]),
        "## What differs",
        "\n".join(f"- {escape(text)}" for text in guide["differences"]),
    ]


def _verdict(engine: str, runs: Mapping[str, list[dict[str, Any]]], names: servers.Names) -> Iterator[str]:
    def where(some: list[dict[str, Any]]) -> str:
        return servers.listed((names.engine(engine), run["version"]) for run in some)

    if runs["good"]:
        yield f"**Executed** on {where(runs['good'])}."
    if runs["other"]:
        said = "Changed since it was executed" if runs["other"][0]["stale"] else "Not as it says"
        yield f"**{said}** on {where(runs['other'])}."
    for run in runs["exempt"]:
        yield f"**Not executed** on {where([run])}. {escape(servers.visible(run['detail'] or ''))}".rstrip()
    if not any(runs.values()):
        yield f"**Not yet executed** on {names.engine(engine)}."


def _executed(guide: Json, names: servers.Names) -> list[str]:
    parts = ["## Executed"]
    for part in guide["behaviours"]:
        scenario = part["scenario"]
        played = [line(step(item)) for item in scenario["steps"]]
        outcome = names.term("handling_outcome", part["outcome"]).lower()
        parts += [f"### {_titles(part['engines'], names)}: {outcome}", escape(scenario["about"])]
        if scenario["settings"]:
            parts += ["Settings: " + ", ".join(inline(f"{k} = {v}") for k, v in scenario["settings"].items())]
        if scenario["setup"]:
            parts += [block("sql", scenario["setup"])]
        if len(played) > 1:
            parts += ["Then these steps, in which `$code` is the program above:", steps(played)]
        else:
            parts += ["Then this program, in which `$code` is the one above:", block("python", scenario["python"])]
    if guide["raised"]:
        rows = [
            (
                inline(item["code"]) if item["code"] else "none",
                inline(item["sqlstate"]) if item["sqlstate"] else "none",
                inline(" ".join(servers.visible(item["message"]).split())) + ("" if item["exact"] else " (or alike)"),
                escape(", ".join(item["drivers"])),
                on(item, guide, names),
            )
            for item in guide["raised"]
        ]
        parts += ["### What the drivers raised", RAISED, table(("Code", "SQLSTATE", "Message", "Driver", "On"), rows)]
    return [*parts, f"Again: `errbook verify {guide['id']}`"]


def _entry(item: Json, knowledge: Knowledge) -> str:
    engine = knowledge.engine(item["engine"])
    title = f"{engine['title'] if engine else item['engine']} {item['code']}: {item['title']}"
    return f"- [{escape(title)}]({_twin(item['page'])}): {escape(item['summary'])}"
