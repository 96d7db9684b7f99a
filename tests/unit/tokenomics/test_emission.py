"""Emission in numbers that can be checked by hand; tests/differential compares the contract."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol.units import nvy
from neurovoyance.tokenomics.emission import (
    EPOCH_S,
    RESERVE_WEI,
    Emission,
    Epoch,
    Standing,
    Weight,
    loyalty_of,
    next_avail_bps,
    reward_of,
    split,
    weight_of,
)
from neurovoyance.tokenomics.params import pack, unpack
from neurovoyance.tokenomics.reverts import TwinRevert

WORD = pack("emission")
PARAMS = unpack("emission", WORD)


def rolled(fees_wei: int) -> Emission:
    found = Emission(first_epoch=9)
    found.roll(10, WORD, fees_wei=fees_wei, sink_bps=900, staked_wei=35, circulating_wei=100)
    return found


def test_the_first_week_can_emit_about_a_fifth_of_a_percent() -> None:
    epoch = rolled(nvy("20000000")).epochs[9]
    budget_wei = epoch.avail_pool_wei + epoch.work_pool_wei
    assert budget_wei // 10**18 == 1_326_944
    assert epoch.avail_pool_wei == budget_wei * 15 // 100
    assert rolled(0).epochs[9].work_pool_wei == 0
    half = rolled(nvy("10000000")).epochs[9]
    assert half.avail_pool_wei == epoch.avail_pool_wei, "volume never changes A"
    assert half.work_pool_wei == epoch.work_pool_wei // 2


def test_half_of_the_reserve_is_left_after_six_years_of_full_emission() -> None:
    found = Emission(first_epoch=0)
    for present in range(1, 314):
        fees_wei = found.baseline_wei
        found.roll(
            present + 1, WORD, fees_wei=fees_wei, sink_bps=900, staked_wei=35, circulating_wei=100
        )
    assert abs(found.reserve_wei * 2 - RESERVE_WEI) < RESERVE_WEI // 100
    assert found.reserve_wei + found.reserved_wei == RESERVE_WEI


def test_loyalty_grows_by_the_week_for_a_year() -> None:
    assert [loyalty_of(week * EPOCH_S, 5_000) for week in (0, 26, 52, 99)] == [
        10_000,
        12_500,
        15_000,
        15_000,
    ]
    assert loyalty_of(EPOCH_S - 1, 5_000) == 10_000


def test_a_weight_keeps_the_delegators_part() -> None:
    found = weight_of(Standing(100, 300, 0, 1_000, 7, 1, 3), 5_000)
    assert found == Weight(7, 400, 3_333, 10_000, 675_000_000)
    assert weight_of(Standing(), 5_000).score_bps == 0
    # One canary passed, one audit missed: half; an audit missed alone is no score, and no error.
    assert weight_of(Standing(passed=1, drawn=1, missed=1), 0).score_bps == 5_000
    assert weight_of(Standing(missed=2), 0).score_bps == 0
    assert weight_of(Standing(fees_wei=2**100), 0).fees_wei == 2**96 - 1


def test_washing_fees_loses() -> None:
    epoch = Epoch(0, nvy("1000000"), 900 * 9_000, 2_500, 5_000, 0, 10**6 * 15_000)
    reward = reward_of(epoch, Weight(10**6, 0, 0, 15_000), has_delegators=False)
    assert reward.work_wei == 81_000 < 90_000, "nine tenths of what the fees lost"


def test_delegators_get_their_part_while_there_are_any() -> None:
    epoch = Epoch(avail_pool_wei=1_000, avail_sum=400 * 10_000 * 10_000, liquid_bps=2_500)
    weight = Weight(0, 400, 10_000, 10_000, 675_000_000)
    assert reward_of(epoch, weight, has_delegators=True).delegated_wei == 675
    assert reward_of(epoch, weight, has_delegators=False).delegated_wei == 0
    assert split(1_001, 2_500) == (250, 751)


@pytest.mark.parametrize(
    ("staked", "before", "after"),
    [
        (29, 1_500, 1_600), (30, 1_500, 1_500), (40, 1_500, 1_500), (41, 1_500, 1_400),
        (0, 3_000, 3_000), (99, 1_000, 1_000), (35, 4_000, 3_000),
    ],
)  # fmt: skip
def test_availability_moves_towards_the_target(staked: int, before: int, after: int) -> None:
    assert next_avail_bps(before, staked, 100, PARAMS) == after


def test_refusals_have_the_contracts_names() -> None:
    found = rolled(0)
    with pytest.raises(TwinRevert, match="AlreadyRolled"):
        found.roll(10, WORD, fees_wei=0, sink_bps=0, staked_wei=0, circulating_wei=0)
    with pytest.raises(TwinRevert) as caught:
        found.register(10, "a", Standing())
    assert (caught.value.name, caught.value.values) == ("EmissionController__NoWeight", ("a", 9))
    found.register(10, "a", Standing(own_wei=5, passed=1, drawn=2))
    with pytest.raises(TwinRevert, match="AlreadyRegistered"):
        found.register(10, "a", Standing(own_wei=9, passed=1, drawn=3))
    found.register(10, "a", Standing(own_wei=9, passed=2, drawn=2))
    assert found.weights[9, "a"].stake_wei == 5, "of the end of the epoch"
    with pytest.raises(TwinRevert, match="EpochNotOver"):
        found.claim(10, "a", 9, has_delegators=False)
    with pytest.raises(TwinRevert, match="NothingToHandOn"):
        found.hand_on(11, "a", 9, has_delegators=True)
    liquid_wei, vested_wei = found.claim(11, "a", 9, has_delegators=False)
    assert liquid_wei == (liquid_wei + vested_wei) // 4
    with pytest.raises(TwinRevert, match="NotRegistered"):
        found.claim(11, "a", 9, has_delegators=False)
    with pytest.raises(TwinRevert, match="ClaimExpired"):
        found.claim(19, "a", 9, has_delegators=False)
    assert found.circulating_wei(RESERVE_WEI + 7, 8) == max(0, found.paid_wei - 1)


def test_who_joins_after_the_hand_on_changes_nothing() -> None:
    found, plain = rolled(0), rolled(0)
    standing = Standing(own_wei=10**21, counted_wei=5 * 10**21, passed=1, drawn=1)
    for books in (found, plain):
        books.register(10, "a", standing)
    alone = plain.claim(11, "a", 9, has_delegators=True)
    handed_on_wei = found.hand_on(11, "a", 9, has_delegators=True)
    assert handed_on_wei == plain.delegated_wei == found.delegated_wei
    with pytest.raises(TwinRevert, match="NothingToHandOn"):
        found.hand_on(11, "a", 9, has_delegators=True)
    # Eight epochs later, all delegators gone.
    assert found.claim(18, "a", 9, has_delegators=False) == alone
    assert found.delegated_wei == handed_on_wei
    assert (found.reserved_wei, found.paid_wei) == (plain.reserved_wei, plain.paid_wei)


def test_what_the_vault_refuses_is_owed_until_it_takes_it() -> None:
    found = rolled(0)
    found.register(10, "a", Standing(own_wei=10**21, passed=1, drawn=1))
    found.vault_refuses = True
    liquid_wei, vested_wei = found.claim(11, "a", 9, has_delegators=False)
    assert (found.paid_wei, found.owed_wei["a"]) == (liquid_wei, vested_wei)
    with pytest.raises(TwinRevert, match="Refused"):
        found.vest("a")
    found.vault_refuses = False
    assert found.vest("a") == vested_wei
    with pytest.raises(TwinRevert, match="NothingToVest"):
        found.vest("a")
    assert found.paid_wei == liquid_wei + vested_wei


@given(
    st.integers(0, 2**96 - 1),
    st.integers(0, 2**96 - 1),
    st.integers(0, 200),
    st.integers(1, 2**90),
)
def test_no_volume_of_fees_changes_the_availability_pool(
    fees_wei: int, other_wei: int, staked_wei: int, circulating_wei: int
) -> None:
    found = []
    for volume_wei in (fees_wei, other_wei):
        made = Emission(first_epoch=9)
        made.roll(
            10,
            WORD,
            fees_wei=volume_wei,
            sink_bps=900,
            staked_wei=staked_wei,
            circulating_wei=circulating_wei,
        )
        epoch = made.epochs[9]
        assert epoch.work_pool_wei <= made.reserved_wei - epoch.avail_pool_wei
        found.append((epoch.avail_pool_wei, made.avail_bps))
    assert found[0] == found[1]
