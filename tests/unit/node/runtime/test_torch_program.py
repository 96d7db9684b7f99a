"""Calling the operators of a program, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.node.runtime import programs
from tests.unit.node.runtime.programs import ref, step, value

from neurovoyance.node.runtime.torch_format import check_package

torch = pytest.importorskip("torch")
from neurovoyance.node.runtime.torch_program import ProgramModel  # noqa: E402


def made(tmp_path: Path, found: Any, weights: Any = None) -> ProgramModel:
    package = check_package(programs.save(tmp_path / "m", found, weights))
    assert package.program is not None
    tensors = {name: torch.from_numpy(array) for name, array in (weights or {}).items()}
    return ProgramModel(package.program, tensors)


def test_every_form_of_argument_arrives(tmp_path: Path) -> None:
    steps = [
        step("half", "to.dtype", ref("x"), {"dtype": "float64"}),
        step("barred", "masked_fill.Scalar", ref("half"), ref("mask"), {"float": "-inf"}),
        step("parts", "split.Tensor", ref("barred"), 2),
        step("second", "getitem", ref("parts"), 1),
        step("rows", "sym_size.int", ref("second"), 0),
        step("twice", "number.mul", ref("rows"), 2),
        step("zeros", "zeros.default", [ref("twice")]),
        step("y", "gelu.default", ref("second"), approximate={"text": "none"}),
    ]
    inputs = [value("x", "float32", [4]), value("mask", "bool", [4])]
    outputs = [value("y", "float64", [2]), value("zeros", "float32", [4])]
    model = made(tmp_path, programs.program(inputs, steps, outputs))
    feed = {"x": torch.ones(4), "mask": torch.tensor([False, False, False, True])}
    y, zeros = model(feed, model.outputs)
    assert y.dtype == torch.float64
    assert y[0] == torch.nn.functional.gelu(torch.ones(1, dtype=torch.float64))[0]
    assert zeros.shape == (4,)


def test_the_channels_of_a_weight_follow_from_its_operator(tmp_path: Path) -> None:
    found, weights = programs.linear()
    found["steps"].append(step("z", "matmul.default", ref("y"), {"weight": "m"}))
    model = made(tmp_path, found, {**weights, "m": np.ones((6, 2), np.float32)})
    assert model.weight_axes() == {"w": 0, "b": 0, "m": -1}
