"""A tiny model with its manifest and input, as a client publishes them."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save

from neurovoyance.ipfs.cid import keccak_cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec

WEIGHTS = np.arange(12, dtype=np.float32).reshape(3, 4)
INPUT = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.25]], dtype=np.float32)


def tiny_model(*, log: bool = False) -> bytes:
    """Return an ONNX model y = x @ W, or y = log(x) @ W, which is not finite for our input."""
    nodes = [helper.make_node("Log", ["x"], ["m"])] if log else []
    nodes.append(helper.make_node("MatMul", ["m" if log else "x", "w"], ["y"]))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(WEIGHTS, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def input_file(**tensors: np.ndarray) -> bytes:
    """Return a safetensors file; our input if no tensor is given."""
    return bytes(save(tensors or {"x": INPUT}))


async def publish(
    storage: EmbeddedBackend,
    *,
    model: bytes | None = None,
    given: bytes | None = None,
    spec: dict[str, object] | None = None,
    **manifest: object,
) -> JobSpec:
    """Offer model, manifest and input in a store; return the spec of a job on them.

    Args:
        model: the model's bytes; the tiny one if None.
        given: the input's bytes; ours if None.
        spec: fields of the spec that differ.
        **manifest: fields of the manifest that differ.
    """
    model = tiny_model() if model is None else model
    model_cid = await storage.add(model)
    fields: dict[str, object] = {
        "model_cid": str(model_cid),
        "size_bytes": str(len(model)),
        "opset": "17",
        "inputs": [TensorSpec(name="x", dtype="float32", shape=["n", "3"])],
        "tensors": [TensorSpec(name="y", dtype="float32", shape=["n", "4"])],
    }
    made = ModelManifest.model_validate({**fields, **manifest})
    raw = made.canonical_bytes()
    await storage.put_block(keccak_cid(raw), raw)
    input_cid = await storage.add(input_file() if given is None else given)
    for cid in (model_cid, keccak_cid(raw), input_cid):
        await storage.pin(cid)
        await storage.provide(cid)
    values: dict[str, object] = {
        "model_id": made.model_id(),
        "input_cid": input_cid.to_bytes(),
        "job_class": JobClass.EXACT,
        "batch": 2,
        "max_runtime_s": 60,
        "window_s": 600,
    }
    return JobSpec.model_validate({**values, **(spec or {})})
