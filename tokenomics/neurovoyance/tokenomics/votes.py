"""Voting units and their snapshots, as ``VotingPower`` keeps them.

Place: a pure model of ``contracts/governance/VotingPower.sol`` (OpenZeppelin ``Votes`` with a clock
that ticks once a day), compared with it by differential tests. Units are wei, timepoints unix
seconds; accounts are any text.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from neurovoyance.tokenomics.reverts import TwinRevert

TICK_S = 86_400
"""Seconds between two ticks of the clock."""


def clock_at(now_s: int) -> int:
    """Return the beginning of the tick that a time lies in."""
    return now_s - now_s % TICK_S


def whole_ticks(time_s: int) -> int:
    """Return a delay or period as the governors use it: rounded up to whole ticks."""
    return -(-time_s // TICK_S) * TICK_S


@dataclass(slots=True)
class _Trace:
    """Values from timepoints on; one entry a tick."""

    times: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)

    def latest(self) -> int:
        return self.values[-1] if self.values else 0

    def push(self, time: int, value: int) -> None:
        if self.times and self.times[-1] == time:
            self.values[-1] = value
        else:
            self.times.append(time)
            self.values.append(value)

    def at(self, time: int) -> int:
        place = bisect_right(self.times, time)
        return self.values[place - 1] if place else 0


@dataclass(slots=True)
class VotesState:
    """Units, delegations and checkpoints.

    Attributes:
        units: by account, delegated or not.
        delegates: by account; missing means nobody, whose units vote for nobody.
    """

    units: dict[str, int] = field(default_factory=dict)
    delegates: dict[str, str] = field(default_factory=dict)
    _total: _Trace = field(default_factory=_Trace)
    _votes: dict[str, _Trace] = field(default_factory=dict)

    def move(self, account: str, change: int, now_s: int) -> None:
        """Add units, or take them away.

        Raises:
            TwinRevert: VotingPower__TooFewUnits, if fewer are there.
        """
        units = self.units.get(account, 0)
        if change < -units:
            raise TwinRevert("VotingPower__TooFewUnits", account, units, -change)
        self._total.push(clock_at(now_s), self._total.latest() + change)
        self._shift(self.delegates.get(account), change, now_s)
        self.units[account] = units + change

    def delegate(self, account: str, delegate: str | None, now_s: int) -> None:
        """Let another, oneself or nobody vote with all units of an account."""
        before = self.delegates.get(account)
        if before != delegate:
            units = self.units.get(account, 0)
            self._shift(before, -units, now_s)
            self._shift(delegate, units, now_s)
        if delegate is None:
            self.delegates.pop(account, None)
        else:
            self.delegates[account] = delegate

    def votes_of(self, account: str) -> int:
        """Return the votes of an account as they stand now."""
        trace = self._votes.get(account)
        return trace.latest() if trace else 0

    def past_votes(self, account: str, timepoint: int, now_s: int) -> int:
        """Return the votes of an account at a timepoint whose tick is over.

        Raises:
            TwinRevert: ERC5805FutureLookup, if it is not.
        """
        self._check_past(timepoint, now_s)
        trace = self._votes.get(account)
        return trace.at(timepoint) if trace else 0

    def past_total(self, timepoint: int, now_s: int) -> int:
        """Return all units at a timepoint whose tick is over, delegated or not.

        Raises:
            TwinRevert: ERC5805FutureLookup, if it is not.
        """
        self._check_past(timepoint, now_s)
        return self._total.at(timepoint)

    def _shift(self, delegate: str | None, change: int, now_s: int) -> None:
        if delegate is None or change == 0:
            return
        trace = self._votes.setdefault(delegate, _Trace())
        trace.push(clock_at(now_s), trace.latest() + change)

    @staticmethod
    def _check_past(timepoint: int, now_s: int) -> None:
        if timepoint >= clock_at(now_s):
            raise TwinRevert("ERC5805FutureLookup", timepoint, clock_at(now_s))
