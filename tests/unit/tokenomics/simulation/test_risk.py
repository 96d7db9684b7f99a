"""Cheats lose on average, slashes are shared out, insurance keeps its limits."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.tokenomics.simulation.conftest import Played

from neurovoyance.tokenomics.simulation import risk
from neurovoyance.tokenomics.simulation.scenarios import START_DAY


def test_cheating_has_no_positive_expectation(played: Played) -> None:
    e = played(60)
    assert np.all(e.books.cheat_expected < 0.0)
    assert float(np.mean(e.books.cheat_profit_usd)) < 0.0


def test_a_shared_fault_takes_a_tenth_of_all_stake(played: Played) -> None:
    e = played(30)
    stake, burned, supply = e.stake.copy(), e.burned.copy(), e.unbonding.sum(axis=0)
    risk._slash_all(e, 0.10)
    assert e.stake == pytest.approx(0.9 * stake)
    assert e.burned - burned == pytest.approx(0.3 * 0.1 * (stake + supply))
    assert float(e.ledger_error().max()) < 1e-12
    assert e.shut_until == e.day + 1


def test_claims_beyond_the_limit_wait(played: Played) -> None:
    e = played(7)
    fund = e.insurance.copy()
    e.books.claims_queue[:] = fund
    risk.end_epoch(e)
    assert fund - e.insurance == pytest.approx(0.2 * fund)
    assert np.all(e.books.queue_weeks == 1.0)
    assert e.books.grant_room == pytest.approx(np.zeros(3), abs=1e-6)


def test_a_run_on_the_vault_is_slowed(played: Played) -> None:
    quiet = played(40, start=START_DAY - 38)
    run = played(40, scenario="vault-run", start=START_DAY - 38)
    assert np.all(run.books.exits_paid > quiet.books.exits_paid)
    assert np.all(run.wanted.sum(axis=0) > 0.0)
