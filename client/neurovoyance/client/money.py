"""Where is my money: every wei of an account, what put it there, and when it moves next.

Place: read by people first thing, and by the books of the demo. Balances come from the contracts,
the reasons from chain events; the two are compared, so a gap shows as a line instead of hiding.
Never: a balance that is only remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from neurovoyance.chain.contracts import Contracts, StakeRecord
from neurovoyance.chain.market import JobRecord
from neurovoyance.chain.rewards import EPOCH_S
from neurovoyance.client.journal import Journal, StoredEvent
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.lifecycle import WARM, JobState, effective_state

_LIVE = WARM
_NEXT_OF_CLIENT = {
    JobState.OPEN: "refunded then, unless a provider takes it",
    JobState.ASSIGNED: "refunded then, unless the provider commits",
    JobState.COMMITTED: "refunded then, unless the provider reveals",
    JobState.DRAWN: "refunded then, unless an auditor is drawn",
    JobState.AUDITED: "refunded then, unless the auditors agree before",
    JobState.REVEALED: "paid to the provider then, or when you confirm",
    JobState.DISPUTED: "refunded then, unless the referees agree before",
    JobState.ACCEPTED: "paid to the provider as soon as anyone settles",
    JobState.UNMATCHED: "yours as soon as anyone calls expire; `job watch` does",
    JobState.PROVIDER_COMMIT_TIMEOUT: "yours as soon as anyone calls expire; `job watch` does",
    JobState.PROVIDER_REVEAL_TIMEOUT: "yours as soon as anyone calls expire; `job watch` does",
    JobState.PROVIDER_ANSWER_TIMEOUT: "yours as soon as anyone calls expire; `job watch` does",
    JobState.AUDITOR_TIMEOUT: "yours as soon as anyone calls expire; `job watch` does",
    JobState.REFEREE_TIMEOUT: "yours as soon as anyone calls expire; `job watch` does",
}


class Bucket(StrEnum):
    """The places where an account's money can be."""

    WALLET = "wallet"
    FREE = "free"
    RESERVED = "reserved"
    PENDING = "pending"
    EARNED = "earned"
    STAKED = "staked"
    UNBONDING = "unbonding"
    VESTING = "vesting"


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """One sum of money.

    Attributes:
        bucket: where it is.
        amount_wei: how much.
        what: why it is there, for people.
        tx_hash: transaction that put it there, as far as this client saw it.
        next_s: chain time, unix seconds, at which something happens to it; 0 when nothing is due.
        next_what: what happens then, or what its owner can do now.
    """

    bucket: Bucket
    amount_wei: int
    what: str
    tx_hash: str = ""
    next_s: int = 0
    next_what: str = ""


@dataclass(frozen=True, slots=True)
class MoneyView:
    """All money of one account at one moment of chain time."""

    address: str
    time_s: int
    lines: tuple[MoneyLine, ...] = field(default_factory=tuple)

    def total_wei(self, *buckets: Bucket) -> int:
        """Return the sum of some buckets; of all when none is named."""
        return sum(line.amount_wei for line in self.lines if not buckets or line.bucket in buckets)

    @property
    def available_wei(self) -> int:
        """What can be spent now: wallet and free balance."""
        return self.total_wei(Bucket.WALLET, Bucket.FREE)

    @property
    def reserved_wei(self) -> int:
        """What is tied: escrow of live jobs, stake, stake that is unbonding, what vests."""
        return self.total_wei(Bucket.RESERVED, Bucket.STAKED, Bucket.UNBONDING, Bucket.VESTING)

    @property
    def pending_wei(self) -> int:
        """What is this account's and not yet in its hands: earnings, refunds that are due."""
        return self.total_wei(Bucket.PENDING, Bucket.EARNED)


async def money_view(
    contracts: Contracts, journal: Journal, address: str, *, time_s: int
) -> MoneyView:
    """Return where the money of an account is.

    Args:
        contracts: to read every balance from.
        journal: of a client that follows the chain for this account.
        address: the account.
        time_s: chain time, unix seconds.
    """
    token, market, stakes = contracts.token, contracts.market, contracts.stakes
    deposits = journal.events_named("Deposited")
    lines = [
        MoneyLine(Bucket.WALLET, await token.balance_of_wei(address), "tokens in the wallet"),
        MoneyLine(
            Bucket.FREE,
            await market.free_of_wei(address),
            "in the market, free for jobs",
            tx_hash=_last_tx(deposits, client=address),
            next_what="withdraw it any time",
        ),
    ]
    for job_id, tx_hash in _jobs_of(journal.events_named("JobPosted"), address):
        record = await market.job(JobId(job_id))
        if line := escrow_line(job_id, record, tx_hash, time_s):
            lines.append(line)
    for job_id, tx_hash in _jobs_of(journal.events_named("JobAssigned"), address, "provider"):
        record = await market.job(JobId(job_id))
        if line := income_line(job_id, record, tx_hash, time_s):
            lines.append(line)
    earned_wei = await market.earned_of_wei(address)
    if earned_wei:
        settled = journal.events_named("JobSettled")
        lines.append(
            MoneyLine(
                Bucket.EARNED,
                earned_wei,
                "earned with finished jobs",
                tx_hash=_last_tx(settled, provider=address),
                next_what="harvest it any time",
            )
        )
    if contracts.has_economy:
        lines += await reward_lines(contracts, address, time_s)
    lines += stake_lines(await stakes.stake_of(address), journal, address)
    return MoneyView(address, time_s, tuple(lines))


async def reward_lines(contracts: Contracts, address: str, time_s: int) -> list[MoneyLine]:
    """Return the lines of fees that wait for their split, and of what vests."""
    vault, lines = contracts.vault, []
    fees_wei = await contracts.fee_router.unharvested_of_wei(address)
    releasable_wei = await vault.releasable_of_wei(address)
    unvested_wei = await vault.unvested_of_wei(address)
    if fees_wei:
        lines.append(
            MoneyLine(
                Bucket.EARNED,
                fees_wei,
                "fees of finished jobs, before their split",
                next_what="harvest them any time: most at once, some vests, some is fees",
            )
        )
    if releasable_wei:
        lines.append(
            MoneyLine(
                Bucket.PENDING, releasable_wei, "vested rewards", next_what="release them any time"
            )
        )
    if unvested_wei:
        lines.append(
            MoneyLine(
                Bucket.VESTING,
                unvested_wei,
                "rewards that vest week by week",
                next_s=(time_s // EPOCH_S + 1) * EPOCH_S,
                next_what="the next part becomes releasable",
            )
        )
    return lines


def escrow_line(job_id: bytes, record: JobRecord, tx_hash: str, time_s: int) -> MoneyLine | None:
    """Return the line of a job that this account pays for; None once its escrow is gone."""
    if record.state not in _LIVE:
        return None
    state = effective_state(record.state, record.deadline_s, time_s)
    is_due_back = state not in _LIVE and state is not JobState.ACCEPTED
    return MoneyLine(
        Bucket.PENDING if is_due_back else Bucket.RESERVED,
        # A drawn audit has taken what was held for it.
        record.price_wei + (0 if record.is_audit_drawn else record.held_wei),
        f"escrow of job {hex_of(job_id)[:10]}, {state.label}",
        tx_hash=tx_hash,
        next_s=record.deadline_s if state in _LIVE else 0,
        next_what=_NEXT_OF_CLIENT[state],
    )


def income_line(job_id: bytes, record: JobRecord, tx_hash: str, time_s: int) -> MoneyLine | None:
    """Return the line of a job that this account computed and is not yet credited for.

    Until it is settled the same money also shows as the client's escrow.
    """
    if record.state is not JobState.REVEALED:
        return None
    state = effective_state(record.state, record.deadline_s, time_s)
    is_over = state is JobState.ACCEPTED
    return MoneyLine(
        Bucket.PENDING,
        record.price_wei,
        f"pay for job {hex_of(job_id)[:10]}, {state.label}",
        tx_hash=tx_hash,
        next_s=0 if is_over else record.deadline_s,
        next_what="settle it now; anyone may" if is_over else "yours then, unless it is challenged",
    )


def stake_lines(record: StakeRecord, journal: Journal, address: str) -> list[MoneyLine]:
    """Return the lines of own stake: what is free, what is locked, what is on its way out."""
    lines = []
    staked_tx = _last_tx(journal.events_named("Staked"), provider=address)
    free_wei = record.own_wei - record.locked_wei
    if free_wei:
        lines.append(
            MoneyLine(
                Bucket.STAKED,
                free_wei,
                "stake, free to back jobs",
                tx_hash=staked_tx,
                next_what="unbond it any time",
            )
        )
    if record.locked_wei:
        lines.append(
            MoneyLine(
                Bucket.STAKED,
                record.locked_wei,
                "stake, locked behind jobs",
                tx_hash=_last_tx(journal.events_named("StakeLocked"), provider=address),
                next_what="free when the jobs end",
            )
        )
    if record.unbonding_wei:
        lines.append(
            MoneyLine(
                Bucket.UNBONDING,
                record.unbonding_wei,
                "stake on its way out",
                tx_hash=_last_tx(journal.events_named("UnbondingRequested"), provider=address),
                next_s=record.unbonding_ready_at_s,
                next_what="withdraw it from then on",
            )
        )
    return lines


def _jobs_of(
    events: Iterable[StoredEvent], address: str, role: str = "client"
) -> list[tuple[bytes, str]]:
    return [
        (event.job_id, event.tx_hash)
        for event in events
        if event.job_id is not None and event.body[role] == address
    ]


def _last_tx(events: list[StoredEvent], **wanted: str) -> str:
    for event in reversed(events):
        if all(event.body.get(key) == value for key, value in wanted.items()):
            return event.tx_hash
    return ""
