"""How long things may take in a play before they are ended."""

from typing import NamedTuple


class Limits(NamedTuple):
    """Seconds. What is said to wait, or waits for the error, has the time of a program."""

    statement: float = 20.0
    """A statement, on the server and here."""
    program: float = 60.0
    """A shell or Python step."""
    play: float = 300.0
    """A play as a whole, the start of its server included. What is left then ends with its cell."""

    @classmethod
    def of(cls, statement: float) -> "Limits":
        """Return limits in the usual proportions, given that of a statement."""
        return cls(statement, statement * 3, 60 + statement * 12)
