"""What the agent does about an order that is out: wait, send it again, or give up.

Place: pure, under ``queued``; the clock is monotonic seconds and given. A worker shows that it
lives by a beat that changes. Redis may forget everything (it was restarted without its file), or
nothing may be known for a while (it cannot be reached): then only the deadline counts. Sending
again is always safe, since the token of the earlier message is void. Never: I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

SENDS_MOST = 12


class Move(StrEnum):
    """What to do now."""

    WAIT = "wait"
    TAKE = "take"
    RESTORE = "restore"
    SEND_AGAIN = "send again"
    OUT_OF_TIME = "out of time"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True)
class Seen:
    """What Redis said about an order.

    Attributes:
        has_report: a report with the current token is there.
        has_mark: the order's own mark is there.
        beat: the worker's beat with the current token, or None.
        is_queue_empty: no message waits for a worker.
    """

    has_report: bool
    has_mark: bool
    beat: str | None
    is_queue_empty: bool


@dataclass(frozen=True, slots=True)
class Out:
    """An order that is out.

    Attributes:
        deadline_s: when the output has to be there.
        sends: how often it was sent.
        quiet_since_s: last moment at which all was as it should be.
        beat: last beat seen.
    """

    deadline_s: float
    quiet_since_s: float
    sends: int = 1
    beat: str | None = None


def judge(out: Out, seen: Seen | None, now_s: float, lost_after_s: float) -> tuple[Out, Move]:
    """Return the order's new state and what to do.

    Args:
        out: the state.
        seen: what Redis said; None if it could not be asked.
        now_s: the clock.
        lost_after_s: silence after which a worker, or a message, counts as lost.
    """
    if seen is not None and seen.has_report:
        return out, Move.TAKE
    if now_s >= out.deadline_s:
        return out, Move.OUT_OF_TIME
    if seen is None:
        # Nobody can beat while Redis is away; the count begins anew when it is back.
        return replace(out, quiet_since_s=now_s), Move.WAIT
    if seen.beat is not None and seen.beat != out.beat:
        move = Move.WAIT if seen.has_mark else Move.RESTORE
        return replace(out, beat=seen.beat, quiet_since_s=now_s), move
    is_waiting = out.beat is None and seen.has_mark and not seen.is_queue_empty
    if is_waiting:
        return replace(out, quiet_since_s=now_s), Move.WAIT
    if now_s - out.quiet_since_s < lost_after_s:
        return out, Move.WAIT
    if out.sends >= SENDS_MOST:
        return out, Move.GIVE_UP
    return replace(out, beat=None, quiet_since_s=now_s, sends=out.sends + 1), Move.SEND_AGAIN


def returned(out: Out, now_s: float) -> Out:
    """Return the state of an order that a worker gave back, or reported wrongly about.

    It is sent again at once. That counts as no loss: the owner of a machine may come back often.
    """
    return replace(out, beat=None, quiet_since_s=now_s)
