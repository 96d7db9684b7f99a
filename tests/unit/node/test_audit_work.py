"""A repetition ends in four words, or in a flag that says whose fault it is that there are none."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.node.audited import Auditor, auditor_of, under_audit
from tests.unit.node.conftest import Station
from tests.unit.node.content import LAYERS, ROWS, input_file

from neurovoyance.ipfs.cid import Cid
from neurovoyance.node.audit_rules import CaseKey
from neurovoyance.node.audit_work import NO_WORDS, Finding
from neurovoyance.node.bench import OutOfTime
from neurovoyance.node.records import PostedJob
from neurovoyance.protocol.audit import (
    FLAG_NON_FINITE,
    FLAG_UNAVAILABLE,
    AuditFacts,
    Outcome,
    unpack_ints,
)
from neurovoyance.verification.tolerance import compare

FAR_S = 2**40


async def repeated(
    auditor: Auditor, key: CaseKey, facts: AuditFacts, job: PostedJob, finish_by_s: int = FAR_S
) -> Finding:
    return await auditor.work.repeat(key, facts, job, (), finish_by_s)


async def with_input(station: Station, job: PostedJob, content: bytes) -> PostedJob:
    cid = await station.storage.add(content)
    await station.storage.pin(cid)
    return PostedJob(
        job.job_id,
        job.client,
        job.spec.model_copy(update={"input_cid": cid.to_bytes()}),
        job.max_price_wei,
        job.min_lock_wei,
    )


async def test_an_honest_repetition_passes_by_the_rule_of_the_court(
    court_station: Station,
) -> None:
    station = court_station
    async with auditor_of(station) as auditor:
        key, facts = await under_audit(station)
        job = station.posted[key.job_id]
        finding = await repeated(auditor, key, facts, job)
        answer = await station.work.defence.answer(job, facts, 0)
        found = compare(unpack_ints(answer), unpack_ints(finding.z1), tau_sq=facts.tau_sq)
        assert (found.outcome, finding.flags) == (Outcome.PASS, 0)
        assert not list((station.folder / "auditor" / "outputs").iterdir())
        with pytest.raises(OutOfTime):
            await repeated(auditor, key, facts, job, station.shell.time_s)


async def test_inputs_that_nobody_serves_are_a_finding(court_station: Station) -> None:
    station = court_station
    async with auditor_of(station, has_content=False) as auditor:
        key, facts = await under_audit(station)
        job = station.posted[key.job_id]
        now_s = await station.chain.time_s()
        finding = await repeated(auditor, key, facts, job, now_s + facts.max_runtime_s)
        assert finding == Finding(NO_WORDS, FLAG_UNAVAILABLE)


async def test_inputs_that_do_not_fit_the_model_are_a_finding(court_station: Station) -> None:
    station = court_station
    async with auditor_of(station) as auditor:
        key, facts = await under_audit(station)
        odd = input_file(z=np.zeros((1, 1), np.float32))
        job = await with_input(station, station.posted[key.job_id], odd)
        assert await repeated(auditor, key, facts, job) == Finding(NO_WORDS, FLAG_UNAVAILABLE)


async def test_an_output_that_is_not_finite_is_a_finding(court_station: Station) -> None:
    station = court_station
    async with auditor_of(station) as auditor:
        key, facts = await under_audit(station)
        huge = input_file(x=np.full((ROWS, LAYERS[0]), 3e38, np.float32))
        job = await with_input(station, station.posted[key.job_id], huge)
        assert await repeated(auditor, key, facts, job) == Finding(NO_WORDS, FLAG_NON_FINITE)


async def test_an_input_let_go_is_not_held_any_more(court_station: Station) -> None:
    station = court_station
    async with auditor_of(station) as auditor:
        key, facts = await under_audit(station)
        job = station.posted[key.job_id]
        await repeated(auditor, key, facts, job)
        files = station.folder / "auditor" / "files" / "inputs"
        assert list(files.iterdir())
        await auditor.work.release(job)
        assert not list(files.iterdir())
        cid = Cid.from_bytes(job.spec.input_cid)
        assert await station.storage.served_block(cid) is None
