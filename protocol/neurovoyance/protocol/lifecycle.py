"""The states of a job and the one table of transitions, twin of ``Lifecycle.sol``.

Place: L0, pure. Time is chain time in unix seconds. Never: I/O, or a transition that is not in the
table. Warm states have a deadline and may change by time alone; the others are cold.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from neurovoyance.protocol.errors import InternalError


class JobState(IntEnum):
    """Where a job stands; numbers as in ``contracts/types/Job.sol``."""

    NONE = 0
    OPEN = 1
    ASSIGNED = 2
    COMMITTED = 3
    REVEALED = 4
    DISPUTED = 5
    ACCEPTED = 6
    REJECTED = 7
    INVALID = 8
    SETTLED = 9
    CANCELLED = 10
    UNMATCHED = 11
    PROVIDER_COMMIT_TIMEOUT = 12
    PROVIDER_REVEAL_TIMEOUT = 13
    PROVIDER_ANSWER_TIMEOUT = 14
    PROVIDER_TRACE_TIMEOUT = 15
    AUDITOR_TIMEOUT = 16
    CHALLENGER_TIMEOUT = 17
    REFEREE_TIMEOUT = 18
    DRAWN = 19
    AUDITED = 20

    @property
    def label(self) -> str:
        """The name as the contracts write it, e.g. ``ProviderCommitTimeout``."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def is_warm(self) -> bool:
        """Whether time alone can change the state."""
        return self in WARM

    @property
    def is_final(self) -> bool:
        """Whether the client's escrow has been paid or refunded."""
        return self in FINAL


class JobEvent(StrEnum):
    """What can happen to a job on chain."""

    POST = "post"
    OPEN = "open"
    ACCEPT = "accept"
    CANCEL = "cancel"
    HAND_BACK = "hand_back"
    COMMIT = "commit"
    DRAW = "draw"
    REVEAL = "reveal"
    DECLARE_INVALID = "declare_invalid"
    CONFIRM = "confirm"
    SETTLE = "settle"
    EXPIRE = "expire"
    OPEN_AUDIT = "open_audit"
    UPHOLD = "uphold"
    FAIL_AUDIT = "fail_audit"
    MISS_ANSWER = "miss_answer"
    VOID = "void"
    DISPUTE = "dispute"
    CONVICT = "convict"
    CLEAR = "clear"
    MISS_TRACE = "miss_trace"


WARM = frozenset(
    {
        JobState.OPEN,
        JobState.ASSIGNED,
        JobState.COMMITTED,
        JobState.DRAWN,
        JobState.AUDITED,
        JobState.REVEALED,
        JobState.DISPUTED,
    }
)

FINAL = frozenset(
    {
        JobState.REJECTED,
        JobState.INVALID,
        JobState.SETTLED,
        JobState.CANCELLED,
        JobState.UNMATCHED,
        JobState.PROVIDER_COMMIT_TIMEOUT,
        JobState.PROVIDER_REVEAL_TIMEOUT,
        JobState.PROVIDER_ANSWER_TIMEOUT,
        JobState.PROVIDER_TRACE_TIMEOUT,
        JobState.AUDITOR_TIMEOUT,
        JobState.REFEREE_TIMEOUT,
    }
)

REFUNDED = FINAL - {JobState.SETTLED}

TRANSITIONS: dict[tuple[JobState, JobEvent], JobState] = {
    (JobState.NONE, JobEvent.POST): JobState.OPEN,
    (JobState.NONE, JobEvent.OPEN): JobState.ASSIGNED,
    (JobState.OPEN, JobEvent.ACCEPT): JobState.ASSIGNED,
    (JobState.OPEN, JobEvent.CANCEL): JobState.CANCELLED,
    (JobState.ASSIGNED, JobEvent.COMMIT): JobState.COMMITTED,
    (JobState.ASSIGNED, JobEvent.DECLARE_INVALID): JobState.INVALID,
    (JobState.ASSIGNED, JobEvent.HAND_BACK): JobState.CANCELLED,
    (JobState.COMMITTED, JobEvent.DRAW): JobState.COMMITTED,  # Drawn where an audit is drawn
    (JobState.COMMITTED, JobEvent.REVEAL): JobState.REVEALED,
    (JobState.REVEALED, JobEvent.CONFIRM): JobState.SETTLED,
    (JobState.ACCEPTED, JobEvent.SETTLE): JobState.SETTLED,
    (JobState.UNMATCHED, JobEvent.EXPIRE): JobState.UNMATCHED,
    (JobState.PROVIDER_COMMIT_TIMEOUT, JobEvent.EXPIRE): JobState.PROVIDER_COMMIT_TIMEOUT,
    (JobState.PROVIDER_REVEAL_TIMEOUT, JobEvent.EXPIRE): JobState.PROVIDER_REVEAL_TIMEOUT,
    (JobState.PROVIDER_ANSWER_TIMEOUT, JobEvent.EXPIRE): JobState.PROVIDER_ANSWER_TIMEOUT,
    (JobState.AUDITOR_TIMEOUT, JobEvent.EXPIRE): JobState.AUDITOR_TIMEOUT,
    (JobState.REFEREE_TIMEOUT, JobEvent.EXPIRE): JobState.REFEREE_TIMEOUT,
    (JobState.DRAWN, JobEvent.OPEN_AUDIT): JobState.AUDITED,
    (JobState.AUDITED, JobEvent.UPHOLD): JobState.COMMITTED,
    (JobState.AUDITED, JobEvent.FAIL_AUDIT): JobState.REJECTED,
    (JobState.AUDITED, JobEvent.MISS_ANSWER): JobState.PROVIDER_ANSWER_TIMEOUT,
    (JobState.AUDITED, JobEvent.DISPUTE): JobState.DISPUTED,
    (JobState.REVEALED, JobEvent.DISPUTE): JobState.DISPUTED,
    (JobState.DISPUTED, JobEvent.CONVICT): JobState.REJECTED,
    (JobState.DISPUTED, JobEvent.CLEAR): JobState.REVEALED,
    (JobState.DISPUTED, JobEvent.MISS_TRACE): JobState.PROVIDER_TRACE_TIMEOUT,
    **{
        (state, JobEvent.VOID): JobState.INVALID
        for state in (
            JobState.ASSIGNED,
            JobState.COMMITTED,
            JobState.DRAWN,
            JobState.AUDITED,
            JobState.REVEALED,
            JobState.DISPUTED,
        )
    },
}

AFTER_DEADLINE: dict[JobState, JobState] = {
    JobState.OPEN: JobState.UNMATCHED,
    JobState.ASSIGNED: JobState.PROVIDER_COMMIT_TIMEOUT,
    JobState.COMMITTED: JobState.PROVIDER_REVEAL_TIMEOUT,
    JobState.DRAWN: JobState.PROVIDER_ANSWER_TIMEOUT,
    JobState.AUDITED: JobState.AUDITOR_TIMEOUT,
    JobState.REVEALED: JobState.ACCEPTED,
    JobState.DISPUTED: JobState.REFEREE_TIMEOUT,
}


def effective_state(stored: JobState, deadline_s: int, time_s: int) -> JobState:
    """Return the state at a moment, time-outs and the end of the window counted in.

    A call in the deadline's own second is still in time. Mirrors ``JobMarket.stateOf``.
    """
    if stored in AFTER_DEADLINE and time_s > deadline_s:
        return AFTER_DEADLINE[stored]
    return stored


def next_state(state: JobState, event: JobEvent) -> JobState:
    """Return the state after an event.

    Args:
        state: the effective state, see :func:`effective_state`.
        event: what happens.

    Raises:
        InternalError: the table forbids the event in this state.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise InternalError(
            f"A job in state {state.label} does not allow {event.value}.",
            state=state.label,
            event=event.value,
        ) from None
