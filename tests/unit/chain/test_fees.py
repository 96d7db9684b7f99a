"""What is offered, and by how much a replacement rises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.chain.fees import GWEI, FeePolicy, Fees
from neurovoyance.protocol.errors import ConfigError

FEE = st.integers(0, 10**15)


@given(base=FEE, tip=FEE, cap=st.integers(1, 10**15))
def test_a_first_offer_is_never_above_the_cap_and_always_includes_the_base_fee(
    base: int, tip: int, cap: int
) -> None:
    fees = FeePolicy(cap_wei_per_gas=cap, min_tip_wei_per_gas=1).first(base, tip)
    if fees is None:
        assert base + 1 > cap
    else:
        assert base + 1 <= fees.max_fee_wei <= cap
        assert 1 <= fees.tip_wei <= fees.max_fee_wei


@given(
    max_fee=st.integers(1, 10**15), tip=FEE, base=FEE, suggested=FEE, bump=st.integers(1_250, 9_000)
)
def test_a_replacement_rises_by_an_eighth_in_both_fields(
    max_fee: int, tip: int, base: int, suggested: int, bump: int
) -> None:
    previous = Fees(max_fee, min(tip, max_fee))
    policy = FeePolicy(cap_wei_per_gas=10**15, bump_bps=bump)
    fees = policy.bumped(previous, base, suggested)
    if fees is None:
        assert max_fee + max(1, -(-max_fee * bump // 10_000)) > 10**15
        return
    assert fees.max_fee_wei * 10_000 >= previous.max_fee_wei * (10_000 + bump)
    assert fees.tip_wei * 10_000 >= previous.tip_wei * (10_000 + bump)
    assert fees.tip_wei <= fees.max_fee_wei <= 10**15


def test_room_is_left_for_the_base_fee_to_double() -> None:
    assert FeePolicy().first(10 * GWEI, GWEI) == Fees(21 * GWEI, GWEI)


def test_the_gas_margin_is_rounded_up() -> None:
    assert FeePolicy(gas_margin_bps=2_500).gas_limit(100_001) == 125_002


@pytest.mark.parametrize(
    "settings",
    [
        {"cap_wei_per_gas": 0},
        {"bump_bps": 1_249},
        {"stuck_after_s": 0},
        {"base_fee_multiple": 0},
        {"min_tip_wei_per_gas": -1},
    ],
)
def test_unusable_policies_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="not usable"):
        FeePolicy(**settings)
