"""How the results of a run are told: lines for a terminal, JSON, GitHub annotations, JUnit."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from errbook import problem
from errbook.lab import outcome
from errbook.lab.verify import Result
from errbook.source import display


def line(result: Result) -> str:
    """Return one line: entry, server, outcome, what became of the fixes, seconds.

    It begins with ``ok``, with ``FAIL``, or with ``new`` where all is as claimed and not as on record.
    """
    record = result.record
    mark = "FAIL" if not result.accepted else "new " if result.differences else "ok  "
    words = [outcome.SAYS[record["outcome"]]]
    if record["observed"] and record["outcome"] == outcome.RAISED_OTHER:
        words.append(_code(record["observed"]))
    counts = [fix["outcome"] for fix in record["fixes"] if fix["outcome"] != outcome.NOT_APPLICABLE]
    if counts and record["outcome"] == outcome.REPRODUCED:
        proven = counts.count(outcome.PROVEN)
        words.append(f"{proven} of {len(counts)} fixes proven")
    seconds = record["seconds"] + sum(fix["seconds"] for fix in record["fixes"])
    server = f"{result.server} ({record['version']})" if record["version"] else result.server
    return f"{mark} {result.entry:<26} {server:<28} {', '.join(words)}" + (f"  {seconds:.1f} s" if seconds else "")


def explain(result: Result) -> list[str]:
    """Return what a reader of a failure needs: step, statement, expected, came; and how to run just this one again."""
    lines: list[str] = []
    record = result.record
    for number, failure in sorted(result.failures.items()):
        name = f"fix {number}: " if number else ""
        where = failure["part"] + (f", session {failure['session']}" if failure["session"] else "")
        said = record["outcome"] if not number else _fix(result, number)["outcome"]
        lines.append(f"     {name}{outcome.SAYS[said]} at {where}")
        for key in ("statement", "expected", "came"):
            if failure[key]:
                first, *more = visible(failure[key]).splitlines() or [""]
                lines += [f"       {key + ':':<10} {first}", *(f"                  {text}" for text in more)]
    for number, part in [(0, record), *((fix["fix"], fix) for fix in record["fixes"])]:
        if part["outcome"] == outcome.EXEMPTION_UNNEEDED:
            what = f"fix {number}" if number else "the scenario"
            lines.append(f"     {what} says that it is not executable, and it works; remove `not_executable`")
    lines += [f"     {difference}" for difference in result.differences]
    if "://" in result.server:
        # The address that was given may hold a password; it is the user's to repeat.
        return lines
    if lines:
        lines.append(f"     again: errbook verify {result.entry} --server {result.server}")
    if result.differences and result.accepted:
        lines.append(f"     if this is right: errbook verify {result.entry} --server {result.server} --record")
    return lines


def missing(results: Iterable[Result]) -> list[str]:
    """Return one line per server that is missing: which, how many entries were not run on it, and why."""
    found = [result for result in results if result.missing]
    counts = Counter(result.server for result in found)
    reasons = {result.server: result.record["detail"] for result in found}
    return [
        f"{server} is missing, {count} {'entry was' if count == 1 else 'entries were'} not run on it: {reasons[server]}"
        for server, count in counts.items()
    ]


def summary(results: Sequence[Result], seconds: float) -> str:
    """Return the last line: how many of what."""
    ran = [result for result in results if not result.missing]
    bad = [result for result in ran if not result.accepted]
    changed = [result for result in ran if result.accepted and result.differences]
    names = len({result.entry for result in results})
    parts = [f"{names} {'entry' if names == 1 else 'entries'}, {len(ran) - len(bad)} of {len(ran)} runs as claimed"]
    if changed:
        parts.append(f"{len(changed)} not as on record")
    if lacking := sorted({result.server for result in results if result.missing}):
        parts.append(f"missing: {', '.join(lacking)}")
    return f"errbook: {'; '.join(parts)}; {seconds:.0f} s"


def as_json(results: Sequence[Result]) -> str:
    """Return a JSON list with an object for each entry and server.

    entry, server
        Such as ``mysql/1040`` and ``mysql:9.7``.
    accepted
        Whether everything came out as the entry claims; false also where the server is missing.
    record
        What happened, as it would be written to the evidence (schema/evidence.schema.json); the outcome of a server
        that is missing is ``server-missing``.
    failures
        What went otherwise: ``fix`` (its number, null for the scenario), ``part``, ``session``, ``statement``,
        ``expected``, ``came``.
    differences
        In which respects it is not as on record, each as a sentence.
    """
    rows = [
        {
            "entry": result.entry,
            "server": result.server,
            "accepted": result.accepted,
            "record": result.record,
            "failures": [{"fix": number or None, **failure} for number, failure in sorted(result.failures.items())],
            "differences": result.differences,
        }
        for result in results
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


def github(result: Result, file: Path, lines: Mapping[int, int]) -> list[str]:
    """Return workflow commands that annotate an entry's file; `lines`: where the scenario (0) and each fix begin."""
    if result.missing or (result.accepted and not result.differences):
        return []
    text = "\n".join(part.strip() for part in explain(result))
    place = next(iter(sorted(result.failures)), 0)
    message = " ".join(line(result).split()[1:])
    rule = f"verify {result.server}"
    return [problem.github(problem.Problem(display(file), lines.get(place, 1), 1, rule, message, text))]


def junit(results: Sequence[Result], seconds: float) -> str:
    """Return a JUnit report: a suite per server, a case per scenario and per fix.

    The format is the one that CI systems read: https://github.com/testmoapp/junitxml.
    """
    root = ElementTree.Element("testsuites", name="errbook verify", time=f"{seconds:.3f}")
    for server in dict.fromkeys(result.server for result in results):
        suite = ElementTree.SubElement(root, "testsuite", name=server)
        for result in results:
            if result.server == server:
                _case(suite, result, 0, result.record)
                for fix in result.record["fixes"]:
                    _case(suite, result, fix["fix"], fix)
        _count(suite, list(suite))
    _count(root, root.findall("testsuite/testcase"))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _count(element: ElementTree.Element, cases: Sequence[ElementTree.Element]) -> None:
    element.set("tests", str(len(cases)))
    for attribute, kind in (("failures", "failure"), ("skipped", "skipped")):
        element.set(attribute, str(sum(case.find(kind) is not None for case in cases)))


def _case(suite: ElementTree.Element, result: Result, number: int, part: dict[str, Any]) -> None:
    name = f"fix {number}" if number else "reproduction"
    case = ElementTree.SubElement(suite, "testcase", classname=result.entry, name=name, time=f"{part['seconds']:.3f}")
    said = outcome.SAYS[part["outcome"]]
    if result.missing or part["outcome"] in (outcome.NOT_EXECUTABLE, outcome.NOT_APPLICABLE, outcome.NOT_RUN):
        reason = result.record["detail"] if result.missing else part["detail"]
        ElementTree.SubElement(case, "skipped", message=visible(f"{said}: {reason}" if reason else said))
    elif part["outcome"] not in outcome.ACCEPTED:
        ElementTree.SubElement(case, "failure", message=visible(said)).text = visible(part["detail"] or said)
    if not number and result.differences and case.find("failure") is None:
        text = "\n".join(result.differences)
        ElementTree.SubElement(case, "failure", message="not as on record").text = visible(text)


def visible(text: str) -> str:
    """Return a text in which control characters do nothing: neither to a terminal nor in XML 1.0."""
    return "".join(char if char == "\n" or char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def _code(observed: dict[str, Any]) -> str:
    state = observed["sqlstate"]
    return f"{observed['code']}" + (f" ({state})" if state and state != observed["code"] else "")


def _fix(result: Result, number: int) -> dict[str, Any]:
    found: dict[str, Any] = next(fix for fix in result.record["fixes"] if fix["fix"] == number)
    return found
