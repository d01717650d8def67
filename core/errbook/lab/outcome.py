"""What can come of executing an entry on a server, and of executing a fix."""

from typing import Any, Final

REPRODUCED: Final = "reproduced"
HANDLED: Final = "handled"
RAISED_OTHER: Final = "raised-other"
RAISED_NOTHING: Final = "raised-nothing"
SETUP_FAILED: Final = "setup-failed"
STEP_FAILED: Final = "step-failed"
WAITED: Final = "waited"
DID_NOT_WAIT: Final = "did-not-wait"
TIMED_OUT: Final = "timed-out"
NOT_EXECUTABLE: Final = "not-executable"
NOT_APPLICABLE: Final = "not-applicable"
EXEMPTION_UNNEEDED: Final = "exemption-unneeded"
SERVER_MISSING: Final = "server-missing"
PROVEN: Final = "proven"
FAILED: Final = "failed"
NOT_RUN: Final = "not-run"

ACCEPTED: Final = frozenset({REPRODUCED, HANDLED, PROVEN, NOT_EXECUTABLE, NOT_APPLICABLE})
"""The outcomes with which `errbook verify` is content."""

SAYS: Final = {
    REPRODUCED: "reproduced",
    HANDLED: "handled",
    RAISED_OTHER: "raised another error",
    RAISED_NOTHING: "raised nothing",
    SETUP_FAILED: "setup failed",
    STEP_FAILED: "a step before the error failed",
    WAITED: "waited when it should not",
    DID_NOT_WAIT: "did not wait",
    TIMED_OUT: "timed out",
    NOT_EXECUTABLE: "not executable",
    NOT_APPLICABLE: "not applicable",
    EXEMPTION_UNNEEDED: "the exemption is not needed any more",
    SERVER_MISSING: "server missing",
    PROVEN: "proven",
    FAILED: "fix failed",
    NOT_RUN: "not run",
}
"""How a person reads each outcome."""

Failure = dict[str, Any]
"""Where a play ended otherwise than it should: `part` (setup, step 2, proof step 1), `session`, `statement`, `expected`
and `came`, all texts."""


def line(failure: Failure | None) -> str | None:
    """Return a failure as one sentence for the record, or None."""
    if failure is None:
        return None
    where = f"{failure['part']} (session {failure['session']})" if failure.get("session") else failure["part"]
    statement = " ".join(str(failure.get("statement") or "").split())
    if len(statement) > 120:
        statement = f"{statement[:119]}…"
    shown = f" `{statement}`" if statement else ""
    return f"{where}:{shown} expected {failure['expected']}; {failure['came']}."
