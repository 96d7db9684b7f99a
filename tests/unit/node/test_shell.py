"""The shell journals before it obeys, feeds answers back, and survives what goes wrong."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.node.conftest import CLIENT, OTHER, Station

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.node import shell
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.enrolment import enrol
from neurovoyance.node.execution_values import (
    Action,
    ActionDone,
    CheckPassed,
    Event,
    Outcome,
    Phase,
    SlotGranted,
)
from neurovoyance.node.journal import Journal
from neurovoyance.node.records import PostedJob
from neurovoyance.node.shell import Live, Shell
from neurovoyance.node.work import Work
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import nvy

WAIT_S = 90.0


async def until(shell: Shell, job_id: JobId, phase: Phase) -> Live:
    live = next(item for item in shell if item.job.job_id == job_id)
    async with asyncio.timeout(WAIT_S):
        await shell.wait_until(lambda: live.execution.phase is phase)
    return live


async def listed(station: Station) -> JobId:
    """Post a job and let the shell know of it."""
    spec = await station.publish()
    job_id = await station.post(spec)
    station.shell.begin(station.posted[job_id], await station.chain.view(job_id))
    return job_id


def asked(station: Station, job_id: JobId) -> list[Action]:
    return [line.action for line in station.journal.instructions(job_id)]


async def test_a_listing_is_checked_and_then_waits(station: Station) -> None:
    job_id = await listed(station)
    assert asked(station, job_id) == [Action.CHECK], "on disk before the task has run"
    live = await until(station.shell, job_id, Phase.HELD)
    assert live.execution.terms is not None
    [line] = station.journal.instructions(job_id)
    assert line.answer == "CheckPassed"


async def test_a_granted_slot_leads_to_a_commitment(station: Station) -> None:
    job_id = await listed(station)
    await until(station.shell, job_id, Phase.HELD)
    station.shell.feed(job_id, SlotGranted())
    await until(station.shell, job_id, Phase.COMMITTED)
    record = await station.contracts.market.job(job_id)
    assert record.state is JobState.COMMITTED
    assert asked(station, job_id) == [Action.CHECK, Action.ACCEPT, Action.RUN, Action.COMMIT]


async def test_a_job_begun_twice_is_one_execution(station: Station) -> None:
    job_id = await listed(station)
    live = next(iter(station.shell))
    station.shell.begin(live.job, live.execution.view)
    assert asked(station, job_id) == [Action.CHECK]


async def test_an_event_that_does_not_fit_changes_nothing(station: Station) -> None:
    job_id = await listed(station)
    live = await until(station.shell, job_id, Phase.HELD)
    before = live.execution
    station.shell.feed(job_id, ActionDone(Action.COMMIT))
    station.shell.feed(job_id, CheckPassed(before.terms))  # type: ignore[arg-type]
    assert live.execution == before


async def test_a_lost_race_is_seen_after_the_revert(station: Station) -> None:
    job_id = await listed(station)
    live = await until(station.shell, job_id, Phase.HELD)
    await station.contracts.market.cancel(CLIENT, job_id)
    station.shell.feed(job_id, SlotGranted())
    live = await until(station.shell, job_id, Phase.ENDED)
    assert live.execution.outcome is Outcome.CANCELLED
    answers = {line.action: line.answer for line in station.journal.instructions(job_id)}
    assert answers[Action.ACCEPT] == "ActionFailed"


async def test_a_job_that_a_rival_accepts_first_is_lost_and_costs_nothing(station: Station) -> None:
    bank, rival_key = devnet_wallet(0), devnet_wallet(5)
    await station.contracts.token.transfer(bank, OTHER.address, nvy("2000"))
    await enrol(station.contracts, OTHER, Address(rival_key.address), "http://x", nvy("2000"))
    job_id = await listed(station)
    live = await until(station.shell, job_id, Phase.HELD)
    await station.contracts.market.accept(
        rival_key,
        job_id,
        live.job.spec,
        live.job.salt,
        OTHER.address,
        price_wei=nvy("0.01"),
        lock_wei=nvy("1"),
    )
    station.shell.feed(job_id, SlotGranted())
    await until(station.shell, job_id, Phase.ENDED)
    assert live.execution.outcome is Outcome.LOST
    assert (await station.chain.stake()).locked_wei == 0


async def test_the_next_process_goes_on_where_the_chain_stands(station: Station) -> None:
    job_id = await listed(station)
    await until(station.shell, job_id, Phase.HELD)
    station.shell.feed(job_id, SlotGranted())
    await until(station.shell, job_id, Phase.RUNNING)
    await station.shell.close()

    again = Shell(station.chain, station.work, CrashPoint(None))
    assert await again.restore() == 1
    live = await until(again, job_id, Phase.COMMITTED)
    sealed = station.journal.sealed(job_id)
    assert sealed is not None
    assert live.execution.commitment == sealed.commitment
    await again.close()


async def test_an_ended_execution_is_forgotten_after_an_hour_and_stays_in_the_journal(
    station: Station,
) -> None:
    job_id = await listed(station)
    await until(station.shell, job_id, Phase.HELD)
    await station.contracts.market.cancel(CLIENT, job_id)
    await station.shell.refresh(job_id)
    live = await until(station.shell, job_id, Phase.ENDED)
    async with asyncio.timeout(WAIT_S):
        await station.shell.wait_until(lambda: live.execution.is_released)
    station.shell.forget_ended()
    assert job_id in station.shell
    station.shell.time_s += 3_601
    station.shell.forget_ended()
    assert job_id not in station.shell
    entry = station.journal.entry(job_id)
    assert entry is not None
    assert entry.execution.outcome is Outcome.CANCELLED


async def test_a_defect_in_one_job_is_waited_out_and_does_not_spread(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def defect(self: Work, job: PostedJob) -> Event:
        raise ZeroDivisionError

    monkeypatch.setattr(Work, "check", defect)
    job_id = await listed(station)
    live = next(iter(station.shell))
    async with asyncio.timeout(WAIT_S):
        await station.shell.wait_until(lambda: not live.execution.pending)
    assert live.execution.phase is Phase.SEEN
    assert live.execution.not_before_s > station.shell.time_s
    assert asked(station, job_id) == [Action.CHECK]


async def test_an_answer_waits_until_the_journal_can_be_written(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = ["answer", "write"]

    def full(name: str) -> None:
        if name in left:
            left.remove(name)
            raise sqlite3.OperationalError("database or disk is full")

    job_id = await listed(station)
    for name in ("answer", "write"):
        whole = getattr(Journal, name)

        def limited(
            self: Journal, *given: Any, name: str = name, whole: Callable[..., None] = whole
        ) -> None:
            full(name)
            whole(self, *given)

        monkeypatch.setattr(Journal, name, limited)
    monkeypatch.setattr(shell, "JOURNAL_RETRY_S", 0.01)
    live = await until(station.shell, job_id, Phase.HELD)
    assert not left
    assert not live.execution.pending
    assert asked(station, job_id) == [Action.CHECK]
