"""Checks of what computes and of who is here: engines' providers, GPUs, sensors of the owner.

Place: part of ``doctor_checks``. A device that cannot be measured counts as in use in the idle
mode, so it is named. Never: a change of a device.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from neurovoyance.cli.doctor_finding import Finding, ok, unknown, warn
from neurovoyance.protocol.errors import ExecutionError

if TYPE_CHECKING:
    from neurovoyance.node.idle.readings import Sensors
    from neurovoyance.node.idle.settings import IdleSettings


def check_gpus() -> Finding:
    """Check that every GPU can be measured."""
    from neurovoyance.node.operations.gpus import GpuUse

    return judge_gpus(GpuUse().read())


def judge_gpus(cards: tuple[tuple[str, float | None], ...]) -> Finding:
    """Judge what was read of each card."""
    if not cards:
        return ok("gpu", "none; models run on the processor")
    words = ", ".join(
        f"{name} {'not measured' if use is None else f'{use:.0%} used'}" for name, use in cards
    )
    if any(use is None for _, use in cards):
        advice = "It counts as in use. For NVIDIA: pip install nvidia-ml-py, and mend the driver."
        return warn("gpu", words, advice)
    return ok("gpu", f"{words}; jobs run on the processor all the same, inside the sandbox")


async def check_providers() -> Finding:
    """Ask the engines, in a process of their own, what they can compute with."""
    from neurovoyance.node.runtime.capabilities import discover

    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="doctor-"))
    try:
        engines = await discover(folder)
    except (ExecutionError, OSError) as error:
        words = error.message if isinstance(error, ExecutionError) else str(error)
        return unknown("providers", words, "See `engine`.")
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    if not engines:
        return unknown("providers", "no engine can be imported", "See `engine`.")
    words = "; ".join(
        f"{facts.engine.value} {facts.version}: "
        + ", ".join(name.removesuffix("ExecutionProvider") for name in facts.providers)
        for facts in engines
    )
    return ok("providers", words)


def check_sensors(idle: IdleSettings | None) -> Finding:
    """Take one look with the owner's sensors and name what cannot be measured."""
    from neurovoyance.node.idle.sensors import sensors_here
    from neurovoyance.node.idle.settings import Mode

    silent = unmeasured(sensors_here().read())
    if not silent:
        return ok("sensors", "input, load, heat, power and screen can be measured")
    words = "; ".join(f"{name}: {why}" for name, why in silent.items())
    if idle is None or idle.mode is not Mode.IDLE:
        return ok("sensors", f"not needed: the machine is always lent. Not measured: {words}")
    return warn(
        "sensors",
        f"not measured, so it counts as in use: {words}",
        "Install what is missing, or drop the limit on it from [idle] in node.toml.",
    )


def unmeasured(sensors: Sensors) -> dict[str, str]:
    """Return what a snapshot lacks, with the reason of each."""
    from neurovoyance.node.idle.readings import Unmeasured

    named = {
        "input": sensors.inputs,
        "memory": sensors.memory_by_others,
        "heat": sensors.cpu_temperature_c,
        "power": sensors.on_battery,
        "screen": sensors.fullscreen,
        **{card.device: card.use_by_others for card in sensors.gpus},
    }
    return {name: value.why for name, value in named.items() if isinstance(value, Unmeasured)}
