"""Providers pay bills first, leave when they cannot, and join when it is worth it."""

from __future__ import annotations

import numpy as np
from tests.unit.tokenomics.simulation.conftest import Played

from neurovoyance.tokenomics.simulation import providers
from neurovoyance.tokenomics.simulation.assumptions import HONEST, MERCENARY
from neurovoyance.tokenomics.simulation.scenarios import START_DAY

ROWS = list(HONEST)


def test_profit_draws_people_in_and_loss_drives_them_out(played: Played) -> None:
    rich, poor = played(20), played(20)
    rich.profit[:] = 5.0
    poor.profit[:] = -5.0
    poor.cash[:] = 0.0
    poor.inbox[:] = poor.hoard[:] = poor.accrued[:] = 0.0
    before = rich.gpus[ROWS].copy()
    providers.run_day(rich)
    providers.run_day(poor)
    assert np.all(rich.gpus[ROWS] > before)
    assert np.all(poor.gpus[ROWS] < before)


def test_unpaid_bills_drive_out_faster_than_loss_alone(played: Played) -> None:
    saved, broke = played(20), played(20)
    for e, cash in ((saved, 1e4), (broke, 0.0)):
        e.profit[:] = -5.0
        e.cash[:] = cash
        e.inbox[:] = e.hoard[:] = e.accrued[:] = 0.0
        providers.run_day(e)
    assert np.all(broke.gpus[ROWS] < saved.gpus[ROWS])


def test_mercenaries_come_for_a_year_and_are_gone_in_two_weeks(played: Played) -> None:
    there = played(60, scenario="mercenary", start=START_DAY - 365)
    assert np.all(there.gpus[MERCENARY] > there.gpus[ROWS].sum(axis=0))
    there.scenario.paths(3)
    gone = played(1, scenario="mercenary", start=START_DAY)
    gone.gpus[MERCENARY] = 1_000.0
    for _ in range(14):
        joins, leaves = np.zeros_like(gone.gpus), np.zeros_like(gone.gpus)
        providers._hard_cases(gone, joins, leaves)
        gone.gpus += joins - leaves
    assert np.all(gone.gpus[MERCENARY] < 50.0)


def test_work_needs_the_least_own_stake(played: Played) -> None:
    e = played(3)
    people = e.gpus / e.world.gpus_per_provider
    assert np.all(providers.required_stake(e) >= people * e.policy.min_stake)
