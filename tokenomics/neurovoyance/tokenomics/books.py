"""Every wei of the market, kept from its events alone.

Place: beside the contracts, as their bookkeeper. Feed the events of JobMarket and StakeManager in
chain order; the totals then equal the contracts' token balances, to the wei, or something is wrong.
Clients use it to answer "where is my money", tests to prove that nothing is lost.

Events are recognised by their Solidity name and the attributes of the typed event classes, so this
module needs to know no chain library.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.staking import SlashSplit, Stake, slash_timeout, split_timeout


@dataclass(slots=True)
class JobEntry:
    """The money of one job, wei.

    Attributes:
        client: who pays.
        provider: who earns; empty while nobody took the job.
        price_wei: agreed price; the maximum price while the job is open.
        escrow_wei: still held for the job.
        lock_wei: the provider's stake still tied to the job.
        paid_wei: credited to the provider.
        refunded_wei: credited back to the client, an unused part of the maximum price included.
        slash_share_wei: the client's part of a slash.
        ended_in: final state, or None while the job lives.
    """

    client: str
    price_wei: int
    escrow_wei: int
    provider: str = ""
    lock_wei: int = 0
    paid_wei: int = 0
    refunded_wei: int = 0
    slash_share_wei: int = 0
    ended_in: JobState | None = None


def _zero() -> defaultdict[str, int]:
    return defaultdict(int)


@dataclass(slots=True)
class Books:
    """Balances by address and job, wei, as the events tell them."""

    free_wei: defaultdict[str, int] = field(default_factory=_zero)
    earned_wei: defaultdict[str, int] = field(default_factory=_zero)
    harvested_wei: defaultdict[str, int] = field(default_factory=_zero)
    stakes: dict[str, Stake] = field(default_factory=dict)
    jobs: dict[bytes, JobEntry] = field(default_factory=dict)
    insurance_wei: int = 0
    burned_wei: int = 0

    def apply(self, name: str, event: Any) -> None:
        """Book one event.

        Args:
            name: the Solidity name of the event; names that move no money are ignored.
            event: an object with the attributes of the typed event class.

        Raises:
            InternalError: the event contradicts the books or the money rules.
        """
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(self, event)

    @property
    def market_wei(self) -> int:
        """What JobMarket must hold: free balances, escrows and earnings."""
        escrow_wei = sum(job.escrow_wei for job in self.jobs.values())
        return sum(self.free_wei.values()) + escrow_wei + sum(self.earned_wei.values())

    @property
    def stake_manager_wei(self) -> int:
        """What StakeManager must hold: own and unbonding stake and the insurance share."""
        stakes_wei = sum(s.own_wei + s.unbonding_wei for s in self.stakes.values())
        return stakes_wei + self.insurance_wei

    def reserved_wei(self, client: str) -> int:
        """Return what waits in the escrows of a client's jobs."""
        return sum(job.escrow_wei for job in self.jobs.values() if job.client == client)

    def stake_of(self, provider: str) -> Stake:
        """Return the stake of a provider; zeros if it never staked."""
        return self.stakes.get(provider, Stake())

    def _move_free(self, client: str, amount_wei: int) -> None:
        self.free_wei[client] += amount_wei
        _require(self.free_wei[client] >= 0, "a free balance fell under zero", client=client)

    def _deposited(self, event: Any) -> None:
        self._move_free(event.client, event.amount_wei)

    def _withdrawn(self, event: Any) -> None:
        self._move_free(event.client, -event.amount_wei)

    def _posted(self, event: Any) -> None:
        _require(event.job_id not in self.jobs, "a job was posted twice", job_id=event.job_id)
        self._move_free(event.client, -event.max_price_wei)
        self.jobs[event.job_id] = JobEntry(
            client=event.client, price_wei=event.max_price_wei, escrow_wei=event.max_price_wei
        )

    def _assigned(self, event: Any) -> None:
        job = self._live(event.job_id)
        change_wei = job.escrow_wei - event.price_wei
        _require(change_wei >= 0, "a job costs more than its escrow", job_id=event.job_id)
        job.provider, job.price_wei, job.escrow_wei = (
            event.provider,
            event.price_wei,
            event.price_wei,
        )
        job.refunded_wei += change_wei
        self._move_free(job.client, change_wei)

    def _settled(self, event: Any) -> None:
        job = self._end(event, JobState.SETTLED, event.paid_wei)
        job.paid_wei = event.paid_wei
        self.earned_wei[event.provider] += event.paid_wei

    def _refunded(self, event: Any, state: JobState) -> None:
        job = self._end(event, state, event.refund_wei)
        job.refunded_wei += event.refund_wei
        self._move_free(job.client, event.refund_wei)

    def _invalid(self, event: Any) -> None:
        self._refunded(event, JobState.INVALID)

    def _cancelled(self, event: Any) -> None:
        self._refunded(event, JobState.CANCELLED)

    def _expired(self, event: Any) -> None:
        self._refunded(event, JobState(event.state))

    def _slash_share(self, event: Any) -> None:
        self.jobs[event.job_id].slash_share_wei += event.amount_wei
        self._move_free(event.client, event.amount_wei)

    def _harvested(self, event: Any) -> None:
        self.earned_wei[event.provider] -= event.amount_wei
        self.harvested_wei[event.provider] += event.amount_wei
        _require(self.earned_wei[event.provider] == 0, "a harvest left a rest", event=str(event))

    def _staked(self, event: Any) -> None:
        self._set_stake(event.provider, own_wei=event.amount_wei)
        own_wei = self.stake_of(event.provider).own_wei
        _require(own_wei == event.own_wei, "a stake differs", provider=event.provider)

    def _unbonding(self, event: Any) -> None:
        self._set_stake(event.provider, own_wei=-event.amount_wei, unbonding_wei=event.amount_wei)

    def _unbonded(self, event: Any) -> None:
        self._set_stake(event.provider, unbonding_wei=-event.amount_wei)

    def _locked(self, event: Any) -> None:
        self.jobs[event.job_id].lock_wei += event.amount_wei
        self._set_stake(event.provider, locked_wei=event.amount_wei)

    def _unlocked(self, event: Any) -> None:
        job = self.jobs[event.job_id]
        _require(job.lock_wei == event.amount_wei, "another lock was closed", job_id=event.job_id)
        if job.ended_in in (JobState.SETTLED, JobState.INVALID):
            job.lock_wei = 0
            self._set_stake(event.provider, locked_wei=-event.amount_wei)

    def _slashed(self, event: Any) -> None:
        job = self.jobs[event.job_id]
        full = job.ended_in is JobState.PROVIDER_REVEAL_TIMEOUT
        stake = self.stake_of(event.provider)
        after, taken_wei = slash_timeout(stake, job.lock_wei, full=full)
        told = SlashSplit(event.burned_wei, event.to_client_wei, event.to_insurance_wei)
        _require(taken_wei == event.amount_wei, "a slash differs", job_id=event.job_id)
        _require(
            split_timeout(taken_wei, job.price_wei) == told, "a split differs", job_id=event.job_id
        )
        self.stakes[event.provider] = after
        job.lock_wei = 0
        self.burned_wei += event.burned_wei
        self.insurance_wei += event.to_insurance_wei

    def _insurance_collected(self, event: Any) -> None:
        self.insurance_wei -= event.amount_wei
        _require(self.insurance_wei == 0, "insurance left a rest")

    def _live(self, job_id: bytes) -> JobEntry:
        job = self.jobs[job_id]
        _require(job.ended_in is None, "an ended job moved", job_id=job_id)
        return job

    def _end(self, event: Any, state: JobState, amount_wei: int) -> JobEntry:
        job = self._live(event.job_id)
        _require(job.escrow_wei == amount_wei, "a job ended with a rest", job_id=event.job_id)
        job.escrow_wei, job.ended_in = 0, state
        return job

    def _set_stake(
        self, provider: str, *, own_wei: int = 0, locked_wei: int = 0, unbonding_wei: int = 0
    ) -> None:
        old = self.stake_of(provider)
        new = Stake(
            old.own_wei + own_wei, old.locked_wei + locked_wei, old.unbonding_wei + unbonding_wei
        )
        sound = 0 <= new.locked_wei <= new.own_wei and new.unbonding_wei >= 0
        _require(sound, "locks exceed the stake", provider=provider)
        self.stakes[provider] = new


def _require(condition: bool, what: str, **context: Any) -> None:
    if not condition:
        raise InternalError(f"The books do not balance: {what}.", **context)


_HANDLERS: dict[str, Callable[[Books, Any], None]] = {
    "Deposited": Books._deposited,
    "Withdrawn": Books._withdrawn,
    "JobPosted": Books._posted,
    "JobAssigned": Books._assigned,
    "JobSettled": Books._settled,
    "JobInvalid": Books._invalid,
    "JobCancelled": Books._cancelled,
    "JobExpired": Books._expired,
    "SlashShareCredited": Books._slash_share,
    "Harvested": Books._harvested,
    "Staked": Books._staked,
    "UnbondingRequested": Books._unbonding,
    "UnbondingWithdrawn": Books._unbonded,
    "StakeLocked": Books._locked,
    "StakeUnlocked": Books._unlocked,
    "Slashed": Books._slashed,
    "InsuranceCollected": Books._insurance_collected,
}
