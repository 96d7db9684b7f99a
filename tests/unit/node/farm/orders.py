"""Orders for tests: a model, an input that is written here, an output in a folder of its own."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tests.unit.node.runtime import models

from neurovoyance.node.farm.pool import Order
from neurovoyance.node.runtime.base import Profile

_numbers = itertools.count()


def order_for(model: Path, folder: Path, **tensors: Any) -> Order:
    """Return an order with an id and a folder that no other test uses."""
    name = f"{folder.name}-{next(_numbers)}"
    source = models.save_input(folder / f"{name}.in", **tensors)
    work = folder / f"{name}.work"
    work.mkdir()
    return Order(
        execution_id=name,
        model_path=model,
        input_path=source,
        output_path=work / "output",
        output_names=None,
        profile=Profile.C1,
        wall_time_s=120,
        left_s=150.0,
    )


def counting(rounds: int) -> onnx.ModelProto:
    """``y = x + rounds`` over int64 ``(1,)``, one at a time: as long as one likes."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Add", ["v", "one"], ["v_next"]),
        ],
        "body",
        [
            models.value("round", TensorProto.INT64, []),
            models.value("go", TensorProto.BOOL, []),
            models.value("v", TensorProto.INT64, [1]),
        ],
        [
            models.value("go_on", TensorProto.BOOL, []),
            models.value("v_next", TensorProto.INT64, [1]),
        ],
    )
    initializers = [
        numpy_helper.from_array(np.array(rounds, np.int64), "rounds"),
        numpy_helper.from_array(np.array(True), "always"),
        numpy_helper.from_array(np.array([1], np.int64), "one"),
    ]
    loop = helper.make_node("Loop", ["rounds", "always", "x"], ["y"], body=body)
    return models.model(
        [loop],
        [models.value("x", TensorProto.INT64, [1])],
        [models.value("y", TensorProto.INT64, [1])],
        initializers,
    )
