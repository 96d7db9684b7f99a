"""The story of a job in sentences: every number in it is one of the facts."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from neurovoyance.client.job_words import words_of
from neurovoyance.protocol.lifecycle import FINAL

NVY = 10**18
FACTS: dict[str, Any] = {
    "state": "Rejected",
    "provider": "0x" + "11" * 20,
    "client": "0x" + "22" * 20,
    "price_wei": str(NVY),
    "lock_wei": str(20 * NVY),
    "commitment": "0xab",
    "seed0": "0xcd",
    "is_audited": True,
    "audit_bps": 603,
    "audit": {
        "job_class": "TENSOR",
        "rounds": [
            {
                "auditor": "0x" + "33" * 20,
                "outcome": "FAIL",
                "flags": 0,
                "paid_wei": str(NVY),
                "distance_in_tau": "412.125",
                "is_near_tie": False,
            },
            {
                "auditor": "0x" + "44" * 20,
                "outcome": "FAIL",
                "flags": 2,
                "paid_wei": str(NVY),
            },
        ],
        "late": [{"auditor": "0x" + "55" * 20, "slashed_wei": str(2 * NVY)}],
        "skipped_slots": [],
        "conceded": True,
        "contested": False,
        "votes": [],
    },
    "disputes": [],
    "money": {
        "paid_wei": "0",
        "refunded_wei": str(NVY),
        "audit_pool_wei": str(3 * NVY),
        "surcharge_wei": "0",
        "returned_wei": "0",
        "compensation_wei": str(NVY // 2),
    },
    "slashes": [
        {
            "provider": "0x" + "11" * 20,
            "why": "a verdict found the result wrong",
            "amount_wei": str(70 * NVY),
            "burned_wei": str(21 * NVY),
            "to_client_wei": str(NVY),
            "to_finder_wei": str(5 * NVY),
            "finder": "0x" + "33" * 20,
            "to_judges_wei": str(10 * NVY),
            "to_insurance_wei": str(33 * NVY),
        }
    ],
}


def story(**changes: Any) -> str:
    facts = copy.deepcopy(FACTS)
    for name, value in changes.items():
        facts[name] = {**facts[name], **value} if isinstance(value, dict) else value
    return "\n".join(words_of(facts))


def test_a_caught_cheat_is_told_with_distance_verdict_and_money() -> None:
    told = story()
    for part in (
        "for 1 NVY and locked 20 NVY",
        "chance of 6.03 %: this job was selected",
        "412.125 tau apart, where 1 tau is allowed: the result fails",
        "its inputs could not be had",
        "was late and lost 2 NVY",
        "The provider admitted it.",
        "the client got its price back",
        "lost 70 NVY of stake, because a verdict found the result wrong",
        "21 NVY burned, 1 NVY client, 5 NVY finder 0x33333333, 10 NVY judges, 33 NVY insurance",
    ):
        assert part in told


def test_a_near_tie_is_said() -> None:
    rounds = [{**FACTS["audit"]["rounds"][0], "outcome": "PASS", "distance_in_tau": "0.900"}]
    rounds[0]["is_near_tie"] = True
    told = story(audit={"rounds": rounds})
    assert "0.900 tau apart" in told and "That is a near tie." in told and "passes" in told


def test_exact_jobs_are_told_without_a_distance() -> None:
    one = {k: v for k, v in FACTS["audit"]["rounds"][0].items() if k != "distance_in_tau"}
    told = story(audit={"job_class": "EXACT", "rounds": [one]})
    assert "equal bit for bit" in told and "got other bits: the result fails" in told


def test_a_held_slash_says_what_is_next() -> None:
    held = {k: FACTS["slashes"][0][k] for k in ("provider", "why", "amount_wei")}
    assert "held for 48 hours" in story(slashes=[held])


@pytest.mark.parametrize("ended", ["GUILTY", "CLEAR", "DROPPED", "UNDECIDED", ""])
def test_every_end_of_a_dispute_has_words(ended: str) -> None:
    dispute = {
        "dispute_id": 3,
        "kind": "FORGED_ANSWER",
        "challenger": "0x" + "66" * 20,
        "bond_wei": str(20 * NVY),
        "is_contest": False,
        "pointed_at": {"kind": "OPERATOR", "row": 12},
        "levels": [{"level": 0, "guilty": 5, "clear": 1, "abstain": 1}],
        "ended": ended,
    }
    told = story(disputes=[dispute])
    assert "with a bond of 20 NVY" in told and "operator 12 of the model" in told
    assert "5 guilty, 1 clear, 1 abstained" in told
    assert ("still open" in told) == (not ended)


def test_an_unselected_job_and_one_without_provider_are_told() -> None:
    assert "this job was not selected" in story(is_audited=False)
    assert "nothing to check" in story(provider="")
    assert "has not happened" in story(seed0="")


@pytest.mark.parametrize("state", sorted(FINAL))
def test_every_final_state_has_a_sentence(state: Any) -> None:
    assert "nothing is final yet" not in story(state=state.label)
