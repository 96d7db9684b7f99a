"""Every wei of the market, kept from its events alone.

Place: beside the contracts, as their bookkeeper. Feed the events of JobMarket and StakeManager in
chain order; the totals then equal the contracts' token balances, to the wei, or something is wrong.
Clients use it to answer "where is my money", tests to prove that nothing is lost.

Where a deployment has audits a job holds money beside its price; what `post` and `open` held at
first no event says, so the books compute it, and between two events of one transaction a balance
may be under zero. :meth:`Books.check` is for the end of a transaction.

Events are recognised by their Solidity name and the attributes of the typed event classes, so this
module needs to know no chain library.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.audits import pay_of
from neurovoyance.tokenomics.entries import HeldSlash, JobEntry
from neurovoyance.tokenomics.staking import (
    SlashSplit,
    Stake,
    slash_timeout,
    slash_verdict,
    split_penalty,
    split_timeout,
    split_verdict,
    take_free,
    take_locked,
)

_FULL_TIMEOUTS = (JobState.PROVIDER_REVEAL_TIMEOUT, JobState.PROVIDER_ANSWER_TIMEOUT)


def _zero() -> defaultdict[str, int]:
    return defaultdict(int)


def _locks() -> defaultdict[tuple[str, bytes], int]:
    return defaultdict(int)


@dataclass(slots=True)
class Books:
    """Balances by address and job, wei, as the events tell them.

    Attributes:
        audit_court: address whose free balance is the audit pool; empty without audits.
        locks_wei: stake tied, by owner and lock id (of a job, an audit or a bond).
        held: slashes by verdict that were not split yet, by slash id.
    """

    audit_court: str = ""
    free_wei: defaultdict[str, int] = field(default_factory=_zero)
    earned_wei: defaultdict[str, int] = field(default_factory=_zero)
    harvested_wei: defaultdict[str, int] = field(default_factory=_zero)
    stakes: dict[str, Stake] = field(default_factory=dict)
    locks_wei: defaultdict[tuple[str, bytes], int] = field(default_factory=_locks)
    jobs: dict[bytes, JobEntry] = field(default_factory=dict)
    held: dict[bytes, HeldSlash] = field(default_factory=dict)
    insurance_wei: int = 0
    burned_wei: int = 0
    _freed: list[tuple[str, bytes, int]] = field(default_factory=list)

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
            if name != "StakeUnlocked":
                self._freed.clear()

    def check(self) -> None:
        """Raise InternalError unless every balance is at least zero and every lock is backed."""
        for client, amount_wei in self.free_wei.items():
            _require(amount_wei >= 0, "a free balance fell under zero", client=client)
        for owner, stake in self.stakes.items():
            tied_wei = sum(wei for (who, _), wei in self.locks_wei.items() if who == owner)
            _require(tied_wei == stake.locked_wei, "locks differ from the stake", provider=owner)

    @property
    def market_wei(self) -> int:
        """What JobMarket must hold: free balances (the courts' too), escrows and earnings."""
        escrow_wei = sum(job.escrow_wei for job in self.jobs.values())
        return sum(self.free_wei.values()) + escrow_wei + sum(self.earned_wei.values())

    @property
    def held_wei(self) -> int:
        """Slashes by verdict that wait to be split."""
        return sum(slash.amount_wei for slash in self.held.values())

    @property
    def stake_manager_wei(self) -> int:
        """What StakeManager must hold: own and unbonding stake, insurance and held slashes."""
        stakes_wei = sum(s.own_wei + s.unbonding_wei for s in self.stakes.values())
        return stakes_wei + self.insurance_wei + self.held_wei

    def reserved_wei(self, client: str) -> int:
        """Return what waits in the escrows of a client's jobs."""
        return sum(job.escrow_wei for job in self.jobs.values() if job.client == client)

    def stake_of(self, provider: str) -> Stake:
        """Return the stake of a provider; zeros if it never staked."""
        return self.stakes.get(provider, Stake())

    # --- free balances ---

    def _deposited(self, event: Any) -> None:
        self.free_wei[event.client] += event.amount_wei

    def _withdrawn(self, event: Any) -> None:
        self.free_wei[event.client] -= event.amount_wei

    def _collected(self, event: Any) -> None:
        self.free_wei[event.from_] -= event.amount_wei
        self.free_wei[event.court] += event.amount_wei

    def _court_paid(self, event: Any) -> None:
        self.free_wei[event.court] -= event.amount_wei
        balances = self.earned_wei if event.as_earned else self.free_wei
        balances[event.to] += event.amount_wei

    def _harvested(self, event: Any) -> None:
        self.earned_wei[event.provider] -= event.amount_wei
        self.harvested_wei[event.provider] += event.amount_wei
        _require(self.earned_wei[event.provider] == 0, "a harvest left a rest", event=str(event))

    # --- jobs ---

    def _posted(self, event: Any) -> None:
        _require(event.job_id not in self.jobs, "a job was posted twice", job_id=event.job_id)
        held_wei = 0
        if self.audit_court:
            held_wei = pay_of(event.max_price_wei) * event.spec.audit_slots
        escrow_wei = event.max_price_wei + held_wei
        self.free_wei[event.client] -= escrow_wei
        self.jobs[event.job_id] = JobEntry(event.client, event.max_price_wei, escrow_wei, held_wei)

    def _assigned(self, event: Any) -> None:
        job = self._live(event.job_id)
        job.provider = event.provider
        job.agreed_lock_wei = event.lock_wei
        self._return(job, job.price_wei - event.price_wei)
        job.price_wei = event.price_wei

    def _terms_frozen(self, event: Any) -> None:
        job = self._live(event.job_id)
        self._return(job, job.held_wei - event.held_wei)
        job.held_wei = event.held_wei

    def _return(self, job: JobEntry, amount_wei: int) -> None:
        _require(amount_wei >= 0, "a job costs more than its escrow", client=job.client)
        job.escrow_wei -= amount_wei
        job.refunded_wei += amount_wei
        self.free_wei[job.client] += amount_wei

    def _audit_fees(self, event: Any) -> None:
        job = self._live(event.job_id)
        job.escrow_wei -= event.to_pool_wei
        job.pool_wei += event.to_pool_wei
        self.free_wei[self.audit_court] += event.to_pool_wei
        self._return(job, event.returned_wei)

    def _settled(self, event: Any) -> None:
        job = self._end(event, JobState.SETTLED, event.paid_wei)
        job.paid_wei = event.paid_wei
        self.earned_wei[event.provider] += event.paid_wei

    def _refunded(self, event: Any, state: JobState) -> None:
        job = self._end(event, state, event.refund_wei)
        job.refunded_wei += event.refund_wei
        self.free_wei[job.client] += event.refund_wei

    def _invalid(self, event: Any) -> None:
        self._refunded(event, JobState.INVALID)

    def _cancelled(self, event: Any) -> None:
        self._refunded(event, JobState.CANCELLED)

    def _expired(self, event: Any) -> None:
        self._refunded(event, JobState(event.state))

    def _moved(self, event: Any) -> None:
        if JobState(event.to).is_final:
            self._refunded(event, JobState(event.to))
        else:
            _require(event.refund_wei == 0, "a live job was refunded", job_id=event.job_id)

    def _slash_share(self, event: Any) -> None:
        self.jobs[event.job_id].slash_share_wei += event.amount_wei
        self.free_wei[event.client] += event.amount_wei

    def _live(self, job_id: bytes) -> JobEntry:
        job = self.jobs[job_id]
        _require(job.ended_in is None, "an ended job moved", job_id=job_id)
        return job

    def _end(self, event: Any, state: JobState, amount_wei: int) -> JobEntry:
        job = self._live(event.job_id)
        _require(job.escrow_wei == amount_wei, "a job ended with a rest", job_id=event.job_id)
        job.escrow_wei, job.ended_in = 0, state
        return job

    # --- stake ---

    def _staked(self, event: Any) -> None:
        stake = self.stake_of(event.provider)
        own_wei = stake.own_wei + event.amount_wei
        _require(own_wei == event.own_wei, "a stake differs", provider=event.provider)
        self.stakes[event.provider] = replace(stake, own_wei=own_wei)

    def _unbonding(self, event: Any) -> None:
        stake = self.stake_of(event.provider)
        _require(event.amount_wei <= stake.free_wei, "locked stake unbonds", event=str(event))
        self.stakes[event.provider] = replace(
            stake,
            own_wei=stake.own_wei - event.amount_wei,
            unbonding_wei=stake.unbonding_wei + event.amount_wei,
        )

    def _unbonded(self, event: Any) -> None:
        stake = self.stake_of(event.provider)
        left_wei = stake.unbonding_wei - event.amount_wei
        _require(left_wei == 0, "unbonding left a rest", provider=event.provider)
        self.stakes[event.provider] = replace(stake, unbonding_wei=0)

    def _locked(self, event: Any) -> None:
        self._tie(event.provider, event.job_id, event.amount_wei)
        _require(
            self.stake_of(event.provider).free_wei >= 0, "locks exceed the stake", event=str(event)
        )

    def _unlocked(self, event: Any) -> None:
        self._tie(event.provider, event.job_id, -event.amount_wei)
        self._freed.append((event.provider, event.job_id, event.amount_wei))

    def _tie(self, owner: str, lock_id: bytes, amount_wei: int) -> None:
        self.locks_wei[owner, lock_id] += amount_wei
        _require(self.locks_wei[owner, lock_id] >= 0, "another lock was closed", lock_id=lock_id)
        stake = self.stake_of(owner)
        self.stakes[owner] = replace(stake, locked_wei=stake.locked_wei + amount_wei)
        job = self.jobs.get(lock_id)
        if job is not None and job.provider == owner:
            job.lock_wei = self.locks_wei[owner, lock_id]

    def _just_freed(self, owner: str, *lock_ids: bytes) -> int:
        """Return what the events right before freed: the contract frees first, then takes."""
        return sum(wei for who, lock, wei in self._freed if who == owner and lock in lock_ids)

    def _before(self, owner: str, freed_wei: int) -> Stake:
        stake = self.stake_of(owner)
        return replace(stake, locked_wei=stake.locked_wei + freed_wei)

    # --- slashes ---

    def _slashed(self, event: Any) -> None:
        job = self.jobs[event.job_id]
        freed_wei = self._just_freed(event.provider, event.job_id)
        before = self._before(event.provider, freed_wei)
        full = job.ended_in in _FULL_TIMEOUTS
        after, taken_wei = slash_timeout(before, freed_wei, full=full)
        told = SlashSplit(event.burned_wei, event.to_client_wei, event.to_insurance_wei)
        _require(taken_wei == event.amount_wei, "a slash differs", job_id=event.job_id)
        _require(
            split_timeout(taken_wei, job.price_wei) == told, "a split differs", job_id=event.job_id
        )
        self.stakes[event.provider] = after
        self._share(told)

    def _penalised(self, event: Any) -> None:
        freed_wei = self._just_freed(event.owner, event.lock_id)
        if freed_wei:
            before = self._before(event.owner, freed_wei)
            after = take_locked(before, freed_wei, event.amount_wei)
            _require(event.amount_wei <= freed_wei, "a penalty exceeds its lock", event=str(event))
        else:
            after, taken_wei = take_free(self.stake_of(event.owner), event.amount_wei)
            _require(taken_wei == event.amount_wei, "a penalty differs", event=str(event))
        told = SlashSplit(event.burned_wei, 0, event.to_insurance_wei)
        _require(split_penalty(event.amount_wei) == told, "a split differs", event=str(event))
        self.stakes[event.owner] = after
        self._share(told)

    def _booked(self, event: Any) -> None:
        job = self.jobs[event.job_id]
        freed_wei = self._just_freed(event.provider, event.job_id, event.slash_id)
        is_late = job.ended_in is JobState.SETTLED
        lock_wei = job.agreed_lock_wei
        bond_wei = freed_wei if is_late else freed_wei - lock_wei
        before = self._before(event.provider, freed_wei)
        found = [
            slash_verdict(before, lock_wei, bond_wei, is_forgery=forged, is_late=is_late)
            for forged in (False, True)
        ]
        fitting = [after for after, taken_wei in found if taken_wei == event.amount_wei]
        _require(bool(fitting), "a booked slash differs", job_id=event.job_id)
        self.stakes[event.provider] = fitting[0]
        _require(event.slash_id not in self.held, "a slash was booked twice", event=str(event))
        self.held[event.slash_id] = HeldSlash(event.job_id, event.provider, event.amount_wei)

    def _finalized(self, event: Any) -> None:
        slash = self.held.pop(event.slash_id)
        told = SlashSplit(
            event.burned_wei,
            event.to_client_wei,
            event.to_insurance_wei,
            event.to_finder_wei,
            event.to_judges_wei,
        )
        price_wei = self.jobs[slash.job_id].price_wei
        split = [
            split_verdict(slash.amount_wei, price_wei, has_finder=found) for found in (True, False)
        ]
        _require(told in split, "a verdict's split differs", job_id=slash.job_id)
        self._share(told)

    def _split(self, event: Any) -> None:
        self.free_wei[event.client] += event.to_client_wei
        self.free_wei[event.finder] += event.to_finder_wei
        self.free_wei[event.court] += event.to_judges_wei
        if event.slash_id in self.jobs:
            self.jobs[event.slash_id].slash_share_wei += event.to_client_wei

    def _share(self, split: SlashSplit) -> None:
        self.burned_wei += split.burned_wei
        self.insurance_wei += split.to_insurance_wei

    def _insurance_collected(self, event: Any) -> None:
        self.insurance_wei -= event.amount_wei
        _require(self.insurance_wei == 0, "insurance left a rest")


def _require(condition: bool, what: str, **context: Any) -> None:
    if not condition:
        raise InternalError(f"The books do not balance: {what}.", **context)


_HANDLERS: dict[str, Callable[[Books, Any], None]] = {
    "Deposited": Books._deposited,
    "Withdrawn": Books._withdrawn,
    "Collected": Books._collected,
    "CourtPaid": Books._court_paid,
    "JobPosted": Books._posted,
    "JobAssigned": Books._assigned,
    "AuditTermsFrozen": Books._terms_frozen,
    "AuditFeesPaid": Books._audit_fees,
    "JobSettled": Books._settled,
    "JobInvalid": Books._invalid,
    "JobCancelled": Books._cancelled,
    "JobExpired": Books._expired,
    "JobMoved": Books._moved,
    "SlashShareCredited": Books._slash_share,
    "Harvested": Books._harvested,
    "Staked": Books._staked,
    "UnbondingRequested": Books._unbonding,
    "UnbondingWithdrawn": Books._unbonded,
    "StakeLocked": Books._locked,
    "StakeUnlocked": Books._unlocked,
    "Slashed": Books._slashed,
    "LockSlashed": Books._penalised,
    "SlashBooked": Books._booked,
    "SlashFinalized": Books._finalized,
    "SlashSplit": Books._split,
    "InsuranceCollected": Books._insurance_collected,
}
