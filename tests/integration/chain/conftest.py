"""Both kinds of chain for every test in this folder."""

from __future__ import annotations

from tests.chains import (
    anvil_chain,
    chain,
    client,
    contracts,
    control,
    devnet_chain,
)

__all__ = ["anvil_chain", "chain", "client", "contracts", "control", "devnet_chain"]
