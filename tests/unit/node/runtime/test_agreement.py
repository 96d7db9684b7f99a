"""Honest engines agree far more closely than a cheat with rounded weights: every test model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.models import MODELS, Made, magika
from tests.unit.node.runtime.behaviour import LIMITS

from neurovoyance.node.runtime.base import ManyRequest
from neurovoyance.node.runtime.config import C1, Engine, EngineConfig, Optimisation, Weights
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.torch_ import TorchRuntime
from neurovoyance.verification.canonical import decode_tensors

INPUTS = 4
HONEST = [EngineConfig(optimisation=Optimisation.ALL, threads=2)]
# The weakest cheat on every model; all of them on one, since each takes a process.
CHEATS = {"bn_cnn": [weights for weights in Weights if weights is not Weights.FP32]}


async def verified(made: Made, config: EngineConfig, path: Path, folder: Path) -> list[list[float]]:
    """Return the verify tensors of each input, flattened one after the other."""
    engine = TorchRuntime if config.engine is Engine.TORCH else OnnxRuntime
    sources = made.save_inputs(folder, INPUTS)
    runs = tuple((source, source.with_suffix(f".{config.name}")) for source in sources)
    async with engine(keep_warm=False) as runtime:
        outputs = await runtime.run_many(ManyRequest(path, runs, made.verify, config), LIMITS)
    found = [decode_tensors(output.output_path.read_bytes()) for output in outputs]
    return [np.concatenate([array.ravel() for array in arrays]).tolist() for arrays in found]


def distances(found: list[list[float]], reference: list[list[float]]) -> list[float]:
    """Return the relative L2 distance of each input's verify tensors."""
    pairs = ((np.array(a), np.array(b)) for a, b in zip(found, reference, strict=True))
    return [float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in pairs]


@pytest.mark.parametrize("name", [*MODELS, "magika"])
async def test_configurations_agree_and_rounded_weights_do_not(name: str, tmp_path: Path) -> None:
    made = magika() if name == "magika" else MODELS[name]()
    path = made.save(tmp_path)
    reference = await verified(made, C1, path, tmp_path)
    assert len(reference[0]) >= 512
    for config in HONEST:
        found = distances(await verified(made, config, path, tmp_path), reference)
        print(f"{name:20} {config.name:16} {max(found):.1e}")
        assert max(found) < 1e-5
    for weights in CHEATS.get(name, [Weights.FP16]):
        config = C1.with_weights(weights)
        found = distances(await verified(made, config, path, tmp_path), reference)
        print(f"{name:20} {config.name:16} {min(found):.1e}")
        assert min(found) > 1e-4


@pytest.mark.parametrize("name", MODELS)
async def test_torch_agrees_with_onnxruntime(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    made = MODELS[name]()
    reference = await verified(made, C1, made.save(tmp_path), tmp_path)
    path = made.save_torch(tmp_path)
    found = distances(await verified(made, EngineConfig(Engine.TORCH), path, tmp_path), reference)
    print(f"{name:20} torch-1          {max(found):.1e}")
    assert max(found) < 1e-5
