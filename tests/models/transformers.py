"""A transformer encoder over tokens, with every step as an operator of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.models.made import Array, Graph, Inputs, Made, Random

_TOKENS, _WORDS, _WIDE, _HEADS = 24, 500, 64, 4
_EPS = 1e-5
_ROOT_HALF = 0.7071067811865476


def transformer(layers: int = 4) -> Made:
    """``ids`` int64 (1, 24) to ``hidden`` (1, 24, 64) and its mean ``sentence`` (1, 64)."""
    weights = _weights(layers)
    graph = Graph()
    names = {name: graph.weight(name, array) for name, array in weights.items()}
    words = graph.op("Gather", names["words"], "ids", name="embedded")
    x = graph.op("Add", words, names["places"], name="start")
    for layer in range(layers):
        x = _layer(graph, x, f"l{layer}.")
    hidden = graph.op(
        "LayerNormalization", x, "end.gain", "end.bias", name="hidden", axis=-1, epsilon=_EPS
    )
    graph.op("ReduceMean", hidden, name="sentence", axes=[1], keepdims=0)
    data = graph.build(
        {"ids": ("int64", ("n", _TOKENS))},
        {"hidden": ("n", _TOKENS, _WIDE), "sentence": ("n", _WIDE)},
        opset=17,
    )

    def forward(w: dict[str, Any], ids: Any) -> tuple[Any, ...]:
        from torch.nn import functional

        named = {name.replace("_", "."): value for name, value in w.items()}
        x = functional.embedding(ids, named["words"]) + named["places"]
        for layer in range(layers):
            x = _torch_layer(named, x, f"l{layer}.")
        hidden = functional.layer_norm(x, (_WIDE,), named["end.gain"], named["end.bias"], _EPS)
        return hidden, hidden.mean(1)

    torch_weights = {name.replace(".", "_"): array for name, array in weights.items()}
    return Made(
        "transformer",
        data,
        ("hidden",),
        ("hidden", "sentence"),
        _tokens,
        forward,
        torch_weights,
        {"ids": {0: "n"}},
    )


def _tokens(seed: int) -> Inputs:
    return {"ids": np.random.default_rng(20_000 + seed).integers(0, _WORDS, (1, _TOKENS))}


def _weights(layers: int) -> dict[str, Array]:
    random = Random(61)
    found = {
        "words": random.normal(_WORDS, _WIDE, scale=1.0),
        "places": random.normal(_TOKENS, _WIDE, scale=0.3),
    }
    for layer in range(layers):
        at = f"l{layer}."
        for part in ("q", "k", "v", "o"):
            found[f"{at}{part}"] = random.normal(_WIDE, _WIDE, scale=_WIDE**-0.5)
        found[f"{at}up"] = random.normal(_WIDE, 4 * _WIDE, scale=_WIDE**-0.5)
        found[f"{at}down"] = random.normal(4 * _WIDE, _WIDE, scale=(4 * _WIDE) ** -0.5)
        for norm in ("first", "second"):
            found[f"{at}{norm}.gain"] = random.uniform(_WIDE, low=0.5, high=1.5)
            found[f"{at}{norm}.bias"] = random.normal(_WIDE, scale=0.1)
    found["end.gain"] = random.uniform(_WIDE, low=0.5, high=1.5)
    found["end.bias"] = random.normal(_WIDE, scale=0.1)
    return found


def _layer(graph: Graph, x: str, at: str) -> str:
    def op(kind: str, *inputs: str, name: str, **attributes: Any) -> str:
        return graph.op(kind, *inputs, name=at + name, **attributes)

    def norm(value: str, name: str) -> str:
        gain, bias = f"{at}{name}.gain", f"{at}{name}.bias"
        return op("LayerNormalization", value, gain, bias, name=name, axis=-1, epsilon=_EPS)

    split = graph.constant(f"{at}split", np.array([0, 0, _HEADS, -1]))
    joined = graph.constant(f"{at}joined", np.array([0, 0, -1]))
    root = graph.constant(f"{at}root", np.array((_WIDE / _HEADS) ** 0.5, np.float32))
    first = norm(x, "first")
    heads = []
    for part in ("q", "k", "v"):
        flat = op("MatMul", first, at + part, name=f"{part}.flat")
        shaped = op("Reshape", flat, split, name=f"{part}.shaped")
        turned = [0, 2, 3, 1] if part == "k" else [0, 2, 1, 3]
        heads.append(op("Transpose", shaped, name=f"{part}.heads", perm=turned))
    scores = op("Div", op("MatMul", heads[0], heads[1], name="scores"), root, name="scaled")
    mixed = op("MatMul", op("Softmax", scores, name="shares", axis=-1), heads[2], name="mixed")
    back = op("Transpose", mixed, name="back", perm=[0, 2, 1, 3])
    out = op("MatMul", op("Reshape", back, joined, name="flat"), at + "o", name="attended")
    x = op("Add", x, out, name="between")
    up = op("MatMul", norm(x, "second"), at + "up", name="raised")
    half = graph.constant(f"{at}half", np.array(0.5, np.float32))
    one = graph.constant(f"{at}one", np.array(1, np.float32))
    ratio = graph.constant(f"{at}ratio", np.array(_ROOT_HALF, np.float32))
    error = op("Erf", op("Mul", up, ratio, name="erf.in"), name="erf")
    wide = op(
        "Mul", op("Mul", up, half, name="halved"), op("Add", error, one, name="plus"), name="gelu"
    )
    return op("Add", x, op("MatMul", wide, at + "down", name="lowered"), name="end")


def _torch_layer(w: dict[str, Any], x: Any, at: str) -> Any:
    from torch.nn import functional

    def norm(value: Any, name: str) -> Any:
        gain, bias = w[f"{at}{name}.gain"], w[f"{at}{name}.bias"]
        return functional.layer_norm(value, (_WIDE,), gain, bias, _EPS)

    first = norm(x, "first")
    query, key, value = (
        (first @ w[at + part]).unflatten(-1, (_HEADS, -1)).transpose(1, 2) for part in "qkv"
    )
    scores = query @ key.transpose(-1, -2) / (_WIDE / _HEADS) ** 0.5
    mixed = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
    x = x + mixed @ w[at + "o"]
    return x + functional.gelu(norm(x, "second") @ w[at + "up"]) @ w[at + "down"]
