"""What an auditor reads from the chain: its case as it stands, and who listed the job.

Place: between ``auditing`` and ``chain.contracts``. Facts and listings are looked up once and kept
in the book, by the hash that the court stores. Never: a decision.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.chain.events import AuditOpened, JobPosted
from neurovoyance.node.audit_book import AuditBook
from neurovoyance.node.audit_rules import AuditCase, CaseKey, CaseView
from neurovoyance.node.chain_side import ChainSide, slot_view
from neurovoyance.node.event_search import last_event
from neurovoyance.node.records import PostedJob, posted_job
from neurovoyance.protocol.audit import AuditFacts
from neurovoyance.protocol.lifecycle import effective_state


@dataclass(frozen=True, slots=True)
class AuditReads:
    """Reads for one auditor."""

    chain: ChainSide
    book: AuditBook

    async def facts(self, key: CaseKey) -> AuditFacts | None:
        """Return the facts of the audit that the chain holds now, or None if it holds none.

        Raises:
            ChainError: the chain could not be read.
        """
        audits = self.chain.contracts.audits
        facts_hash = await audits.audit_of(key.job_id)
        known = self.book.facts(key.job_id, facts_hash)
        if known is not None or not any(facts_hash):
            return known
        event = await last_event(
            self.chain.contracts.client,
            AuditOpened,
            audits.address,
            key.job_id,
            first_block=self.chain.contracts.deployment.deploy_block,
            last_block=await self.chain.contracts.client.block_number(),
        )
        if event is None or event.facts.facts_hash() != facts_hash:
            return None  # another branch of the chain; the next sweep looks again
        self.book.add_facts(event.facts)
        return event.facts

    async def job(self, key: CaseKey) -> PostedJob | None:
        """Return the job as it was listed, or None while its event cannot be found.

        Raises:
            ChainError: the chain could not be read.
            SpecError: the spec is one that this software does not accept.
        """
        known = self.book.job(key.job_id)
        if known is not None:
            return known
        event = await last_event(
            self.chain.contracts.client,
            JobPosted,
            self.chain.market,
            key.job_id,
            first_block=self.chain.contracts.deployment.deploy_block,
            last_block=self.book.drawn_in(key),
        )
        if event is None:
            return None
        job = posted_job(event)
        self.book.add_job(job)
        return job

    async def case(self, key: CaseKey, facts: AuditFacts) -> AuditCase:
        """Return what is held here about a case, apart from what only lives in memory."""
        return AuditCase(
            key=key,
            facts=facts,
            vote=self.book.vote(key, facts.seed0),
            answer=self.book.answer(key),
            is_revealed=self.book.result(key.job_id) is not None,
            is_checked=self.book.is_checked(key),
        )

    async def view(self, key: CaseKey) -> CaseView:
        """Return what the chain says about a case.

        Raises:
            ChainError: the chain could not be read.
        """
        audits = self.chain.contracts.audits
        record = await self.chain.contracts.market.job(key.job_id)
        time_s = await self.chain.time_s()
        slot = slot_view(await audits.slot_of(key.job_id, key.slot))
        votes = await audits.votes_of(key.job_id, key.slot)
        return CaseView(
            state=effective_state(record.state, record.deadline_s, time_s),
            slot=slot,
            is_vote_open=any(
                vote.auditor == self.chain.provider
                and vote.round == key.round
                and not vote.is_closed
                for vote in votes
            ),
        )
