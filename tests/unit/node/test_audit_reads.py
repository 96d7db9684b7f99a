"""An auditor finds facts and listing on the chain, by what the court and the job id bind."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.node.audited import auditor_of, under_audit
from tests.unit.node.conftest import AUDITOR, CLIENT, Station

from neurovoyance.node.audit_reads import AuditReads
from neurovoyance.node.audit_rules import AuditCase
from neurovoyance.protocol.audit import SlotPhase
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState


async def test_a_case_is_read_without_any_event_seen_before(court_station: Station) -> None:
    station = court_station
    async with auditor_of(station) as auditor:
        key, facts = await under_audit(station)
        reads = AuditReads(auditor.chain, auditor.book)
        assert auditor.book.facts(key.job_id, facts.facts_hash()) is None
        assert await reads.facts(key) == facts
        assert auditor.book.facts(key.job_id, facts.facts_hash()) == facts
        auditor.book.add_case(key, await station.contracts.client.block_number())
        job = await reads.job(key)
        assert job is not None
        assert (job.spec, job.salt) == (
            station.posted[key.job_id].spec,
            station.posted[key.job_id].salt,
        )
        assert job.client == CLIENT.address
        assert await reads.case(key, facts) == AuditCase(key, facts)
        view = await reads.view(key)
        assert (view.state, view.is_vote_open) == (JobState.AUDITED, False)
        assert (view.slot.phase, view.slot.auditor) == (SlotPhase.COMMIT, AUDITOR.address)


async def test_an_audit_that_the_chain_does_not_hold_has_no_facts(court_station: Station) -> None:
    station = court_station
    async with auditor_of(station) as auditor:
        key, _ = await under_audit(station)
        reads = AuditReads(auditor.chain, auditor.book)
        assert await reads.facts(replace(key, job_id=JobId(bytes(32)))) is None
