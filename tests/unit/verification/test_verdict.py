"""Verdicts are values that do not change."""

from __future__ import annotations

import dataclasses

import pytest

from neurovoyance.verification.verdict import Accept, Reject, Verdict


def test_two_accepts_are_equal_and_differ_from_a_reject() -> None:
    verdicts: list[Verdict] = [Accept(), Accept(), Reject("The distance is too large.")]
    assert verdicts[0] == verdicts[1]
    assert verdicts[0] != verdicts[2]


def test_a_reject_keeps_its_reason_and_evidence() -> None:
    verdict = Reject("The distance is too large.", {"distance_sq": 5, "limit_sq": 4})
    assert verdict.reason == "The distance is too large."
    assert verdict.evidence == {"distance_sq": 5, "limit_sq": 4}


def test_a_verdict_cannot_be_changed_afterwards() -> None:
    evidence = {"distance_sq": 5}
    verdict = Reject("The distance is too large.", evidence)
    evidence["distance_sq"] = 0
    assert verdict.evidence["distance_sq"] == 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict.reason = "fine"  # type: ignore[misc]
    with pytest.raises(TypeError):
        verdict.evidence["distance_sq"] = 0  # type: ignore[index]
