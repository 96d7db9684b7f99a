"""The provider answers from what it committed to; after a failure it knows who was right."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.node.audited import under_audit
from tests.unit.node.conftest import Station
from tests.unit.node.content import certified_input

from neurovoyance.node.execution_values import Action, ActionFailed, Rechecked
from neurovoyance.node.output_file import Compared, answer_of_file
from neurovoyance.protocol.audit import seed_of_round, unpack_ints
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.verification.tolerance import range_fault

FAR_S = 2**40


async def test_an_answer_is_taken_from_the_envelope_fixed_and_in_range(
    court_station: Station,
) -> None:
    station = court_station
    key, facts = await under_audit(station)
    defence, job = station.work.defence, station.posted[key.job_id]
    words = await defence.answer(job, facts, 3)
    seed = seed_of_round(facts.seed0, 3)
    assert station.journal.answer_to(key.job_id, seed) == words
    assert range_fault(unpack_ints(words), facts.shift) is None
    assert words != await defence.answer(job, facts, 4)
    held = await station.intake.hold(job.spec)
    compared = Compared.of(held.manifest, JobClass.TENSOR)  # type: ignore[union-attr]
    async with defence.opened(key.job_id, "test") as path:
        assert answer_of_file(path, compared, seed=seed, shift=facts.shift) == words
        name = path
    assert not name.exists()
    assert not list((station.folder / "outputs").iterdir()), "nothing in the clear is left"


async def test_an_answer_given_before_is_given_again_without_the_envelope(
    court_station: Station,
) -> None:
    key, facts = await under_audit(court_station)
    job = court_station.posted[key.job_id]
    fixed = (b"\x01" * 32,) * 4
    court_station.journal.fix_answer(key.job_id, facts.seed0, fixed)
    assert await court_station.work.defence.answer(job, facts, 0) == fixed


async def test_an_honest_output_stands_and_another_tolerance_or_shift_tells(
    court_station: Station,
) -> None:
    station = court_station
    key, facts = await under_audit(station)
    defence, job = station.work.defence, station.posted[key.job_id]
    assert await defence.recheck(job, facts, FAR_S) == Rechecked(True)
    # Another input is another output, far outside the tolerance.
    other = await station.storage.add(certified_input(seed=99))
    await station.storage.pin(other)
    spec = job.spec.model_copy(update={"input_cid": other.to_bytes()})
    assert await defence.recheck(replace(job, spec=spec), facts, FAR_S) == Rechecked(False)


async def test_a_check_without_time_or_content_is_no_finding(court_station: Station) -> None:
    station = court_station
    key, facts = await under_audit(station)
    defence, job = station.work.defence, station.posted[key.job_id]
    late = await defence.recheck(job, facts, station.shell.time_s)
    assert late == ActionFailed(Action.RECHECK, is_hopeless=True)
    gone = replace(job, spec=job.spec.model_copy(update={"model_id": b"\x11" * 32}))
    assert await defence.recheck(gone, facts, FAR_S) == ActionFailed(Action.RECHECK)
