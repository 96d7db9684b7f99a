"""How fast this machine computes, measured in the sandbox that jobs run in, and kept on disk.

Place: asked by a node or a worker when it starts. The model is 32 products of matrices with tanh
between, made here from integers; the result is kept with the machine's fingerprint and measured
again when that changes. Never: a promise; prices and deadlines are the owner's business.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import save_file

from neurovoyance.node.runtime.base import Limits, Profile, RunRequest
from neurovoyance.node.runtime.capabilities import EngineFacts, discover, facts_of, fingerprint
from neurovoyance.node.runtime.config import Engine
from neurovoyance.node.runtime.confined import ConfinedRuntime
from neurovoyance.node.runtime.numeric_class import node_of, tensor_of, value_of
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.protobuf import write_bytes, write_number
from neurovoyance.node.runtime.torch_ import TorchRuntime
from neurovoyance.node.runtime.torch_format import FORMAT_KEY
from neurovoyance.node.runtime.warm import WarmPolicy

ROWS: Final = 128
WIDTH: Final = 512
LAYERS: Final = 32
FLOATING_OPERATIONS: Final = 2 * ROWS * WIDTH * WIDTH * LAYERS
_REPEATS: Final = 5
_LIMITS: Final = Limits(memory_bytes=1 << 30, cpu_time_s=120, wall_time_s=120.0)
_RUNTIMES: Final[dict[Engine, type[ConfinedRuntime]]] = {
    Engine.ORT: OnnxRuntime,
    Engine.TORCH: TorchRuntime,
}


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured for one engine and profile.

    Attributes:
        engine: which engine.
        profile: ``C1`` or ``FAST``.
        cold_ms: from the request to the output when nothing is loaded.
        warm_ms: the same with the model loaded; the median of five.
        mflops: million floating-point operations a second, warm.
    """

    engine: Engine
    profile: Profile
    cold_ms: int
    warm_ms: int
    mflops: int


@dataclass(frozen=True, slots=True)
class MachineReport:
    """What this machine can compute with, and how fast."""

    engines: tuple[EngineFacts, ...]
    speeds: tuple[Speed, ...]


async def report(path: Path, threads: int = 1) -> MachineReport:
    """Return what is known of this machine, measured anew if its fingerprint changed.

    Args:
        path: where the last report is kept.
        threads: of profile ``FAST``.

    Raises:
        ExecutionError: an engine could not run the model.
    """
    known = {**await asyncio.to_thread(fingerprint, path.parent), "threads": str(threads)}
    kept = await asyncio.to_thread(_read, path, known)
    if kept is not None:
        return kept
    engines = await discover(path.parent)
    speeds = [
        await speed(facts.engine, profile, threads) for facts in engines for profile in Profile
    ]
    made = MachineReport(engines, tuple(speeds))
    await asyncio.to_thread(_write, path, known, made)
    return made


async def speed(engine: Engine, profile: Profile, threads: int = 1) -> Speed:
    """Measure one engine under one profile; takes about a second.

    Raises:
        ExecutionError: the engine could not run the model.
    """
    with tempfile.TemporaryDirectory(prefix="neurovoyance-speed-") as name:
        folder = Path(name)
        model = folder / "model"
        await asyncio.to_thread(_write_model, engine, model)
        save_file({"x": _numbers(ROWS)}, folder / "input")
        request = RunRequest(model, folder / "input", folder / "output", profile=profile)
        limits = replace(_LIMITS, threads=threads)
        async with _RUNTIMES[engine](keep_warm=False, warm=WarmPolicy(folder=folder)) as runtime:
            taken = [
                (await runtime.run(request, limits)).usage.wall_ms for _ in range(_REPEATS + 1)
            ]
    warm_ms = max(1, round(statistics.median(taken[1:])))
    return Speed(engine, profile, taken[0], warm_ms, FLOATING_OPERATIONS // (warm_ms * 1_000))


def _write_model(engine: Engine, path: Path) -> None:
    weight = _numbers(WIDTH) / np.float32(WIDTH)
    if engine is Engine.TORCH:
        save_file({"w": weight}, path, metadata={FORMAT_KEY: json.dumps(_program())})
        return
    parts = [write_bytes(2, b"speed"), write_bytes(11, value_of("x", (ROWS, WIDTH)))]
    parts.append(write_bytes(5, tensor_of("w", weight)))
    last = "x"
    for layer in range(LAYERS):
        parts.append(write_bytes(1, node_of("MatMul", [last, "w"], f"m{layer}", {})))
        parts.append(write_bytes(1, node_of("Tanh", [f"m{layer}"], f"t{layer}", {})))
        last = f"t{layer}"
    parts.append(write_bytes(12, value_of(last, (ROWS, WIDTH))))
    opset = write_bytes(1, b"") + write_number(2, 17)
    path.write_bytes(write_number(1, 8) + write_bytes(7, b"".join(parts)) + write_bytes(8, opset))


def _program() -> dict[str, object]:
    shape = [ROWS, WIDTH]
    steps, last = [], "x"
    for layer in range(LAYERS):
        for kind, op, more in (
            ("m", "linear.default", [{"weight": "w"}]),
            ("t", "tanh.default", []),
        ):
            name = f"{kind}{layer}"
            steps.append({"name": name, "op": op, "args": [{"value": last}, *more], "kwargs": {}})
            last = name
    pair = [
        {"name": name, "value": of, "dtype": "float32", "shape": shape}
        for name, of in (("x", "x"), ("y", last))
    ]
    return {"version": 1, "inputs": pair[:1], "outputs": pair[1:], "values": [], "steps": steps}


def _numbers(rows: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    steps = np.arange(rows * WIDTH, dtype=np.int64) * 2_654_435_761 % 1_024
    return ((steps - 511.5) / 512).astype(np.float32).reshape(rows, WIDTH)


def _read(path: Path, known: dict[str, str]) -> MachineReport | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["fingerprint"] != known:
            return None
        speeds = tuple(
            Speed(
                Engine(item["engine"]),
                Profile(item["profile"]),
                int(item["cold_ms"]),
                int(item["warm_ms"]),
                int(item["mflops"]),
            )
            for item in found["speeds"]
        )
        return MachineReport(tuple(facts_of(item) for item in found["engines"]), speeds)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, known: dict[str, str], made: MachineReport) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(
        json.dumps({"fingerprint": known, **asdict(made)}, indent=1), encoding="utf-8"
    )
    partial.replace(path)
