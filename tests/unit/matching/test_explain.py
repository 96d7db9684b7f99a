"""Rankings in words: counts, numbers in every cause, and what decided between two."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.matching.candidates import Candidate, Cause, Wanted
from neurovoyance.matching.explain import counted, passed_over, refusal, rows, summary, why
from neurovoyance.matching.independence import choose
from neurovoyance.matching.presets import Preset
from neurovoyance.matching.ranking import rank_plainly
from neurovoyance.matching.reliability import Record

from .made_candidates import MODELS, NVY, candidate, candidates, jobs, wanted


def test_counts_come_most_frequent_first() -> None:
    some = [candidate(n, base_price_wei=2 * NVY) for n in range(9)]
    some += [candidate(n, memory_bytes=1) for n in range(9, 14)]
    ranking = rank_plainly(some, wanted(memory_bytes=2), Preset.CHEAPEST)
    assert summary(ranking) == "0 of 14: 9 price, 5 memory"
    assert counted(3, {}) == "3 of 3"


@settings(max_examples=30, deadline=None)
@given(st.lists(candidates, max_size=8), jobs, st.sampled_from(Preset))
def test_everybody_has_a_line_and_a_reason(
    some: list[Candidate], job: Wanted, preset: Preset
) -> None:
    ranking = rank_plainly(some, job, preset)
    lines = rows(ranking)
    assert len(lines) == len(some)
    assert all(line.reasons for line in lines)
    assert [line.rank for line in lines if line.rank] == list(range(1, len(ranking.order) + 1))
    assert all((line.cause is None) == bool(line.rank) for line in lines)


def test_every_cause_is_told_with_its_numbers() -> None:
    one = candidate(
        base_price_wei=2 * NVY, lock_multiple=20, free_stake_wei=NVY, occupied=4, memory_bytes=1_000
    )
    job = wanted(memory_bytes=2_000)
    [line] = rows(rank_plainly([one], job, Preset.CHEAPEST))
    assert line.cause is Cause.MEMORY
    assert line.reasons == (
        "has 1,000 B of memory, 2,000 B are needed",
        "asks 2 NVY, at most 1 NVY is paid",
        "needs 40 NVY of stake behind the job, 1 NVY is free",
        "has 4 jobs on 1 slots; 2 a slot is most",
    )
    assert all(refusal(cause, one, job) for cause in Cause)


def test_what_decided_is_told() -> None:
    a = candidate(1, record=Record(12, 0), held={MODELS[0]: 120})
    b = candidate(2, base_price_wei=NVY // 5)
    ranking = rank_plainly([a, b], wanted(), Preset.CHEAPEST)
    assert why(ranking, 0) == [
        "first for cheapest: 0.1 NVY cheaper",
        "holds the model, loads it in 120 ms",
        "12 of 12 jobs delivered, at least 79 % with 95 % confidence",
        "1 of 1 slots free",
    ]
    assert why(ranking, 1)[:3] == [
        "behind the first: 0.1 NVY cheaper",
        "has to fetch the model",
        "no record yet",
    ]
    fast = rank_plainly([a, b], wanted(), Preset.FASTEST)
    assert "score" in why(fast, fast.order[0])[0]
    equal = rank_plainly([candidate(1), candidate(2)], wanted(), Preset.FASTEST)
    assert "drawn by the job" in why(equal, equal.order[0])[0]
    assert why(rank_plainly([a], wanted(), Preset.CHEAPEST), 0)[0] == "the only one that fits"


def test_who_is_passed_over_as_a_replica_is_told() -> None:
    some = [candidate(1, operator="x"), candidate(2, operator="x", base_price_wei=NVY)]
    ranking = rank_plainly(some, wanted(), Preset.CHEAPEST)
    [first] = ranking.order[:1]
    words = passed_over(ranking, choose(ranking, 2))
    assert words == {1: f"shares its operator with {ranking.candidates[first].provider}"}


def test_slashes_and_missed_deadlines_are_told() -> None:
    clean, stained = candidate(1, record=Record(90)), candidate(2, record=Record(90, 2, 1, 3))
    ranking = rank_plainly([stained, clean], wanted(), Preset.RELIABLE)
    assert ranking.order == (1, 0)
    assert (
        "90 of 92 jobs delivered, 1 deadline missed, slashed 3 times, "
        "at least 91 % with 95 % confidence"
    ) in why(ranking, 0)
    once = rank_plainly([candidate(1, record=Record(slashed=1))], wanted(), Preset.RELIABLE)
    assert any("0 of 0 jobs delivered, slashed once" in clause for clause in why(once, 0))
