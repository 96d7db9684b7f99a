import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.tokenomics.parameters_state import EPOCH_S, ParametersState
from neurovoyance.tokenomics.params import PARAMETERS, WORDS, default_of, pack, unpack
from neurovoyance.tokenomics.reverts import TwinRevert

MOVABLE = sorted(key for key, parameter in PARAMETERS.items() if parameter.word)
NOW_S = 1_800_000_000
EPOCH = NOW_S // EPOCH_S


def refused(state: ParametersState, key: str, value: int, by_constitutional: bool) -> TwinRevert:
    with pytest.raises(TwinRevert) as caught:
        state.set(key, value, NOW_S, by_constitutional=by_constitutional)
    return caught.value


def test_as_deployed_every_word_is_its_default() -> None:
    state = ParametersState()
    assert [state.word(i, NOW_S) for i in range(len(WORDS))] == [pack(name) for name in WORDS]
    assert state.word(len(WORDS), NOW_S) == 0
    assert state.value_of("taxBps", NOW_S) == 0
    assert state.ready_at_s("burnBps") == 0


def test_a_change_applies_from_the_next_epoch() -> None:
    state = ParametersState()
    assert state.set("burnBps", 450, NOW_S, by_constitutional=False) == EPOCH + 1
    assert state.next_of("burnBps") == (450, EPOCH + 1)
    assert state.value_of("burnBps", (EPOCH + 1) * EPOCH_S - 1) == 400
    assert state.value_of("burnBps", (EPOCH + 1) * EPOCH_S) == 450
    assert state.ready_at_s("burnBps") == NOW_S + 7 * 86_400


def test_changes_of_one_epoch_join_and_later_ones_wait() -> None:
    state = ParametersState()
    state.set("burnBps", 450, NOW_S, by_constitutional=False)
    state.set("treasuryBps", 340, NOW_S, by_constitutional=True)
    later = (EPOCH + 1) * EPOCH_S
    state.set("auditBps", 110, later, by_constitutional=False)
    fees = unpack("fees", state.word(WORDS.index("fees"), later))
    assert (fees["burnBps"], fees["treasuryBps"], fees["auditBps"]) == (450, 340, 100)
    assert state.value_of("auditBps", later + EPOCH_S) == 110


def test_refusals_bear_the_names_of_the_contract() -> None:
    state = ParametersState()
    assert refused(state, "taxBps", 1, True).name == "ProtocolParams__UnknownKey"
    assert refused(state, "unbondingS", 1_800_000, False).name == "ProtocolParams__WrongClass"
    assert refused(state, "burnBps", 601, False).values == ("burnBps", 601, 100, 600)
    assert refused(state, "burnBps", 464, False).name == "ProtocolParams__StepTooLarge"
    state.set("burnBps", 450, NOW_S, by_constitutional=False)
    assert refused(state, "burnBps", 460, False).name == "ProtocolParams__CoolingDown"


@given(
    st.lists(st.tuples(st.sampled_from(MOVABLE), st.integers(-3, 3), st.integers(0, 10 * 86_400)))
)
def test_every_value_stays_in_its_bounds(changes: list[tuple[str, int, int]]) -> None:
    state, now_s, accepted = ParametersState(), NOW_S, 0
    for key, eighths, gap_s in changes:
        now_s += gap_s
        value = state.next_of(key)[0] + eighths * PARAMETERS[key].step // 2
        try:
            state.set(key, value, now_s, by_constitutional=True)
            accepted += 1
        except TwinRevert:
            continue
        low, high = PARAMETERS[key].min, PARAMETERS[key].max
        assert low <= state.value_of(key, now_s) <= high
        assert low <= state.value_of(key, now_s + EPOCH_S) <= high
        assert state.value_of(key, now_s + EPOCH_S) == value
    untouched = set(MOVABLE) - {key for key, _, _ in changes}
    assert all(state.value_of(key, now_s) == default_of(key) for key in untouched)
    assert accepted <= len(changes)
