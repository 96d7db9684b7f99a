"""The dispute court's facade: a challenge of a revealed job, read back as it stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from neurovoyance.chain.challenging import challenge, public_case
from neurovoyance.chain.deploy import AuditSettings
from neurovoyance.chain.disputes import DisputeRecord, RefereeRecord
from neurovoyance.chain.events import AuditOpened
from neurovoyance.chain.reverts import ContractRevert, DisputeCourtAlreadyChallenged
from neurovoyance.protocol.audit import (
    AuditFacts,
    DisputeKind,
    DisputePhase,
    SlotPhase,
    auditor_commitment,
)
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.result import Opening
from neurovoyance.tokenomics.audits import challenge_bond_of

from .court_world import (
    AUDITOR,
    AUDITOR_KEY,
    CLIENT,
    OPERATOR,
    OWNER,
    PRICE_WEI,
    CourtWorld,
    court_world,
    struct_fields,
)


def test_a_referee_record_has_the_fields_of_the_struct_in_order() -> None:
    assert struct_fields("DisputeCourt", "refereesOf") == ["owner", "weight", "vote", "isPaid"]
    assert RefereeRecord._fields == ("owner", "weight", "vote", "is_paid")


async def revealed(world: CourtWorld) -> tuple[JobId, Opening, AuditFacts]:
    """Return a job that passed its audit, its opening as it was revealed, and the audit's facts.

    Of a hundred audits five are repeated by another auditor; then the next job is taken.
    """
    audits, market = world.contracts.audits, world.contracts.market
    zeros, salt = (bytes(32),) * 4, b"\x0f" * 32
    while True:
        job_id, job_salt, opening, c0 = await world.committed()
        opened = await audits.draw_and_open(CLIENT, job_id, world.spec, job_salt, c0)
        facts = opened.one(AuditOpened).facts
        commitment = auditor_commitment(
            chain_id=world.contracts.client.chain_id,
            audit_court=audits.address,
            job_id=job_id,
            slot=0,
            round_number=0,
            auditor=AUDITOR.address,
            z1=zeros,
            flags=0,
            salt=salt,
        )
        await audits.commit_audit(AUDITOR_KEY, facts, 0, commitment)
        await audits.answer(OPERATOR, facts, 0, zeros)
        await audits.reveal_audit(AUDITOR_KEY, facts, 0, zeros, 0, salt, zeros)
        if (await audits.slot_of(job_id, 0)).phase is SlotPhase.PASSED:
            break
    with pytest.raises(VerificationError, match="not revealed"):
        await public_case(world.contracts, job_id)
    shown = replace(opening, seed0=facts.seed0)
    await market.reveal(OPERATOR, job_id, shown)
    return job_id, shown, facts


async def test_a_challenge_is_read_back_as_it_was_sent(tmp_path: Path) -> None:
    async with court_world(tmp_path, AuditSettings.local(min_bps=10_000)) as world:
        disputes, market = world.contracts.disputes, world.contracts.market
        job_id, shown, audited = await revealed(world)
        case = await public_case(world.contracts, job_id)
        assert case.opening == shown
        assert (case.spec, case.audit_facts) == (world.spec, audited)
        assert (await disputes.next_dispute_id(), await disputes.open_count_of(job_id)) == (1, 0)
        before_wei = await market.free_of_wei(CLIENT.address)
        altered = replace(case, opening=replace(shown, salt=b"\x0d" * 32))
        with pytest.raises(ContractRevert):
            await challenge(world.contracts, CLIENT, altered, DisputeKind.WRONG_OUTPUT)

        facts = await challenge(world.contracts, CLIENT, case, DisputeKind.WRONG_OUTPUT)
        assert (facts.dispute_id, facts.kind) == (1, DisputeKind.WRONG_OUTPUT)
        assert (facts.challenger, facts.provider) == (CLIENT.address, OWNER.address)
        assert facts.bond_wei == challenge_bond_of(PRICE_WEI)
        assert before_wei - await market.free_of_wei(CLIENT.address) == facts.bond_wei
        record = await disputes.dispute_of(1)
        assert record == DisputeRecord(
            facts.facts_hash(), DisputePhase.TRACE, 0, record.deadline_s, record.round
        )
        assert record.deadline_s > await world.contracts.client.time_s()
        assert await disputes.referees_of(1, 0) == []
        assert (await disputes.next_dispute_id(), await disputes.open_count_of(job_id)) == (2, 1)
        assert await market.state_of(job_id) is JobState.DISPUTED
        with pytest.raises(DisputeCourtAlreadyChallenged):
            await challenge(world.contracts, CLIENT, case, DisputeKind.WRONG_OUTPUT)
