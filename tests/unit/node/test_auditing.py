"""The duty of an auditor on a real chain: repeat, commit, reveal, check, let go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.node.audited import Auditor, auditor_of, under_audit, until_phase
from tests.unit.node.conftest import AUDITOR, Station

from neurovoyance.node.audit_book import AuditBook
from neurovoyance.node.audit_rules import CaseKey
from neurovoyance.node.audit_work import AuditWork, Finding
from neurovoyance.node.auditing import RUN_ATTEMPTS
from neurovoyance.node.execution_values import Phase
from neurovoyance.node.fitting import IntakeRefused
from neurovoyance.node.runtime.base import ExecutionCancelled
from neurovoyance.protocol.audit import DisputeKind, SlotPhase
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import RefusalCause

WAIT_S = 60.0


async def until(auditor: Auditor, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not holds():
            await auditor.turn()
            await asyncio.sleep(0.05)


async def until_slot(auditor: Auditor, key: CaseKey, phase: SlotPhase) -> None:
    audits = auditor.chain.contracts.audits
    async with asyncio.timeout(WAIT_S):
        while (await audits.slot_of(key.job_id, key.slot)).phase is not phase:
            await auditor.turn()
            await asyncio.sleep(0.05)


async def test_an_audit_from_the_draw_to_the_last_look(court_station: Station) -> None:
    station = court_station
    async with auditor_of(station) as auditor:
        key, facts = await under_audit(station)
        await until(auditor, lambda: auditor.duty.due() == 1)
        assert auditor.book.live() == [key]
        await until_slot(auditor, key, SlotPhase.ANSWER)
        vote = auditor.book.vote(key, facts.seed0)
        assert vote is not None
        assert vote.flags == 0
        assert auditor.duty.inputs_in_use() == {station.posted[key.job_id].spec.input_cid}
        await until(auditor, lambda: auditor.duty.due() == 0)

        async with asyncio.timeout(WAIT_S):
            while auditor.book.answer(key) is None:
                await station.handle_events()
                for live in station.shell:
                    await station.shell.refresh(live.job.job_id)
                await auditor.turn()
        await until_slot(auditor, key, SlotPhase.PASSED)
        assert await station.contracts.market.earned_of_wei(AUDITOR.address) == facts.pay_wei
        await until_phase(station, key.job_id, Phase.REVEALED)
        await until(auditor, lambda: not auditor.book.live())
        assert auditor.book.is_checked(key)
        assert auditor.forgeries == []
        assert auditor.duty.inputs_in_use() == frozenset()
        stake = await station.contracts.stakes.stake_of(AUDITOR.address)
        assert stake.locked_wei == 0


async def test_a_new_process_sends_the_vote_that_was_fixed(court_station: Station) -> None:
    station = court_station
    async with auditor_of(station) as auditor:
        key, facts = await under_audit(station)
        await until(auditor, lambda: auditor.book.vote(key, facts.seed0) is not None)
        fixed = auditor.book.vote(key, facts.seed0)
    async with auditor_of(station) as again:
        assert isinstance(again.book, AuditBook)
        assert again.book.vote(key, facts.seed0) == fixed
        await until_slot(again, key, SlotPhase.ANSWER)
        assert again.book.vote(key, facts.seed0) == fixed


async def test_an_answer_that_is_not_of_the_revealed_output_is_reported(
    court_station: Station,
) -> None:
    station = court_station
    async with auditor_of(station) as auditor:
        key, facts = await under_audit(station)
        # The provider answers for an output that it never committed to: the auditor's own.
        await until(auditor, lambda: auditor.book.vote(key, facts.seed0) is not None)
        vote = auditor.book.vote(key, facts.seed0)
        assert vote is not None
        station.journal.fix_answer(key.job_id, facts.seed0, (*vote.z1[:3], bytes(32)))
        await until_slot(auditor, key, SlotPhase.ANSWER)
        async with asyncio.timeout(WAIT_S):
            while auditor.book.answer(key) is None:
                await station.handle_events()
                for live in station.shell:
                    await station.shell.refresh(live.job.job_id)
                await auditor.turn()
        assert auditor.book.answer(key) != vote.z1
        result = (b"\x01" * 32, b"", b"")
        sealed = station.journal.sealed(key.job_id)
        assert sealed is not None
        opening = sealed.opening
        job = station.posted[key.job_id]
        words = auditor.book.answer(key) or ()
        for root, kind in (
            (opening.out_root, DisputeKind.FORGED_ANSWER),
            (bytes(32), DisputeKind.BAD_ENVELOPE),
        ):
            result = (root, opening.envelope_cid, opening.result_key)
            found = await auditor.work.check(key, facts, job, words, result, ())
            assert found is not None
            assert found.kind is kind
            assert found.why.endswith(".")
        wrong_key = (opening.out_root, opening.envelope_cid, bytes(32))
        found = await auditor.work.check(key, facts, job, words, wrong_key, ())
        assert found is not None
        assert found.kind is DisputeKind.BAD_ENVELOPE


async def test_a_repetition_nobody_waits_for_any_more_is_ended(
    court_station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def endless(self: AuditWork, *arguments: object) -> Finding:
        started.set()
        try:
            await asyncio.sleep(WAIT_S)
        finally:
            ended.set()
        raise AssertionError

    monkeypatch.setattr(AuditWork, "repeat", endless)
    station = court_station
    async with auditor_of(station) as auditor:
        key, facts = await under_audit(station)
        await until(auditor, started.is_set)
        assert auditor.duty.occupied() == 1
        await station.control.increase_time(4 * facts.max_runtime_s + 301)
        await until(auditor, ended.is_set)
        assert auditor.book.vote(key, facts.seed0) is None
        # The slot is moved on, at our own cost, and then it is no matter of ours any more.
        await station.control.increase_time(60)
        await until(auditor, lambda: not auditor.book.live())
        assert (await station.contracts.audits.slot_of(key.job_id, 0)).round == 1
        assert auditor.duty.occupied() == 0


async def test_a_machine_that_cannot_repeat_the_job_gives_it_up_and_says_so(
    court_station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unfit(self: AuditWork, *arguments: object) -> Finding:
        raise IntakeRefused(RefusalCause.MEMORY, "The model is too large for this machine.")

    monkeypatch.setattr(AuditWork, "repeat", unfit)
    async with auditor_of(court_station) as auditor:
        key, facts = await under_audit(court_station)
        await until(auditor, lambda: auditor.duty.due() == 1)
        await until(auditor, lambda: auditor.duty.due() == 0)
        assert auditor.book.vote(key, facts.seed0) is None
        assert auditor.book.live() == [key]


async def test_a_repetition_given_up_for_the_owner_is_begun_anew_as_often_as_needed(
    court_station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no attempt: a machine whose owner comes and goes still keeps the promise of a seat."""
    repeat, ended = AuditWork.repeat, 0

    async def shy(self: AuditWork, *words: Any) -> Finding:
        nonlocal ended
        ended += 1
        if ended <= RUN_ATTEMPTS + 1:
            raise ExecutionCancelled("The owner is back.")
        return await repeat(self, *words)

    monkeypatch.setattr(AuditWork, "repeat", shy)
    monkeypatch.setattr("neurovoyance.node.auditing.RETRY_S", 0)
    async with auditor_of(court_station) as auditor:
        key, facts = await under_audit(court_station)
        await until(auditor, lambda: auditor.book.vote(key, facts.seed0) is not None)
    assert ended == RUN_ATTEMPTS + 2


async def test_the_chain_side_of_the_provider_shows_the_audit(court_station: Station) -> None:
    key, facts = await under_audit(court_station)
    view = await court_station.chain.view(key.job_id)
    assert view.stored is JobState.AUDITED
    assert view.audit is not None
    [slot] = view.audit.slots
    assert (slot.phase, slot.auditor) == (SlotPhase.COMMIT, AUDITOR.address)
    assert view.audit.contest_deadline_s == 0
    assert facts.facts_hash() == await court_station.contracts.audits.audit_of(key.job_id)
