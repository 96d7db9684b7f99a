"""Candidates and jobs for the tests of matching, by hand and by hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from neurovoyance.matching.candidates import Candidate, Wanted
from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.standing_offers import UNITS_MAX
from neurovoyance.protocol.units import UINT96_MAX

MODELS = [bytes([n]) * 32 for n in range(3)]
NVY = 10**18


def wanted(**changes: Any) -> Wanted:
    values: dict[str, Any] = {
        "model_id": MODELS[0],
        "job_class": JobClass.TENSOR,
        "max_runtime_s": 60,
        "max_price_wei": NVY,
        "seed": b"job",
    }
    return Wanted(**values | changes)


def address(number: int) -> str:
    return f"0x{number:040x}"


def candidate(number: int = 1, **changes: Any) -> Candidate:
    values: dict[str, Any] = {"provider": address(number), "base_price_wei": NVY // 10}
    return Candidate(**values | changes)


# Few values and the edges of words and limbs, so that ties, carries and causes are frequent.
wei = st.one_of(
    st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**64, 10**17, 10**17 + 1, UINT96_MAX]),
    st.integers(0, 3 * 10**17),
    st.integers(0, UINT96_MAX),
)
candidates = st.builds(
    Candidate,
    provider=st.integers(1, 40).map(address),
    device=st.sampled_from(["cpu", "cuda"]),
    base_price_wei=wei,
    per_second_wei=st.one_of(st.just(0), st.integers(0, 10**16), wei),
    per_unit_wei=st.one_of(st.just(0), wei),
    lock_multiple=st.sampled_from([0, 5, 20, 10_000]),
    min_lock_wei=wei,
    free_stake_wei=st.one_of(st.just(UINT96_MAX), wei),
    memory_bytes=st.sampled_from([0, 1 << 30, 1 << 40]),
    max_runtime_s=st.sampled_from([30, 60, 14_400]),
    job_classes=st.frozensets(st.sampled_from(list(JobClass)), min_size=2),
    slots=st.integers(1, 4),
    occupied=st.integers(0, 6),
    held=st.dictionaries(st.sampled_from(MODELS), st.integers(0, 2**32 - 1), max_size=3),
    latency_ms=st.integers(0, 100_000),
    record=st.builds(Record, ok=st.integers(0, 50), failed=st.integers(0, 5)),
)
jobs = st.builds(
    Wanted,
    model_id=st.sampled_from(MODELS),
    job_class=st.sampled_from(list(JobClass)),
    max_runtime_s=st.sampled_from([1, 60, 14_400]),
    max_price_wei=st.one_of(st.sampled_from([0, NVY, UINT96_MAX]), wei),
    units=st.sampled_from([0, 0, 1, 1_000_000, UNITS_MAX]),
    memory_bytes=st.sampled_from([0, 1 << 31]),
    model_bytes=st.sampled_from([0, 5_000_000_000]),
    min_lock_wei=st.one_of(st.just(0), wei),
    device=st.sampled_from(["", "", "cuda"]),
    seed=st.binary(max_size=4),
    avoid=st.frozensets(st.integers(1, 40).map(address), max_size=3),
)
