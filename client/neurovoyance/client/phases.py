"""The phases that a client sees of a job, and the callback that is told of each.

Place: vocabulary of :mod:`.jobs`; the command line turns it into lines. FETCHING and RUNNING are
what the provider's node says of itself; every other phase is read from the chain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from neurovoyance.protocol.lifecycle import JobState


class Phase(StrEnum):
    """Where a job is, in the words of the client."""

    POSTED = "posted"
    ASSIGNED = "assigned"
    FETCHING = "fetching"
    RUNNING = "running"
    COMMITTED = "committed"
    DRAWN = "drawn"
    AUDITED = "audited"
    REVEALED = "revealed"
    CHECKED = "checked"
    DISPUTED = "disputed"
    ACCEPTED = "accepted"
    SETTLED = "settled"
    REFUNDED = "refunded"
    RETRYING = "retrying"


PHASE_OF_STATE: dict[JobState, Phase] = {
    JobState.OPEN: Phase.POSTED,
    JobState.ASSIGNED: Phase.ASSIGNED,
    JobState.COMMITTED: Phase.COMMITTED,
    JobState.DRAWN: Phase.DRAWN,
    JobState.AUDITED: Phase.AUDITED,
    JobState.REVEALED: Phase.REVEALED,
    JobState.DISPUTED: Phase.DISPUTED,
    JobState.ACCEPTED: Phase.ACCEPTED,
    JobState.SETTLED: Phase.SETTLED,
}


@dataclass(frozen=True, slots=True)
class PhaseUpdate:
    """One step of a job.

    Attributes:
        phase: where it is now.
        job_id: of the present attempt, ``0x`` hex.
        detail: one clause for people; empty when the phase says it all.
        provider: who computes; empty while nobody does.
        tx_hash: transaction that brought the step; empty when it was none.
    """

    phase: Phase
    job_id: str
    detail: str = ""
    provider: str = ""
    tx_hash: str = ""


OnPhase = Callable[[PhaseUpdate], None]
