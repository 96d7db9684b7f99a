"""What is due for canaries: for those drawn for us, and for the drawing of the next ones.

Place: pure, under ``canary_duty``. Times are chain time in unix seconds; a call in the deadline's
own second is still in time. Everybody may request, draw, end and score; so that not all nodes do it
in the same second, each waits a little of its own. Never: I/O.
"""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256

from neurovoyance.chain.emission import CanaryRecord, CanaryState
from neurovoyance.protocol.lifecycle import JobState

SPREAD_S = 120
"""Longest wait of one's own before a call that anybody could make."""
RESERVE_S = 30
"""A canary with less time left is not taken any more: the call might come too late."""


class CanaryAction(StrEnum):
    """What the node does for a canary."""

    DRAW = "draw"
    TAKE = "take"
    MISS = "miss"
    SCORE = "score"


def is_over(record: CanaryRecord, owner: str) -> bool:
    """Tell whether nothing is left to do for a canary that was drawn for us."""
    if record.state in (CanaryState.NONE, CanaryState.REQUESTED):
        return False  # not mined yet, or undone by a reorganisation
    return record.state.is_cold or record.provider != owner


def wanted(record: CanaryRecord, job_state: JobState | None, time_s: int) -> CanaryAction | None:
    """Return what is due for a canary that was drawn for us.

    Args:
        record: as the chain holds it.
        job_state: of its job, time counted in; None until it was taken.
        time_s: chain time.
    """
    if record.state is CanaryState.DRAWN:
        if time_s + RESERVE_S <= record.take_by_s:
            return CanaryAction.TAKE
        return CanaryAction.MISS if time_s > record.take_by_s else None
    if record.state is CanaryState.TAKEN and job_state is not None:
        is_over = job_state.is_final or job_state is JobState.ACCEPTED
        return CanaryAction.SCORE if is_over else None
    return None


def own_wait_s(owner: str, canary_id: int) -> int:
    """Return how long this node waits before a call about a canary that anybody could make."""
    digest = sha256(f"{owner.lower()} {canary_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % SPREAD_S
