"""What the demo tells of the economy, for programs; playing it is the demo's own test."""

from __future__ import annotations

from neurovoyance.cli.demo_canary import CanaryStory, canary_json
from neurovoyance.cli.demo_economy import CHANGED_KEY, CHANGED_TO, EconomyStory, economy_json
from neurovoyance.tokenomics.params import PARAMETERS, default_of


def test_amounts_are_decimal_strings_and_nothing_is_left_out() -> None:
    story = EconomyStory(
        provider="node 1",
        fees_wei=10**18,
        slices={"burned": 4 * 10**16, "to the provider at once": 96 * 10**16},
        released_wei=7,
        exit={"amount": 5, "penalty": 2, "paid": 3},
        emission={"work": 1},
        change={"before": 400, "after": 450},
        votes_for_wei=9,
        days=40.26,
    )
    shown = economy_json(story)
    assert shown["fees_wei"] == "1000000000000000000"
    assert shown["slices_wei"] == {
        "burned": "40000000000000000",
        "to the provider at once": "960000000000000000",
    }
    assert shown["canary"] == canary_json(CanaryStory())
    assert shown["exit_wei"] == {"amount": "5", "penalty": "2", "paid": "3"}
    assert shown["changed"] == {"key": CHANGED_KEY, "before": 400, "after": 450}
    assert (shown["votes_for_wei"], shown["days"]) == ("9", 40.3)


def test_the_change_that_is_voted_on_is_one_that_a_vote_can_make() -> None:
    parameter = PARAMETERS[CHANGED_KEY]
    assert parameter.min <= CHANGED_TO <= parameter.max
    assert abs(CHANGED_TO - default_of(CHANGED_KEY)) <= parameter.step
