"""The numeric class of this machine: a hash of what its reproducible engine computes.

Place: asked by the node when it enrols for EXACT jobs. Two machines of one class give the same bits
for the same model under C1 as far as the suite shows; faking a class only fails later equality.
The suite is one model, made here from integers, with one operator of each kind that engines
compute differently. Never: change the suite without a new version, which makes new classes.
"""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors.numpy import save_file

from neurovoyance.node.runtime.base import Limits, RunRequest
from neurovoyance.node.runtime.config import C1
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.protobuf import WireType, varint, write_bytes, write_number
from neurovoyance.protocol.ids import hash_abi, keccak256
from neurovoyance.verification.canonical import Array

VERSION: Final = 1
_OPSET, _IR = 17, 8
_LIMITS: Final = Limits(memory_bytes=1 << 30, cpu_time_s=60, wall_time_s=120.0)
_STEP: Final = 2_654_435_761
_POSITIVE: Final = frozenset({"Log", "Sqrt", "Pow"})
_MIXED: Final = (1, 6, 13, 11)

# Operator, shapes of its inputs, shapes of its weights, attributes. Sizes are odd on purpose, so
# that the ends of vectors are computed too.
_SUITE: Final[tuple[tuple[str, tuple[Any, ...], tuple[Any, ...], dict[str, Any]], ...]] = (
    ("MatMul", ((5, 67),), ((67, 33),), {}),
    ("MatMul", ((1, 515),), ((515, 129),), {}),
    ("MatMul", ((3, 7, 19), (3, 19, 11)), (), {}),
    ("Gemm", ((5, 67),), ((33, 67), (33,)), {"transB": 1, "alpha": 0.7}),
    ("Conv", ((1, 5, 17, 19),), ((9, 5, 3, 3), (9,)), {"pads": [1, 1, 1, 1]}),
    ("Conv", ((1, 5, 17, 19),), ((9, 5, 3, 3),), {"strides": [2, 2]}),
    ("Conv", (_MIXED,), ((6, 1, 3, 3),), {"group": 6}),
    ("Conv", (_MIXED,), ((17, 6, 1, 1),), {}),
    ("Conv", ((1, 7, 131),), ((5, 7, 5),), {"dilations": [2]}),
    ("ConvTranspose", (_MIXED,), ((6, 3, 3, 3),), {"strides": [2, 2]}),
    ("AveragePool", (_MIXED,), (), {"kernel_shape": [3, 3]}),
    ("GlobalAveragePool", (_MIXED,), (), {}),
    ("MaxPool", (_MIXED,), (), {"kernel_shape": [2, 2]}),
    ("InstanceNormalization", (_MIXED,), ((6,), (6,)), {"epsilon": 1e-5}),
    ("LayerNormalization", ((3, 389),), ((389,), (389,)), {"epsilon": 1e-5}),
    ("ReduceMean", ((3, 1031),), (), {"axes": [1]}),
    ("ReduceMean", ((1031, 3),), (), {"axes": [0]}),
    ("ReduceL2", ((3, 1031),), (), {"axes": [1]}),
    ("ReduceLogSumExp", ((3, 1031),), (), {"axes": [1]}),
    ("Softmax", ((3, 1031),), (), {}),
    ("LogSoftmax", ((3, 1031),), (), {}),
    ("LSTM", ((7, 1, 13),), ((1, 44, 13), (1, 44, 11), (1, 88)), {"hidden_size": 11}),
    ("GRU", ((7, 1, 13),), ((1, 33, 13), (1, 33, 11), (1, 66)), {"hidden_size": 11}),
    *((kind, ((1, 1031),), (), {}) for kind in ("Exp", "Erf", "Tanh", "Sigmoid", "Sin", "Cos")),
    *((kind, ((1, 1031),), (), {}) for kind in ("Elu", "Softplus", "HardSigmoid", "Reciprocal")),
    ("Div", ((1, 1031), (1, 1031)), (), {}),
    ("Log", ((1, 1031),), (), {}),
    ("Sqrt", ((1, 1031),), (), {}),
    ("Pow", ((1, 1031),), ((),), {}),
)


def suite() -> tuple[bytes, dict[str, Array]]:
    """Return the model and its inputs, the same on every machine."""
    parts = [write_bytes(2, b"numeric class")]
    feed: dict[str, Array] = {}
    for number, (kind, inputs, weights, attributes) in enumerate(_SUITE):
        names = []
        for position, shape in enumerate(inputs):
            name = f"x{number}_{position}"
            found = _numbers(shape, seed=len(feed))
            feed[name] = np.abs(found) if kind in _POSITIVE else found
            parts.append(write_bytes(11, value_of(name, shape)))
            names.append(name)
        for position, shape in enumerate(weights):
            name = f"w{number}_{position}"
            parts.append(write_bytes(5, tensor_of(name, _numbers(shape, seed=1_000 + len(parts)))))
            names.append(name)
        parts.append(write_bytes(1, node_of(kind, names, f"y{number}", attributes)))
        parts.append(write_bytes(12, write_bytes(1, f"y{number}".encode())))
    opset = write_bytes(1, b"") + write_number(2, _OPSET)
    model = write_number(1, _IR) + write_bytes(7, b"".join(parts)) + write_bytes(8, opset)
    return model, feed


async def numeric_class(runtime: OnnxRuntime) -> bytes:
    """Return the class of this machine, 32 bytes; takes about half a second.

    ``H("NVY/class/1", engine, keccak256(model), keccak256(outputs))``, where ``engine`` is name
    and version and the outputs are canonical tensors in order.

    Raises:
        ExecutionError: the engine could not run the suite.
    """
    model, feed = suite()
    with tempfile.TemporaryDirectory(prefix="neurovoyance-class-") as name:
        directory = Path(name)
        model_path, input_path, output_path = (
            directory / part for part in ("model", "input", "output")
        )
        model_path.write_bytes(model)
        save_file(feed, input_path)
        done = await runtime.run(
            RunRequest(model_path, input_path, output_path, config=C1), _LIMITS
        )
        outputs = output_path.read_bytes()
    return hash_abi(
        ["string", "string", "bytes32", "bytes32"],
        [f"NVY/class/{VERSION}", done.engine, keccak256(model), keccak256(outputs)],
    )


def _numbers(shape: tuple[int, ...], seed: int) -> Array:
    """Return float32 values in (-0.5, 0.5], none of them zero, exact on every machine."""
    count = int(np.prod(shape, dtype=np.int64))
    places = (np.arange(count, dtype=np.uint64) + np.uint64(7_919 * seed + 1)) * np.uint64(_STEP)
    steps = (places % np.uint64(1 << 32)) >> np.uint64(8)
    return ((steps.astype(np.int64) - (1 << 23)) + 0.5).reshape(shape).astype(np.float32) / (
        1 << 24
    )


def value_of(name: str, shape: tuple[int, ...]) -> bytes:
    """Return a float32 input or output as ONNX writes it."""
    sizes = b"".join(write_bytes(1, write_number(1, size)) for size in shape)
    tensor = write_number(1, 1) + write_bytes(2, sizes)
    return write_bytes(1, name.encode()) + write_bytes(2, write_bytes(1, tensor))


def tensor_of(name: str, array: Array) -> bytes:
    """Return a float32 weight as ONNX writes it."""
    dims = b"".join(write_number(1, size) for size in array.shape)
    data = array.astype("<f4").tobytes()
    return dims + write_number(2, 1) + write_bytes(8, name.encode()) + write_bytes(9, data)


def node_of(kind: str, inputs: list[str], output: str, attributes: dict[str, Any]) -> bytes:
    """Return an operator as ONNX writes it."""
    named = b"".join(write_bytes(1, name.encode()) for name in inputs)
    found = b"".join(write_bytes(5, _attribute(name, v)) for name, v in attributes.items())
    return named + write_bytes(2, output.encode()) + write_bytes(4, kind.encode()) + found


def _attribute(name: str, value: float | list[int]) -> bytes:
    head = write_bytes(1, name.encode())
    if isinstance(value, list):
        return head + b"".join(write_number(8, item) for item in value) + write_number(20, 7)
    if isinstance(value, int):
        return head + write_number(3, value) + write_number(20, 2)
    stored = varint(2 << 3 | WireType.FIXED32) + struct.pack("<f", value)
    return head + stored + write_number(20, 1)
