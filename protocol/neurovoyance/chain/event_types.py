"""Solidity enums and structs in events and errors, as the Python values they become.

Place: table under ``codegen``, ``logs`` and ``reverts``. Structs that anybody can fill with what
this software refuses stay raw (:class:`RawJobSpec`); the others are written by our contracts alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from neurovoyance.chain.event_base import RawJobSpec
from neurovoyance.protocol.audit import (
    AuditFacts,
    DisputeFacts,
    DisputeKind,
    DisputePhase,
    Outcome,
    PointKind,
    RefereeVote,
    TraceRow,
)
from neurovoyance.protocol.lifecycle import JobState

ENUMS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "enum JobState": JobState,
    "enum Outcome": Outcome,
    "enum DisputeKind": DisputeKind,
    "enum DisputePhase": DisputePhase,
    "enum PointKind": PointKind,
    "enum RefereeVote": RefereeVote,
}
STRUCTS: Final[Mapping[str, Callable[..., Any]]] = {
    "struct JobSpec": RawJobSpec,
    "struct AuditFacts": AuditFacts,
    "struct DisputeFacts": DisputeFacts,
    "struct TraceRow": TraceRow,
}


def python_name(internal_type: str) -> str | None:
    """Return the Python class of a Solidity enum or struct, or None if it has none here."""
    found: Any = ENUMS.get(internal_type) or STRUCTS.get(internal_type)
    return None if found is None else str(found.__name__)


def typed(value: Any, param: Mapping[str, Any]) -> Any:
    """Return a decoded ABI value as the Python value that its Solidity type stands for."""
    internal = str(param.get("internalType", ""))
    if internal in ENUMS:
        return ENUMS[internal](value)
    if internal in STRUCTS:
        parts = zip(value, param["components"], strict=True)
        return STRUCTS[internal](*(typed(item, part) for item, part in parts))
    return value
