"""Pages of codes, written up or not: MySQL's and MariaDB's by ranges of numbers, PostgreSQL's by class of SQLSTATE,
SQLite's on one page, and the numbers of the system that stand inside messages.

A code has a row with an anchor and no page of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from markupsafe import Markup

from errbook import codes as core
from errbook.database import SYSTEM
from errbook.render import code_markdown, markdown
from errbook_site import prose
from errbook_site.codes import WHERE, Codes, Json, listed
from errbook_site.page import Asset, Heading, Page, root
from errbook_site.templates import render

_LISTED: Final = 0.05
"""A list of codes weighs less in the site's search than any other page."""

_NEAR: Final = 12
"""How many written entries the page of a range names."""


def pages(codes: Codes, titles: Mapping[str, str]) -> Iterator[Page | Asset]:
    """Give every page that lists codes of one engine, and those of the system's numbers, each with its twin.

    `titles` are those of the classes of SQLSTATEs.
    """
    for engine, about in codes.terms.engines.items():
        if engine not in codes.by_engine:
            continue
        if about["sqlstates"] == "separate":
            yield from _ranges(codes, engine)
        elif about["sqlstates"] == "code":
            yield from _states(codes, engine, titles)
        else:
            yield from _single(codes, engine)
    if SYSTEM in codes.by_engine:
        yield from _system(codes)


def page(
    address: str,
    title: str,
    description: str,
    template: str,
    codes: Codes,
    /,
    toc: list[Heading] | None = None,
    in_search: bool = True,
    **values: Any,
) -> Page:
    """Return a page of codes; the search knows it by its title and description only."""
    html = render(
        template, root=root(address), title=title, description=description, where=WHERE, codes=codes, **values
    )
    indexed = Markup("<p>%s</p>") % prose.inline(description)
    return Page(address, title, prose.plain(description), html, toc or (), indexed, boost=_LISTED, in_search=in_search)


def twin_of(address: str) -> str:
    """Return where the Markdown twin of a page lies; that of a page at the top would be taken for its source."""
    return f"{address}index.md" if address.count("/") > 1 else f"{address[:-1]}.md"


def _twinned(made: Page, lines: Iterable[str]) -> Iterator[Page | Asset]:
    """Give a page and its Markdown twin, a list of the given lines."""
    twin = twin_of(made.address)
    yield made._replace(meta={"twin": f"{root(made.address)}{twin}"})
    head = [f"# {markdown.escape(made.title)}", "", markdown.escape(made.description), ""]
    yield Asset(twin, "\n".join([*head, *lines, ""]).encode())


def _lines(found: Iterable[Json]) -> Iterator[str]:
    """Give codes as lines of a Markdown list."""
    return (code_markdown.row(core.link_of(code)) for code in found)


def _links(links: Iterable[tuple[str, str, int]]) -> Iterator[str]:
    """Give pages of codes, as address, title and number of codes, as lines of a Markdown list."""
    return (f"- [{markdown.escape(title)}](/{twin_of(address)}): {count}" for address, title, count in links)


def _ranges(codes: Codes, engine: str) -> Iterator[Page | Asset]:
    """Give the pages of an engine whose codes are numbers: the list of ranges, and each range."""
    name = codes.terms.engine(engine)
    groups = codes.groups(engine)
    addresses = list(groups)
    index = page(
        f"{engine}/codes/",
        f"All error codes of {name}",
        f"Every error number that {codes.versions(engine)} know, written up or not, by range."
        if len(codes.catalogs[engine]) > 1
        else f"Every error number that {codes.versions(engine)} knows, written up or not, by range.",
        "codes",
        codes,
        engine=engine,
        groups=[(address, _numbers(address), codes.counts(found)) for address, found in groups.items()],
        total=codes.counts(codes.by_engine[engine]),
    )
    titles = {address: "{} to {}".format(*_numbers(address)) for address in addresses}
    yield from _twinned(index, _links((address, titles[address], len(found)) for address, found in groups.items()))
    for at, (address, found) in enumerate(groups.items()):
        first, last = _numbers(address)
        counts = codes.counts(found)
        made = page(
            address,
            f"{name} error codes {first} to {last}",
            f"{counts['all']} {'code' if counts['all'] == 1 else 'codes'} of {codes.versions(engine)}: symbol, "
            "SQLSTATE and message as the server has them.",
            "codes_range",
            codes,
            in_search=False,
            engine=engine,
            first=first,
            last=last,
            rows=found,
            counts=counts,
            near=_near(found),
            before=_numbers(addresses[at - 1]) if at else None,
            after=_numbers(addresses[at + 1]) if at + 1 < len(addresses) else None,
            sibling=codes.terms.engines[engine]["sibling"],
        )
        yield from _twinned(made, _lines(found))


def _numbers(address: str) -> tuple[int, int]:
    """Return the first and last number of the range at an address."""
    first, _, last = address.rstrip("/").rpartition("/")[2].partition("-")
    return int(first), int(last)


def _near(found: list[Json]) -> list[Json]:
    """Return links to the written entries among codes, then to those near to them; none twice."""
    links = [code["entry"] for code in found if code["entry"]]
    links += [link for code in found for link in code["neighbours"]]
    return list({link["id"]: link for link in links}.values())[:_NEAR]


def _states(codes: Codes, engine: str, titles: Mapping[str, str]) -> Iterator[Page | Asset]:
    """Give the pages of an engine whose codes are SQLSTATEs: the list of classes, each class, and long lists apart."""
    name = codes.terms.engine(engine)
    groups = codes.groups(engine)
    classes: list[tuple[str, str, str, list[Json]]] = []
    for address, found in groups.items():
        code = address.rstrip("/").rpartition("/")[2]
        classes.append((address, code, titles[code], found))
    index = page(
        f"{engine}/codes/",
        f"All SQLSTATEs of {name}",
        f"Every SQLSTATE that {codes.versions(engine)} know, written up or not, with the messages that carry it.",
        "codes_classes",
        codes,
        engine=engine,
        classes=classes,
    )
    yield from _twinned(
        index, _links((address, f"Class {code}: {title}", len(states)) for address, code, title, states in classes)
    )
    for at, (address, code, title, states) in enumerate(classes):
        made = page(
            address,
            f"{name} SQLSTATE class {code}: {title}",
            f"{len(states)} {'SQLSTATE' if len(states) == 1 else 'SQLSTATEs'} of {codes.versions(engine)}, and the "
            "messages that carry each.",
            "codes_class",
            codes,
            [Heading(2, state["code"], f"{state['code']} {state['symbol'] or ''}") for state in states],
            in_search=False,
            engine=engine,
            code=code,
            heading=title,
            states=states,
            near=_near(states),
            before=classes[at - 1] if at else None,
            after=classes[at + 1] if at + 1 < len(classes) else None,
        )
        yield from _twinned(made, _lines(states))
        for state in states:
            if codes.apart(state):
                yield page(
                    codes.messages_page(state),
                    f"{name} messages with SQLSTATE {state['code']}",
                    f"All {len(state['messages']):,} messages of {codes.versions(engine)} that carry {state['code']} "
                    f"({state['symbol']}).",
                    "codes_messages",
                    codes,
                    in_search=False,
                    engine=engine,
                    state=state,
                    parent=(address, code, title),
                    groups=_by_place(state["messages"]),
                )


def _by_place(messages: list[Json]) -> list[tuple[str, list[Json]]]:
    """Return messages by where they appear and in the order of the alphabet: those that a client sees come first."""
    groups: dict[str, list[Json]] = {place: [] for place in ("client", "library", "program", "log")}
    for message in sorted(messages, key=lambda item: (item["text"].strip('%"').lower(), item["text"])):
        groups.setdefault(message["where"] or "client", []).append(message)
    return [(place, found) for place, found in groups.items() if found]


def _single(codes: Codes, engine: str) -> Iterator[Page | Asset]:
    """Give the page of an engine all of whose codes fit on one: each primary code, and its extended ones after it."""
    name = codes.terms.engine(engine)
    found = codes.by_engine[engine]
    order = sorted(found, key=lambda code: (_primary(code), int(code["code"])))
    made = page(
        f"{engine}/codes/",
        f"All result codes of {name}",
        f"Every result code of {codes.versions(engine)}, written up or not. The low eight bits of an extended code are "
        "its primary code.",
        "codes_single",
        codes,
        engine=engine,
        rows=[(code, _primary(code)) for code in order],
        near=[code["entry"] for code in found if code["entry"]],
    )
    yield from _twinned(made, _lines(order))


def _primary(code: Json) -> int:
    return int(code["code"]) & 0xFF


_SYSTEM: Final = {
    "os": (
        "Operating system errors",
        "Numbers of the operating system's own errors, on Linux. Messages show them as `errno`, `OS errno`, `Errcode` "
        "or `OS error`, and the operating system, not the database, says what they mean.",
        ("Errcode: 13", "OS errno 28 - No space left on device", "errno: 24"),
    ),
    "handler": (
        "Storage engine errors",
        "Numbers that a storage engine gives back to the server above it (the handler interface of MySQL and MariaDB). "
        "They begin at 120, so that they are not mistaken for the operating system's.",
        ("Got error 122 from storage engine", 'errno: 150 "Foreign key constraint is incorrectly formed"'),
    ),
    "innodb": (
        "InnoDB errors",
        "Numbers that InnoDB uses within itself. They stand in the error log; the server translates them into storage "
        "engine errors before anybody else sees them.",
        (),
    ),
    "mysys": (
        "Errors of the library below the server",
        "Numbers of the library (mysys) on which the server and its programs stand. They reach clients as "
        "`ERROR 13 (HY000)`, with a number below 1000.",
        ("ERROR 13 (HY000): Can't get stat of 'x' (OS errno 2 - No such file or directory)",),
    ),
}
"""Whose the numbers of a namespace are, and how a reader meets them."""


def _system(codes: Codes) -> Iterator[Page | Asset]:
    """Give the pages of numbers that stand inside messages, one for each owner of numbers."""
    found: dict[str, list[Json]] = {}
    for code in codes.by_engine[SYSTEM]:
        found.setdefault(code["namespace"], []).append(code)
    there = [(space, *_SYSTEM[space], found[space]) for space in core.SYSTEM_NAMESPACES if space in found]
    index = page(
        "system/",
        "Numbers inside messages",
        "The same number means different things, depending on whose it is: the operating system's, a storage engine's, "
        "InnoDB's, or the library's below the server.",
        "system",
        codes,
        spaces=there,
    )
    yield from _twinned(index, _links((f"system/{space}/", title, len(rows)) for space, title, _, _, rows in there))
    for space, title, about, met, rows in there:
        servers = dict.fromkeys(label for code in rows for label in code["series"])
        made = page(
            f"system/{space}/",
            title,
            about,
            "system_numbers",
            codes,
            space=space,
            met=met,
            engines=_engines(servers),
            rows=[(code, _sides(code, _engines(servers))) for code in rows],
            titles=[_titles(codes, labels) for labels in _engines(servers).values()],
            others=[(other, name) for other, name, *_ in there if other != space],
        )
        yield from _twinned(made, _lines(rows))


def _engines(servers: Any) -> dict[str, list[str]]:
    """Return the series by engine: ``mariadb 11.8`` is one of ``mariadb``."""
    found: dict[str, list[str]] = {}
    for label in sorted(servers, key=lambda label: not label.startswith("mysql")):
        found.setdefault(label.partition(" ")[0], []).append(label)
    return found


def _titles(codes: Codes, labels: list[str]) -> str:
    """Return the title of a column: ``MariaDB 10.11 and 11.8``."""
    engine = labels[0].partition(" ")[0]
    title = codes.terms.engine(engine) if engine in codes.terms.engines else engine.capitalize()
    return f"{title} {listed([label.partition(' ')[2] for label in labels])}".strip()


def _sides(code: Json, engines: dict[str, list[str]]) -> list[list[tuple[str, str, str]]]:
    """Return what each engine calls and says of a number: (series, symbol, message), no series where all agree."""
    sides = []
    for labels in engines.values():
        said: dict[tuple[str, str], list[str]] = {}
        for label in labels:
            if label in code["series"]:
                symbol = next((item["symbol"] for item in code["symbols"] if label in item["series"]), None)
                text = next((item["text"] for item in code["messages"] if label in item["series"]), "")
                said.setdefault((symbol or ("" if code["symbols"] else code["symbol"] or ""), text), []).append(label)
        sides.append(
            [
                ("" if held == labels else ", ".join(label.partition(" ")[2] for label in held), *what)
                for what, held in reversed(said.items())
            ]
        )
    return sides
