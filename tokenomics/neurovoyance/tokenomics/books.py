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
from dataclasses import dataclass, field
from typing import Any

from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.audits import pay_of
from neurovoyance.tokenomics.entries import JobEntry
from neurovoyance.tokenomics.stake_books import STAKE_HANDLERS, StakeBooks, require


def _zero() -> defaultdict[str, int]:
    return defaultdict(int)


@dataclass(slots=True)
class Books(StakeBooks):
    """Balances by address and job, wei, as the events tell them.

    Attributes:
        audit_court: address whose free balance is the audit pool; empty without audits.
        fee_router: address whose free balance is what providers have not harvested; empty where
            they earn the whole price.
        fee_router: address whose free balance takes the price of settled jobs; empty where
            providers earn it at once.
    """

    audit_court: str = ""
    fee_router: str = ""
    free_wei: defaultdict[str, int] = field(default_factory=_zero)
    earned_wei: defaultdict[str, int] = field(default_factory=_zero)
    harvested_wei: defaultdict[str, int] = field(default_factory=_zero)

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
            require(amount_wei >= 0, "a free balance fell under zero", client=client)
        for owner, stake in self.stakes.items():
            tied_wei = sum(wei for (who, _), wei in self.locks_wei.items() if who == owner)
            require(tied_wei == stake.locked_wei, "locks differ from the stake", provider=owner)

    @property
    def market_wei(self) -> int:
        """What JobMarket must hold: free balances (the courts' too), escrows and earnings."""
        escrow_wei = sum(job.escrow_wei for job in self.jobs.values())
        return sum(self.free_wei.values()) + escrow_wei + sum(self.earned_wei.values())

    def reserved_wei(self, client: str) -> int:
        """Return what waits in the escrows of a client's jobs."""
        return sum(job.escrow_wei for job in self.jobs.values() if job.client == client)

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
        require(self.earned_wei[event.provider] == 0, "a harvest left a rest", event=str(event))

    # --- jobs ---

    def _posted(self, event: Any) -> None:
        require(event.job_id not in self.jobs, "a job was posted twice", job_id=event.job_id)
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
        require(amount_wei >= 0, "a job costs more than its escrow", client=job.client)
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
        if self.fee_router:
            self.free_wei[self.fee_router] += event.paid_wei
        else:
            self.earned_wei[event.provider] += event.paid_wei

    def _refunded(self, event: Any, state: JobState) -> None:
        job = self._end(event, state, event.refund_wei)
        job.refunded_wei += event.refund_wei
        self.free_wei[job.client] += event.refund_wei

    def _burned(self, event: Any) -> None:
        """Book what the fee router or the vault burned of its own tokens."""
        self.burned_wei += event.burned_wei

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
            require(event.refund_wei == 0, "a live job was refunded", job_id=event.job_id)

    def _slash_share(self, event: Any) -> None:
        self.jobs[event.job_id].slash_share_wei += event.amount_wei
        self.free_wei[event.client] += event.amount_wei

    def _live(self, job_id: bytes) -> JobEntry:
        job = self.jobs[job_id]
        require(job.ended_in is None, "an ended job moved", job_id=job_id)
        return job

    def _end(self, event: Any, state: JobState, amount_wei: int) -> JobEntry:
        job = self._live(event.job_id)
        require(job.escrow_wei == amount_wei, "a job ended with a rest", job_id=event.job_id)
        job.escrow_wei, job.ended_in = 0, state
        return job

    def _split(self, event: Any) -> None:
        self.free_wei[event.client] += event.to_client_wei
        self.free_wei[event.finder] += event.to_finder_wei
        self.free_wei[event.court] += event.to_judges_wei
        if event.slash_id in self.jobs:
            self.jobs[event.slash_id].slash_share_wei += event.to_client_wei


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
    "PotsSwept": Books._burned,
    "ExitExecuted": Books._burned,
    "JobInvalid": Books._invalid,
    "JobCancelled": Books._cancelled,
    "JobExpired": Books._expired,
    "JobMoved": Books._moved,
    "SlashShareCredited": Books._slash_share,
    "Harvested": Books._harvested,
    "SlashSplit": Books._split,
    **STAKE_HANDLERS,
}
