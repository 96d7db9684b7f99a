"""What the devnet's engine is asked and what it mined.

Place: between ``evm_engine`` and ``devnet_rpc``; addresses are 20 bytes, hashes 32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A simulated call: 20-byte addresses, ``to`` empty for a creation."""

    sender: bytes
    to: bytes
    data: bytes
    value_wei: int
    gas: int | None = None


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What a simulated call did; ``error`` is None on success."""

    output: bytes
    gas_used: int
    error: Exception | None
    is_revert: bool


@dataclass(frozen=True, slots=True)
class MinedLog:
    """One log; topics are 32 bytes each."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    tx_hash: bytes
    tx_index: int
    log_index: int


@dataclass(frozen=True, slots=True)
class MinedTransaction:
    """One transaction in its block."""

    transaction: Any
    block_number: int
    index: int
    is_success: bool
    gas_used: int
    cumulative_gas: int
    gas_price_wei: int
    contract_address: bytes | None
    logs: tuple[MinedLog, ...]


@dataclass(frozen=True, slots=True)
class MinedBlock:
    """One block of the present chain."""

    header: Any
    transactions: tuple[MinedTransaction, ...]

    @property
    def number(self) -> int:
        """Height."""
        return int(self.header.block_number)

    @property
    def hash(self) -> bytes:
        """Block hash, 32 bytes."""
        return bytes(self.header.hash)
