import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol import units
from neurovoyance.protocol.errors import SpecError


@given(st.integers(0, 10**30))
def test_formatted_wei_parse_back_to_the_same_wei(amount_wei: int) -> None:
    assert units.nvy(units.format_nvy(amount_wei)) == amount_wei


@pytest.mark.parametrize(
    "text", ["", "-1", "1e3", "0x1", "1.", ".5", "1.1234567890123456789", "1 "]
)
def test_anything_but_a_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="not an amount"):
        units.nvy(text)


@given(st.integers(0, 2**96), st.integers(0, 10_000))
def test_shares_of_a_whole_differ_by_at_most_one_wei(amount_wei: int, share_bps: int) -> None:
    down, up = units.bps_down(amount_wei, share_bps), units.bps_up(amount_wei, share_bps)
    assert down <= up <= down + 1
    assert down * 10_000 <= amount_wei * share_bps <= up * 10_000


def test_negative_amounts_keep_their_sign() -> None:
    assert units.format_nvy(-1_500_000_000_000_000_000) == "-1.5"
