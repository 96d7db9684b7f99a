"""Examinations in a confined child: real traces, honest and not, hostile files, and time taken."""

from __future__ import annotations

import os
import resource
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.node.disputing.tracks import LIMITS, Track, track

from neurovoyance.node.disputing.examiner import MANIFEST_NAME, Examiner
from neurovoyance.node.runtime.config import Weights
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.audit import PointKind, RefereeVote
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification.canonical import encode_tensor

OPERATOR = PointKind.OPERATOR


@pytest.fixture
async def runtime() -> AsyncIterator[OnnxRuntime]:
    async with OnnxRuntime(keep_warm=False) as engine:
        yield engine


@pytest.fixture
async def honest(tmp_path: Path, runtime: OnnxRuntime) -> Track:
    return await track(tmp_path / "honest", runtime)


@pytest.fixture
async def rounded(tmp_path: Path, runtime: OnnxRuntime) -> Track:
    return await track(tmp_path / "rounded", runtime, Weights.INT8)


def cpu_s() -> float:
    """Return the CPU seconds of ended children: other work on the machine does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def test_an_honest_trace_is_clear_at_every_row_and_has_nothing_to_point_at(
    tmp_path: Path, honest: Track
) -> None:
    examiner = Examiner()
    trial = honest.trial(tmp_path / "trial", own=honest)
    taken = []
    for row in range(len(honest.paths)):
        start = cpu_s()
        found = await examiner.judge(trial, OPERATOR, row, honest.fetch, honest.run)
        taken.append(cpu_s() - start)
        assert found.vote is RefereeVote.CLEAR, found.reason
    print(f"operator check, both children, p95: {np.percentile(taken, 95):.2f} s of CPU")
    assert await examiner.seek(trial, honest.trace.root, honest.fetch, honest.run) is None


async def test_rounded_weights_are_found_and_judged_guilty(
    tmp_path: Path, honest: Track, rounded: Track
) -> None:
    examiner = Examiner()
    trial = rounded.trial(tmp_path / "trial", own=honest)
    point = await examiner.seek(trial, honest.trace.root, rounded.fetch, rounded.run)
    assert point is not None
    assert (point.kind, point.row) == (OPERATOR, 0)
    found = await examiner.judge(trial, OPERATOR, 0, rounded.fetch, rounded.run)
    assert found.vote is RefereeVote.GUILTY
    assert "times the allowed error" in found.reason


async def test_exact_jobs_are_judged_by_the_bits_of_the_engine(
    tmp_path: Path, honest: Track, rounded: Track
) -> None:
    examiner = Examiner()
    trial = honest.trial(tmp_path / "honest-trial", is_exact=True, own=honest)
    found = await examiner.judge(trial, OPERATOR, 2, honest.fetch, honest.run)
    assert found.vote is RefereeVote.CLEAR, found.reason
    trial = rounded.trial(tmp_path / "rounded-trial", is_exact=True, own=honest)
    found = await examiner.judge(trial, OPERATOR, 2, rounded.fetch, rounded.run)
    assert found.vote is RefereeVote.GUILTY
    assert "other bits" in found.reason


async def test_tensors_that_are_not_served_or_are_others_count_as_missing(
    tmp_path: Path, honest: Track
) -> None:
    examiner = Examiner()
    trial = honest.trial(tmp_path / "trial")
    honest.is_served = False
    found = await examiner.judge(trial, OPERATOR, 1, honest.fetch, honest.run)
    assert found.vote is RefereeVote.UNAVAILABLE
    wrong = encode_tensor(np.zeros((2, 2), np.float32))
    (trial.folder / "1.tensor").write_bytes(wrong)
    found = await examiner.judge(trial, PointKind.MISSING_ROW, 1, honest.fetch, honest.run)
    assert found.vote is RefereeVote.UNAVAILABLE


async def test_a_broken_engine_abstains_in_exact_jobs_and_is_done_without_elsewhere(
    tmp_path: Path, honest: Track
) -> None:
    async def broken(row: int, inputs: object) -> str:
        raise VerificationError("The engine is broken.")

    examiner = Examiner()
    trial = honest.trial(tmp_path / "trial")
    found = await examiner.judge(trial, OPERATOR, 0, honest.fetch, broken)
    assert found.vote is RefereeVote.CLEAR
    with pytest.raises(VerificationError, match="broken"):
        await examiner.judge(replace(trial, is_exact=True), OPERATOR, 0, honest.fetch, broken)


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 100_000, os.urandom(4_096)])
async def test_a_hostile_listing_ends_as_no_finding(
    tmp_path: Path, honest: Track, raw: bytes
) -> None:
    trial = honest.trial(tmp_path / "trial")
    (trial.folder / MANIFEST_NAME).write_bytes(raw)
    with pytest.raises(VerificationError):
        await Examiner().judge(trial, OPERATOR, 0, honest.fetch, honest.run)


async def test_a_hostile_model_ends_as_no_finding(tmp_path: Path, honest: Track) -> None:
    trial = honest.trial(tmp_path / "trial")
    trial.model.write_bytes(b"\x08\xff" * 1_000)
    with pytest.raises(VerificationError):
        await Examiner().judge(trial, OPERATOR, 0, honest.fetch, honest.run)


async def test_an_examination_that_takes_too_long_is_ended(tmp_path: Path, honest: Track) -> None:
    trial = honest.trial(tmp_path / "trial")
    short = replace(trial, limits=replace(LIMITS, wall_time_s=0.01))
    with pytest.raises(VerificationError, match="too long"):
        await Examiner().judge(short, OPERATOR, 0, honest.fetch, honest.run)
