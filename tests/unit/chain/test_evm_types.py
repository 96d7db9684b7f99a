"""Records of the devnet's engine."""

from __future__ import annotations

import dataclasses

import pytest

from neurovoyance.chain.evm_engine import EvmEngine
from neurovoyance.chain.evm_types import CallRequest


def test_a_block_knows_its_height_and_hash() -> None:
    block = EvmEngine(chain_id=31337, funded=[]).head
    assert (block.number, len(block.hash), block.transactions) == (0, 32, ())


def test_requests_cannot_change_while_they_are_simulated() -> None:
    request = CallRequest(bytes(20), b"", b"", 0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.value_wei = 1  # type: ignore[misc]
