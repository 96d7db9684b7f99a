"""What a check of an output finds: a value, never an exception.

Place: L2; every check returns a :data:`Verdict`. A check that could not be made raises
``VerificationError`` instead, since that says nothing about the output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

Evidence: TypeAlias = Mapping[str, int | str | bytes | bool]


@dataclass(frozen=True, slots=True)
class Accept:
    """The output is what was paid for."""


@dataclass(frozen=True, slots=True)
class Reject:
    """The output is not what was paid for.

    Attributes:
        reason: one full sentence for people.
        evidence: the values that the finding rests on; integers, never floats.
    """

    reason: str
    evidence: Evidence = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A copy behind a read-only view: later changes of the caller's dict change no verdict.
        object.__setattr__(self, "evidence", MappingProxyType(dict(self.evidence)))


Verdict: TypeAlias = Accept | Reject
