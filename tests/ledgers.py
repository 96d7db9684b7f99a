"""Every wei that contracts hold for a provider is explained by events: for worlds of any test."""

from __future__ import annotations

from neurovoyance.chain.contracts import Contracts
from neurovoyance.node.operations.earnings import Earnings
from neurovoyance.node.operations.ledger import Ledger

_READS = 5
"""Nodes may move money between the reading of events and of balances; then both are read again."""


async def explained(contracts: Contracts, provider: str) -> Ledger:
    """Return a provider's ledger after comparing it with the contracts' balances, to the wei."""
    reader = Earnings(contracts, provider)
    for _ in range(_READS):
        ledger = await reader.ledger()
        gaps = [check for check in await reader.checked(ledger) if check.gap_wei]
        if not gaps:
            return ledger
    raise AssertionError(gaps)
