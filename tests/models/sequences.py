"""Models over sequences: recurrent ones, and a one-dimensional convolution with a maximum."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.models.made import Array, Graph, Made, Random, floats

_STEPS, _WIDE, _HIDDEN = 24, 32, 48
# Where torch keeps the gates that ONNX wants first, second, ... (iofc of ifgo; zrh of rzn).
_LSTM_GATES = [0, 3, 1, 2]
_GRU_GATES = [1, 0, 2]


def lstm() -> Made:
    """``x`` (24, 1, 32) to ``logits`` (1, 8); verify ``states`` (24, 1, 1, 48) and ``logits``."""
    return _recurrent("lstm", gates=4, order=_LSTM_GATES, seed=51)


def gru() -> Made:
    """As ``lstm``, with the reset gate after the product as in torch."""
    return _recurrent("gru", gates=3, order=_GRU_GATES, seed=52, linear_before_reset=1)


def _recurrent(name: str, gates: int, order: list[int], seed: int, **attributes: Any) -> Made:
    random, graph = Random(seed), Graph()
    scale = _HIDDEN**-0.5
    weights = {
        "w_in": random.uniform(gates * _HIDDEN, _WIDE, low=-scale, high=scale),
        "w_back": random.uniform(gates * _HIDDEN, _HIDDEN, low=-scale, high=scale),
        "b_in": random.uniform(gates * _HIDDEN, low=-scale, high=scale),
        "b_back": random.uniform(gates * _HIDDEN, low=-scale, high=scale),
        "w_head": random.normal(8, _HIDDEN),
        "b_head": random.normal(8, scale=0.1),
    }

    def reordered(array: Array) -> Array:
        parts = np.split(array, gates)
        return np.concatenate([parts[gate] for gate in order])

    w = graph.weight("W", reordered(weights["w_in"])[None])
    r = graph.weight("R", reordered(weights["w_back"])[None])
    bias = np.concatenate([reordered(weights["b_in"]), reordered(weights["b_back"])])
    b = graph.weight("B", bias[None])
    states = graph.op(name.upper(), "x", w, r, b, name="states", hidden_size=_HIDDEN, **attributes)
    last = graph.op("Gather", states, graph.weight("last", np.array(-1)), name="end", axis=0)
    flat = graph.op("Reshape", last, graph.weight("rows", np.array([-1, _HIDDEN])), name="row")
    head = [graph.weight(part, weights[part]) for part in ("w_head", "b_head")]
    graph.op("Gemm", flat, *head, name="logits", transB=1)

    def forward(w: dict[str, Any], x: Any) -> tuple[Any, ...]:
        import torch
        from torch.nn import functional

        zeros = torch.zeros(1, x.shape[1], _HIDDEN)
        parts = [w[part] for part in ("w_in", "w_back", "b_in", "b_back")]
        start = [zeros, zeros] if name == "lstm" else zeros
        call = torch.ops.aten.lstm.input if name == "lstm" else torch.ops.aten.gru.input
        found = call(x, start, parts, True, 1, 0.0, False, False, False)[0]
        return functional.linear(found[-1], w["w_head"], w["b_head"]), found[:, None]

    data = graph.build({"x": ("float32", (_STEPS, 1, _WIDE))}, {"logits": (1, 8)}, opset=14)
    inputs = floats("x", _STEPS, 1, _WIDE)
    return Made(name, data, ("states", "logits"), ("logits",), inputs, forward, weights)


def global_max_pool_1d() -> Made:
    """``x`` (1, 8, 128) to ``logits`` (1, 10): Conv, Relu, maximum over the length, Gemm."""
    random, graph = Random(53), Graph()
    weights = {
        "w": random.normal(32, 8, 5),
        "b": random.normal(32, scale=0.1),
        "w_head": random.normal(10, 32),
        "b_head": random.normal(10, scale=0.1),
    }
    names = [graph.weight(name, array) for name, array in weights.items()]
    x = graph.op("Conv", "x", *names[:2], name="conv", pads=[2, 2], kernel_shape=[5])
    x = graph.op("Relu", x, name="feature")
    x = graph.op("GlobalMaxPool", x, name="most")
    x = graph.op("Flatten", x, name="flat")
    graph.op("Gemm", x, *names[2:], name="logits", transB=1)

    def forward(w: dict[str, Any], x: Any) -> tuple[Any, ...]:
        from torch.nn import functional

        feature = functional.conv1d(x, w["w"], w["b"], padding=2).relu()
        return functional.linear(feature.amax(-1), w["w_head"], w["b_head"]), feature

    data = graph.build({"x": ("float32", ("n", 8, 128))}, {"logits": ("n", 10)}, opset=13)
    return Made(
        "global_max_pool_1d",
        data,
        ("feature", "logits"),
        ("logits",),
        floats("x", 1, 8, 128),
        forward,
        weights,
        {"x": {0: "n"}},
    )
