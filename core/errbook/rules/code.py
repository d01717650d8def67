"""Fixes as they are typed: proved, with values for their placeholders, and without anybody's secrets and servers."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from errbook.problem import shown
from errbook.rules.rule import Finding, Rule, Subject
from errbook.rules.scenario import fixes, proof

_RUNS: Final = ("run", "configure", "shell", "python")
_FILLED: Final = frozenset({"sql", "shell", "ini", "python"})
# `a <b` and `<<EOF` are no placeholders: those are one word between brackets that touch it.
_PLACEHOLDER: Final = re.compile(r"(?<![<\w])<([A-Za-z][A-Za-z0-9_-]{0,31})>(?!>)")
_NO_COST: Final = re.compile(
    r"(?:there (?:is|are) )?(?:none|nothing|n/?a|not applicable|no(?: \w+)? (?:costs?|impact|risks?|downtime|effects?))"
    r"(?: (?:at all|whatsoever|(?:is )?known|(?:is )?expected|worth mentioning|(?:to|in|on|for) (?:the )?\w+))*\W*",
    re.IGNORECASE,
)
_SECRETS: Final = (
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), "an AWS access key"),
    (re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}\b"), "a GitHub token"),
    (re.compile(r"\bgithub_pat_[A-Za-z0-9_]{20,}\b"), "a GitHub token"),
    (re.compile(r"\bglpat-[A-Za-z0-9_-]{20}"), "a GitLab token"),
    (re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"), "a Slack token"),
    (re.compile(r"\bsk_live_[A-Za-z0-9]{10,}"), "a Stripe key"),
    (re.compile(r"\bAIza[A-Za-z0-9_-]{35}"), "a Google API key"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{5,}"), "a JSON web token"),
    (re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY"), "a private key"),
)
_MARKS: Final = ("AKIA", "ASIA", "gh", "glpat-", "xox", "sk_live_", "AIza", "eyJ", "-----BEGIN")
_IPV4: Final = re.compile(r"(?<![\w.-])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?![\w-]|\.\d)")
_IPV6: Final = re.compile(r"(?<![\w:.])([0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{3,40})(?![\w:])")
_HOST: Final = re.compile(
    r"(?:[a-z][a-z0-9+]{1,20}://(?:[^\s/@'\"]{0,80}@)?|[\w.+-]{1,64}@|\bhost(?:name|addr)?\s?=\s?['\"]|--host[= ])"
    r"((?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![\w@-])"
    # Without quotes `host=settings.name` may be a program's own variable, and `-h file.txt` a file.
    r"|(?:\bhost(?:name|addr)?=|-h\s)((?:[A-Za-z0-9-]{1,63}\.){1,8}(?:com|net|org|io|dev|app|cloud))(?![\w@.(\[-])"
)
# RFC 2606 and RFC 6761 keep these names for examples and for the machine itself.
_EXAMPLE_HOST: Final = re.compile(
    r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|localhost|localdomain|test|invalid|internal|local)$",
    re.IGNORECASE,
)
_FILES: Final = frozenset(
    {"cnf", "conf", "db", "ini", "log", "pid", "py", "sh", "sock", "sql", "yaml", "yml", "service"}
)


def proved(subject: Subject) -> Iterator[Finding]:
    """Find proofs that do not run the fix itself."""
    for where, fix in fixes(subject):
        steps = proof(fix)
        if steps and not any("$code" in step.get(name, "") for step in steps for name in _RUNS):
            message = "the proof does not run the fix: no step has $code"
            yield Finding((*where, "proof"), message, "Write `run: $code` where the fix is applied", key=True)


def placeholders(subject: Subject) -> Iterator[Finding]:
    """Compare the <placeholders> of a fix with the values that its proof puts in."""
    for where, fix in fixes(subject):
        code = fix["code"]
        values = code.get("values", {})
        names = {match[1]: match.start() for match in _PLACEHOLDER.finditer(code["text"])}
        if proof(fix) and code["language"] in _FILLED:
            for name, offset in names.items():
                if name not in values:
                    message = f"the proof has no value for <{name}>"
                    advice = (
                        f'Add `{name}: "…"` under `values` of this code' if name.islower() else "Write it in lower case"
                    )
                    yield Finding((*where, "code", "text"), message, advice, offset)
        for name in values:
            if f"<{name}>" not in code["text"]:
                message = f"the code has no <{name}>"
                advice = f"Write <{name}> where the value goes, or remove it"
                yield Finding((*where, "code", "values", name), message, advice, key=True)


def cost(subject: Subject) -> Iterator[Finding]:
    """Find costs that say nothing."""
    for where, fix in fixes(subject):
        if _NO_COST.fullmatch(fix["cost"].strip()):
            message = f"{shown(fix['cost'])} says no cost and no reason for it"
            advice = "Say what the fix takes (restart, lock, rebuild, memory, lost data), or why it takes nothing"
            yield Finding((*where, "cost"), message, advice)


def secrets(subject: Subject) -> Iterator[Finding]:
    """Find credentials that look real."""
    for where, _, text in subject.texts:
        if not any(mark in text for mark in _MARKS):
            continue
        for pattern, what in _SECRETS:
            match = pattern.search(text)
            if match and not match[0].endswith("EXAMPLE"):
                advice = "Revoke it if it is real, and write a word such as `secret`"
                yield Finding(where, f"{shown(match[0], 16)} looks like {what}", advice, match.start())


def addresses(subject: Subject) -> Iterator[Finding]:
    """Find addresses and host names that may be somebody's."""
    for where, sort, text in subject.texts:
        if "." in text and sort != "label":
            for match in _IPV4.finditer(text):
                if _public(match[1]):
                    advice = "Write one of 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 or a private one"
                    yield Finding(where, f"{match[1]} is a public address", advice, match.start())
            if sort == "code" or "@" in text:
                for match in _HOST.finditer(text):
                    host = match[1] or match[2]
                    if not _EXAMPLE_HOST.search(host) and host.rpartition(".")[2] not in _FILES:
                        advice = "Write a name below example.com"
                        yield Finding(
                            where, f"{shown(host)} may be somebody's host", advice, match.start(match.lastindex or 1)
                        )
        if ":" in text and sort != "label":
            for match in _IPV6.finditer(text):
                if match[1].count(":") > 1 and _public(match[1]):
                    advice = "Write one of 2001:db8::/32"
                    yield Finding(where, f"{match[1]} is a public address", advice, match.start())


def _public(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


RULES: Final = (
    Rule(
        "fix-without-cost",
        "entry",
        "A fix says what it costs production; one that costs nothing says why.",
        "Name restart, lock, rebuild, memory or lost data.",
        cost,
    ),
    Rule(
        "placeholder-values",
        "entry",
        "Every <placeholder> of a proved fix has a value for the proof, and every value a placeholder.",
        "Add it under `values`, or remove it.",
        placeholders,
    ),
    Rule("proof-without-code", "entry", "A proof runs the fix's own text.", "Write `run: $code`.", proved),
    Rule(
        "real-address",
        "entry",
        "Examples use the addresses and names that are kept for examples.",
        "Write 192.0.2.1, 2001:db8::1, or a name below example.com.",
        addresses,
    ),
    Rule("real-credential", "any", "Examples hold no credentials that look real.", "Write `secret`.", secrets),
)
