"""The float vault follows the exact twin through deposits, weeks, exits and slashes."""

from __future__ import annotations

import random

import numpy as np
import pytest

from neurovoyance.tokenomics.simulation.policies import ours
from neurovoyance.tokenomics.simulation.vault import Vault
from neurovoyance.tokenomics.vesting import VestingVault

WEI = 10**18
WEEK = 604_800
DAY = 86_400
NAMES = ("a", "b", "c")
START = 3_000 * WEEK


def twin() -> VestingVault:
    return VestingVault(depositors=frozenset({"router"}), stake_manager="stakes")


def matured(exact: VestingVault, name: str, now_s: int) -> int:
    if exact.settled(name, now_s)[0].releasable_wei:
        return exact.release(name, name, now_s)
    return 0


@pytest.mark.parametrize("seed", range(6))
def test_weeks_of_deposits_and_slashes_agree(seed: int) -> None:
    chance = random.Random(seed)
    exact, found = twin(), Vault(len(NAMES), 1, ours())
    now_s = START
    for _ in range(60):
        for row, name in enumerate(NAMES):
            if chance.random() < 0.5:
                amount = chance.randrange(1, 10**6)
                exact.deposit("router", name, amount * WEI, now_s)
                credit = np.zeros((len(NAMES), 1))
                credit[row] = amount
                found.credit(credit)
            if chance.random() < 0.1 and exact.settled(name, now_s)[0].rate:
                bps = chance.randrange(1, 6_000)
                taken = exact.slash("stakes", name, bps, now_s)
                slashed = found.slash(row, np.array([bps / 1e4]))
                assert slashed[0] == pytest.approx(taken / WEI, rel=1e-9)
        now_s += WEEK
        out = found.step()
        for row, name in enumerate(NAMES):
            released = matured(exact, name, now_s)
            assert out[row, 0] == pytest.approx(released / WEI, rel=1e-9, abs=1e-9)
            held = exact.account_of(name).held_wei / WEI
            assert found.held[row, 0] == pytest.approx(held, rel=1e-9, abs=1e-9)


def test_an_exit_agrees_and_pays_those_who_stay() -> None:
    exact, found = twin(), Vault(len(NAMES), 1, ours())
    amounts = np.array([[30_000.0], [500_000.0], [470_000.0]])
    found.credit(amounts)
    for name, amount in zip(NAMES, amounts[:, 0], strict=True):
        exact.deposit("router", name, int(amount) * WEI, START)
    now_s = START + 8 * WEEK
    for week in range(1, 9):
        found.step()
        for name in NAMES:
            matured(exact, name, START + week * WEEK)
    unvested = exact.settled("a", now_s)[0].unvested_wei
    exact.request_exit("a", unvested, now_s)
    done = exact.execute_exit("a", 10_000, now_s + DAY)
    wanted = np.zeros((len(NAMES), 1))
    wanted[0] = unvested / WEI
    left = found.exit(wanted, np.array([1.0]))
    assert left.paid[0, 0] == pytest.approx(done.paid_wei / WEI, rel=1e-9)
    assert left.penalty[0, 0] == pytest.approx(done.penalty_wei / WEI, rel=1e-9)
    assert left.holders[0] == pytest.approx(done.to_holders_wei / WEI, rel=1e-9)
    assert left.burn[0] == pytest.approx(done.burned_wei / WEI, rel=1e-9)
    assert left.insurance[0] == pytest.approx(done.to_insurance_wei / WEI, rel=1e-9)
    for row, name in enumerate(NAMES):
        held = exact.settled(name, now_s + DAY)[0].held_wei / WEI
        assert found.held[row, 0] == pytest.approx(held, rel=1e-9)


def test_the_limiter_stops_a_run() -> None:
    found = Vault(2, 1, ours())
    found.credit(np.full((2, 1), 1e6))
    first = found.exit(found.held * 0.5, np.array([1.0]))
    second = found.exit(found.held * 0.5, np.array([1.0]))
    taken = first.paid.sum() + first.penalty.sum()
    assert taken == pytest.approx(40_000.0)
    assert second.paid.sum() == 0.0
    found.step()
    assert found.exit(found.held * 0.5, np.array([1.0])).paid.sum() > 0.0


def test_small_scales_are_folded_in() -> None:
    found = Vault(1, 1, ours())
    found.credit(np.array([[1e6]]))
    for _ in range(12):
        found.slash(0, np.array([0.5]))
    assert found.scale[0, 0] >= 1.0 / 256.0
    total = sum(float(found.step().sum()) for _ in range(27))
    assert total == pytest.approx(1e6 / 2**12, rel=1e-9)
    assert found.held[0, 0] == 0.0
