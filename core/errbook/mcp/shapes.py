"""What the tools give back: the types from which the SDK makes each tool's output schema.

Keys that have nothing to say are left out, since an agent pays for every one.
"""

from typing import Any, Literal, NotRequired

# The SDK reads types with pydantic, which wants this class and not typing's before Python 3.12.
from typing_extensions import TypedDict

Detail = Literal["brief", "full"]


class Retry(TypedDict):
    """May the client send the same again."""

    verdict: str
    why: str


class Risk(TypedDict):
    """What the error does to a production system."""

    level: str
    impact: str


class Cause(TypedDict):
    """One cause, with what tells it from the others and how to read its result."""

    cause: str
    confirm: str
    reads: str
    engines: NotRequired[list[str]]


class Fix(TypedDict):
    """One fix; `cost` is what it may do to production, `proof` what came of executing it."""

    title: str
    cost: str
    language: str
    code: str
    when: NotRequired[str]
    why: NotRequired[str]
    changes: NotRequired[list[str]]
    engines: NotRequired[list[str]]
    proof: NotRequired[str]


class Avoid(TypedDict):
    """Bad advice, and what it breaks."""

    title: str
    why: str


class Error(TypedDict):
    """A written entry. What stands below `address` comes with detail=full only."""

    id: str
    engines: list[str]
    code: str
    symbol: NotRequired[str]
    sqlstate: NotRequired[str]
    sqlstates: NotRequired[dict[str, str]]
    title: str
    summary: str
    risk: Risk
    retry: Retry
    likeliest_cause: NotRequired[Cause]
    first: NotRequired[Fix]
    avoid_first: NotRequired[Avoid]
    executed: str
    address: str
    more: NotRequired[str]
    messages: NotRequired[list[str]]
    meaning: NotRequired[str]
    causes: NotRequired[list[Cause]]
    fixes: NotRequired[list[Fix]]
    avoid: NotRequired[list[Avoid]]
    versions: NotRequired[list[str]]
    drivers: NotRequired[list[str]]
    related: NotRequired[list[str]]
    sources: NotRequired[list[str]]
    left_out: NotRequired[list[str]]


class Code(TypedDict):
    """A code that a server knows; `written` is the identity of its entry, absent where nobody has written one."""

    id: str
    symbol: NotRequired[str]
    sqlstate: NotRequired[str]
    message: NotRequired[str]
    written: NotRequired[str]
    note: NotRequired[str]


class Near(TypedDict):
    """Just enough of an entry to ask for it."""

    id: str
    title: str


class Lookup(TypedDict):
    """What a code, symbol or SQLSTATE names. `note` says what to make of it where that is not plain."""

    query: str
    errors: list[Error]
    codes: list[Code]
    near: NotRequired[list[Near]]
    note: NotRequired[str]


class Identified(TypedDict):
    """One error in a text; `error` is its entry, or that of its variant, absent where nobody has written one.

    `filled_in` is what the text gave to the entry's statements, quoted for the engine.
    """

    engine: str
    code: str
    symbol: NotRequired[str]
    sqlstate: NotRequired[str]
    confidence: float
    matched_by: list[str]
    quoted: str
    parameters: NotRequired[dict[str, str]]
    filled_in: NotRequired[list[str]]
    error: NotRequired[Error]


class Identification(TypedDict):
    """The errors in a text, the root cause first."""

    matches: list[Identified]
    note: NotRequired[str]


class Search(TypedDict):
    """Entries and codes whose words fit, best first."""

    query: str
    entries: list[dict[str, Any]]
    codes: list[Code]
    note: NotRequired[str]


class Codes(TypedDict):
    """A page of codes, in order; `after` goes into the next call, and is absent on the last page."""

    codes: list[Code]
    after: NotRequired[str]
    note: NotRequired[str]
