"""What the generated event classes share: where an event stands, and specs as the chain holds them.

Place: under ``_generated_events`` and ``events``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.job_spec import JobSpec


class LogMeta(NamedTuple):
    """Where an event stands in the chain.

    Attributes:
        address: the contract that emitted it, checksummed.
        block_number: height of its block.
        block_hash: hash of its block, ``0x`` hex.
        tx_hash: hash of its transaction, ``0x`` hex.
        log_index: position among all logs of the block.
    """

    address: Address
    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int


class RawJobSpec(NamedTuple):
    """A job spec as the chain holds it, not yet checked by this software.

    Anyone may post what the contract allows and this software refuses, so reading an event never
    builds a :class:`JobSpec` by itself; :meth:`checked` does.
    """

    model_id: bytes
    input_cid: bytes
    job_class: int
    batch: int
    seed: bytes
    declared_gain_wei: int
    max_runtime_s: int
    window_s: int
    client_key: bytes
    audit_slots: int

    def checked(self) -> JobSpec:
        """Return the spec; SpecError when this software does not accept a value."""
        return JobSpec.from_abi(tuple(self))


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """An event of one of the contracts; one subclass per Solidity event."""

    topic: ClassVar[bytes] = b""
    solidity_name: ClassVar[str] = ""
    signature: ClassVar[str] = ""

    meta: LogMeta
