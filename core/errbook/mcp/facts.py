"""An entry or a code as an agent gets it: brief, or full within a budget, with what was left out named."""

from collections.abc import Callable
from json import dumps
from typing import Any, Final, cast

from errbook import entry as entries
from errbook.codes import Code as Known
from errbook.codes import CodeLink
from errbook.entry import Entry
from errbook.knowledge import Knowledge
from errbook.mcp.shapes import Avoid, Cause, Code, Error, Fix
from errbook.render import servers, verification
from errbook.render.cut import sentences
from errbook.render.first import first_code

CHARACTERS_A_TOKEN: Final = 3.6
"""How many characters of such an answer one token holds at least: over the answers for all entries, the tokenizers
cl100k_base and o200k_base gave 3.7 to 4.3, 4.0 in the middle."""

BRIEF: Final = int(600 * CHARACTERS_A_TOKEN)
"""Characters of JSON that a brief answer may take: about 600 tokens."""

FULL: Final = int(3000 * CHARACTERS_A_TOKEN)
"""Characters of JSON that a full answer may take: about 3,000 tokens."""

_LENGTHS: Final = (400, 240, 160, 100, 1)
"""Characters for each piece of prose in a brief answer; the first that keeps all of it within the budget is taken."""

_FULL_LENGTHS: Final = (None, 400, 300, 220, 160, 100, 1)
"""The same for a full answer; None is all of it."""

_PARTS: Final = ("causes", "fixes", "sources", "messages", "meaning", "avoid", "versions", "related", "drivers")
"""Parts of a full answer, the most needed first."""


def size(value: object) -> int:
    """Return the characters that a value takes as JSON."""
    return len(dumps(value, ensure_ascii=False))


class Facts:
    """Entries and codes of one knowledge, as agents get them."""

    def __init__(self, knowledge: Knowledge, site: str) -> None:
        """`site` is the address of the site, without a slash at the end; empty where it is not known."""
        self._knowledge, self._site = knowledge, site
        self._names = servers.names(knowledge)

    def brief(self, entry: Entry, most: int = BRIEF) -> Error:
        """Return what somebody who has just hit the error needs first, in at most `most` characters of JSON.

        Prose is cut after sentences, code never; where even that is too long, what is not first is left out.
        """
        for length in _LENGTHS:
            found = self._brief(entry, length)
            if size(found) <= most:
                return found
        # mypy wants the names of a TypedDict's keys as literals.
        del found["avoid_first"]
        if size(found) > most:
            del found["likeliest_cause"]
        return found

    def full(self, entry: Entry, most: int = FULL) -> Error:
        """Return all of an entry that fits into `most` characters of JSON.

        Prose is cut after sentences until every part fits, code never; `left_out` says what was shortened or had to go,
        all of which is on the page, at `address`.
        """
        for length in _FULL_LENGTHS:
            found = self._whole(entry, length)
            if size(found) <= most:
                return found
        for name in _PARTS[::-1]:
            cast(dict[str, Any], found).pop(name, None)
            found["left_out"].append(name)
            if size(found) <= most:
                break
        return found

    def code(self, code: Known) -> Code:
        """Return a code as the catalogs have it."""
        found = self._code(code.id, code.symbol, code.sqlstate, code.messages[0].text if code.messages else None)
        if code.entry:
            found["written"] = code.entry.id
        if code.sibling and not code.sibling.same:
            other = code.sibling
            found["note"] = f"{other.id} is another error: {other.symbol or other.message}. {other.note or ''}".strip()
        return found

    def link(self, code: CodeLink) -> Code:
        """Return a link to a code."""
        found = self._code(code.id, code.symbol, code.sqlstate, code.message)
        if code.entry:
            found["written"] = code.entry
        return found

    def _code(self, identity: str, symbol: str | None, sqlstate: str | None, message: str | None) -> Code:
        found: Code = {"id": identity}
        if symbol:
            found["symbol"] = symbol
        if sqlstate:
            found["sqlstate"] = sqlstate
        if message:
            found["message"] = message
        return found

    def _head(self, entry: Entry) -> Error:
        found: Error = {
            "id": entry.id,
            "engines": list(entry.engines),
            "code": entry.code,
            "title": entry.title,
            "summary": entry.summary,
            "risk": {"level": entry.risk.level, "impact": entry.risk.impact},
            "retry": {"verdict": entry.retry.verdict, "why": entry.retry.why},
            "executed": f"{self._names.term('confidence', entry.confidence.level)}. {entry.confidence.reason}",
            "address": f"{self._site}{entry.page}",
        }
        if entry.symbol:
            found["symbol"] = entry.symbol
        if entry.sqlstate:
            found["sqlstate"] = entry.sqlstate
        if entry.sqlstates:
            found["sqlstates"] = dict(entry.sqlstates)
        return found

    def _brief(self, entry: Entry, length: int) -> Error:
        def cut(text: str) -> str:
            return sentences(text, length)

        found = self._head(entry)
        found["risk"]["impact"], found["retry"]["why"] = cut(entry.risk.impact), cut(entry.retry.why)
        found["executed"] = _executed(entry, self._names, length)
        found["likeliest_cause"] = _cause(entry.causes[0], cut)
        title, code = first_code(entry)
        cost = cut(entry.fixes[0].cost)
        found["first"] = {"title": title, "cost": cost, "language": code.language, "code": code.text}
        found["avoid_first"] = _avoid(entry.avoid[0], cut)
        found["more"] = f"detail=full has all {len(entry.causes)} causes and {len(entry.fixes)} fixes."
        return found

    def _whole(self, entry: Entry, length: int | None) -> Error:
        """Return every part of an entry, each piece of prose in at most `length` characters where that is said."""

        def cut(text: str) -> str:
            return text if length is None else sentences(text, length)

        found = self._head(entry)
        found["risk"]["impact"], found["retry"]["why"] = cut(entry.risk.impact), cut(entry.retry.why)
        found["causes"] = [_cause(cause, cut) for cause in entry.causes]
        found["fixes"] = [self._fix(entry, number, cut) for number in range(1, len(entry.fixes) + 1)]
        found["sources"] = [source.url for source in entry.sources]
        found["messages"] = [f"{item.text} ({item.where})" for item in entry.messages]
        found["meaning"] = cut(entry.meaning)
        found["avoid"] = [_avoid(item, cut) for item in entry.avoid]
        found["versions"] = [f"{item.engine} {item.range}: {cut(item.note)}" for item in entry.versions]
        found["related"] = [f"{item.error}: {cut(item.why)}" for item in entry.related]
        found["drivers"] = [f"{item.driver}: {item.exception}" for item in entry.drivers]
        if length is not None:
            found["left_out"] = ["all but the first sentences of each text"]
        return found

    def _fix(self, entry: Entry, number: int, cut: Callable[[str], str]) -> Fix:
        fix = entry.fixes[number - 1]
        found: Fix = {
            "title": fix.title,
            "when": cut(fix.when),
            "cost": cut(fix.cost),
            "changes": list(fix.changes),
            "language": fix.code.language,
            "code": fix.code.text,
            "why": cut(fix.why),
            "proof": self._proof(entry, number),
        }
        if fix.engines:
            found["engines"] = list(fix.engines)
        return found

    def _proof(self, entry: Entry, number: int) -> str:
        """Say what came of a fix on each server that the entry was executed on."""
        outcomes: dict[str, list[entries.Run]] = {}
        for run in entry.verification.servers:
            if outcome := verification.told(run).get(number):
                outcomes.setdefault(outcome.outcome, []).append(run)
        said = [f"{self._names.term('fix_outcome', how)} on {self._names.runs(runs)}" for how, runs in outcomes.items()]
        return "; ".join(said) or "not executed"


def _executed(entry: Entry, names: servers.Names, length: int) -> str:
    level = names.term("confidence", entry.confidence.level)
    return f"{level}. {sentences(entry.confidence.reason, length)}" if len(entry.confidence.reason) <= length else level


def _cause(cause: entries.Cause, cut: Callable[[str], str]) -> Cause:
    found: Cause = {"cause": cut(cause.cause), "confirm": cause.confirm.run, "reads": cut(cause.confirm.reads)}
    if cause.engines:
        found["engines"] = list(cause.engines)
    return found


def _avoid(item: entries.Avoid, cut: Callable[[str], str]) -> Avoid:
    return {"title": item.title, "why": cut(item.why)}
