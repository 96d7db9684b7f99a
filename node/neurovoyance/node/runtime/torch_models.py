"""Architectures of this project's own, for weights that come as safetensors with a config.

Place: in the child, under ``torch_session``. Sources: the published descriptions of BERT (Devlin
and others, 2018) and of its sentence encoders (mean over tokens, unit length). Every weight must
be there in the right shape, and no other. Never: load code, or guess a missing weight.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch.nn import functional

from neurovoyance.node.runtime.base import Dim, TensorSpec
from neurovoyance.node.runtime.torch_format import refused

_Size = Annotated[int, Field(ge=1, le=1 << 20)]
_Tensors = dict[str, torch.Tensor]
_ACTIVATIONS: Final[dict[str, Callable[[torch.Tensor], torch.Tensor]]] = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "tanh": torch.tanh,
}
_Activation = Literal["relu", "gelu", "tanh"]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class _BertConfig(_Config):
    model_type: Literal["bert"]
    hidden_size: _Size
    intermediate_size: _Size
    max_position_embeddings: _Size
    num_attention_heads: _Size
    num_hidden_layers: Annotated[int, Field(ge=1, le=256)]
    type_vocab_size: _Size
    vocab_size: _Size
    hidden_act: _Activation
    layer_norm_eps: float
    position_embedding_type: Literal["absolute"] = "absolute"


class _MlpConfig(_Config):
    model_type: Literal["mlp"]
    sizes: Annotated[list[_Size], Field(min_length=2, max_length=256)]
    hidden_act: _Activation
    head: Literal["none", "softmax", "sigmoid"]


class _CnnConfig(_Config):
    model_type: Literal["cnn"]
    channels: Annotated[list[_Size], Field(min_length=2, max_length=256)]
    kernel: Annotated[int, Field(ge=1, le=31)]
    classes: _Size


class Architecture(ABC):
    """A network with its weights, ready to run; ``values`` are what may be asked for besides."""

    inputs: list[TensorSpec]
    outputs: list[TensorSpec]
    values: list[TensorSpec]

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        self._given = dict(weights)
        self._weights: _Tensors = {}

    def weight_axes(self) -> dict[str, int]:
        """Return the axis of output channels of each weight: always the first."""
        return dict.fromkeys(self._weights, 0)

    def __call__(
        self, feed: Mapping[str, torch.Tensor], wanted: Sequence[TensorSpec]
    ) -> list[torch.Tensor]:
        """Run on tensors by input name; return the wanted values."""
        found = self.compute(feed)
        return [found[spec.name] for spec in wanted]

    @abstractmethod
    def compute(self, feed: Mapping[str, torch.Tensor]) -> _Tensors:
        """Return every named value."""

    def replace_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Take other values for the weights, of the same names and shapes."""
        self._weights = dict(weights)

    @property
    def weights(self) -> _Tensors:
        """The weights by name."""
        return self._weights

    def _take(self, name: str, *shape: int) -> None:
        tensor = self._given.pop(name, None)
        if tensor is None or tuple(tensor.shape) != shape or tensor.dtype != torch.float32:
            raise refused(f"The weight {name!r} is not float32 of the shape {list(shape)}.")
        self._weights[name] = tensor

    def _take_layer(self, name: str, wide: int, *shape: int) -> None:
        self._take(f"{name}.weight", *(shape or (wide,)))
        self._take(f"{name}.bias", wide)

    def _finish(self, *ignored: str) -> None:
        extra = sorted(name for name in self._given if not name.startswith(ignored or ("\0",)))
        if extra:
            raise refused(f"The weights {extra[:8]} have no place in this architecture.")
        self._given.clear()

    def _linear(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])


class _Bert(Architecture):
    """A BERT encoder with the head of a sentence encoder.

    ``input_ids``, ``attention_mask`` int64 (batch, tokens) to ``last_hidden_state`` float32
    (batch, tokens, hidden) and ``sentence_embedding`` (batch, hidden) of unit length.
    """

    def __init__(self, config: _BertConfig, weights: Mapping[str, torch.Tensor]) -> None:
        super().__init__(weights)
        if config.hidden_size % config.num_attention_heads:
            raise refused("The hidden size is no multiple of the attention heads.")
        self.config = config
        hidden, wide = config.hidden_size, config.intermediate_size
        for name, count in (
            ("word", config.vocab_size),
            ("position", config.max_position_embeddings),
            ("token_type", config.type_vocab_size),
        ):
            self._take(f"embeddings.{name}_embeddings.weight", count, hidden)
        self._take_layer("embeddings.LayerNorm", hidden)
        for layer in range(config.num_hidden_layers):
            at = f"encoder.layer.{layer}"
            for part in ("self.query", "self.key", "self.value", "output.dense"):
                self._take_layer(f"{at}.attention.{part}", hidden, hidden, hidden)
            self._take_layer(f"{at}.attention.output.LayerNorm", hidden)
            self._take_layer(f"{at}.intermediate.dense", wide, wide, hidden)
            self._take_layer(f"{at}.output.dense", hidden, hidden, wide)
            self._take_layer(f"{at}.output.LayerNorm", hidden)
        self._finish("pooler.", "embeddings.position_ids")
        dims: tuple[Dim, ...] = ("batch", "tokens")
        names = ("input_ids", "attention_mask")
        self.inputs = [TensorSpec(name, "int64", dims) for name in names]
        states = (*dims, hidden)
        self.outputs = [
            TensorSpec("last_hidden_state", "float32", states),
            TensorSpec("sentence_embedding", "float32", ("batch", hidden)),
        ]
        self.values = [
            TensorSpec(f"encoder.layer.{layer}", "float32", states)
            for layer in range(config.num_hidden_layers)
        ]

    def compute(self, feed: Mapping[str, torch.Tensor]) -> _Tensors:
        """Return the hidden states of each layer and the embedding."""
        ids, mask = feed["input_ids"], feed["attention_mask"]
        weights, found = self._weights, {}
        places = torch.arange(ids.shape[1])
        x = functional.embedding(ids, weights["embeddings.word_embeddings.weight"])
        x = x + weights["embeddings.token_type_embeddings.weight"][0]
        x = x + functional.embedding(places, weights["embeddings.position_embeddings.weight"])
        x = self._norm("embeddings.LayerNorm", x)
        barred = (mask == 0)[:, None, None, :]
        for layer in range(self.config.num_hidden_layers):
            x = self._layer(f"encoder.layer.{layer}", x, barred)
            found[f"encoder.layer.{layer}"] = x
        seen = mask[:, :, None].to(torch.float32)
        mean = (x * seen).sum(1) / seen.sum(1).clamp(min=1e-9)
        found["last_hidden_state"] = x
        found["sentence_embedding"] = functional.normalize(mean, dim=1)
        return found

    def _layer(self, at: str, x: torch.Tensor, barred: torch.Tensor) -> torch.Tensor:
        query, key, value = (
            self._heads(self._linear(f"{at}.attention.self.{part}", x))
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        scores = scores.masked_fill(barred, torch.finfo(torch.float32).min)
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
        out = self._linear(f"{at}.attention.output.dense", mixed)
        x = self._norm(f"{at}.attention.output.LayerNorm", out + x)
        wide = _ACTIVATIONS[self.config.hidden_act](self._linear(f"{at}.intermediate.dense", x))
        return self._norm(f"{at}.output.LayerNorm", self._linear(f"{at}.output.dense", wide) + x)

    def _heads(self, x: torch.Tensor) -> torch.Tensor:
        parts = (*x.shape[:-1], self.config.num_attention_heads, -1)
        return x.reshape(parts).transpose(1, 2)

    def _norm(self, name: str, x: torch.Tensor) -> torch.Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        eps = self.config.layer_norm_eps
        return functional.layer_norm(x, (self.config.hidden_size,), weight, bias, eps)


class _Mlp(Architecture):
    """Linear layers: ``x`` float32 (n, first size) to ``logits`` and, with a head, ``y``."""

    def __init__(self, config: _MlpConfig, weights: Mapping[str, torch.Tensor]) -> None:
        super().__init__(weights)
        self.config = config
        for layer, (narrow, wide) in enumerate(zip(config.sizes, config.sizes[1:], strict=False)):
            self._take_layer(f"layers.{layer}", wide, wide, narrow)
        self._finish()
        self.inputs = [TensorSpec("x", "float32", ("n", config.sizes[0]))]
        logits = TensorSpec("logits", "float32", ("n", config.sizes[-1]))
        feature = TensorSpec("feature", "float32", ("n", config.sizes[-2]))
        head = [] if config.head == "none" else [TensorSpec("y", "float32", logits.shape)]
        self.outputs, self.values = head or [logits], [*([logits] if head else []), feature]

    def compute(self, feed: Mapping[str, torch.Tensor]) -> _Tensors:
        """Return the last hidden layer, the logits and what the head makes of them."""
        x = feed["x"]
        last = len(self.config.sizes) - 2
        for layer in range(last):
            x = _ACTIVATIONS[self.config.hidden_act](self._linear(f"layers.{layer}", x))
        logits = self._linear(f"layers.{last}", x)
        y = logits.softmax(-1) if self.config.head == "softmax" else logits.sigmoid()
        return {"feature": x, "logits": logits, "y": y}


class _Cnn(Architecture):
    """Convolutions with ReLU, a mean over the picture, a linear layer.

    ``x`` float32 (n, first channels, height, width) to ``logits`` (n, classes).
    """

    def __init__(self, config: _CnnConfig, weights: Mapping[str, torch.Tensor]) -> None:
        super().__init__(weights)
        self.config = config
        pairs = zip(config.channels, config.channels[1:], strict=False)
        for layer, (narrow, wide) in enumerate(pairs):
            self._take_layer(f"layers.{layer}", wide, wide, narrow, config.kernel, config.kernel)
        self._take_layer("head", config.classes, config.classes, config.channels[-1])
        self._finish()
        self.inputs = [TensorSpec("x", "float32", ("n", config.channels[0], "h", "w"))]
        self.outputs = [TensorSpec("logits", "float32", ("n", config.classes))]
        shape = ("n", config.channels[-1], None, None)
        self.values = [TensorSpec("feature", "float32", shape)]

    def compute(self, feed: Mapping[str, torch.Tensor]) -> _Tensors:
        """Return the last picture and the logits."""
        x, weights = feed["x"], self._weights
        for layer in range(len(self.config.channels) - 1):
            weight, bias = weights[f"layers.{layer}.weight"], weights[f"layers.{layer}.bias"]
            x = functional.relu(functional.conv2d(x, weight, bias, padding=self.config.kernel // 2))
        return {"feature": x, "logits": self._linear("head", x.mean((2, 3)))}


_KNOWN: Final[dict[str, tuple[Any, Any]]] = {
    "bert": (_BertConfig, _Bert),
    "mlp": (_MlpConfig, _Mlp),
    "cnn": (_CnnConfig, _Cnn),
}


def build(config: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> Architecture:
    """Return the network that ``config`` describes.

    Raises:
        UnsupportedModel: an unknown architecture or setting, or weights that do not fit.
    """
    name = config.get("model_type")
    if not isinstance(name, str) or name not in _KNOWN:
        raise refused(f"The architecture {name!r} is not one of {sorted(_KNOWN)}.")
    settings, network = _KNOWN[name]
    try:
        made: Architecture = network(settings.model_validate(dict(config)), weights)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise refused(f"The setting {where!r} of {name!r} is wrong: {fault['msg']}.") from error
    return made
