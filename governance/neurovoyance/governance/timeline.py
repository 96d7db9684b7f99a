"""When a proposal is voted on and can take effect, as dates; and the path of a long change.

Place: pure arithmetic on unix seconds; the rules are those of OpenZeppelin's Governor with a clock
that ticks once a day. Votes count as they stand at the end of the snapshot's tick, voting begins
with the next tick and ends with the end of the deadline's tick.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.tokenomics.governing import COOLDOWN_S
from neurovoyance.tokenomics.params import Parameter
from neurovoyance.tokenomics.votes import TICK_S, clock_at

EPOCH_S = 604_800
STEPS_MAX = 64


@dataclass(frozen=True, slots=True)
class GovernorTimes:
    """Delays of a governor as they apply now, seconds; the first two are whole ticks."""

    delay_s: int
    period_s: int
    timelock_s: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Dates of a proposal, unix seconds.

    Attributes:
        snapshot_s: the tick whose end counts votes.
        votes_from_s: first second in which a vote is taken.
        votes_until_s: first second in which none is taken any more; it can be queued from then.
        executable_s: first second in which it can be executed, if it is queued at once.
    """

    snapshot_s: int
    votes_from_s: int
    votes_until_s: int
    executable_s: int


@dataclass(frozen=True, slots=True)
class PathStep:
    """One of the proposals that a long change needs.

    Attributes:
        value: what this proposal sets.
        propose_s: earliest second to make it.
        execute_s: earliest second in which it can be executed.
        applies_s: from when the value applies.
    """

    value: int
    propose_s: int
    execute_s: int
    applies_s: int


def timeline(snapshot_s: int, deadline_s: int, timelock_s: int, eta_s: int = 0) -> Timeline:
    """Return the dates that follow from what the governor stores about a proposal."""
    votes_until_s = deadline_s + TICK_S
    return Timeline(
        snapshot_s, snapshot_s + TICK_S, votes_until_s, eta_s or votes_until_s + timelock_s
    )


def if_proposed(now_s: int, times: GovernorTimes) -> Timeline:
    """Return the dates of a proposal that would be made at a time."""
    snapshot_s = clock_at(now_s) + times.delay_s
    return timeline(snapshot_s, snapshot_s + times.period_s, times.timelock_s)


def next_epoch_s(time_s: int) -> int:
    """Return when a change that is executed at a time applies."""
    return (time_s // EPOCH_S + 1) * EPOCH_S


def path_to(
    parameter: Parameter,
    current: int,
    value: int,
    *,
    now_s: int,
    ready_at_s: int,
    times: GovernorTimes,
) -> list[PathStep]:
    """Return the fastest proposals from a value to another, one largest step each.

    Args:
        parameter: its bounds hold ``value``.
        current: what was set last.
        value: where to get.
        now_s: when the first proposal could be made.
        ready_at_s: when the parameter may move again.
        times: of the governor that moves it.

    Each proposal runs through its vote while the parameter still rests; only its execution waits.
    """
    lead_s = if_proposed(now_s, times).executable_s - clock_at(now_s)
    steps: list[PathStep] = []
    earliest_s = ready_at_s
    while current != value and len(steps) < STEPS_MAX:
        distance = min(parameter.step, abs(value - current))
        current += distance if value > current else -distance
        propose_s = max(now_s, clock_at(earliest_s) - lead_s)
        execute_s = max(earliest_s, if_proposed(propose_s, times).executable_s)
        steps.append(PathStep(current, propose_s, execute_s, next_epoch_s(execute_s)))
        earliest_s = execute_s + COOLDOWN_S[parameter.governor]
    return steps
