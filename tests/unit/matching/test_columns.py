"""The columns give the plain twin's order and causes, to the last tie."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.matching.candidates import Candidate, Wanted
from neurovoyance.matching.columns import PLAIN_BELOW, Columns, rank
from neurovoyance.matching.presets import Preset
from neurovoyance.matching.ranking import rank_plainly

from .made_candidates import candidate, candidates, jobs, wanted


@settings(max_examples=100, deadline=None)
@given(st.lists(candidates, max_size=12), jobs, st.sampled_from(Preset))
def test_columns_rank_as_the_plain_twin(some: list[Candidate], job: Wanted, preset: Preset) -> None:
    fast, plain = Columns(some).rank(job, preset), rank_plainly(some, job, preset)
    assert fast.order == plain.order
    assert fast.causes == plain.causes


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=200, max_size=200), st.integers(0, 2**32))
def test_many_equal_candidates_are_drawn_alike(prices: list[int], seed: int) -> None:
    some = [candidate(n, base_price_wei=price) for n, price in enumerate(prices, 1)]
    job = wanted(seed=str(seed).encode())
    for preset in Preset:
        assert Columns(some).rank(job, preset).order == rank_plainly(some, job, preset).order


def test_small_and_large_sets_are_ranked_by_one_call() -> None:
    some = [candidate(n) for n in range(1, PLAIN_BELOW + 2)]
    for few in (some[:3], some):
        assert (
            rank(few, wanted(), Preset.FASTEST).order
            == rank_plainly(few, wanted(), Preset.FASTEST).order
        )


@settings(max_examples=60, deadline=None)
@given(st.lists(candidates, max_size=8), st.lists(candidates, max_size=3), jobs, st.data())
def test_columns_that_changed_are_those_that_were_made_so(
    some: list[Candidate], added: list[Candidate], job: Wanted, data: st.DataObject
) -> None:
    places = st.integers(0, max(0, len(some) - 1))
    changes = data.draw(st.dictionaries(places, st.none() | candidates)) if some else {}
    now = [*(changes.get(n, one) for n, one in enumerate(some)), *added]
    wanted_now = [one for one in now if one is not None]
    before = Columns(some)
    changed = before.changed(changes, added)
    assert changed.candidates == tuple(wanted_now)
    assert before.candidates == tuple(some)
    for preset in Preset:
        fast, plain = changed.rank(job, preset), rank_plainly(wanted_now, job, preset)
        assert (fast.order, fast.causes) == (plain.order, plain.causes)


def test_a_model_id_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="held"):
        Columns([candidate(1, held={b"short": 1})])
