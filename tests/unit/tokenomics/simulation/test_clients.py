"""Clients buy less where it is dearer, and what they pay is split whole."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.tokenomics.simulation.conftest import Played

from neurovoyance.tokenomics.simulation import clients
from neurovoyance.tokenomics.simulation.assumptions import CHEAT, WASH
from neurovoyance.tokenomics.simulation.scenarios import START_DAY


def test_a_dearer_hour_sells_less(played: Played) -> None:
    cheap, dear = played(10), played(10)
    dear.unit_price *= 1.3
    for e in (cheap, dear):
        clients.buy_work(e)
    assert np.all(dear.worked.sum(axis=0) < cheap.worked.sum(axis=0))


def test_a_fee_goes_where_the_rules_say(played: Played) -> None:
    e = played(7)  # the epoch has just begun
    before = (e.burned.copy(), e.treasury.copy(), e.insurance.copy(), e.floating.copy())
    e.flows.clear()
    clients.buy_work(e)
    fees = e.flows.fees
    assert e.burned - before[0] == pytest.approx(fees * 0.04)
    assert e.treasury - before[1] == pytest.approx(fees * 0.03)
    assert e.insurance - before[2] == pytest.approx(fees * 0.02)
    assert before[3] - e.floating == pytest.approx(fees * 0.27)
    assert np.all(e.inbox.sum(axis=0) >= fees * 0.72 - 1e-6)


def test_cheats_get_their_share_and_rings_pay_on_top(played: Played) -> None:
    e = played(2, scenario="wash", start=START_DAY)
    fees = e.books.cohort_fees
    honest = fees.sum(axis=0) - fees[WASH]
    assert fees[WASH] / fees.sum(axis=0) == pytest.approx(0.10)
    assert np.all(fees[CHEAT] >= 0.01 * honest * (1 - 1e-9))


def test_burning_and_minting_pays_in_new_tokens(played: Played) -> None:
    e = played(20, "burn-mint")
    assert np.all(e.burned > 0.0)
    assert e.minted == pytest.approx(e.books.fees_total, rel=1e-9)


def test_audits_cost_clients_little_at_the_default_lock(played: Played) -> None:
    assert 0.01 < clients.premium(played(0)) < 0.02
