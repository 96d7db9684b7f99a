from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.tokenomics.staking import Stake, slash_timeout, split_timeout

WEI = st.integers(0, 2**90)


@st.composite
def locked_stakes(draw: st.DrawFn) -> tuple[Stake, int]:
    own = draw(WEI)
    locked = draw(st.integers(0, own))
    return Stake(own, locked, draw(WEI)), draw(st.integers(0, locked))


@given(locked_stakes(), st.booleans())
def test_a_slash_takes_only_what_is_there_and_spares_other_locks(
    case: tuple[Stake, int], full: bool
) -> None:
    stake, lock = case
    after, taken = slash_timeout(stake, lock, full=full)
    assert after.locked_wei == stake.locked_wei - lock
    assert 0 <= after.locked_wei <= after.own_wei
    assert after.unbonding_wei >= 0
    held = stake.own_wei + stake.unbonding_wei
    assert held - (after.own_wei + after.unbonding_wei) == taken
    assert taken >= lock if full else taken == lock // 10


@given(WEI, WEI)
def test_a_split_sums_and_the_client_gets_at_most_the_price(taken: int, price: int) -> None:
    split = split_timeout(taken, price)
    assert split.burned_wei + split.to_client_wei + split.to_insurance_wei == taken
    assert split.to_client_wei <= price
    assert split.burned_wei * 10 <= taken * 3 < split.burned_wei * 10 + 10
