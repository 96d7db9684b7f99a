"""The node's calls to the chain: what a job looks like there, and the sends that move it.

Place: between ``agent`` and ``chain.contracts``. A commitment is only ever sent from the opening
that the journal has fixed. Never: a rule about when to send; that is ``execution``'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.contracts import BeaconStatus, Contracts, JobRecord, StakeRecord
from neurovoyance.chain.courts import SlotRecord
from neurovoyance.chain.reverts import AuditCourtRiskTooHigh, AuditCourtSlotsTooFew
from neurovoyance.chain.wallet import Wallet
from neurovoyance.node.audit_slots import AuditView, SlotView
from neurovoyance.node.execution_values import Action, ChainView, Execution, Terms
from neurovoyance.node.journal import Journal, SealedOutput
from neurovoyance.node.output_file import Words
from neurovoyance.node.records import PostedJob
from neurovoyance.protocol.audit import AuditFacts, binding_of
from neurovoyance.protocol.errors import ContractRevert, InternalError
from neurovoyance.protocol.ids import Address, JobId, hex_of
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause
from neurovoyance.protocol.result import Opening, commitment_of, is_audited, seed_of

_DRAWN = (JobState.COMMITTED, JobState.DRAWN, JobState.AUDITED)
"""States in which the seed is known to who looks, once it was drawn."""

_CAUSES: dict[type[ContractRevert], RefusalCause] = {
    AuditCourtRiskTooHigh: RefusalCause.STAKE,
    AuditCourtSlotsTooFew: RefusalCause.SPEC,
}
"""Refusals of the court that are not about the model or its pool."""

_COURT = frozenset(
    {
        Action.SEAT,
        Action.ANSWER,
        Action.EXPIRE_SLOT,
        Action.CONTEST,
        Action.CONCEDE,
        Action.EXPIRE_CONTEST,
    }
)


@dataclass(frozen=True, slots=True)
class ChainSide:
    """Reads and sends for one provider.

    Attributes:
        provider: the owner's address.
        wallet: the operator key, which signs.
    """

    contracts: Contracts
    wallet: Wallet
    provider: Address
    journal: Journal

    @property
    def chain_id(self) -> int:
        """Chain id of every message and commitment."""
        return self.contracts.client.chain_id

    @property
    def market(self) -> str:
        """Address of the job market."""
        return self.contracts.market.address

    async def time_s(self) -> int:
        """Return chain time: the timestamp of the latest block."""
        return await self.contracts.client.time_s()

    async def stake(self) -> StakeRecord:
        """Return the provider's stake."""
        return await self.contracts.stakes.stake_of(self.provider)

    async def earned_wei(self) -> int:
        """Return what was earned and not harvested."""
        return await self.contracts.earned_of_wei(self.provider)

    async def refusal_of_audit(self, spec: JobSpec, terms: Terms) -> Refusal | None:
        """Return why the market would not let us take a job: what cannot be audited is not taken.

        Raises:
            ChainError: the chain could not be read.
        """
        if not self.contracts.has_audits:
            return None
        try:
            await self.contracts.audits.terms(
                spec.model_id,
                spec.job_class,
                self.provider,
                price_wei=terms.price_wei,
                lock_wei=terms.lock_wei,
                declared_gain_wei=spec.declared_gain_wei,
                slots=spec.audit_slots,
            )
        except ContractRevert as error:
            cause = _CAUSES.get(type(error), RefusalCause.MODEL)
            return Refusal(cause=cause, message=error.message[:1_000])
        return None

    async def view(self, job_id: JobId, last_round: int = 0) -> ChainView:
        """Return how the chain sees a job.

        Args:
            last_round: the round last seen, with which a seed can be computed whose event was
                missed.
        """
        market = self.contracts.market
        record = await market.job(job_id)
        is_ours = record.provider == self.provider
        view = ChainView(
            stored=record.state,
            is_ours=is_ours,
            deadline_s=record.deadline_s,
            is_audit_possible=record.p_bps > 0,
            round=record.beacon_round,
        )
        if not is_ours:
            return view
        if record.state is JobState.COMMITTED and record.beacon_round:
            return await self._with_round(view, job_id, record)
        if record.state in _DRAWN:
            view = replace(view, seed0=await self._proven_seed(job_id, record, last_round))
            return await self._with_audit(view, job_id, record)
        if record.state.is_final:
            return replace(view, is_lock_open=await market.is_lock_open(job_id))
        return view

    async def _with_round(self, view: ChainView, job_id: JobId, record: JobRecord) -> ChainView:
        """Add whether the round is over, and what its value will decide."""
        status = await self.contracts.beacon.status(record.beacon_round)
        view = replace(view, is_round_over=status is not BeaconStatus.PENDING)
        if status is not BeaconStatus.READY or not view.is_audit_possible:
            return view
        seed0 = await self._computed_seed(job_id, record.binding, record.beacon_round)
        if seed0 is None:
            return view
        return replace(view, foreseen=is_audited(seed0, record.p_bps))

    async def _with_audit(self, view: ChainView, job_id: JobId, record: JobRecord) -> ChainView:
        if record.state is not JobState.AUDITED or view.seed0 is None:
            return view
        audits = self.contracts.audits
        facts = self.journal.audit(job_id, await audits.audit_of(job_id))
        if facts is None:
            return view  # the event with the facts has not been read yet
        slots = [slot_view(await audits.slot_of(job_id, slot)) for slot in range(facts.slots)]
        contest_s = await audits.contest_deadline_of(job_id)
        return replace(view, audit=AuditView(tuple(slots), contest_s))

    async def facts(self, job_id: JobId) -> AuditFacts:
        """Return the facts of the open audit of one of our jobs.

        Raises:
            InternalError: its event was never read.
        """
        facts = self.journal.audit(job_id, await self.contracts.audits.audit_of(job_id))
        if facts is None:
            raise InternalError("The facts of an audit are not known.", job_id=hex_of(job_id))
        return facts

    async def _proven_seed(self, job_id: JobId, record: JobRecord, last_round: int) -> bytes | None:
        """Return the seed that the stored binding confirms: seen in an event, or computed."""
        sealed = self.journal.sealed(job_id)
        if sealed is None:
            return None
        for seed0 in self.journal.seeds(job_id):
            if binding_of(sealed.commitment, seed0) == record.binding:
                return seed0
        if not last_round:
            return None
        computed = await self._computed_seed(job_id, sealed.commitment, last_round)
        if computed is None or binding_of(sealed.commitment, computed) != record.binding:
            return None
        return computed

    async def _computed_seed(
        self, job_id: JobId, commitment: bytes, beacon_round: int
    ) -> bytes | None:
        """Return the seed that a round gives, or None when its value cannot be had any more."""
        try:
            beacon = await self.contracts.beacon.value(beacon_round)
        except ContractRevert:
            return None
        return seed_of(
            beacon=beacon,
            chain_id=self.chain_id,
            market=self.market,
            job_id=job_id,
            commitment=commitment,
        )

    def commitment(self, job_id: JobId, opening: Opening) -> bytes:
        """Return C0 of an opening for this provider and market, 32 bytes."""
        return commitment_of(
            chain_id=self.chain_id,
            market=self.market,
            job_id=job_id,
            provider=self.provider,
            opening=opening,
        )

    async def send(
        self,
        action: Action,
        execution: Execution,
        key: str,
        job: PostedJob,
        slot: int = 0,
        words: Words | None = None,
    ) -> Receipt:
        """Send the call of an action; the same key sends once.

        Args:
            job: as it was listed; some calls name its spec and salt.
            slot: the audit slot that the call is about.
            words: the answer to give there.

        Raises:
            ChainError: see :meth:`neurovoyance.chain.client.ChainClient.send`.
        """
        market, job_id, wallet = self.contracts.market, execution.job_id, self.wallet
        calls = {
            Action.HAND_BACK: market.cancel,
            Action.DRAW: market.draw,
            Action.SETTLE: market.settle,
            Action.EXPIRE: market.expire,
            Action.CLOSE_LOCK: market.close_lock,
        }
        if action in calls:
            return await calls[action](wallet, job_id, idempotency_key=key)
        if action in _COURT:
            return await self._send_to_court(action, execution, key, slot, words)
        if action is Action.ACCEPT:
            return await self._accept(execution, key, job)
        if action is Action.DECLARE_INVALID:
            return await market.declare_invalid(
                wallet, job_id, job.spec, job.salt, idempotency_key=key
            )
        return await self._send_opening(action, execution, key, job)

    async def _accept(self, execution: Execution, key: str, job: PostedJob) -> Receipt:
        if execution.terms is None:
            raise InternalError("A job was to be accepted without terms.", job_id=job.job_id)
        return await self.contracts.market.accept(
            self.wallet,
            execution.job_id,
            job.spec,
            job.salt,
            self.provider,
            price_wei=execution.terms.price_wei,
            lock_wei=execution.terms.lock_wei,
            idempotency_key=key,
        )

    async def _send_opening(
        self, action: Action, execution: Execution, key: str, job: PostedJob
    ) -> Receipt:
        """Send what binds or opens the output that is fixed in the journal."""
        market, audits, wallet = self.contracts.market, self.contracts.audits, self.wallet
        job_id = execution.job_id
        sealed = self._sealed(job_id)
        opening, seed0 = sealed.opening, execution.view.seed0
        match action:
            case Action.COMMIT:
                return await market.commit(
                    wallet,
                    job_id,
                    sealed.commitment,
                    opening.shift,
                    opening.envelope_cid,
                    idempotency_key=key,
                )
            case Action.DRAW_AND_OPEN:
                return await audits.draw_and_open(
                    wallet, job_id, job.spec, job.salt, sealed.commitment, idempotency_key=key
                )
            case Action.OPEN_AUDIT:
                seed = seed0 or b""
                return await audits.open_audit(
                    wallet, job_id, job.spec, job.salt, sealed.commitment, seed, idempotency_key=key
                )
            case Action.REVEAL:
                drawn = replace(opening, seed0=seed0 or opening.seed0)
                return await market.reveal(wallet, job_id, drawn, idempotency_key=key)
            case Action.DRAW_AND_REVEAL:
                return await market.draw_and_reveal(wallet, job_id, opening, idempotency_key=key)
        raise InternalError(f"There is no call for {action.value}.", job_id=hex_of(job_id))

    async def _send_to_court(
        self, action: Action, execution: Execution, key: str, slot: int, words: Words | None
    ) -> Receipt:
        audits, wallet = self.contracts.audits, self.wallet
        facts = await self.facts(execution.job_id)
        if action is Action.ANSWER:
            if words is None:
                raise InternalError("There is no answer to send.", job_id=hex_of(facts.job_id))
            return await audits.answer(wallet, facts, slot, words, idempotency_key=key)
        if action is Action.CONTEST:
            opening = replace(self._sealed(execution.job_id).opening, seed0=facts.seed0)
            return await audits.contest(wallet, facts, opening, idempotency_key=key)
        if action in (Action.SEAT, Action.EXPIRE_SLOT):
            move = audits.seat if action is Action.SEAT else audits.expire
            return await move(wallet, facts, slot, idempotency_key=key)
        end = audits.concede if action is Action.CONCEDE else audits.expire_contest
        return await end(wallet, facts, idempotency_key=key)

    def _sealed(self, job_id: JobId) -> SealedOutput:
        sealed = self.journal.sealed(job_id)
        if sealed is None:
            raise InternalError(
                "A job has no opening in the journal, so nothing can be committed or revealed.",
                job_id=hex_of(job_id),
            )
        return sealed

    async def harvest(self) -> Receipt:
        """Pay what was earned to the owner."""
        return await self.contracts.harvest(self.wallet, self.provider)


def slot_view(record: SlotRecord) -> SlotView:
    """Return a slot as the rules know it."""
    return SlotView(
        phase=record.phase,
        round=record.round,
        deadline_s=record.deadline_s,
        auditor=record.auditor,
        attempts=record.attempts,
    )
