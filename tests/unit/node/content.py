"""A tiny model with its manifest and input, as a client publishes them."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save

from neurovoyance.ipfs.cid import keccak_cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.protocol.certificate import (
    NO_POOL,
    Certificate,
    Terms,
    VerifyTensor,
    pool_of,
    tau_sq_of,
    verify_rows_hash,
)
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


TAU = "1e-5"
LAYERS = (16, 64, 64)
ROWS = 32


def certified_model(seed: int = 7) -> bytes:
    """Return an ONNX model of two layers, y = relu(x @ A + a) @ B + b, float32, seeded."""
    random = np.random.default_rng(seed)
    shapes = {"A": LAYERS[:2], "a": LAYERS[1:2], "B": LAYERS[1:], "b": LAYERS[2:]}
    weights = [
        numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name)
        for name, shape in shapes.items()
    ]
    nodes = [
        helper.make_node("Gemm", ["x", "A", "a"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "B", "b"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "certified",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", LAYERS[0]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", LAYERS[2]])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def certified_input(seed: int = 11) -> bytes:
    """Return a safetensors file of 32 seeded rows for :func:`certified_model`."""
    random = np.random.default_rng(seed)
    return input_file(x=random.standard_normal((ROWS, LAYERS[0])).astype(np.float32))


async def publish_certified(
    storage: EmbeddedBackend, *, exact_pool: bytes = NO_POOL, **spec: object
) -> JobSpec:
    """Offer the certified model in a store; return the spec of a TENSOR job on it.

    The hidden and the last layer are verified; the tolerance lies far above what honest engines
    differ by and far under rounded weights.
    """
    verify = [
        VerifyTensor(name=name, dtype="float32", shape=["n", "64"], exponent=["10"], row=row)
        for name, row in (("r", "1"), ("y", "2"))
    ]
    rows = [int(tensor.row) for tensor in verify]
    terms = Terms(tau_sq_of(TAU), pool_of("cpu"), exact_pool, 3, verify_rows_hash(rows))
    return await publish(
        storage,
        model=certified_model(),
        given=certified_input(),
        spec={"job_class": JobClass.TENSOR, "batch": ROWS, **spec},
        terms=terms.encode(),
        job_class="TENSOR",
        inputs=[TensorSpec(name="x", dtype="float32", shape=["n", "16"])],
        tensors=[TensorSpec(name="y", dtype="float32", shape=["n", "64"])],
        certificate=Certificate(verify=verify, tau=TAU, reference="ort-off-1"),
    )
