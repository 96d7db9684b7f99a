"""Values in words: exact both ways, and no unit is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.governance.values import (
    format_money,
    format_time,
    format_value,
    parse_money_wei,
    parse_time_s,
    parse_value,
)
from neurovoyance.protocol.errors import SpecError
from neurovoyance.tokenomics.params import PARAMETERS

from .wishes import MOVABLE


@given(st.data())
def test_every_value_of_every_parameter_is_read_as_it_is_written(data: st.DataObject) -> None:
    parameter = data.draw(st.sampled_from(list(MOVABLE.values())))
    value = data.draw(st.integers(parameter.min, parameter.max))
    assert parse_value(format_value(value, parameter.unit), parameter) == value


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("burnBps", "4.5 percent", 450),
        ("burnBps", "4.5%", 450),
        ("burnBps", "450 bps", 450),
        ("burnBps", "4.5 per cent", 450),
        ("unbondingS", "3 weeks", 1_814_400),
        ("unbondingS", "20.5 days", 1_771_200),
        ("unbondingS", "20d 12h", 1_771_200),
        ("challengeWindowS", "30 min", 1_800),
        ("minSelfStakeWei", "2,000 NVY", 2_000 * 10**18),
        ("minSelfStakeWei", "0.5 thousand nvy", 500 * 10**18),
        ("canaryPriceWei", "100000000000000000 wei", 10**17),
        ("rhoWad", "0.33 percent", 33 * 10**14),
        ("vestEpochs", "20 weeks", 20),
        ("vestEpochs", "20", 20),
        ("lockMinMultiple", "6 times", 6),
        ("canariesPerEpoch", "1,024 canaries", 1_024),
    ],
)
def test_units_are_understood(key: str, text: str, value: int) -> None:
    assert parse_value(text, PARAMETERS[key]) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("burnBps", "450"),
        ("burnBps", "4.555 percent"),
        ("burnBps", "4.5 NVY"),
        ("burnBps", "-1 percent"),
        ("burnBps", "four percent"),
        ("unbondingS", "20"),
        ("unbondingS", "1 month"),
        ("unbondingS", ""),
        ("challengeWindowS", "0.0001 seconds"),
        ("minSelfStakeWei", "2000"),
        ("minSelfStakeWei", "2,00 NVY"),
        ("minSelfStakeWei", "0.1 wei"),
        ("vestEpochs", "20 days"),
        ("vestEpochs", "20.5"),
    ],
)
def test_what_could_mean_two_things_is_refused_with_an_example(key: str, text: str) -> None:
    with pytest.raises(SpecError) as refused:
        parse_value(text, PARAMETERS[key])
    assert "for example" in refused.value.hint


@given(st.integers(0, 10**10))
def test_times_are_read_as_they_are_written(time_s: int) -> None:
    assert parse_time_s(format_time(time_s)) == time_s


@given(st.integers(0, 10**30))
def test_amounts_are_read_as_they_are_written(amount_wei: int) -> None:
    assert parse_money_wei(format_money(amount_wei)) == amount_wei


def test_no_amount_is_none() -> None:
    assert parse_money_wei("many NVY") is None
    assert parse_time_s("soon") is None
