"""Refusals: the governor that may do it, and why the contracts would not."""

from __future__ import annotations

import pytest

from neurovoyance.governance.intentions import (
    GuardianRenewal,
    Intention,
    ParameterChange,
    Payment,
    SlashReduction,
)
from neurovoyance.governance.reading import ParameterReading
from neurovoyance.governance.refusals import check_changes, date_of, path_words, pick_governor
from neurovoyance.governance.timeline import GovernorTimes
from neurovoyance.protocol.errors import SpecError

from .wishes import MOVABLE, address_of

DAY_S = 86_400
NOW_S = 20_000 * DAY_S
TIMES = GovernorTimes(2 * DAY_S, 5 * DAY_S, 3 * DAY_S)
BURN, UNBONDING = ParameterChange("burnBps", 450), ParameterChange("unbondingS", 20 * DAY_S)
TO = address_of(9)


def reading(key: str, ready_at_s: int = 0) -> dict[str, ParameterReading]:
    parameter = MOVABLE[key]
    default = parameter.default
    return {key: ParameterReading(parameter, default, default, 0, ready_at_s)}


def pick(*items: Intention) -> bool:
    return pick_governor(items, standard_left_wei=100, constitutional_left_wei=1_000)


def test_the_standard_governor_decides_where_it_can() -> None:
    assert not pick(BURN)
    assert not pick(BURN, Payment("treasury", TO, 100))
    assert not pick(SlashReduction(bytes(32), 1), Payment("treasury", TO, 1))


def test_the_constitutional_governor_decides_what_only_it_may() -> None:
    assert pick(UNBONDING, BURN)
    assert pick(Payment("treasury", TO, 60), Payment("treasury", TO, 60))
    assert pick(GuardianRenewal(TO))
    assert pick(Payment("insurance fund", TO, 10**30), BURN)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ((UNBONDING, SlashReduction(bytes(32), 1)), "No governor may do all of this"),
        ((GuardianRenewal(TO), BURN), "about the guardian holds nothing else"),
        ((Payment("treasury", TO, 1_001),), "treasury may pay"),
    ],
)
def test_what_no_governor_may_do_is_refused(items: tuple[Intention, ...], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        pick(*items)


def test_a_change_within_step_and_rest_passes() -> None:
    check_changes([BURN], reading("burnBps"), TIMES, NOW_S)
    check_changes([BURN], reading("burnBps", NOW_S + 10 * DAY_S), TIMES, NOW_S)


@pytest.mark.parametrize(
    ("value", "ready_at_s", "reason", "path"),
    [
        (900, 0, "OutOfBounds", ["463", "526", "589", "600"]),
        (0, 0, "OutOfBounds", ["337", "274", "211", "148", "100"]),
        (500, 0, "StepTooLarge", ["463", "500"]),
        (450, NOW_S + 30 * DAY_S, "CoolingDown", ["450"]),
    ],
)
def test_a_refusal_names_bounds_step_and_path(
    value: int, ready_at_s: int, reason: str, path: list[str]
) -> None:
    with pytest.raises(SpecError) as refused:
        check_changes(
            [ParameterChange("burnBps", value)], reading("burnBps", ready_at_s), TIMES, NOW_S
        )
    error = refused.value
    assert error.context["reason"] == reason
    assert [step["value"] for step in error.context["path"]] == path
    assert "bounds 1 percent to 6 percent" in error.message
    assert "3.37 percent to 4.63 percent" in error.message
    assert error.hint.startswith("Earliest path: 1. propose ")
    assert error.exit_code == 2


def test_what_is_so_already_and_what_is_wrong_is_said() -> None:
    with pytest.raises(SpecError, match="is 4 percent already"):
        check_changes([ParameterChange("burnBps", 400)], reading("burnBps"), TIMES, NOW_S)
    with pytest.raises(SpecError, match="not 3 percent as the sentence says"):
        check_changes([ParameterChange("burnBps", 450, 300)], reading("burnBps"), TIMES, NOW_S)


def test_long_paths_are_cut_and_empty_ones_explained() -> None:
    assert path_words([], "bps") == "It stands at that bound already."
    assert date_of(0) == "1970-01-01 00:00 UTC"
