"""What the journal keeps is read back as it was written, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.node.execution_values import Action, ChainView, Execution, Phase, Terms
from neurovoyance.node.records import (
    PostedJob,
    dump_execution,
    dump_job,
    load_execution,
    load_job,
)
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause

WORDS = st.binary(min_size=32, max_size=32)
AMOUNTS = st.integers(0, 2**96 - 1)
VIEWS = st.builds(
    ChainView,
    stored=st.sampled_from(JobState),
    is_ours=st.booleans(),
    deadline_s=st.integers(0, 2**40),
    is_audit_possible=st.booleans(),
    round=st.integers(0, 2**64 - 1),
    is_round_over=st.booleans(),
    seed0=st.none() | WORDS,
    is_lock_open=st.booleans(),
)
EXECUTIONS = st.builds(
    Execution,
    job_id=WORDS.map(JobId),
    max_runtime_s=st.integers(1, 14_400),
    view=VIEWS,
    phase=st.sampled_from(Phase),
    terms=st.none() | st.builds(Terms, price_wei=AMOUNTS, lock_wei=AMOUNTS),
    refusal=st.none()
    | st.builds(Refusal, cause=st.sampled_from(RefusalCause), message=st.text(max_size=50)),
    commitment=st.none() | WORDS,
    is_unsound=st.booleans(),
    pending=st.frozensets(st.sampled_from(Action)),
    serial=st.integers(0, 99),
)


@given(EXECUTIONS)
def test_every_execution_survives_the_file(execution: Execution) -> None:
    assert load_execution(dump_execution(execution)) == execution


@given(job_id=WORDS, model_id=WORDS, price_wei=AMOUNTS, sources=st.lists(st.text(max_size=20)))
def test_every_job_survives_the_file(
    job_id: bytes, model_id: bytes, price_wei: int, sources: list[str]
) -> None:
    job = PostedJob(
        JobId(job_id),
        Address("0x" + "aa" * 20),
        JobSpec(model_id=model_id, input_cid=b"\xff" * 36, declared_gain_wei=price_wei),
        price_wei,
        7,
        tuple(sources),
    )
    assert load_job(dump_job(job)) == job


@pytest.mark.parametrize("text", ["", "{}", '{"execution": {}}', '{"job": 1}'])
def test_a_damaged_record_stops_with_a_sentence(text: str) -> None:
    with pytest.raises(InternalError, match="cannot read"):
        load_execution(text)
    with pytest.raises(InternalError, match="cannot read"):
        load_job(text)
