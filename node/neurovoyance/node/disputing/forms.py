"""What the casebook keeps of a dispute, as values and as JSON text.

Place: between the computing parts, which make these values, and ``casebook``, which stores them
before anything is sent. Bytes are hex in JSON. A record that this version cannot read stops with a
sentence, since a guess could cost a bond. Never: a default for a vote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from neurovoyance.protocol.audit import DisputeFacts, PointKind, RefereeVote, TraceRow
from neurovoyance.protocol.errors import InternalError

_T = TypeVar("_T")

Words4 = tuple[bytes, bytes, bytes, bytes]
"""A packed projection: four words of 32 bytes."""


@dataclass(frozen=True, slots=True)
class TracePlan:
    """A trace of ours, ready to be posted.

    Attributes:
        root: of the tree of rows, 32 bytes.
        manifest_cid: binary CID of the list of rows.
        verify: the row of every verify tensor, in certificate order.
        proofs: their Merkle proofs.
        z0, z_trace: projections of the committed and of the traced output under seed0; zeros for
            EXACT.
    """

    root: bytes
    manifest_cid: bytes
    verify: tuple[TraceRow, ...]
    proofs: tuple[tuple[bytes, ...], ...]
    z0: Words4
    z_trace: Words4


@dataclass(frozen=True, slots=True)
class PointPlan:
    """What will be pointed at, and why in words."""

    kind: PointKind
    row: TraceRow
    proof: tuple[bytes, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What we hold of what was pointed at, or of the claim; with the salt of the commitment.

    Attributes:
        salt: 32 random bytes; zeros where no vote is committed to.
    """

    vote: RefereeVote
    why: str
    salt: bytes = bytes(32)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something will not be done, in words."""

    why: str


class _Wrapper(BaseModel):
    model_config = ConfigDict(ser_json_bytes="hex", val_json_bytes="hex", extra="forbid")


class _Facts(_Wrapper):
    value: DisputeFacts


class _Trace(_Wrapper):
    value: TracePlan


class _Point(_Wrapper):
    value: PointPlan


class _Finding(_Wrapper):
    value: Finding


class _Reason(_Wrapper):
    value: Reason


_WRAPPERS: dict[type[Any], type[_Wrapper]] = {
    DisputeFacts: _Facts,
    TracePlan: _Trace,
    PointPlan: _Point,
    Finding: _Finding,
    Reason: _Reason,
}


def dump(value: object) -> str:
    """Return one of the values above, or facts, as JSON text."""
    wrapper = _WRAPPERS[type(value)]
    return TypeAdapter(wrapper).dump_json(wrapper.model_validate({"value": value})).decode()


def load(kind: type[_T], text: str) -> _T:
    """Return the value of a kind in JSON text.

    Raises:
        InternalError: written by another version, or damaged.
    """
    try:
        found: Any = _WRAPPERS[kind].model_validate_json(text)
    except ValidationError as error:
        raise InternalError(
            "The casebook of disputes holds a record that this version cannot read.",
            hint="Start the version that wrote it and let its disputes end; do not delete the "
            "journal.",
            kind=kind.__name__,
        ) from error
    value: _T = found.value
    return value
