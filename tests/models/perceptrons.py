"""Perceptrons that end in what a certificate must look in front of: a softmax, a sigmoid."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.models.made import Graph, Made, Random, floats

_SIZES = (64, 512, 512, 16)


def mlp_softmax() -> Made:
    """``x`` (1, 64) to ``y`` (1, 16), probabilities; verify ``feature`` (512) and ``logits``."""
    return _perceptron("mlp_softmax", "Softmax", seed=41, axis=-1)


def mlp_sigmoid() -> Made:
    """``x`` (1, 64) to ``y`` (1, 16), each between 0 and 1."""
    return _perceptron("mlp_sigmoid", "Sigmoid", seed=42)


def _perceptron(name: str, head: str, seed: int, **attributes: Any) -> Made:
    random, graph = Random(seed), Graph()
    weights = {}
    x = "x"
    for layer, (narrow, wide) in enumerate(pairwise(_SIZES)):
        weights[f"w{layer}"] = random.normal(wide, narrow)
        weights[f"b{layer}"] = random.normal(wide, scale=0.1)
        w = graph.weight(f"w{layer}", weights[f"w{layer}"])
        b = graph.weight(f"b{layer}", weights[f"b{layer}"])
        last = layer == len(_SIZES) - 2
        x = graph.op("Gemm", x, w, b, name="logits" if last else f"gemm{layer}", transB=1)
        if not last:
            x = graph.op("Relu", x, name="feature" if layer == len(_SIZES) - 3 else f"relu{layer}")
    graph.op(head, x, name="y", **attributes)

    def forward(w: dict[str, Any], x: Any) -> tuple[Any, ...]:
        from torch.nn import functional

        for layer in range(len(_SIZES) - 2):
            x = functional.linear(x, w[f"w{layer}"], w[f"b{layer}"]).relu()
        layer = len(_SIZES) - 2
        logits = functional.linear(x, w[f"w{layer}"], w[f"b{layer}"])
        return logits.softmax(-1) if head == "Softmax" else logits.sigmoid(), x, logits

    data = graph.build({"x": ("float32", ("n", 64))}, {"y": ("n", 16)}, opset=17)
    return Made(
        name,
        data,
        ("feature", "logits"),
        ("y",),
        floats("x", 1, 64),
        forward,
        weights,
        {"x": {0: "n"}},
    )
