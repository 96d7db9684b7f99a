"""What engines share: choosing outputs, reading inputs, naming their errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.node.runtime import models

from neurovoyance.node.runtime.base import TensorSpec
from neurovoyance.node.runtime.engine import describe_given, read_inputs, select, translate
from neurovoyance.protocol.errors import (
    ExecutionError,
    ResourceExceeded,
    SpecError,
    UnsupportedModel,
)

OUTPUTS = [TensorSpec("a", "float32", ()), TensorSpec("b", "int64", (2,))]


def test_outputs_come_in_the_order_asked_for_and_in_that_of_the_model_by_default() -> None:
    assert [spec.name for spec in select(OUTPUTS, ("b", "a"))] == ["b", "a"]
    assert select(OUTPUTS, None) == OUTPUTS


@pytest.mark.parametrize("names", [(), ("c",), ("a", "a"), ("a", "")])
def test_outputs_that_do_not_exist_or_repeat_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(SpecError):
        select(OUTPUTS, names)


@pytest.mark.parametrize("dtype", ["float64", "int8", "string", "seq(tensor(float))"])
def test_an_output_without_canonical_form_is_refused(dtype: str) -> None:
    with pytest.raises(UnsupportedModel, match="no canonical form"):
        select([TensorSpec("a", dtype, ())], None)


def test_exhausted_memory_is_told_from_other_failures() -> None:
    assert type(translate(MemoryError(), ExecutionError, "x")) is ResourceExceeded
    assert type(translate(RuntimeError("std::bad_alloc"), ExecutionError, "x")) is ResourceExceeded
    assert type(translate(RuntimeError("no"), ExecutionError, "x")) is ExecutionError


def test_inputs_are_read_with_their_dtypes_and_shapes(tmp_path: Path) -> None:
    tensors = {"a": np.arange(6, dtype=np.int8).reshape(2, 3), "b": np.array(2.5)}
    found = read_inputs(models.save_input(tmp_path / "i", **tensors))
    assert describe_given(found) == {"a": ("int8", (2, 3)), "b": ("float64", ())}
    assert found["a"].tolist() == tensors["a"].tolist()


def test_a_pickle_is_no_input(tmp_path: Path) -> None:
    (tmp_path / "i").write_bytes(b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x07builtin\x94.")
    with pytest.raises(SpecError, match="safetensors"):
        read_inputs(tmp_path / "i")


def test_a_missing_input_is_malformed(tmp_path: Path) -> None:
    with pytest.raises(SpecError):
        read_inputs(tmp_path / "missing")
