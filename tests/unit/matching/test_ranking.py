"""The order of candidates: what each preset wants, causes, and equal work for equals."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.matching.candidates import Candidate, Cause
from neurovoyance.matching.presets import Preset
from neurovoyance.matching.ranking import causes_of, rank_plainly
from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.job_spec import JobClass

from .made_candidates import MODELS, NVY, address, candidate, candidates, jobs, wanted

CHEAP = candidate(1, base_price_wei=10**16, latency_ms=60_000)
QUICK = candidate(2, base_price_wei=10**17, held={MODELS[0]: 10})
SURE = candidate(3, base_price_wei=10**17 + 1, latency_ms=60_000, record=Record(500, 0))


@pytest.mark.parametrize(
    ("preset", "best"),
    [(Preset.CHEAPEST, CHEAP), (Preset.FASTEST, QUICK), (Preset.RELIABLE, SURE)],
)
def test_each_preset_gets_what_it_is_named_after(preset: Preset, best: Candidate) -> None:
    assert rank_plainly([SURE, QUICK, CHEAP], wanted(), preset).best is best


@pytest.mark.parametrize(
    ("changes", "job", "cause"),
    [
        ({}, {"avoid": frozenset({address(1)})}, Cause.TRIED),
        ({"job_classes": frozenset({JobClass.EXACT})}, {}, Cause.CLASS),
        ({}, {"device": "cuda"}, Cause.DEVICE),
        ({"memory_bytes": 1}, {"memory_bytes": 2}, Cause.MEMORY),
        ({"max_runtime_s": 59}, {}, Cause.TIME),
        ({"per_second_wei": NVY}, {}, Cause.PRICE),
        ({"lock_multiple": 20, "free_stake_wei": 2 * NVY - 1}, {}, Cause.STAKE),
        ({"occupied": 2}, {}, Cause.BUSY),
    ],
)
def test_each_cause_leaves_out(
    changes: dict[str, object], job: dict[str, object], cause: Cause
) -> None:
    assert causes_of(candidate(**changes), wanted(**job)) == [cause]
    ranking = rank_plainly([candidate(**changes)], wanted(**job), Preset.CHEAPEST)
    assert (ranking.best, ranking.causes) == (None, {0: cause})


def test_the_edges_still_fit() -> None:
    edge = candidate(
        base_price_wei=NVY, lock_multiple=20, free_stake_wei=20 * NVY, max_runtime_s=60, occupied=1
    )
    assert causes_of(edge, wanted()) == []


def test_one_wei_decides_between_prices() -> None:
    a, b = candidate(1, base_price_wei=2**90 // 10 + 1), candidate(2, base_price_wei=2**90 // 10)
    job = wanted(max_price_wei=2**91)
    for preset in Preset:
        assert rank_plainly([a, b], job, preset).best is b


@settings(max_examples=30, deadline=None)
@given(st.lists(candidates, max_size=12), jobs, st.sampled_from(Preset))
def test_everybody_is_ranked_or_has_a_cause(
    some: list[Candidate], job: object, preset: Preset
) -> None:
    ranking = rank_plainly(some, job, preset)  # type: ignore[arg-type]
    assert sorted([*ranking.order, *ranking.causes]) == list(range(len(some)))


@settings(max_examples=30, deadline=None)
@given(st.lists(candidates, min_size=2, max_size=8, unique_by=lambda one: one.provider), jobs)
def test_a_decoy_changes_nobody_elses_order(some: list[Candidate], job: object) -> None:
    for preset in Preset:
        with_decoy = rank_plainly(some, job, preset).ranked  # type: ignore[arg-type]
        without = rank_plainly(some[1:], job, preset).ranked  # type: ignore[arg-type]
        assert [one for one in with_decoy if one is not some[0]] == without


def test_equal_providers_share_the_work() -> None:
    equal = [candidate(number) for number in range(1, 6)]
    firsts: Counter[str] = Counter()
    for n in range(500):
        job = wanted(seed=n.to_bytes(4, "big"))
        best = rank_plainly(equal, job, Preset.CHEAPEST).best
        assert best is not None
        assert best is rank_plainly(equal[::-1], job, Preset.CHEAPEST).best
        firsts[best.provider] += 1
    assert set(firsts) == {one.provider for one in equal}
    assert max(firsts.values()) < 150


def test_a_dearer_node_without_a_queue_wins_where_time_counts() -> None:
    full = candidate(1, base_price_wei=10**16, occupied=1)
    free = candidate(2, base_price_wei=2 * 10**16)
    assert rank_plainly([full, free], wanted(max_runtime_s=600), Preset.FASTEST).best is free
    assert rank_plainly([full, free], wanted(max_runtime_s=600), Preset.CHEAPEST).best is full
