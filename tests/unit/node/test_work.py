"""Local instructions: each is answered by the event that says what came of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.node.conftest import CLIENT, LIMITS, Station
from tests.unit.node.content import tiny_model

from neurovoyance.ipfs.cid import Cid
from neurovoyance.node.defence import ROOM_RETRY_S
from neurovoyance.node.execution_values import (
    Action,
    ActionDone,
    ActionFailed,
    CheckFailed,
    CheckPassed,
    OutputSealed,
    OutputUnsound,
)
from neurovoyance.node.fitting import IntakeRefused
from neurovoyance.node.intake import KEEP_S, Intake
from neurovoyance.node.records import PostedJob
from neurovoyance.node.work import CHECK_ATTEMPTS
from neurovoyance.protocol.errors import StorageNotFound
from neurovoyance.protocol.ids import Address, JobId, hex_of
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.offer_exchange import RefusalCause
from neurovoyance.protocol.units import nvy
from neurovoyance.verification.commitment import output_root, tensor_hash

FAR_S = 2**40


def job_of(spec: JobSpec, *, number: int = 1, max_price_wei: int = nvy("1")) -> PostedJob:
    return PostedJob(JobId(bytes([number]) * 32), Address(CLIENT.address), spec, max_price_wei, 0)


async def test_a_sound_job_passes_with_our_terms(station: Station) -> None:
    spec = await station.publish()
    assert await station.work.check(job_of(spec)) == CheckPassed(station.work.policy.terms(spec))


async def test_a_job_paid_too_little_is_refused_without_a_look_at_its_content(
    station: Station,
) -> None:
    spec = (await station.publish()).model_copy(update={"model_id": b"\x11" * 32})
    answer = await station.work.check(job_of(spec, max_price_wei=1))
    assert isinstance(answer, CheckFailed)
    assert answer.refusal.cause is RefusalCause.PRICE


async def test_missing_content_is_asked_for_ever_more_seldom_and_then_refused(
    station: Station,
) -> None:
    spec = (await station.publish()).model_copy(update={"model_id": b"\x11" * 32})
    answers = [await station.work.check(job_of(spec)) for _ in range(CHECK_ATTEMPTS)]
    waits = [answer.retry_s for answer in answers if isinstance(answer, ActionFailed)]
    assert waits == [2, 4, 8, 16, 32]
    assert isinstance(answers[-1], CheckFailed)
    assert answers[-1].refusal.cause is RefusalCause.UNREACHABLE


async def test_a_run_seals_the_right_output_and_fixes_its_opening(station: Station) -> None:
    spec = await station.publish()
    job = job_of(spec)
    answer = await station.work.run(job, FAR_S)
    sealed = station.journal.sealed(job.job_id)
    assert sealed is not None
    assert answer == OutputSealed(sealed.commitment)
    assert station.chain.commitment(job.job_id, sealed.opening) == sealed.commitment
    assert await station.storage.has(Cid.from_bytes(sealed.opening.envelope_cid))
    assert not list((station.folder / "outputs").iterdir()), "only the envelope is kept"


async def test_a_second_run_gives_the_first_opening_and_computes_nothing(station: Station) -> None:
    spec = await station.publish()
    job = job_of(spec)
    first = await station.work.run(job, FAR_S)
    gone = job_of(spec.model_copy(update={"model_id": b"\x11" * 32}))
    assert await station.work.run(gone, FAR_S) == first


async def test_the_output_is_the_models_in_both_classes(station: Station) -> None:
    roots = set()
    for number, job_class in enumerate((JobClass.EXACT, JobClass.TENSOR)):
        spec = await station.publish(spec={"job_class": job_class}, job_class=job_class.name)
        job = job_of(spec, number=number + 1)
        await station.work.run(job, FAR_S)
        sealed = station.journal.sealed(job.job_id)
        assert sealed is not None
        roots.add(sealed.opening.out_root)
    # Small integers: every order of additions gives the same bits.
    expected = np.array([[32, 38, 44, 50], [4, 3.75, 3.5, 3.25]], dtype=np.float32)
    assert roots == {output_root([tensor_hash(expected)])}


async def test_a_non_finite_output_is_unsound_and_has_no_opening(station: Station) -> None:
    job = job_of(await station.publish(model=tiny_model(log=True)))
    assert await station.work.run(job, FAR_S) == OutputUnsound()
    assert station.journal.sealed(job.job_id) is None


async def test_a_run_without_time_left_is_not_started(station: Station) -> None:
    job = job_of(await station.publish())
    answer = await station.work.run(job, station.shell.time_s)
    assert answer == ActionFailed(Action.RUN, is_hopeless=True)


async def test_a_run_of_something_that_is_no_model_is_hopeless(station: Station) -> None:
    job = job_of(await station.publish(model=b"\x00" * 200))
    assert await station.work.run(job, FAR_S) == ActionFailed(Action.RUN, is_hopeless=True)


async def test_a_run_whose_content_is_missing_now_is_tried_until_time_is_up(
    station: Station,
) -> None:
    spec = (await station.publish()).model_copy(update={"model_id": b"\x11" * 32})
    answer = await station.work.run(job_of(spec), FAR_S)
    assert answer == ActionFailed(Action.RUN, is_counted=False, retry_s=ROOM_RETRY_S)


async def test_a_machine_that_is_full_just_now_is_waited_for(station: Station) -> None:
    job = job_of(await station.publish())
    full = replace(LIMITS, memory_bytes=1 << 50)
    station.work.bench.intake = Intake(
        station.storage,
        station.runtime,
        full,
        station.folder / "full",
        allow_private_addresses=True,
    )
    answer = await station.work.run(job, FAR_S)
    assert answer == ActionFailed(Action.RUN, is_counted=False, retry_s=ROOM_RETRY_S)


async def test_content_is_kept_longer_once_a_job_is_taken(station: Station) -> None:
    spec = await station.publish()
    await station.intake.hold(spec)
    await station.work.reassure(job_of(spec))
    await station.intake.hold(spec)
    now_s = time.time()
    expiries = {pin.name: pin.expires_s for pin in await station.storage.pins()}
    for name in ("model", "input", "manifest"):
        assert (expiries[name] or 0) - now_s > KEEP_S - 600


async def test_a_job_whose_files_are_gone_is_not_accepted(station: Station) -> None:
    spec = (await station.publish()).model_copy(update={"model_id": b"\x11" * 32})
    with pytest.raises(StorageNotFound):
        await station.work.reassure(job_of(spec))
    unfit = await station.publish(model=b"\x00" * 99)
    with pytest.raises(IntakeRefused):
        await station.work.reassure(job_of(unfit))


async def test_runs_share_the_slots(station: Station) -> None:
    spec = await station.publish()
    jobs = [job_of(spec, number=number) for number in (1, 2, 3)]
    answers = await asyncio.gather(*(station.work.run(job, FAR_S) for job in jobs))
    assert all(isinstance(answer, OutputSealed) for answer in answers)
    assert len({answer.commitment for answer in answers}) == 3  # type: ignore[union-attr]


async def test_release_removes_the_files_but_not_a_shared_input(station: Station) -> None:
    spec = await station.publish()
    job = job_of(spec)
    held = await station.intake.hold(spec)
    left_over = station.folder / "outputs" / f"{hex_of(job.job_id)}.nvyt"
    left_over.write_bytes(b"x")
    assert await station.work.release(job, True) == ActionDone(Action.RELEASE)
    assert held.input_path.exists()  # type: ignore[union-attr]
    assert not left_over.exists()
    assert await station.work.release(job, False) == ActionDone(Action.RELEASE)
    assert not held.input_path.exists()  # type: ignore[union-attr]
