"""Distances: zero for the reference itself, small for honest runs, large for cheats."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from neurovoyance.node.calibration.measuring import (
    CHANGED_INPUT,
    HONEST,
    Bench,
    cached_distances,
    cheat_name,
    distance_to,
    distances,
    is_bit_equal,
    reference_of,
    tensor_bytes,
)
from neurovoyance.node.calibration.runs import Runs
from neurovoyance.node.output_file import map_tensors
from neurovoyance.node.runtime.config import C1, Weights
from neurovoyance.protocol.errors import ResourceExceeded

NAMES = ("feature", "logits")


async def test_honest_runs_are_near_and_cheats_far(bench: Bench) -> None:
    steps: list[tuple[str, int, int]] = []
    bench = replace(bench, on_step=lambda *step: steps.append(step))
    reference = await reference_of(bench, NAMES, ["feature"])
    assert reference.faults == []
    assert reference.dtypes == ("fp32", "fp32")
    assert reference.least_elements == 528
    assert len(reference.exponents) == 2
    honest = await distances(bench, reference, HONEST[-1])
    fp16 = await distances(bench, reference, C1.with_weights(Weights.FP16))
    moved = await distances(bench, reference, C1, words=CHANGED_INPUT, changed=True)
    cached = cached_distances(reference)
    assert len(honest) == len(fp16) == len(moved) == len(cached) == 3
    assert max(honest) < 1e-6 < 1e-5 < min(fp16) < min(moved) < min(cached)
    assert await is_bit_equal(bench, reference)
    assert ("reference", 3, 3) in steps
    assert (CHANGED_INPUT, 3, 3) in steps


async def test_a_change_without_effect_is_nothing_to_find(bench: Bench) -> None:
    reference = await reference_of(bench, NAMES, [])
    unchanged = replace(bench, changed=bench.paths)
    found = await distances(unchanged, reference, C1, changed=True)
    assert found == [math.inf] * 3
    assert await distances(bench, reference, C1) == [0.0] * 3


async def test_another_shape_and_no_output_are_infinitely_far(bench: Bench) -> None:
    reference = await reference_of(bench, NAMES, [])
    arrays = map_tensors(reference.files[0])
    assert distance_to(reference, 0, None) == math.inf
    assert distance_to(reference, 0, [arrays[0][:, :100], arrays[1]]) == math.inf


async def test_few_elements_stop_before_the_second_input(bench: Bench) -> None:
    reference = await reference_of(bench, ["logits"], [])
    assert reference.faults == [
        "Together they have only 16 elements; 512 are the fewest that a projection covers."
    ]
    assert reference.files == []
    whole = await reference_of(bench, ["logits"], [], elements_min=0)
    assert (whole.faults, len(whole.files)) == ([], 3)


async def test_disk_is_asked_for_before_it_is_filled(bench: Bench) -> None:
    small = replace(bench.runs.limits, file_bytes=3_000)
    narrow = replace(bench, runs=Runs(bench.runs._runtimes, small, bench.scratch))
    with pytest.raises(ResourceExceeded, match="would take 6,336 bytes of disk"):
        await reference_of(narrow, NAMES, [])


def test_words_and_sizes() -> None:
    assert [cheat_name(weights) for weights in (Weights.FP16, Weights.INT8)] == [
        "fp16 weights",
        "int8 weights",
    ]
    assert tensor_bytes("bf16", (2, 3)) == 12
