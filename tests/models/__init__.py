"""Small real models for tests: each as ONNX and as a torch program of the same weights.

``MODELS`` lists the builders by name; ``magika`` is a real one that comes with its package. Every
model is seeded, below 5 MB and takes below 50 ms a run.
"""

from collections.abc import Callable

from tests.models.made import Made
from tests.models.perceptrons import mlp_sigmoid, mlp_softmax
from tests.models.pictures import bn_cnn, conv_transpose
from tests.models.real import magika
from tests.models.sequences import global_max_pool_1d, gru, lstm
from tests.models.transformers import transformer

MODELS: dict[str, Callable[[], Made]] = {
    "bn_cnn": bn_cnn,
    "conv_transpose": conv_transpose,
    "transformer": transformer,
    "mlp_softmax": mlp_softmax,
    "mlp_sigmoid": mlp_sigmoid,
    "lstm": lstm,
    "gru": gru,
    "global_max_pool_1d": global_max_pool_1d,
}

__all__ = ["MODELS", "Made", "magika"]
