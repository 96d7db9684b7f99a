"""Every state that a client waits in has a word."""

from __future__ import annotations

from neurovoyance.client.phases import PHASE_OF_STATE, Phase
from neurovoyance.protocol.lifecycle import FINAL, WARM, JobState


def test_every_live_state_has_a_phase_of_its_own() -> None:
    assert set(PHASE_OF_STATE) >= WARM
    assert len(set(PHASE_OF_STATE.values())) == len(PHASE_OF_STATE)
    assert PHASE_OF_STATE[JobState.SETTLED] is Phase.SETTLED
    assert not set(PHASE_OF_STATE) & (FINAL - {JobState.SETTLED})
