"""Convolutional models in the manner of PP-OCR: normalisations left unfused, opset 12."""

from __future__ import annotations

from typing import Any

from tests.models.made import Array, Graph, Made, Random, floats

_EPS = 1e-5


def bn_cnn() -> Made:
    """``x`` (1, 3, 32, 64) to ``logits`` (1, 12): Conv, BatchNormalization, Relu four times."""
    random, graph, weights = Random(31), Graph(), dict[str, Array]()
    layers = [(3, 16, 2, 1), (16, 16, 1, 16), (16, 32, 2, 1), (32, 32, 1, 1)]
    x = "x"
    for at, (narrow, wide, stride, group) in enumerate(layers):
        w = _keep(graph, weights, f"w{at}", random.normal(wide, narrow // group, 3, 3))
        x = graph.op(
            "Conv", x, w, name=f"conv{at}", strides=[stride] * 2, pads=[1] * 4, group=group,
            kernel_shape=[3, 3],
        )  # fmt: skip
        x = _normalised(graph, weights, random, x, at, wide)
        x = graph.op("Relu", x, name=f"relu{at}")
    pooled = graph.op("GlobalAveragePool", x, name="pooled")
    flat = graph.op("Flatten", pooled, name="flat", axis=1)
    w = _keep(graph, weights, "w_head", random.normal(12, 32))
    b = _keep(graph, weights, "b_head", random.normal(12, scale=0.1))
    graph.op("Gemm", flat, w, b, name="logits", transB=1)

    def forward(w: dict[str, Any], x: Any) -> tuple[Any, ...]:
        from torch.nn import functional

        for at, (_, _, stride, group) in enumerate(layers):
            x = functional.conv2d(x, w[f"w{at}"], stride=stride, padding=1, groups=group)
            x = _torch_normalised(w, x, at).relu()
        return functional.linear(x.mean((2, 3)), w["w_head"], w["b_head"]), x

    data = graph.build({"x": ("float32", ("n", 3, 32, 64))}, {"logits": ("n", 12)}, opset=12)
    inputs = floats("x", 1, 3, 32, 64)
    return Made(
        "bn_cnn", data, ("relu3", "logits"), ("logits",), inputs, forward, weights, {"x": {0: "n"}}
    )


def conv_transpose() -> Made:
    """``x`` (1, 3, 32, 32) to ``map`` (1, 1, 32, 32): down, then up twice, then a Sigmoid."""
    random, graph, weights = Random(32), Graph(), dict[str, Array]()
    layers = [
        ("Conv", 3, 16),
        ("Conv", 16, 32),
        ("ConvTranspose", 32, 16),
        ("ConvTranspose", 16, 1),
    ]
    x = "x"
    for at, (kind, narrow, wide) in enumerate(layers):
        down = kind == "Conv"
        size = 3 if down else 2
        shape = (wide, narrow, size, size) if down else (narrow, wide, size, size)
        w = _keep(graph, weights, f"w{at}", random.normal(*shape))
        last = at == len(layers) - 1
        pads = [1] * 4 if down else [0] * 4
        x = graph.op(
            kind, x, w, name="pre_map" if last else f"conv{at}", strides=[2, 2], pads=pads,
            kernel_shape=[size] * 2,
        )  # fmt: skip
        if not last:
            x = graph.op("Relu", _normalised(graph, weights, random, x, at, wide), name=f"relu{at}")
    graph.op("Sigmoid", x, name="map")

    def forward(w: dict[str, Any], x: Any) -> tuple[Any, ...]:
        from torch.nn import functional

        for at, (kind, _, _) in enumerate(layers):
            if kind == "Conv":
                x = functional.conv2d(x, w[f"w{at}"], stride=2, padding=1)
            else:
                x = functional.conv_transpose2d(x, w[f"w{at}"], stride=2)
            if at < len(layers) - 1:
                x = _torch_normalised(w, x, at).relu()
        return x.sigmoid(), x

    shapes = {"map": ("n", 1, 32, 32)}
    data = graph.build({"x": ("float32", ("n", 3, 32, 32))}, shapes, opset=12)
    inputs = floats("x", 1, 3, 32, 32)
    return Made(
        "conv_transpose", data, ("pre_map",), ("map",), inputs, forward, weights, {"x": {0: "n"}}
    )


def _keep(graph: Graph, weights: dict[str, Array], name: str, array: Array) -> str:
    weights[name] = array
    return graph.weight(name, array)


def _normalised(
    graph: Graph, weights: dict[str, Array], random: Random, x: str, at: int, wide: int
) -> str:
    parts = {
        "scale": random.uniform(wide, low=0.5, high=1.5),
        "shift": random.normal(wide, scale=0.1),
        "mean": random.normal(wide, scale=0.1),
        "var": random.uniform(wide, low=0.5, high=2.0),
    }
    names = [_keep(graph, weights, f"{part}{at}", array) for part, array in parts.items()]
    return graph.op("BatchNormalization", x, *names, name=f"norm{at}", epsilon=_EPS)


def _torch_normalised(w: dict[str, Any], x: Any, at: int) -> Any:
    from torch.nn import functional

    mean, var, scale, shift = (w[f"{part}{at}"] for part in ("mean", "var", "scale", "shift"))
    return functional.batch_norm(x, mean, var, scale, shift, eps=_EPS)
