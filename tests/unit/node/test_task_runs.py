"""What is delivered is a prefix, whatever fails wherever."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.node.farm.pool import Order
from neurovoyance.node.intake import HeldJob
from neurovoyance.node.runtime.base import ModelFiles
from neurovoyance.node.task_runs import HeldTask, check_inputs_of, compute
from neurovoyance.protocol.errors import ExecutionError
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec
from neurovoyance.protocol.offer_exchange import RefusalCause
from neurovoyance.protocol.tasks import Task, raw_cid
from neurovoyance.verification.canonical import encode_tensor

from .content import input_file

MANIFEST = ModelManifest(
    model_cid="bafkreiaaaa",
    size_bytes="1",
    opset="17",
    inputs=[TensorSpec(name="x", dtype="float32", shape=["n", "3"])],
    tensors=[TensorSpec(name="y", dtype="float32", shape=["n"])],
)
MODEL = HeldJob(MANIFEST, ModelFiles(Path("model.onnx")), Path("none"))
SPEC = JobSpec(model_id=MANIFEST.model_id(), input_cid=raw_cid(b"0"), max_runtime_s=1)


class Bench:
    """Computes a number per task, and fails where it is told."""

    def __init__(self, places: int, fails_at: int | None, is_infinite: bool) -> None:
        self.places, self._fails_at, self._is_infinite = places, fails_at, is_infinite
        self.seen: list[int] = []

    async def compute_task(self, order: Order) -> None:
        number = int(order.output_path.stem.rpartition("-")[2])
        self.seen.append(number)
        value = float(number)
        if number == self._fails_at:
            if not self._is_infinite:
                raise ExecutionError("It failed.")
            value = float("inf")
        order.output_path.write_bytes(encode_tensor(np.array([value], np.float32)))


def tasks(count: int) -> list[HeldTask]:
    made = [Task(SPEC.model_copy(update={"batch": number + 1}), 5) for number in range(count)]
    return [HeldTask(task, task.hash(), Path("input")) for task in made]


@given(
    count=st.integers(1, 6),
    places=st.integers(1, 3),
    fails_at=st.none() | st.integers(0, 5),
    is_infinite=st.booleans(),
)
async def test_a_prefix_is_delivered(
    tmp_path_factory: pytest.TempPathFactory,
    count: int,
    places: int,
    fails_at: int | None,
    is_infinite: bool,
) -> None:
    bench: Any = Bench(places, fails_at, is_infinite)
    told: list[int] = []
    found = await compute(
        bench,
        MODEL,
        tasks(count),
        tmp_path_factory.mktemp("batch"),
        sources=[],
        client="",
        left_s=60,
        on_done=told.append,
    )
    fails = fails_at is not None and fails_at < count
    assert len(found.roots) == len(found.paths) == (fails_at if fails else count)
    assert (found.ended is not None) == fails
    assert len(bench.seen) == len(set(bench.seen))
    assert told == sorted(told)


async def test_the_time_of_a_batch_is_bounded(tmp_path: Path) -> None:
    bench: Any = Bench(1, None, False)
    found = await compute(
        bench, MODEL, tasks(2), tmp_path, sources=[], client="", left_s=0.5, on_done=lambda _: None
    )
    assert found.roots == ()
    assert found.ended is not None
    assert found.ended.cause is RefusalCause.TIME
    assert bench.seen == []


def test_headers_are_compared_before_anything_runs(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(input_file(x=np.zeros((2, 3), np.float32)))
    bad.write_bytes(b"no tensors")
    held = [SimpleNamespace(task=tasks(1)[0].task, given=path) for path in (good, None, bad)]
    assert check_inputs_of(MODEL, held[:2]) is None  # type: ignore[arg-type]
    refusal = check_inputs_of(MODEL, held)  # type: ignore[arg-type]
    assert refusal is not None
    assert refusal.message.startswith("Input 2")
