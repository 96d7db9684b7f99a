"""The ONNX runtime: the shared suite, and what is particular to ONNX."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from safetensors.numpy import save_file

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime as ort
from tests.models import MODELS, magika
from tests.unit.node.runtime import models
from tests.unit.node.runtime.behaviour import LIMITS, Kit, RuntimeBehaviour, children

from neurovoyance.node.runtime.base import (
    ModelFiles,
    OperatorRequest,
    Profile,
    RunRequest,
    TraceRequest,
)
from neurovoyance.node.runtime.config import C1, EngineConfig, Optimisation, Weights
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.errors import (
    InputMismatch,
    ResourceExceeded,
    SpecError,
    UnsupportedModel,
)
from neurovoyance.verification.canonical import decode_tensors, encode_tensor, encode_tensors


@pytest.fixture(scope="module")
def onnx_kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    directory = tmp_path_factory.mktemp("models")
    made = {
        "affine": models.affine(),
        "endless": models.endless(),
        "hog": models.filled(reduced=True),
        "wide": models.filled(reduced=False),
        "logarithm": models.logarithm(),
    }
    return Kit(**{name: models.save(made[name], directory / f"{name}.onnx") for name in made})


@pytest.fixture
async def onnx_runtime() -> AsyncIterator[OnnxRuntime]:
    async with OnnxRuntime(keep_warm=False) as made:
        yield made


class TestOnnxRuntime(RuntimeBehaviour):
    """Every promise of the interface."""

    @pytest.fixture
    def runtime(self, onnx_runtime: OnnxRuntime) -> OnnxRuntime:
        return onnx_runtime

    @pytest.fixture
    def kit(self, onnx_kit: Kit) -> Kit:
        return onnx_kit


def run_directly(path: Path, feed: dict[str, Any], *, optimised: bool = False) -> bytes:
    """Run in this process with the settings of profile C1 and encode all outputs."""
    options = ort.SessionOptions()
    levels = ort.GraphOptimizationLevel
    options.graph_optimization_level = (
        levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    )
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return encode_tensors(session.run(None, feed))


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("profile", list(Profile))
async def test_a_real_model_gives_the_bits_of_a_direct_run(
    onnx_runtime: OnnxRuntime, tmp_path: Path, batch: int, profile: Profile
) -> None:
    path = models.magika_model()
    data = np.random.default_rng(batch).integers(0, 257, (batch, 2048)).astype(np.int32)
    save_file({"bytes": data}, tmp_path / "input")
    request = RunRequest(path, tmp_path / "input", tmp_path / "output", profile=profile)
    await onnx_runtime.run(request, LIMITS)
    direct = run_directly(path, {"bytes": data}, optimised=profile is Profile.FAST)
    assert (tmp_path / "output").read_bytes() == direct


async def test_two_threads_work_and_agree_within_rounding(
    onnx_runtime: OnnxRuntime, tmp_path: Path
) -> None:
    path = models.save(models.matmul(256, 2), tmp_path / "m.onnx")
    x = np.random.default_rng(5).standard_normal((64, 256)).astype(np.float32)
    save_file({"x": x}, tmp_path / "input")
    request = RunRequest(path, tmp_path / "input", tmp_path / "output", profile=Profile.FAST)
    await onnx_runtime.run(request, replace(LIMITS, threads=2))
    (found,) = decode_tensors((tmp_path / "output").read_bytes())
    (expected,) = decode_tensors(run_directly(path, {"x": x}))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("dtype", "array"),
    [
        (TensorProto.FLOAT16, np.array([1.5, -0.0], np.float16)),
        (TensorProto.INT32, np.array([-5, 5], np.int32)),
        (TensorProto.INT64, np.array([-(2**63), 5], np.int64)),
        (TensorProto.UINT8, np.array([0, 255], np.uint8)),
        (TensorProto.BOOL, np.array([True, False])),
    ],
)
async def test_every_canonical_dtype_goes_through(
    onnx_runtime: OnnxRuntime, tmp_path: Path, dtype: int, array: Any
) -> None:
    path = models.save(models.identity(dtype), tmp_path / "m.onnx")
    save_file({"x": array}, tmp_path / "input")
    await onnx_runtime.run(RunRequest(path, tmp_path / "input", tmp_path / "output"), LIMITS)
    (found,) = decode_tensors((tmp_path / "output").read_bytes())
    assert found.dtype == array.dtype
    assert found.tobytes() == array.tobytes()


async def test_bfloat16_goes_through_where_numpy_has_it(
    onnx_runtime: OnnxRuntime, tmp_path: Path
) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    array = np.array([1.5, -0.0, 3e38], ml_dtypes.bfloat16)
    path = models.save(models.identity(TensorProto.BFLOAT16), tmp_path / "m.onnx")
    save_file({"x": array}, tmp_path / "input")
    await onnx_runtime.run(RunRequest(path, tmp_path / "input", tmp_path / "output"), LIMITS)
    (found,) = decode_tensors((tmp_path / "output").read_bytes())
    assert found.tobytes() == array.tobytes()


@pytest.mark.parametrize("dtype", [TensorProto.DOUBLE, TensorProto.INT8, TensorProto.STRING])
async def test_an_output_without_canonical_form_is_refused(
    onnx_runtime: OnnxRuntime, tmp_path: Path, dtype: int
) -> None:
    path = models.save(models.identity(dtype), tmp_path / "m.onnx")
    save_file({"x": np.zeros(1)}, tmp_path / "input")
    with pytest.raises(UnsupportedModel, match="no canonical form"):
        await onnx_runtime.run(RunRequest(path, tmp_path / "input", tmp_path / "output"), LIMITS)
    assert (await onnx_runtime.probe(ModelFiles(path))).outputs[0].name == "y"


async def test_weights_in_a_model_directory_are_used(
    onnx_runtime: OnnxRuntime, tmp_path: Path
) -> None:
    directory = tmp_path / "model"
    (directory / "weights").mkdir(parents=True)
    np.arange(8, dtype=np.float32).tofile(directory / "weights" / "w.bin")
    made = models.with_external("weights/w.bin", offset="16", length="16")
    models.save(made, directory / "model.onnx")
    save_file({"x": np.ones(4, np.float32)}, tmp_path / "input")
    request = RunRequest(directory, tmp_path / "input", tmp_path / "output")
    await onnx_runtime.run(request, LIMITS)
    (found,) = decode_tensors((tmp_path / "output").read_bytes())
    assert found.tolist() == [5, 6, 7, 8]
    assert (await onnx_runtime.probe(ModelFiles(directory))).external_bytes == 32


async def test_the_name_of_a_model_file_does_not_matter(
    onnx_runtime: OnnxRuntime, tmp_path: Path, onnx_kit: Kit
) -> None:
    for name in ("bafkreia", "model.ort"):
        path = tmp_path / name
        path.write_bytes(onnx_kit.affine.read_bytes())
        assert (await onnx_runtime.probe(ModelFiles(path))).node_count == 2


async def test_a_model_that_the_engine_refuses_is_unsupported(
    onnx_runtime: OnnxRuntime, tmp_path: Path
) -> None:
    made = models.affine()
    made.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(UnsupportedModel, match="NoSuchOperator"):
        await onnx_runtime.probe(ModelFiles(models.save(made, tmp_path / "m.onnx")))


async def test_damaged_models_are_refused_or_run_but_break_nothing(
    onnx_runtime: OnnxRuntime, tmp_path: Path, onnx_kit: Kit
) -> None:
    whole = bytearray(onnx_kit.affine.read_bytes())
    random = np.random.default_rng(3)
    for _ in range(6):
        damaged = bytearray(whole)
        for at in random.integers(0, len(whole), 3):
            damaged[at] = random.integers(0, 256)
        path = tmp_path / "damaged.onnx"
        path.write_bytes(damaged)
        try:
            await onnx_runtime.probe(ModelFiles(path))
        except UnsupportedModel:
            continue


async def test_a_warm_child_serves_one_execution_and_is_replaced(
    tmp_path: Path, onnx_kit: Kit
) -> None:
    before = children()
    async with OnnxRuntime() as runtime:
        await runtime.warm_up()
        (first,) = children() - before
        await runtime.probe(ModelFiles(onnx_kit.affine))
        await runtime.warm_up()
        (second,) = children() - before
        assert first != second
    assert children() == before


async def test_a_spare_that_died_is_replaced_before_use(tmp_path: Path, onnx_kit: Kit) -> None:
    async with OnnxRuntime() as runtime:
        before = children()
        await runtime.warm_up()
        (spare,) = children() - before
        os.kill(spare, 9)
        with contextlib.suppress(ChildProcessError):  # asyncio may have seen its end first
            os.waitid(os.P_PID, spare, os.WEXITED | os.WNOWAIT)
        assert (await runtime.probe(ModelFiles(onnx_kit.affine))).node_count == 2


async def test_the_node_process_starts_no_thread_and_loads_no_engine(onnx_kit: Kit) -> None:
    threads = threading.active_count()
    async with OnnxRuntime(keep_warm=False) as runtime:
        await runtime.probe(ModelFiles(onnx_kit.affine), replace(LIMITS, threads=2))
    # asyncio waits for each child in a thread of its own, which ends with the child.
    assert threading.active_count() <= threads + 1


async def test_verify_tensors_come_in_the_order_of_the_certificate(
    onnx_runtime: OnnxRuntime, tmp_path: Path
) -> None:
    made = magika()
    (source,) = made.save_inputs(tmp_path, 1)
    names = (*made.verify[::-1], *made.outputs)
    request = RunRequest(made.save(tmp_path), source, tmp_path / "o", names, config=C1)
    output = await onnx_runtime.run(request, LIMITS)
    assert tuple(tensor.name for tensor in output.tensors) == names
    logits, features, labels = decode_tensors((tmp_path / "o").read_bytes())
    assert features.shape == (1, 512)
    shares = np.exp(logits - logits.max())
    np.testing.assert_allclose(labels, shares / shares.sum(), rtol=1e-4)


@pytest.mark.parametrize("name", ["ids", "l0.q", "no such value", "", "../hidden"])
async def test_inputs_weights_and_inventions_are_no_outputs(
    onnx_runtime: OnnxRuntime, tmp_path: Path, name: str
) -> None:
    made = MODELS["transformer"]()
    (source,) = made.save_inputs(tmp_path, 1)
    request = RunRequest(made.save(tmp_path), source, tmp_path / "o", ("hidden", name))
    with pytest.raises(SpecError):
        await onnx_runtime.run(request, LIMITS)
    assert not (tmp_path / "o").exists()


async def test_weights_of_a_model_directory_can_be_rounded(
    onnx_runtime: OnnxRuntime, tmp_path: Path
) -> None:
    directory = tmp_path / "model"
    directory.mkdir()
    np.full(4, 1 / 3, np.float32).tofile(directory / "w.bin")
    models.save(models.with_external("w.bin"), directory / "model.onnx")
    save_file({"x": np.zeros(4, np.float32)}, tmp_path / "input")
    for weights, kind in ((Weights.FP32, np.float32), (Weights.FP16, np.float16)):
        config = C1.with_weights(weights)
        request = RunRequest(directory, tmp_path / "input", tmp_path / "o", ("y",), config=config)
        await onnx_runtime.run(request, LIMITS)
        (found,) = decode_tensors((tmp_path / "o").read_bytes())
        assert found.tolist() == [float(kind(1 / 3))] * 4


def trace_folder(tmp_path: Path, name: str = "trace") -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", ["transformer", "bn_cnn", "lstm"])
async def test_a_trace_holds_every_operator_output_and_ends_in_the_bits_of_a_run(
    onnx_runtime: OnnxRuntime, tmp_path: Path, name: str
) -> None:
    made = MODELS[name]()
    path, (source,) = made.save(tmp_path), made.save_inputs(tmp_path, 1)
    whole = trace_folder(tmp_path)
    trace = await onnx_runtime.trace(TraceRequest(path, source, whole), LIMITS)
    expected = [out for node in onnx.load(path).graph.node for out in node.output if out]
    assert [row.tensor.name for row in trace.rows] == expected
    assert [row.row for row in trace.rows] == list(range(len(expected)))
    assert sorted(whole.iterdir()) == sorted(row.path for row in trace.rows)
    files = {row.tensor.name: row.path.read_bytes() for row in trace.rows}
    request = RunRequest(path, source, tmp_path / "o", made.verify)
    await onnx_runtime.run(request, LIMITS)
    assert b"".join(files[n] for n in made.verify) == (tmp_path / "o").read_bytes()


async def test_a_trace_in_groups_with_weights_outside_is_the_same_trace(
    onnx_runtime: OnnxRuntime, tmp_path: Path
) -> None:
    directory = tmp_path / "model"
    directory.mkdir()
    made = models.matmul(512, 40)
    onnx.save(made, directory / "model.onnx", save_as_external_data=True, location="w.bin")
    x = np.random.default_rng(6).standard_normal((256, 512)).astype(np.float32)
    save_file({"x": x}, tmp_path / "input")
    limits = replace(LIMITS, file_bytes=64 << 20)
    found = []
    # 80 rows of half a megabyte each: an eighth of the smaller limit holds about 40 of them.
    for name, memory_bytes in (("whole", 1 << 30), ("grouped", 160 << 20)):
        request = TraceRequest(directory, tmp_path / "input", trace_folder(tmp_path, name))
        trace = await onnx_runtime.trace(request, replace(limits, memory_bytes=memory_bytes))
        found.append([(row.tensor, row.path.read_bytes()) for row in trace.rows])
    assert found[0] == found[1]
    assert len(found[0]) == 80


async def test_a_trace_that_is_refused_leaves_nothing_behind(
    onnx_runtime: OnnxRuntime, tmp_path: Path
) -> None:
    made = magika()
    path, (source,) = made.save(tmp_path), made.save_inputs(tmp_path, 1)
    folder = trace_folder(tmp_path)
    request = TraceRequest(path, source, folder)
    with pytest.raises(ResourceExceeded):
        await onnx_runtime.trace(request, replace(LIMITS, file_bytes=1 << 20))
    optimised = EngineConfig(optimisation=Optimisation.ALL)
    with pytest.raises(SpecError):
        await onnx_runtime.trace(replace(request, config=optimised), LIMITS)
    with pytest.raises(SpecError):
        await onnx_runtime.trace(replace(request, directory=tmp_path / "missing"), LIMITS)
    assert list(folder.iterdir()) == []


async def test_a_trace_keeps_values_that_are_not_finite(
    onnx_runtime: OnnxRuntime, tmp_path: Path, onnx_kit: Kit
) -> None:
    save_file({"x": np.array([0, -1], np.float32)}, tmp_path / "input")
    request = TraceRequest(onnx_kit.logarithm, tmp_path / "input", trace_folder(tmp_path))
    (row,) = (await onnx_runtime.trace(request, LIMITS)).rows
    (found,) = decode_tensors(row.path.read_bytes())
    assert found[0] == -np.inf
    assert found.view(np.uint32)[1] == 0x7FC00000


@pytest.mark.parametrize("name", ["bn_cnn", "gru", "magika"])
async def test_operators_alone_give_the_bits_of_the_trace(tmp_path: Path, name: str) -> None:
    """One operator of each kind; for magika one that sums, whose bits depend on alignment."""
    made = magika() if name == "magika" else MODELS[name]()
    path, (source,) = made.save(tmp_path), made.save_inputs(tmp_path, 1)
    graph = onnx.load(path).graph
    limits = replace(LIMITS, file_bytes=64 << 20)
    async with OnnxRuntime() as runtime:
        trace = await runtime.trace(TraceRequest(path, source, trace_folder(tmp_path)), limits)
        files = {row.tensor.name: row.path for row in trace.rows}
        for key, array in made.make_inputs(0).items():
            files[key] = tmp_path / f"{key}.tensor"
            files[key].write_bytes(encode_tensor(array))
        constants = {out for n in graph.node if n.op_type == "Constant" for out in n.output}
        weights = constants | {tensor.name for tensor in graph.initializer}
        rows = {row.tensor.name: row.row for row in trace.rows}
        for node in {n.op_type: n for n in graph.node if n.op_type != "Constant"}.values():
            given = [n for n in dict.fromkeys(node.input) if n and n not in weights]
            outputs = [n for n in node.output if n]
            inputs = tuple((n, files[n]) for n in given)
            request = OperatorRequest(path, rows[outputs[0]], inputs, tmp_path / "alone")
            await runtime.run_operator(request, limits)
            expected = b"".join(files[n].read_bytes() for n in outputs)
            assert (tmp_path / "alone").read_bytes() == expected, node.op_type


@pytest.mark.parametrize("content", [b"", b"NVYT", encode_tensor(np.zeros(2, np.float32)) * 2])
async def test_a_claimed_input_that_is_no_canonical_tensor_is_refused(
    onnx_runtime: OnnxRuntime, tmp_path: Path, onnx_kit: Kit, content: bytes
) -> None:
    (tmp_path / "a").write_bytes(content)
    inputs = (("a", tmp_path / "a"),)
    request = OperatorRequest(onnx_kit.affine, 1, inputs, tmp_path / "o")
    with pytest.raises(SpecError):
        await onnx_runtime.run_operator(request, LIMITS)
    with pytest.raises(InputMismatch):
        await onnx_runtime.run_operator(replace(request, inputs=()), LIMITS)
    assert not (tmp_path / "o").exists()
