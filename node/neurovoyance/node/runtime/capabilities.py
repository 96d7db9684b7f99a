"""What this machine can compute with: engines, their versions, and the devices they see.

Place: asked once by a node or a worker. The engines are imported in a process of their own, never
in the one that asks. A device that an engine sees is not one that models run on: the sandbox keeps
children away from every device file, so executions run on the processor. Never: a model.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from neurovoyance.node.runtime.config import Engine
from neurovoyance.node.runtime.resources import measure
from neurovoyance.node.runtime.sandbox import child_command, clean_environment
from neurovoyance.protocol.errors import ExecutionError

_TIMEOUT_S: Final = 120.0
_PACKAGES: Final = ("onnxruntime", "onnxruntime-gpu", "torch", "numpy")
_CPU_INFO: Final = Path("/proc/cpuinfo")
_CARDS: Final = Path("/proc/driver/nvidia/gpus")
_DRIVER: Final = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """One engine that can be imported here.

    Attributes:
        engine: which.
        version: of its package.
        providers: what it says it can compute with: ONNX Runtime's execution providers, or the
            names of torch's devices.
        devices: ``cpu``, and ``cuda`` where it sees a card.
    """

    engine: Engine
    version: str
    providers: tuple[str, ...]
    devices: tuple[str, ...]


async def discover(folder: Path) -> tuple[EngineFacts, ...]:
    """Return the engines of this machine; takes some seconds.

    Args:
        folder: where the process runs; nothing is left there.

    Raises:
        ExecutionError: the process that looks failed.
    """
    process = await asyncio.create_subprocess_exec(
        *child_command("neurovoyance.node.runtime.capabilities"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
        env=clean_environment(folder),
    )
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            said, _ = await process.communicate()
        found = json.loads(said)
    except (TimeoutError, ValueError) as error:
        raise ExecutionError("What the engines can do could not be found out.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return tuple(facts_of(item) for item in found)


def facts_of(item: dict[str, Any]) -> EngineFacts:
    """Read back what :func:`dataclasses.asdict` made of facts and JSON carried."""
    return EngineFacts(
        Engine(item["engine"]),
        str(item["version"]),
        tuple(map(str, item["providers"])),
        tuple(map(str, item["devices"])),
    )


def fingerprint(folder: Path) -> dict[str, str]:
    """Return what decides what a machine can do and how fast: hardware and versions; blocking."""
    found = {"python": sys.version.split()[0]}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    machine = measure(folder)
    cards = sorted(path.name for path in _CARDS.iterdir()) if _CARDS.is_dir() else []
    return {
        **found,
        "processor": _line(_CPU_INFO, "model name"),
        "cores": str(machine.cores),
        "memory_gib": str(round(machine.memory_total_bytes / (1 << 30))),
        "cards": ",".join(cards),
        "driver": _line(_DRIVER, "NVRM version"),
    }


def _line(path: Path, start: str) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(start)), "")


def _here() -> list[EngineFacts]:
    """Import each engine and ask it; in the process of its own."""
    found = []
    for ask in (_ask_ort, _ask_torch):
        try:
            found.append(ask())
        except ImportError:
            continue
    return found


def _ask_ort() -> EngineFacts:
    ort = importlib.import_module("onnxruntime")
    providers = tuple(ort.get_available_providers())
    devices = ("cpu", "cuda") if "CUDAExecutionProvider" in providers else ("cpu",)
    return EngineFacts(Engine.ORT, str(ort.__version__), providers, devices)


def _ask_torch() -> EngineFacts:
    torch = importlib.import_module("torch")
    cards = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    devices = ("cpu", "cuda") if cards else ("cpu",)
    return EngineFacts(Engine.TORCH, str(torch.__version__), ("cpu", *cards), devices)


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(facts) for facts in _here()]))
