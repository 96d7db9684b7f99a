import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.tokenomics.governing import COOLDOWN_S, check_change, cooldown_s, reach
from neurovoyance.tokenomics.params import PARAMETERS

MOVABLE = sorted(key for key, parameter in PARAMETERS.items() if parameter.word)
NOW_S = 1_800_000_000


def test_a_change_within_bounds_and_step_is_accepted() -> None:
    assert check_change("burnBps", 400, 450, None, NOW_S) is None


def test_unknown_and_constant_keys_are_refused() -> None:
    for key in ("taxBps", "lateWindowS"):
        refusal = check_change(key, 0, 1, None, NOW_S)
        assert refusal is not None
        assert (refusal.reason, refusal.values) == ("UnknownKey", (key,))


def test_out_of_bounds_names_the_bounds_and_what_can_be_reached() -> None:
    refusal = check_change("burnBps", 400, 601, None, NOW_S)
    assert refusal is not None
    assert refusal.reason == "OutOfBounds"
    assert refusal.values == ("burnBps", 601, 100, 600)
    assert (refusal.lowest, refusal.highest, refusal.proposals) == (337, 463, 0)


def test_a_large_step_says_how_many_proposals_it_takes() -> None:
    refusal = check_change("burnBps", 400, 600, None, NOW_S)
    assert refusal is not None
    assert refusal.values == ("burnBps", 400, 600, 63)
    assert (refusal.reason, refusal.proposals) == ("StepTooLarge", 4)


@pytest.mark.parametrize(("key", "rest_s"), [("burnBps", 7 * 86_400), ("rhoWad", 28 * 86_400)])
def test_the_cool_down_ends_at_its_last_second(key: str, rest_s: int) -> None:
    current = PARAMETERS[key].default
    refusal = check_change(key, current, current + 1, NOW_S, NOW_S + rest_s - 1)
    assert refusal is not None
    assert (refusal.reason, refusal.values) == ("CoolingDown", (key, NOW_S + rest_s))
    assert refusal.ready_at_s == NOW_S + rest_s
    assert check_change(key, current, current + 1, NOW_S, NOW_S + rest_s) is None


def test_the_contract_looks_at_bounds_then_time_then_step() -> None:
    for value, reason in ((601, "OutOfBounds"), (600, "CoolingDown")):
        refusal = check_change("burnBps", 400, value, NOW_S, NOW_S)
        assert refusal is not None
        assert refusal.reason == reason


@given(st.sampled_from(MOVABLE), st.data())
def test_what_can_be_reached_is_what_is_accepted(key: str, data: st.DataObject) -> None:
    parameter = PARAMETERS[key]
    current = data.draw(st.integers(parameter.min, parameter.max))
    value = data.draw(st.integers(parameter.min, parameter.max))
    lowest, highest = reach(parameter, current)
    accepted = check_change(key, current, value, None, NOW_S) is None
    assert accepted == (lowest <= value <= highest)


@given(st.sampled_from(MOVABLE), st.data())
def test_the_number_of_proposals_suffices(key: str, data: st.DataObject) -> None:
    parameter = PARAMETERS[key]
    current = data.draw(st.integers(parameter.min, parameter.max))
    value = data.draw(st.integers(parameter.min, parameter.max))
    refusal = check_change(key, current, value, None, NOW_S)
    for _ in range(refusal.proposals if refusal else 1):
        lowest, highest = reach(parameter, current)
        current = min(max(value, lowest), highest)
    assert current == value


def test_every_class_has_a_rest() -> None:
    assert {cooldown_s(key) for key in MOVABLE} == set(COOLDOWN_S.values())
