"""Traces of one's own: rows of real runs, and what may be posted of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from tests.unit.node.disputing.court import facts
from tests.unit.node.disputing.tracks import DISPUTE, track

from neurovoyance.node.disputing.tracing import (
    NotEnding,
    OwnTrace,
    _four,
    _require_within,
    _rows_of,
)
from neurovoyance.node.runtime.config import Weights
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.audit import pack_ints, trace_seed
from neurovoyance.verification.trace import build_row


@pytest.fixture
async def runtime() -> AsyncIterator[OnnxRuntime]:
    async with OnnxRuntime(keep_warm=False) as engine:
        yield engine


async def test_rows_are_those_of_the_tensors_on_disk_and_change_with_the_weights(
    tmp_path: Path, runtime: OnnxRuntime
) -> None:
    made = await track(tmp_path / "honest", runtime)
    own = OwnTrace(made.trace, made.paths)
    assert len(own.paths) == 3
    for row in range(3):
        assert own.trace.rows[row] == build_row(row, own.tensor(row), trace_seed(DISPUTE))
    again = _rows_of(own.paths, DISPUTE)
    assert again.root == own.trace.root
    assert _rows_of(own.paths, DISPUTE + 1).root != own.trace.root
    cheap = await track(tmp_path / "rounded", runtime, Weights.INT8)
    assert cheap.trace.root != own.trace.root


def words(*values: int) -> tuple[bytes, ...]:
    return pack_ints([*values, *([0] * (32 - len(values)))])


BIG = 1 << 27


def test_only_what_ends_within_the_tolerance_is_posted() -> None:
    about = facts(tau_sq=round((1e-5) ** 2 * 2**64))
    _require_within(words(BIG), words(BIG + 1_000), about, 0)
    with pytest.raises(NotEnding, match="times the tolerance"):
        _require_within(words(BIG), words(BIG + 2_000), about, 0)
    with pytest.raises(NotEnding, match="too small"):
        _require_within(words(1), words(1), about, 0)
    with pytest.raises(NotEnding, match="clamp"):
        _require_within(words(2**31 - 1), words(2**31 - 1), about, 0)


def test_a_projection_is_four_words() -> None:
    assert _four(words(1)) == words(1)
    with pytest.raises(ValueError):
        _four(words(1)[:3])
    assert np.uint8(4) == len(_four(words(2)))
