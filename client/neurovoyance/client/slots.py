"""An order's attempts as the slot of ``matching.reoffer``: may another provider be hired now?

Place: between :mod:`.jobs`, which drives an order, and the pure rule. The journal is replayed, so
a client that was killed comes to the same answer. Never: a decision of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from neurovoyance.client.journal import Attempt, Status
from neurovoyance.matching.reoffer import (
    Bound,
    Brought,
    Event,
    Refunded,
    Slot,
    Taken,
    Voided,
    step,
)
from neurovoyance.protocol.lifecycle import JobState

LAPSES_MAX = 3
HANDED_BACK = "HandedBack"
"""Note of an attempt that its provider returned before it committed; on chain it is Cancelled."""
_NOBODYS_FAULT = frozenset({JobState.UNMATCHED.label, JobState.CANCELLED.label})


def slot_of(attempts: Iterable[Attempt], retries: int) -> Slot:
    """Return where an order stands.

    Args:
        attempts: of the order, oldest first.
        retries: further attempts that its terms allow after refunds.
    """
    slot = Slot(retries_left=retries, lapses_left=LAPSES_MAX)
    for attempt in attempts:
        # Anybody may accept a listing, also who failed before: each counts as a party of its own.
        party = attempt.offer.provider if attempt.offer else f"listing {attempt.number}"
        for event in (Taken(party, attempt.deadline_s), *_events(attempt, party)):
            slot, _ = step(slot, event)
    return slot


def _events(attempt: Attempt, party: str) -> list[Event]:
    match attempt.status:
        case Status.PLANNED:
            return []
        case Status.VOID:
            return [Voided()]
        case Status.HIRED:
            return [Bound(party)]
        case Status.REFUNDED:
            return [Bound(party), Refunded(by_provider=attempt.note not in _NOBODYS_FAULT)]
        case Status.CHECKED | Status.SETTLED | Status.MISMATCH:
            return [Bound(party), Brought()]
