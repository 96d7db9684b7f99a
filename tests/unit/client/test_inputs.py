"""An input that does not fit the model is refused with every fault, before anything is sent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from neurovoyance.client.inputs import batch_of, encode_inputs
from neurovoyance.protocol.errors import InputMismatch
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec

MANIFEST = ModelManifest(
    model_cid="bafkqaaaa",
    size_bytes="1",
    opset="17",
    inputs=[
        TensorSpec(name="x", dtype="float32", shape=["batch", "3"]),
        TensorSpec(name="mask", dtype="bool", shape=["batch"]),
    ],
    tensors=[TensorSpec(name="y", dtype="float32", shape=["batch"])],
)
GOOD: dict[str, Any] = {"x": np.ones((2, 3), np.float32), "mask": np.array([True, False])}


def test_the_file_holds_the_arrays_and_is_the_same_every_time() -> None:
    data = encode_inputs(MANIFEST, GOOD)
    assert data == encode_inputs(MANIFEST, dict(reversed(GOOD.items())))
    for name, array in load(data).items():
        np.testing.assert_array_equal(array, GOOD[name])


def test_strided_arrays_are_stored_as_they_look() -> None:
    x = np.arange(12, dtype=np.float32).reshape(3, 4).T[:2]
    assert not x.flags.c_contiguous
    found = load(encode_inputs(MANIFEST, {**GOOD, "x": x}))
    np.testing.assert_array_equal(found["x"], x)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": np.ones((2, 3), np.float64)}, "is float64, not float32"),
        ({"x": np.ones((2, 4), np.float32)}, "has shape [2, 4], not [batch, 3]"),
        ({"x": np.ones(3, np.float32)}, "has 1 dimensions, not 2"),
        ({"mask": np.array([True] * 3)}, "has shape [3], not [batch]"),
        ({"z": np.ones(1)}, "'z' is no input of the model"),
        ({"x": np.ones((0, 3), np.float32), "mask": np.ones(0, bool)}, "is empty"),
    ],
)
def test_each_fault_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputMismatch) as caught:
        encode_inputs(MANIFEST, {**GOOD, **change})
    assert words in caught.value.message
    assert "no money moved" in caught.value.hint


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InputMismatch) as caught:
        encode_inputs(MANIFEST, {"z": np.ones(1)})
    assert len(caught.value.context["faults"]) == 3


def test_the_batch_is_the_size_of_the_first_symbolic_dimension() -> None:
    assert batch_of(MANIFEST, GOOD) == 2
    fixed = MANIFEST.model_copy(
        update={"inputs": [TensorSpec(name="x", dtype="float32", shape=["2", "3"])]}
    )
    assert batch_of(fixed, GOOD) == 1
