"""Run ONNX Runtime for the tests of the operator rules: one operator, or a whole model traced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.graph import Graph, Operator
from neurovoyance.verification.onnx_graph import read_graph
from neurovoyance.verification.operators.base import Consistent, Finding, Inconsistent
from neurovoyance.verification.operators.judge import check

OFF = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
ALL = ort.GraphOptimizationLevel.ORT_ENABLE_ALL


def session(model: bytes, level: Any = OFF) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def single(
    op_type: str,
    inputs: Sequence[Array | None],
    opset: int,
    outputs: int | Sequence[str] = 1,
    **attributes: Any,
) -> bytes:
    """Return a model of one operator; the inputs are graph inputs."""
    names = ["" if value is None else f"in{at}" for at, value in enumerate(inputs)]
    outs = [f"out{at}" for at in range(outputs)] if isinstance(outputs, int) else list(outputs)
    graph = helper.make_graph(
        [helper.make_node(op_type, names, outs, **attributes)],
        "one",
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
            )
            for name, value in zip(names, inputs, strict=True)
            if value is not None
        ],
        [onnx.ValueInfoProto(name=name) for name in outs if name],
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def run_single(
    op_type: str,
    inputs: Sequence[Array | None],
    opset: int = 17,
    outputs: int | Sequence[str] = 1,
    level: Any = OFF,
    **attributes: Any,
) -> tuple[Operator, list[Array | None]]:
    """Return the operator as our reader sees it and the outputs of the engine, by position."""
    model = single(op_type, inputs, opset, outputs, **attributes)
    operator = read_graph(model).operators[0]
    feed = {f"in{at}": value for at, value in enumerate(inputs) if value is not None}
    found = iter(session(model, level).run(None, feed))
    return operator, [next(found) if name else None for name in operator.outputs]


def judge_single(
    op_type: str, inputs: Sequence[Array | None], opset: int = 17, **more: Any
) -> Finding:
    """Return the finding on what the engine itself computes."""
    operator, outputs = run_single(op_type, inputs, opset, **more)
    return check(operator, inputs, outputs, opset)


def honest_ratio(
    op_type: str, inputs: Sequence[Array | None], opset: int = 17, **more: Any
) -> float:
    """Return error / margin of the engine, which has to be consistent at both levels."""
    ratios = []
    for level in (OFF, ALL):
        finding = judge_single(op_type, inputs, opset, level=level, **more)
        assert isinstance(finding, Consistent), (op_type, opset, finding)
        ratios.append(finding.ratio)
    return max(ratios)


def is_caught(operator: Operator, inputs: Any, claimed: Sequence[Array | None], opset: int) -> bool:
    return isinstance(check(operator, inputs, claimed, opset), Inconsistent)


def trace_model(
    model: bytes, feed: Mapping[str, Array], level: Any = OFF
) -> tuple[Graph, dict[str, Array]]:
    """Return the graph and every operator output, from one run with all of them as outputs."""
    graph = read_graph(model)
    proto = onnx.load_from_string(model)
    del proto.graph.output[:]
    names = [source.name for source in graph.rows]
    proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    found = session(proto.SerializeToString(), level).run(names, dict(feed))
    return graph, dict(zip(names, found, strict=True))


def judge_trace(
    graph: Graph, feed: Mapping[str, Array], values: Mapping[str, Array]
) -> list[tuple[Operator, Finding]]:
    """Return the finding on every operator of a traced model."""
    known = {**{name: weight.load() for name, weight in graph.weights.items()}, **feed, **values}
    return [
        (
            operator,
            check(
                operator,
                [known[name] if name else None for name in operator.inputs],
                [values[name] if name else None for name in operator.outputs],
                graph.opset,
            ),
        )
        for operator in graph.operators
    ]


class Draw:
    """Random tensors of a fixed seed, so that a failure can be repeated."""

    def __init__(self, seed: int = 1) -> None:
        self.random = np.random.default_rng(seed)

    def f(self, *shape: int, scale: float = 1.0) -> Array:
        return (self.random.normal(size=shape) * scale).astype(np.float32)

    def ints(self, *shape: int) -> Array:
        return self.random.integers(-20, 20, shape)

    def bytes(self, *shape: int) -> Array:
        return self.random.integers(0, 255, shape).astype(np.uint8)

    def wide(self) -> Array:
        """Values of many magnitudes, for functions of one variable."""
        return np.concatenate([self.f(3000, scale=s) for s in (1e-4, 0.01, 0.3, 1, 5, 20, 60)])


def i64(*values: int) -> Array:
    return np.array(values, dtype=np.int64)


class Case(NamedTuple):
    """One operator to be run by the engine and judged.

    ``cancels``: its sums cancel so far that a change of a thousandth is within rounding.
    """

    op_type: str
    inputs: list[Array | None]
    opset: int = 17
    more: Mapping[str, Any] = MappingProxyType({})
    cancels: bool = False


def names_of(case: Case) -> str:
    shapes = ",".join("-" if x is None else "x".join(map(str, x.shape)) for x in case.inputs)
    settings = ",".join(f"{k}={v}" for k, v in case.more.items() if not hasattr(v, "raw_data"))
    return f"{case.op_type}-{case.opset}-{shapes}-{settings}"


RATIOS: dict[str, float] = {}


def assert_honest(case: Case) -> None:
    """The engine's own outputs are consistent, optimised or not."""
    ratio = honest_ratio(case.op_type, case.inputs, case.opset, **case.more)
    RATIOS[case.op_type] = max(RATIOS.get(case.op_type, 0.0), ratio)


def assert_caught(case: Case) -> None:
    """Zeros, a turned tensor, a moved element and another dtype are inconsistent."""
    operator, outputs = run_single(case.op_type, case.inputs, case.opset, **case.more)
    for position, tensor in enumerate(outputs):
        if tensor is None or tensor.size == 0:
            continue
        for what, wrong in wrong_versions(tensor, changes_one=not case.cancels):
            claimed: list[Array | None] = [None] * len(outputs)
            claimed[position] = wrong
            assert is_caught(operator, case.inputs, claimed, case.opset), (what, position)


def wrong_versions(tensor: Array, *, changes_one: bool) -> Iterator[tuple[str, Array]]:
    """Yield tensors that no honest engine gives where ``tensor`` is right."""
    if np.any(tensor != 0):
        yield "zeros", np.zeros_like(tensor)
    if tensor.ndim >= 2 and tensor.shape[0] != tensor.shape[1]:
        yield "transposed", np.swapaxes(tensor, 0, 1).copy()
    yield "another dtype", np.zeros(tensor.shape, np.int64 if tensor.dtype.kind == "f" else "f4")
    if not changes_one:
        return
    flat = tensor.copy().reshape(-1)
    real = np.where(np.isfinite(flat.astype(np.float64)), np.abs(flat.astype(np.float64)), 0.0)
    at = int(np.argmax(real))
    step = {"float16": 1.03, "float32": 1.001}.get(tensor.dtype.name)
    flat[at] = flat[at] ^ 1 if step is None else flat[at] * tensor.dtype.type(step)
    if flat[at] != tensor.reshape(-1)[at]:
        yield "one element", flat.reshape(tensor.shape)
