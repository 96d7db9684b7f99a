"""Whether jobs can be posted is said in one sentence, whatever stands in the way."""

from __future__ import annotations

import pytest

from neurovoyance.chain.contracts import PoolRecord
from neurovoyance.chain.courts import AuditPolicy
from neurovoyance.chain.registry import ModelRecord, ModelState
from neurovoyance.cli.model_tables import StepLine, posting_words, print_registration
from neurovoyance.client.certificates import PoolView, Registration
from neurovoyance.protocol.certificate import NO_POOL, pool_of
from neurovoyance.protocol.ids import ZERO_ADDRESS, ModelId
from neurovoyance.protocol.job_spec import JobClass

NOW_S = 1_000


def registration(
    *,
    state: ModelState = ModelState.REGISTERED,
    active_at_s: int = 0,
    seats: int = 0,
    owners: int = 0,
) -> Registration:
    record = ModelRecord(1, pool_of("cpu"), 3, state, active_at_s, bytes(20), NO_POOL)
    policy = AuditPolicy(200, 10, seats_min=20, owners_min=10)
    pool = PoolView(JobClass.TENSOR, pool_of("cpu"), PoolRecord(seats, owners), policy)
    return Registration(ModelId(bytes(32)), record, ZERO_ADDRESS, 0, (pool,), NOW_S)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (registration(seats=20, owners=10), "TENSOR jobs can be posted now."),
        (registration(seats=20, owners=9), "No job can be posted yet: too few auditors"),
        (registration(state=ModelState.NONE), "The model is not registered."),
        (registration(state=ModelState.SUSPENDED), "The model was suspended"),
        (registration(active_at_s=2_000, seats=20, owners=10), "No job can be posted before"),
        (registration(state=ModelState.CHALLENGED, seats=20, owners=10), "TENSOR jobs can be"),
    ],
)
def test_what_stands_in_the_way_is_said(found: Registration, words: str) -> None:
    assert posting_words(found).startswith(words)


def test_a_pool_is_shown_with_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    print_registration(registration(seats=1, owners=1))
    text = capsys.readouterr().out
    assert "auditors cpu: 1 seat of 1 owners (20 and 10 are needed)" in text


def test_steps_are_silent_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    line = StepLine(is_silent=False)
    line("reference", 1, 2)
    line.close()
    assert capsys.readouterr().err == ""
