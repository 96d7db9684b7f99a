"""Architectures of our own: against torch's modules, and weights that do not fit."""

from __future__ import annotations

from typing import Any

import pytest

from neurovoyance.protocol.errors import UnsupportedModel

torch = pytest.importorskip("torch")
from neurovoyance.node.runtime.torch_models import build  # noqa: E402

MLP = {"model_type": "mlp", "sizes": [5, 7, 3], "hidden_act": "relu", "head": "softmax"}
CNN = {"model_type": "cnn", "channels": [2, 4], "kernel": 3, "classes": 5}
BERT = {
    "model_type": "bert",
    "hidden_size": 12,
    "intermediate_size": 20,
    "max_position_embeddings": 16,
    "num_attention_heads": 3,
    "num_hidden_layers": 1,
    "type_vocab_size": 2,
    "vocab_size": 30,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
}


def mlp_weights() -> dict[str, Any]:
    torch.manual_seed(1)
    return {
        "layers.0.weight": torch.randn(7, 5),
        "layers.0.bias": torch.randn(7),
        "layers.1.weight": torch.randn(3, 7),
        "layers.1.bias": torch.randn(3),
    }


def test_a_perceptron_is_that_of_torch() -> None:
    weights = mlp_weights()
    model, x = build(MLP, weights), torch.randn(2, 5)
    expected = torch.nn.Sequential(
        torch.nn.Linear(5, 7), torch.nn.ReLU(), torch.nn.Linear(7, 3), torch.nn.Softmax(-1)
    )
    names = ("0.weight", "0.bias", "2.weight", "2.bias")
    expected.load_state_dict(dict(zip(names, weights.values(), strict=True)))
    torch.testing.assert_close(model({"x": x}, model.outputs)[0], expected(x))
    assert [spec.name for spec in model.outputs + model.values] == ["y", "logits", "feature"]


def test_a_convolutional_network_is_that_of_torch() -> None:
    weights = {
        "layers.0.weight": torch.randn(4, 2, 3, 3),
        "layers.0.bias": torch.randn(4),
        "head.weight": torch.randn(5, 4),
        "head.bias": torch.randn(5),
    }
    model, x = build(CNN, weights), torch.randn(1, 2, 6, 7)
    picture = torch.conv2d(x, weights["layers.0.weight"], weights["layers.0.bias"], padding=1)
    expected = picture.relu().mean((2, 3)) @ weights["head.weight"].T + weights["head.bias"]
    torch.testing.assert_close(model({"x": x}, model.outputs)[0], expected)


def test_an_encoder_is_that_of_torch_and_ignores_padding() -> None:
    torch.manual_seed(2)
    layer = torch.nn.TransformerEncoderLayer(12, 3, 20, 0, "gelu", 1e-12, batch_first=True).eval()
    state, at = layer.state_dict(), "encoder.layer.0"
    weights = {
        "embeddings.word_embeddings.weight": torch.randn(30, 12),
        "embeddings.position_embeddings.weight": torch.randn(16, 12),
        "embeddings.token_type_embeddings.weight": torch.randn(2, 12),
        "embeddings.LayerNorm.weight": torch.ones(12),
        "embeddings.LayerNorm.bias": torch.zeros(12),
        "pooler.dense.weight": torch.zeros(1),
    }
    for kind in ("weight", "bias"):
        parts = state[f"self_attn.in_proj_{kind}"].chunk(3)
        for part, tensor in zip(("query", "key", "value"), parts, strict=True):
            weights[f"{at}.attention.self.{part}.{kind}"] = tensor
        for ours, theirs in (
            ("attention.output.dense", "self_attn.out_proj"),
            ("attention.output.LayerNorm", "norm1"),
            ("intermediate.dense", "linear1"),
            ("output.dense", "linear2"),
            ("output.LayerNorm", "norm2"),
        ):
            weights[f"{at}.{ours}.{kind}"] = state[f"{theirs}.{kind}"]
    model = build(BERT, weights)
    ids = torch.tensor([[3, 4, 5, 0], [6, 7, 8, 9]])
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])
    hidden, sentence = model({"input_ids": ids, "attention_mask": mask}, model.outputs)
    start = weights["embeddings.word_embeddings.weight"][ids]
    start = start + weights["embeddings.position_embeddings.weight"][:4]
    start = start + weights["embeddings.token_type_embeddings.weight"][0]
    start = torch.nn.functional.layer_norm(start, (12,), eps=1e-12)
    with torch.no_grad():
        expected = layer(start, src_key_padding_mask=mask == 0)
    seen = mask == 1
    torch.testing.assert_close(hidden[seen], expected[seen], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(sentence.norm(dim=1), torch.ones(2))
    shorter = model({"input_ids": ids[:1, :3], "attention_mask": mask[:1, :3]}, model.outputs)
    torch.testing.assert_close(shorter[1], sentence[:1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": "llama"},
        {"model_type": None},
        {"sizes": [5]},
        {"sizes": [5, 7, 4]},
        {"sizes": [5, 1 << 40, 3]},
        {"hidden_act": "os.system"},
        {"head": 1},
    ],
)
def test_settings_that_do_not_fit_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedModel):
        build({**MLP, **change}, mlp_weights())


@pytest.mark.parametrize("fault", ["missing", "extra", "shape", "dtype"])
def test_weights_that_do_not_fit_are_refused(fault: str) -> None:
    weights = mlp_weights()
    if fault == "missing":
        del weights["layers.1.bias"]
    elif fault == "extra":
        weights["more"] = torch.zeros(1)
    elif fault == "shape":
        weights["layers.1.bias"] = torch.zeros(4)
    else:
        weights["layers.1.bias"] = torch.zeros(3, dtype=torch.float64)
    with pytest.raises(UnsupportedModel):
        build(MLP, weights)


def test_relative_positions_are_refused_and_not_passed_over() -> None:
    with pytest.raises(UnsupportedModel):
        build({**BERT, "position_embedding_type": "relative_key"}, {})
