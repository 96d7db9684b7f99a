"""The audit court's facade: terms as the books compute them, and an opened audit as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.chain.courts import AuditPolicy, SlotRecord, VoteRecord
from neurovoyance.chain.deploy import AuditSettings
from neurovoyance.chain.events import AuditOpened
from neurovoyance.chain.reverts import ContractRevert
from neurovoyance.protocol.audit import SlotPhase
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import nvy
from neurovoyance.tokenomics.audits import Policy, pay_of, terms_of

from .court_world import (
    AUDITOR,
    CLIENT,
    CPU,
    LOCK_WEI,
    OWNER,
    PRICE_WEI,
    SEATS,
    court_world,
    struct_fields,
)


def test_records_have_the_fields_of_the_structs_in_order() -> None:
    assert struct_fields("AuditCourt", "slotOf") == [
        *("auditor", "deadline", "round", "phase", "attempts", "passes", "fails", "nonFinites"),
    ]
    assert SlotRecord._fields == (
        *("auditor", "deadline_s", "round", "phase", "attempts", "passes", "fails"),
        "non_finites",
    )
    assert struct_fields("AuditCourt", "votesOf") == ["auditor", "round", "outcome", "isClosed"]
    assert VoteRecord._fields == ("auditor", "round", "outcome", "is_closed")
    assert struct_fields("AuditCourt", "policy") == [
        *("minBps", "firstJobs", "seatsMin", "ownersMin"),
    ]
    assert AuditPolicy._fields == ("min_bps", "first_jobs", "seats_min", "owners_min")


async def test_terms_are_those_of_the_books(tmp_path: Path) -> None:
    settings = AuditSettings.local(min_bps=300, first_jobs=0)
    async with court_world(tmp_path, settings) as world:
        audits = world.contracts.audits
        assert await audits.policy() == settings.policy
        assert await audits.streak_of(OWNER.address, world.spec.model_id) == 0
        for lock_wei, gain_wei in ((LOCK_WEI, 0), (LOCK_WEI, nvy("3")), (nvy("1000"), 0)):
            found = await audits.terms(
                world.spec.model_id,
                JobClass.TENSOR,
                OWNER.address,
                price_wei=PRICE_WEI,
                lock_wei=lock_wei,
                declared_gain_wei=gain_wei,
                slots=1,
            )
            expected = terms_of(
                price_wei=PRICE_WEI,
                lock_wei=lock_wei,
                declared_gain_wei=gain_wei,
                slots=1,
                passes=0,
                policy=Policy(300, 0),
            )
            assert (found.p_econ_bps, found.p_bps) == (expected.p_econ_bps, expected.p_bps)
        with pytest.raises(ContractRevert):
            await audits.terms(
                b"\x01" * 32,
                JobClass.TENSOR,
                OWNER.address,
                price_wei=PRICE_WEI,
                lock_wei=LOCK_WEI,
                declared_gain_wei=0,
                slots=1,
            )


async def test_an_opened_audit_keeps_its_facts_and_its_auditor(tmp_path: Path) -> None:
    async with court_world(tmp_path, AuditSettings.local(min_bps=10_000)) as world:
        audits, stakes = world.contracts.audits, world.contracts.stakes
        assert (await stakes.pool_of(CPU)).live_seats == SEATS
        job_id, salt, opening, c0 = await world.committed()
        assert await audits.audit_of(job_id) == bytes(32)
        receipt = await audits.draw_and_open(CLIENT, job_id, world.spec, salt, c0)
        facts = receipt.one(AuditOpened).facts
        assert await audits.audit_of(job_id) == facts.facts_hash()
        assert (facts.model_id, facts.c0, facts.shift) == (world.spec.model_id, c0, opening.shift)
        assert (facts.provider, facts.client) == (OWNER.address, CLIENT.address)
        assert (facts.pool, facts.pay_wei) == (CPU, pay_of(PRICE_WEI))
        assert facts.tau_sq == world.manifest.read_terms().tau_sq

        slot = await audits.slot_of(job_id, 0)
        assert slot.auditor == AUDITOR.address
        assert slot.phase is SlotPhase.COMMIT
        assert slot.deadline_s > await world.contracts.client.time_s()
        assert await audits.votes_of(job_id, 0) == []
        assert await audits.was_drawn(job_id, AUDITOR.address)
        assert not await audits.was_drawn(job_id, OWNER.address)
        assert await audits.contest_deadline_of(job_id) == 0
        assert await world.contracts.market.state_of(job_id) is JobState.AUDITED
