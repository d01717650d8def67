"""The rules, one registry: what is checked, in which scope, and what to write instead."""

from functools import cache
from importlib import import_module
from typing import Final

from errbook.rules.rule import Rule, Scope

_MODULES: Final = (
    "catalogs",
    "characters",
    "code",
    "conditions",
    "engines",
    "evidence",
    "form",
    "identity",
    "knowledge",
    "messages",
    "prose",
    "reading",
    "repeats",
    "scenario",
    "sources",
    "versions",
    "wanted",
)


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, sorted by name."""
    found = [rule for module in _MODULES for rule in import_module(f"errbook.rules.{module}").RULES]
    return tuple(sorted(found))


@cache
def in_scope(scope: Scope) -> tuple[Rule, ...]:
    """Return the rules of one scope, sorted by name."""
    return tuple(rule for rule in rules() if rule.scope == scope)


def rule(name: str) -> Rule:
    """Return the rule of that name; KeyError where there is none."""
    for found in rules():
        if found.name == name:
            return found
    raise KeyError(name)
