"""The node's calls to the courts: how a dispute stands, what was said in it, and our sends.

Place: between ``duty`` and ``chain.contracts``. What is sent comes out of the casebook, where it
was fixed before. Never: a rule about when to send; that is ``rules``'.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.contracts import BeaconStatus, Contracts
from neurovoyance.chain.events import (
    AuditAnswered,
    AuditContested,
    DisputeOpened,
    EndpointChanged,
    JobPosted,
    JobRevealed,
    Pointed,
    RefereePaid,
    SlashBooked,
    SlashFinalized,
    Tallied,
    TracePosted,
)
from neurovoyance.chain.wallet import Wallet
from neurovoyance.node.disputing.casebook import POINT, TRACE, WITHDRAWN, Casebook, vote_name
from neurovoyance.node.disputing.forms import Finding, PointPlan, Reason, TracePlan
from neurovoyance.node.disputing.history import History
from neurovoyance.node.disputing.values import (
    COLD,
    LEVELS,
    Case,
    DisputeAction,
    DisputeView,
    Role,
    Round,
    Seat,
    SlashState,
    Wanted,
)
from neurovoyance.protocol.audit import (
    DisputeFacts,
    DisputePhase,
    RefereeVote,
    vote_commitment,
)
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.params import default_of

_ROUNDS = {
    BeaconStatus.PENDING: Round.PENDING,
    BeaconStatus.READY: Round.READY,
    BeaconStatus.EXPIRED: Round.EXPIRED,
}
_DRAWN_PHASES = frozenset({DisputePhase.VOTE, DisputePhase.VOTE_REVEAL, DisputePhase.APPEAL}) | COLD


@dataclass(frozen=True, slots=True)
class Revealed:
    """What the provider made public of its result; from the reveal or from a contest."""

    out_root: bytes
    envelope_cid: bytes
    result_key: bytes
    seed0: bytes


@dataclass(frozen=True, slots=True)
class CourtSide:
    """Reads and sends about disputes for one owner.

    Attributes:
        owner: whose seats and stake are ours.
        wallet: the operator key, which signs.
    """

    contracts: Contracts
    wallet: Wallet
    owner: Address
    book: Casebook
    history: History = field(init=False)

    def __post_init__(self) -> None:
        history = History(self.contracts.client, self.contracts.deployment.deploy_block)
        object.__setattr__(self, "history", history)

    # What is said about a dispute.

    async def view(self, case: Case) -> DisputeView:
        """Return how the chain sees a dispute.

        A dispute of the same id with other facts, after a reorganisation, counts as unknown.

        Raises:
            ChainError: the chain could not be read.
        """
        facts = case.facts
        record = await self.contracts.disputes.dispute_of(facts.dispute_id)
        if record.facts_hash != facts.facts_hash():
            return DisputeView(DisputePhase.NONE)
        phase = record.phase
        state, slash_ready_s = SlashState.UNBOOKED, 0
        if phase is DisputePhase.GUILTY:
            state, slash_ready_s = await self.slash_of(facts.job_id)
        seats = await self._seats(facts.dispute_id, phase, record.level)
        return DisputeView(
            phase=phase,
            level=record.level,
            deadline_s=record.deadline_s,
            round=await self._round(record.round) if phase is DisputePhase.SEATING else Round.NONE,
            round_number=record.round,
            seats=seats,
            verdict=await self._verdict(facts, record.level, phase, record.deadline_s),
            has_job_ended=phase not in COLD and await self._has_job_ended(facts),
            slash=state,
            slash_ready_s=slash_ready_s,
            has_ownerless_share=state is SlashState.SPLIT
            and not seats
            and not await self._is_swept(facts),
            withdrawable_wei=await self._withdrawable_wei(case, phase),
            free_wei=await self._free_wei(case, phase),
        )

    async def _round(self, number: int) -> Round:
        return _ROUNDS[await self.contracts.beacon.status(number)]

    async def _seats(self, dispute_id: int, phase: DisputePhase, level: int) -> tuple[Seat, ...]:
        # While a level is being drawn, those below are of no use yet.
        levels = range(level + 1) if phase in COLD else range(level, level + 1)
        if phase not in _DRAWN_PHASES:
            return ()
        lists = await asyncio.gather(
            *(self.contracts.disputes.referees_of(dispute_id, at) for at in levels)
        )
        return tuple(
            Seat(at, index, one.owner, one.weight, one.vote, one.is_paid)
            for at, found in zip(levels, lists, strict=True)
            for index, one in enumerate(found)
        )

    async def _verdict(
        self, facts: DisputeFacts, level: int, phase: DisputePhase, deadline_s: int
    ) -> RefereeVote:
        if phase is not DisputePhase.APPEAL:
            return RefereeVote.NONE
        court = self.contracts.disputes.address
        tallied = await self.history.last(Tallied, court, facts.dispute_id)
        if tallied is None or (tallied.level, tallied.deadline_s) != (level, deadline_s):
            return RefereeVote.NONE
        return tallied.verdict

    async def _has_job_ended(self, facts: DisputeFacts) -> bool:
        if facts.is_late:
            time_s = await self.contracts.client.time_s()
            return time_s > facts.opened_at_s + default_of("auditBackstopS")
        return await self.contracts.market.state_of(JobId(facts.job_id)) is not JobState.DISPUTED

    async def slash_of(self, job_id: bytes) -> tuple[SlashState, int]:
        """Return what became of the slash for a job, and when a held one can be split."""
        held = await self.contracts.stakes.held_slash_of(job_id)
        if held.ready_at_s:
            return SlashState.HELD, held.ready_at_s
        stakes = self.contracts.stakes.address
        if await self.history.last(SlashFinalized, stakes, job_id):
            return SlashState.SPLIT, 0
        return SlashState.UNBOOKED, 0

    async def _is_swept(self, facts: DisputeFacts) -> bool:
        """Tell whether the judges' share of a conviction without judges reached the audit pool."""
        court, pool = self.contracts.disputes.address, self.contracts.audits.address
        paid = await self.history.last(RefereePaid, court, facts.dispute_id, pool)
        return paid is not None

    async def booked_slash(self, job_id: bytes) -> SlashBooked | None:
        """Return the event of the booking of a slash, or None."""
        return await self.history.last(SlashBooked, self.contracts.stakes.address, job_id)

    async def _withdrawable_wei(self, case: Case, phase: DisputePhase) -> int:
        """The operator's key needs no money in the market; an owner's is its own affair."""
        returns = (DisputePhase.GUILTY, DisputePhase.UNDECIDED, DisputePhase.DROPPED)
        if case.facts.challenger != case.operator or phase not in returns:
            return 0
        if self.book.fixed_value(case.facts.facts_hash(), WITHDRAWN, Reason) is not None:
            return 0
        free_wei = await self.contracts.market.free_of_wei(case.operator)
        # With the bonds of appeals: 1 + 2 + 4 times the first.
        return min(free_wei, case.facts.bond_wei * ((1 << LEVELS) - 1))

    async def _free_wei(self, case: Case, phase: DisputePhase) -> int:
        if phase is not DisputePhase.APPEAL:
            return 0
        if case.role is Role.DEFENDANT:
            return await self.contracts.stakes.free_of_wei(case.owner)
        if case.role is Role.CHALLENGER:
            return await self.contracts.market.free_of_wei(case.facts.challenger)
        return 0

    # What was said in it.

    async def facts_of(self, dispute_id: int) -> DisputeFacts | None:
        """Return the facts of a dispute that the chain holds, or None."""
        court = self.contracts.disputes.address
        opened = await self.history.last(DisputeOpened, court, None, dispute_id)
        return None if opened is None else opened.facts

    async def trace(self, facts: DisputeFacts) -> TracePosted | None:
        """Return the posted trace whose root the court holds, or None."""
        posted = await self.history.last(
            TracePosted, self.contracts.disputes.address, facts.dispute_id
        )
        root = await self.contracts.disputes.trace_of(facts.dispute_id)
        return posted if posted is not None and posted.root == root else None

    async def pointed(self, facts: DisputeFacts) -> Pointed | None:
        """Return what was pointed at, or None."""
        return await self.history.last(Pointed, self.contracts.disputes.address, facts.dispute_id)

    async def revealed(self, job_id: bytes) -> Revealed | None:
        """Return what the provider made public of its result, or None."""
        found = await self.history.last(JobRevealed, self.contracts.market.address, job_id)
        contested = await self.history.last(AuditContested, self.contracts.audits.address, job_id)
        event = found or contested
        if event is None:
            return None
        return Revealed(event.out_root, event.envelope_cid, event.result_key, event.seed0)

    async def answers(self, job_id: bytes, from_block: int) -> list[AuditAnswered]:
        """Return the provider's answers in the audit of a job, in order."""
        court = self.contracts.audits.address
        return await self.history.all(AuditAnswered, court, job_id, from_block=from_block)

    async def posted(self, job_id: bytes) -> JobPosted | None:
        """Return the posting of a job, or None."""
        return await self.history.last(JobPosted, self.contracts.market.address, job_id)

    async def endpoint_of(self, provider: str) -> str:
        """Return where a provider says that its node answers; a claim, "" if there is none."""
        stakes = self.contracts.stakes.address
        changed = await self.history.last(EndpointChanged, stakes, provider)
        return changed.endpoint if changed else ""

    # Sends.

    async def send(self, case: Case, view: DisputeView, want: Wanted, key: str) -> Receipt:
        """Send the call of an action; the same key sends once.

        Raises:
            ChainError: see :meth:`neurovoyance.chain.client.ChainClient.send`.
        """
        disputes, facts, wallet = self.contracts.disputes, case.facts, self.wallet
        plain: dict[DisputeAction, Callable[..., Awaitable[Receipt]]] = {
            DisputeAction.DRAW_REFEREES: disputes.draw_referees,
            DisputeAction.APPEAL: disputes.appeal,
            DisputeAction.ADVANCE: disputes.advance,
            DisputeAction.BOOK_SLASH: disputes.book_slash,
        }
        if call := plain.get(want.action):
            return await call(wallet, facts, idempotency_key=key)
        match want.action:
            case DisputeAction.POST_TRACE:
                return await self._post_trace(facts, key)
            case DisputeAction.POINT:
                return await self._point(facts, key)
            case DisputeAction.COMMIT_VOTE | DisputeAction.REVEAL_VOTE:
                return await self._vote(facts, want, key)
            case DisputeAction.CLOSE_REFEREE:
                return await disputes.close_referee(
                    wallet, facts, want.level, want.index, idempotency_key=key
                )
            case DisputeAction.FINALIZE_SLASH:
                return await self.finalize_slash(facts.job_id, key)
            case DisputeAction.WITHDRAW:
                return await self.contracts.market.withdraw(
                    wallet, view.withdrawable_wei, idempotency_key=key
                )
            case _:
                raise InternalError("A local action was to be sent.", action=want.action.value)

    async def finalize_slash(self, slash_id: bytes, key: str) -> Receipt:
        """Split a held slash."""
        return await self.contracts.stakes.finalize_slash(
            self.wallet, slash_id, idempotency_key=key
        )

    async def _post_trace(self, facts: DisputeFacts, key: str) -> Receipt:
        plan = self.book.fixed_value(facts.facts_hash(), TRACE, TracePlan)
        if plan is None:
            raise _nothing_fixed("trace")
        return await self.contracts.disputes.post_trace(
            self.wallet,
            facts,
            root=plan.root,
            manifest_cid=plan.manifest_cid,
            verify=plan.verify,
            proofs=plan.proofs,
            z0=plan.z0,
            z_trace=plan.z_trace,
            idempotency_key=key,
        )

    async def _point(self, facts: DisputeFacts, key: str) -> Receipt:
        plan = self.book.fixed_value(facts.facts_hash(), POINT, PointPlan)
        if plan is None:
            raise _nothing_fixed("point")
        return await self.contracts.disputes.point(
            self.wallet, facts, plan.kind, plan.row, plan.proof, idempotency_key=key
        )

    async def _vote(self, facts: DisputeFacts, want: Wanted, key: str) -> Receipt:
        found = self.book.fixed_value(facts.facts_hash(), vote_name(want.level), Finding)
        if found is None:
            raise _nothing_fixed("vote")
        disputes = self.contracts.disputes
        if want.action is DisputeAction.REVEAL_VOTE:
            return await disputes.reveal_vote(
                self.wallet, facts, self.owner, found.vote, found.salt, idempotency_key=key
            )
        commitment = vote_commitment(
            dispute_id=facts.dispute_id,
            level=want.level,
            referee=self.owner,
            vote=found.vote,
            salt=found.salt,
        )
        return await disputes.commit_vote(
            self.wallet, facts, self.owner, commitment, idempotency_key=key
        )


def _nothing_fixed(what: str) -> InternalError:
    return InternalError(f"The casebook holds no {what}, so nothing can be sent.", what=what)
