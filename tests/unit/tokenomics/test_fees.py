"""Numbers of the fee split that can be checked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.tokenomics.fees import EPOCH_S, EPOCHS_MAX, FeeRouter, Rates, Split, split
from neurovoyance.tokenomics.reverts import TwinRevert

START_S = 2_977 * EPOCH_S
MARKET, PROVIDER = "market", "provider"
DEFAULTS = Rates(400, 300, 200, 100, 1_800)


def router() -> FeeRouter:
    return FeeRouter(frozenset({MARKET}), operators={PROVIDER: "operator"})


def test_a_hundred_at_the_defaults() -> None:
    found = split(100_00, DEFAULTS, has_audits=True)
    assert found == Split(4_00, 3_00, 2_00, 1_00, 18_00, 72_00)
    assert split(100_00, DEFAULTS, has_audits=False) == Split(4_00, 3_00, 3_00, 0, 18_00, 72_00)


@given(
    st.integers(0, 2**90),
    st.builds(
        Rates,
        st.integers(100, 600),
        st.integers(0, 400),
        st.integers(100, 300),
        st.integers(0, 200),
        st.integers(500, 2_500),
    ),
    st.booleans(),
)
def test_slices_sum_and_at_least_sixty_percent_is_liquid(
    wei: int, rates: Rates, has_audits: bool
) -> None:
    s = split(wei, rates, has_audits=has_audits)
    sinks = s.burned_wei + s.to_treasury_wei + s.to_insurance_wei + s.to_audits_wei
    assert sinks + s.vested_wei + s.liquid_wei == wei
    assert s.liquid_wei * 10 >= wei * 6 - 10
    assert s.to_insurance_wei * 10_000 >= wei * rates.insurance_bps - 9_999


def test_rates_are_those_of_the_epochs_first_fee() -> None:
    twin = router()
    twin.record(MARKET, PROVIDER, 10_000, START_S)
    twin.values["burnBps"] = 500
    twin.record(MARKET, PROVIDER, 10_000, START_S + 5)
    twin.record(MARKET, PROVIDER, 10_000, START_S + EPOCH_S)
    assert twin.fees_of(PROVIDER, START_S // EPOCH_S) == 20_000
    assert twin.fees_in(START_S // EPOCH_S + 1) == 10_000
    assert twin.harvest("operator", PROVIDER, 0).burned_wei == 800 + 500
    assert twin.unharvested_of(PROVIDER) == 0
    assert twin.sweep().burned_wei == 1_300


def test_a_harvest_takes_the_oldest_epochs_and_the_next_the_rest() -> None:
    twin = router()
    for week in range(EPOCHS_MAX + 3):
        twin.record(MARKET, PROVIDER, 10_000, START_S + week * EPOCH_S)
    assert twin.unharvested_of(PROVIDER) == EPOCHS_MAX * 10_000
    assert twin.harvest(PROVIDER, PROVIDER, 0).liquid_wei == EPOCHS_MAX * 7_200
    assert twin.harvest(PROVIDER, PROVIDER, 0).liquid_wei == 3 * 7_200


def test_refusals() -> None:
    twin = router()
    for refused, name in (
        (lambda: twin.record("x", PROVIDER, 1, START_S), "FeeRouter__OnlyMarket"),
        (lambda: twin.harvest("x", PROVIDER, 1), "FeeRouter__NotOwnerNorOperator"),
        (lambda: twin.harvest(PROVIDER, PROVIDER, 0), "FeeRouter__NothingToHarvest"),
        (twin.sweep, "FeeRouter__NothingToSweep"),
    ):
        with pytest.raises(TwinRevert) as caught:
            refused()
        assert caught.value.name == name
    assert twin.harvest(PROVIDER, PROVIDER, 5) == Split()
