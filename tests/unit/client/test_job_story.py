"""Distances near the tolerance are flagged; everything else is read from a real chain elsewhere."""

from __future__ import annotations

import pytest

from neurovoyance.chain.event_base import LogMeta
from neurovoyance.chain.events import AuditRevealed
from neurovoyance.client.job_story import _round
from neurovoyance.protocol.audit import Outcome
from neurovoyance.protocol.ids import Address, JobId

META = LogMeta(Address("0x" + "00" * 20), 1, "0x", "0x", 0)
TAU_SQ = 2**64 // 10**12  # a tolerance of a millionth
NORM = 2**52


def revealed(distance_sq: int, flags: int = 0) -> AuditRevealed:
    outcome = Outcome.FAIL if flags else Outcome.PASS
    who = Address("0x" + "33" * 20)
    return AuditRevealed(META, JobId(bytes(32)), 0, 1, who, outcome, flags, distance_sq, NORM, 5)


@pytest.mark.parametrize(
    ("tau_times", "is_near"), [(0.1, False), (0.49, False), (0.6, True), (1.9, True), (2.1, False)]
)
def test_a_distance_is_told_in_units_of_the_tolerance(tau_times: float, is_near: bool) -> None:
    distance_sq = int(tau_times**2 * (TAU_SQ * NORM >> 64))
    facts = _round(revealed(distance_sq), TAU_SQ, is_exact=False)
    assert abs(float(facts["distance_in_tau"]) - tau_times) < 0.02
    assert facts["is_near_tie"] is is_near


def test_exact_and_flagged_rounds_have_no_distance() -> None:
    assert "distance_in_tau" not in _round(revealed(7), TAU_SQ, is_exact=True)
    assert "distance_in_tau" not in _round(revealed(7, flags=2), TAU_SQ, is_exact=False)
