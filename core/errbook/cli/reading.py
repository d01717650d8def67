"""Opening the knowledge for a command that reads."""

import contextlib
import os
import sys

from errbook import places
from errbook.fresh import ensure
from errbook.knowledge import Knowledge


def _open() -> Knowledge:
    return Knowledge(ensure(before=_say))


def _say() -> None:
    """Tell a person why the answer takes longer than usual."""
    if sys.stderr.isatty():
        print("errbook: files have changed; they are compiled first, which takes some seconds", file=sys.stderr)


def knowledge() -> Knowledge:
    """Return the knowledge. Where changed files have problems, say so and answer from what was compiled before."""
    try:
        return _open()
    except Exception as error:
        # By name: importing the compiler to name its exception would cost every lookup.
        old = places.database_file()
        if type(error).__name__ != "CheckFailed" or not os.path.isfile(old):  # noqa: PTH113 - no pathlib here
            raise
        print(f"errbook: {error}; this is the answer from before. Run: errbook check", file=sys.stderr)
        return Knowledge(old)


@contextlib.contextmanager
def sound():  # type: ignore[no-untyped-def] # naming the types would cost every lookup their imports
    """Give the knowledge without the files that have problems, which are named on stderr, and their texts by path.

    For a command that works on named entries: what is wrong with others is nothing to it. `CheckFailed` where the
    rest cannot stand without them.
    """
    try:
        found = _open()
    except Exception as error:
        if type(error).__name__ != "CheckFailed":
            raise
        failed = error
    else:
        with found:
            yield found, {}
        return
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from errbook import problem, rules
    from errbook.compile import CheckFailed, compile_knowledge

    assert isinstance(failed, CheckFailed)  # noqa: S101 - by its name, above
    first = failed
    compared = {rule.name for rule in rules.in_scope("knowledge")}
    wrong: dict[str, str] = {}
    with TemporaryDirectory(prefix="errbook-") as folder:
        target = Path(folder, "knowledge.db")
        while True:
            # Each round leaves out more files. First those that are wrong by themselves: what is found when files are
            # held against each other may be their doing.
            alone = [item for item in failed.problems if item.rule not in compared]
            more = {item.path: problem.text(item) for item in reversed(alone or failed.problems)}
            if more.keys() <= wrong.keys():
                raise first
            wrong = more | wrong
            try:
                compile_knowledge([Path(layer) for layer in places.layer_folders()], target, wrong)
                break
            except CheckFailed as error:
                failed = error
        said = ", ".join(sorted(wrong))
        print(f"errbook: left out, having problems: {said}. Run: errbook check", file=sys.stderr)
        with Knowledge(target) as found:
            yield found, wrong
