import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol import lifecycle as lc
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.lifecycle import JobEvent, JobState

JOB_SOL = Path(__file__).resolve().parents[3] / "contracts/types/Job.sol"


def test_states_have_the_names_and_numbers_of_the_contract() -> None:
    body = re.search(r"enum JobState \{(.*?)\}", JOB_SOL.read_text(), flags=re.S)
    assert body is not None
    names = re.findall(r"^\s*(\w+),?", body.group(1), flags=re.M)
    assert names == [state.label for state in JobState]


def test_every_warm_state_ends_by_time_alone() -> None:
    for state in lc.WARM:
        after = lc.effective_state(state, 100, 101)
        assert after is not state
        event = JobEvent.SETTLE if after is JobState.ACCEPTED else JobEvent.EXPIRE
        assert lc.next_state(after, event).is_final


def test_the_deadlines_own_second_is_in_time() -> None:
    for state in lc.WARM:
        assert lc.effective_state(state, 100, 100) is state


@given(st.sampled_from(JobState), st.integers(0, 2**40), st.integers(0, 2**40))
def test_cold_states_never_change_by_time(state: JobState, deadline_s: int, time_s: int) -> None:
    if not state.is_warm:
        assert lc.effective_state(state, deadline_s, time_s) is state


def test_no_event_leads_out_of_a_final_state() -> None:
    for (state, event), after in lc.TRANSITIONS.items():
        if state.is_final:
            assert event is JobEvent.EXPIRE
            assert after is state


@given(st.sampled_from(JobState), st.sampled_from(JobEvent))
def test_an_event_outside_the_table_is_refused(state: JobState, event: JobEvent) -> None:
    if (state, event) in lc.TRANSITIONS:
        assert lc.next_state(state, event) in JobState
    else:
        with pytest.raises(InternalError, match=event.value):
            lc.next_state(state, event)


def test_every_final_state_but_settled_refunds_the_client() -> None:
    assert {JobState.SETTLED} == lc.FINAL - lc.REFUNDED
