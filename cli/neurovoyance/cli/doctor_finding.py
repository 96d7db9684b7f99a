"""What one check of ``neurovoyance doctor`` found: a state, what was found, what to do next.

Place: the vocabulary of all ``doctor_*`` modules. Never: a finding without words.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    """OK it is well; WARN it works, with a loss; FAIL it has to be mended; UNKNOWN nobody can
    tell from here.
    """

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, in words, and what follows."""

    name: str
    state: State
    found: str
    next: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the finding as JSON values."""
        return asdict(self)


def ok(name: str, found: str) -> Finding:
    """Return that something is well."""
    return Finding(name, State.OK, found)


def warn(name: str, found: str, next_: str) -> Finding:
    """Return that something works, with a loss."""
    return Finding(name, State.WARN, found, next_)


def fail(name: str, found: str, next_: str) -> Finding:
    """Return that something has to be mended."""
    return Finding(name, State.FAIL, found, next_)


def unknown(name: str, found: str, next_: str = "") -> Finding:
    """Return that nobody can tell from here."""
    return Finding(name, State.UNKNOWN, found, next_)
