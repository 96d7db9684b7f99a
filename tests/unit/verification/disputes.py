"""A provider's trace, served or tampered with, for the tests of points and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import onnx
from onnx import numpy_helper
from tests.unit.verification.engine import OFF, session, trace_model

from neurovoyance.protocol.audit import trace_seed
from neurovoyance.verification.canonical import Array, encode_tensor
from neurovoyance.verification.evidence import Claims
from neurovoyance.verification.graph import Graph, Operator
from neurovoyance.verification.onnx_graph import read_graph
from neurovoyance.verification.trace import Trace, build_trace

DISPUTE = 7
SEED = trace_seed(DISPUTE)


class Served:
    """A trace with the tensors behind it; ``asked`` notes every row that was fetched."""

    def __init__(
        self, graph: Graph, feed: Mapping[str, Array], values: Mapping[str, Array]
    ) -> None:
        self.graph, self.feed = graph, feed
        self.tensors = {source.name: values[source.name] for source in graph.rows}
        self.trace = Trace(build_trace(self.tensors.values(), DISPUTE).rows)
        self.missing: set[int] = set()
        self.asked: list[int] = []

    def replace(self, name: str, value: Array) -> None:
        """Claim another tensor for one row, with its true hash and projection."""
        self.tensors[name] = value
        self.trace = build_trace(self.tensors.values(), DISPUTE)

    def fetch(self, row: int) -> bytes | None:
        self.asked.append(row)
        if row in self.missing:
            return None
        return encode_tensor(self.tensors[self.graph.rows[row].name])

    def claims(self) -> Claims:
        return Claims(self.graph, self.trace.rows, self.fetch, self.feed, SEED)


def serve(model: bytes, run: bytes, feed: Mapping[str, Array], level: object = OFF) -> Served:
    """Return the trace of ``run`` that claims to be one of ``model``."""
    _, values = trace_model(run, feed, level)
    return Served(read_graph(model), feed, values)


def exact_engine(
    model: bytes,
) -> Callable[[Operator, Sequence[Array | None]], list[Array | None]]:
    """Return a runner of single operators, with the model's weights as initializers."""
    proto = onnx.load_from_string(model)
    weights = {weight.name: weight for weight in proto.graph.initializer}

    def run(operator: Operator, inputs: Sequence[Array | None]) -> list[Array | None]:
        node = proto.graph.node[operator.index]
        feed = {
            name: value
            for name, value in zip(operator.inputs, inputs, strict=True)
            if name and name not in weights and value is not None
        }
        graph = onnx.helper.make_graph(
            [node],
            "one",
            [
                onnx.helper.make_tensor_value_info(
                    name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
                )
                for name, value in feed.items()
            ],
            [onnx.ValueInfoProto(name=name) for name in operator.outputs if name],
            [weights[name] for name in dict.fromkeys(operator.inputs) if name in weights],
        )
        one = onnx.helper.make_model(graph, opset_imports=proto.opset_import, ir_version=8)
        found = iter(session(one.SerializeToString()).run(None, feed))
        return [next(found) if name else None for name in operator.outputs]

    return run


def load_weight(model: bytes, name: str) -> Array:
    """Return one weight of a model."""
    proto = onnx.load_from_string(model)
    return next(numpy_helper.to_array(w) for w in proto.graph.initializer if w.name == name)
