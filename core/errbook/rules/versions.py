"""Version ranges."""

import re
from collections.abc import Iterator
from typing import Final

from errbook.problem import shown
from errbook.rules.rule import Finding, Rule, Subject

_BOUND: Final = re.compile(r"(>=|<=|>|<|=)([\d.]+)")

Version = tuple[int, ...]


def ranges(subject: Subject) -> Iterator[Finding]:
    """Find ranges that no version is in, and ranges that bound the same side twice."""
    for at, version in enumerate(subject.data.get("versions", ())):
        where = "versions", at, "range"
        text = version["range"]
        bounds = [(match[1], _version(match[2])) for match in _BOUND.finditer(text)]
        lows = [(value, sign == ">") for sign, value in bounds if sign != "<" and sign != "<="]
        highs = [(value, sign == "<") for sign, value in bounds if sign != ">" and sign != ">="]
        if len(lows) > 1 and len(set(lows)) == 1 and len(bounds) > 1:
            yield Finding(where, f"{shown(text)} says the same twice", "Write it once")
        elif lows and highs and _empty(lows, highs):
            advice = 'Write a lower and an upper bound, such as ">=8.0.19,<9.0"'
            yield Finding(where, f"no version is in {shown(text)}", advice)
        elif any(len(side) > 1 for side in (lows, highs)) and not all(sign == "=" for sign, _ in bounds):
            yield Finding(where, f"{shown(text)} bounds one side twice", "Keep the narrower bound")


def _empty(lows: list[tuple[Version, bool]], highs: list[tuple[Version, bool]]) -> bool:
    """Tell whether the greatest lower bound leaves nothing below the least upper one; the flag says it is exclusive."""
    low, high = max(lows), min(highs, key=lambda bound: (bound[0], not bound[1]))
    return low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1]))


def _version(text: str) -> Version:
    parts = [int(part[:9]) for part in text.split(".") if part]
    return (*parts, *[0] * (4 - len(parts)))


RULES: Final = (
    Rule(
        "version-range",
        "entry",
        "A version range holds at least one version, and says each bound once.",
        'Write a lower and an upper bound, such as ">=8.0.19,<9.0".',
        ranges,
    ),
)
