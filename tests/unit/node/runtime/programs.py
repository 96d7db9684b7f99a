"""Torch programs written by hand: what the shared suite needs, and hostile variants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from neurovoyance.node.runtime.torch_format import FORMAT_KEY

Json = dict[str, Any]


def value(name: str, dtype: str, shape: list[Any], of: str | None = None) -> Json:
    return {"name": name, "value": of or name, "dtype": dtype, "shape": shape}


def step(name: str, op: str, *args: Any, **kwargs: Any) -> Json:
    return {"name": name, "op": op, "args": list(args), "kwargs": kwargs}


def ref(name: str) -> Json:
    return {"value": name}


def program(inputs: list[Json], steps: list[Json], outputs: list[Json], **more: Any) -> Json:
    found = {"version": 1, "inputs": inputs, "outputs": outputs, "values": [], "steps": steps}
    return {**found, **more}


def save(path: Path, found: Any, weights: dict[str, Any] | None = None) -> Path:
    text = found if isinstance(found, str) else json.dumps(found)
    save_file(weights or {}, path, metadata={FORMAT_KEY: text})
    return path


def affine() -> Json:
    """``sum = a + b`` and ``twice = 2a`` over float32 ``(n, 4)``."""
    pair = [value(name, "float32", ["n", 4]) for name in ("a", "b")]
    steps = [
        step("sum", "add.Tensor", ref("a"), ref("b")),
        step("twice", "mul.Scalar", ref("a"), 2),
    ]
    return program(pair, steps, [value(name, "float32", ["n", 4]) for name in ("sum", "twice")])


def endless() -> Json:
    """The sum of 2**50 numbers, which are one number seen again and again."""
    steps = [
        step("many", "expand.default", ref("x"), [1 << 50]),
        step("y", "sum.default", ref("many")),
    ]
    return program([value("x", "float32", [1])], steps, [value("y", "float32", [])])


def filled(*, reduced: bool) -> Json:
    """Ones of the shape given as int64 ``shape``; ``reduced`` sums them."""
    steps = [
        step("first", "select.int", ref("shape"), 0, 0),
        step("count", "_local_scalar_dense.default", ref("first")),
        step("ones", "ones.default", [ref("count")]),
        step("total", "sum.default", ref("ones")),
    ]
    out = value("y", "float32", [], "total") if reduced else value("big", "float32", ["k"], "ones")
    return program([value("shape", "int64", [1])], steps if reduced else steps[:3], [out])


def logarithm() -> Json:
    """``y = log(x)`` over float32 ``(n,)``."""
    steps = [step("y", "log.default", ref("x"))]
    return program([value("x", "float32", ["n"])], steps, [value("y", "float32", ["n"])])


def linear() -> tuple[Json, dict[str, Any]]:
    """``y = x w' + b`` with weights, and ``raw = x w'`` as a further value."""
    random = np.random.default_rng(8)
    weights = {
        "w": random.standard_normal((6, 4)).astype(np.float32),
        "b": random.standard_normal(6).astype(np.float32),
    }
    steps = [
        step("raw", "linear.default", ref("x"), {"weight": "w"}),
        step("y", "add.Tensor", ref("raw"), {"weight": "b"}),
    ]
    shape = ["n", 6]
    found = program([value("x", "float32", ["n", 4])], steps, [value("y", "float32", shape)])
    found["values"] = [value("before bias", "float32", shape, "raw")]
    return found, weights
