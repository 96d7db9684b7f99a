"""Genesis holds the billion, and the buckets always sum to the supply."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.tokenomics.simulation.conftest import Played


def test_genesis_is_the_allocation_of_the_design(played: Played) -> None:
    e = played(0)
    assert float(e.ledger_error().max()) < 1e-12
    assert e.reserve.tolist() == [6e8] * 3
    assert float(e.circulating[0]) == pytest.approx(10e6)
    assert float(e.votes[0]) == pytest.approx(float(e.stake[0]))


def test_the_books_balance_after_a_quarter(played: Played) -> None:
    e = played(91)
    assert float(e.ledger_error().max()) < 1e-12
    assert np.all(e.floating > 0.0)
    assert np.all(e.supply <= 1e9)


def test_minting_rules_balance_as_well(played: Played) -> None:
    for policy in ("burn-mint", "livepeer-like"):
        e = played(70, policy)
        assert float(e.ledger_error().max()) < 1e-12
        assert np.all(e.minted > 0.0)
