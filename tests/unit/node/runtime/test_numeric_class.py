"""The numeric class: the same in every process, and moved by one bit."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from neurovoyance.node.runtime import numeric_class as module
from neurovoyance.node.runtime.numeric_class import numeric_class, suite
from neurovoyance.node.runtime.onnx_ import OnnxRuntime


async def test_it_is_the_same_over_processes() -> None:
    async with OnnxRuntime(keep_warm=False) as first:
        found = await numeric_class(first)
        assert await numeric_class(first) == found
    async with OnnxRuntime(keep_warm=False) as second:
        assert await numeric_class(second) == found
    assert len(found) == 32


async def test_one_other_number_in_the_suite_gives_another_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with OnnxRuntime(keep_warm=False) as runtime:
        found = await numeric_class(runtime)
        model, feed = suite()
        feed["x0_0"][0, 0] += np.float32(0.001)
        monkeypatch.setattr(module, "suite", lambda: (model, feed))
        assert await numeric_class(runtime) != found


def test_the_suite_is_the_same_every_time_and_readable() -> None:
    (model, feed), (again, feed_again) = suite(), suite()
    assert model == again
    assert all(feed[name].tobytes() == feed_again[name].tobytes() for name in feed)
    graph = onnx.load_from_string(model).graph
    assert {"MatMul", "Conv", "ConvTranspose", "Softmax", "LSTM", "Erf"} <= {
        node.op_type for node in graph.node
    }
    assert {value.name for value in graph.input} == feed.keys()
