"""Servers, versions, fixes and codes in words, the same on every surface."""

from __future__ import annotations

from errbook.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from errbook.entry import Cause, Entry, Fix, Run, Scenario
    from errbook.knowledge import Knowledge
    from errbook.opened import Link

RULE = "/reading/#confidence"
"""Where the site explains how confidence is computed, below its address."""


class Names(Record):
    """What things are called: an engine by its identity, a term by its vocabulary and value."""

    engine: Callable[[str], str]
    term: Callable[[str, str], str]

    def runs(self, runs: Iterable[Run]) -> str:
        """Return the servers of runs as a phrase, each with its exact version where one was started."""
        return listed((self.engine(run.engine), run.version or run.series) for run in runs)

    def servers(self, identities: Iterable[str]) -> str:
        """Return servers as a phrase, by their identities."""
        parts = [identity.partition(":") for identity in identities]
        return listed((self.engine(engine), series) for engine, _, series in parts)


def names(knowledge: Knowledge) -> Names:
    """Return the names that a knowledge gives to engines and terms."""
    titles = {engine["engine"]: str(engine["title"]) for engine in knowledge.engines()}
    return Names(lambda engine: titles.get(engine, engine), lambda *term: knowledge.term(*term).title)


def listed(named: Iterable[tuple[str, str]]) -> str:
    """Return versions as a phrase, from pairs of an engine's title and a version.

    >>> listed([("MySQL", "9.7.4"), ("MariaDB", "10.11.19"), ("MariaDB", "11.8.6")])
    'MySQL 9.7.4, MariaDB 10.11.19 and 11.8.6'
    """
    words: list[str] = []
    before = None
    for title, version in named:
        words.append(version if title == before else f"{title} {version}")
        before = title
    return joined(words)


def limits(entry: Entry, part: Cause | Fix | Scenario, title: Callable[[str], str]) -> str:
    """Return for which engines and versions a part of an entry holds, as a phrase; empty where for all of them."""
    versions = dict(getattr(part, "versions", ()))
    if not part.engines and not versions:
        return ""
    held = part.engines or entry.engines
    return joined(
        [f"{title(engine)} {spaced(versions[engine])}" if engine in versions else title(engine) for engine in held]
    )


def spaced(text: str) -> str:
    """Return a range of versions as it is read: ``>=13, <16``, ``all versions``."""
    return "all versions" if text == "all" else text.replace(",", ", ")


def numbered(numbers: Sequence[int]) -> str:
    """Return fixes by their numbers, in order, as a phrase: ``fix 2``, ``fixes 2 and 6``, ``fixes 1-4 and 6``."""
    rows: list[list[int]] = []
    for number in numbers:
        if rows and rows[-1][-1] == number - 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    words = []
    for row in rows:
        words += [f"{row[0]}-{row[-1]}"] if len(row) > 2 else [str(number) for number in row]
    return f"fix{'es' * (len(numbers) > 1)} {joined(words)}"


def code(entry: Entry | Link, given: str | None, sqlstate: str | None) -> str:
    """Return a code as it was given, with its SQLSTATE in brackets where the engine has one beside the code."""
    if given is None:
        return "no code"
    if entry.sqlstate is None or entry.sqlstate == entry.code:
        return given
    return f"{given} ({sqlstate})" if sqlstate else f"{given}, no SQLSTATE"


def elsewhere(entry: Entry, title: Callable[[str], str]) -> str:
    """Return the SQLSTATEs of engines that send another, to follow the entry's: `` (22007 on MariaDB)``; else nothing.

    ``title`` gives an engine's title.
    """
    others = [f"{state} on {title(engine)}" for engine, state in entry.sqlstates]
    return f" ({joined(others)})" if others else ""


def joined(words: Sequence[str]) -> str:
    """Return words as an enumeration: ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def line(entry: Entry, run: Run, names: Names) -> str:
    """Return a run as one line of text, without the server's name; which fixes are not for it, the fixes say."""
    parts = [names.term("server_outcome", run.outcome).lower()]
    if run.observed:
        seen = code(entry, run.observed.code, run.observed.sqlstate)
        parts = [f"{parts[0]} as {seen}"] if run.outcome == "reproduced" else [*parts, seen]
    by_outcome: dict[str, list[int]] = {}
    for item in run.fixes:
        if item.outcome != "not-applicable":
            by_outcome.setdefault(item.outcome, []).append(item.fix)
    parts += [
        f"{numbered(numbers)} {names.term('fix_outcome', outcome).lower()}" for outcome, numbers in by_outcome.items()
    ]
    stale = "; the executable part changed since" if run.stale else ""
    return f"{', '.join(parts)} ({run.date}){stale}"


def visible(text: str) -> str:
    """Return a text in which characters that nobody sees, or that steer a terminal, are shown instead of obeyed."""
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character.isprintable() or character in "\n\t":
        return character
    number = ord(character)
    # U+2400 and on are pictures of the control characters.
    return chr(0x2400 + number) if number < 32 else "\u2421" if number == 127 else f"\\u{number:04x}"
