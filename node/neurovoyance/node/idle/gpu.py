"""NVIDIA's graphics processors through NVML, with the optional package ``nvidia-ml-py``.

Place: part of ``sensors``. Every card that the system shows is named, also one that cannot be
measured: it then counts as in use. In a container NVML tells the host's process ids, so our own
work there looks like somebody else's, which errs on the owner's side. Never: a change of a card.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from neurovoyance.node.idle.readings import GpuReading, Measured, Unmeasured

_CARDS = Path("/proc/driver/nvidia/gpus")
_DRM = Path("/sys/class/drm")
_AMD = "0x1002"
_SINCE_US = 2_000_000


class GpuSource(Protocol):
    """Measures graphics processors."""

    def read(self, own: frozenset[int]) -> tuple[GpuReading, ...]:
        """Return a reading of every card; ``own`` are our process ids."""
        ...


class NvidiaGpus:
    """All cards of this machine; those of other makers and silent ones as unmeasured.

    Args:
        nvml: the module ``pynvml`` or a stand-in; None looks for it.
        cards: folder in which the driver names its cards.
        drm: folder in which the kernel names displays.
    """

    def __init__(self, nvml: Any = None, *, cards: Path = _CARDS, drm: Path = _DRM) -> None:
        self._cards = cards
        self._drm = drm
        self._why = "the package nvidia-ml-py is not installed"
        self._nvml = nvml if nvml is not None else _module()
        if self._nvml is not None:
            self._start()

    def _start(self) -> None:
        try:
            self._nvml.nvmlInit()
        except self._nvml.NVMLError as error:
            self._why = f"NVML does not answer ({error})"
            self._nvml = None

    def read(self, own: frozenset[int]) -> tuple[GpuReading, ...]:
        """Return a reading of every card, numbered as NVML does; others come after."""
        found = self._measured(own)
        if not found:
            found = [_silent(number, self._why) for number in range(_count(self._cards))]
        others = range(len(found), len(found) + _amd_cards(self._drm))
        return (*found, *(_silent(number, "cards of its maker are not read") for number in others))

    def _measured(self, own: frozenset[int]) -> list[GpuReading]:
        if self._nvml is None:
            return []
        try:
            count = self._nvml.nvmlDeviceGetCount()
        except self._nvml.NVMLError as error:
            self._why = f"NVML does not answer ({error})"
            return []
        return [self._card(number, own) for number in range(count)]

    def _card(self, number: int, own: frozenset[int]) -> GpuReading:
        nvml = self._nvml
        try:
            handle = nvml.nvmlDeviceGetHandleByIndex(number)
        except nvml.NVMLError as error:
            return _silent(number, str(error))
        return GpuReading(
            device=f"gpu{number}",
            use_by_others=self._tried(lambda: self._use(handle, own)),
            memory_by_others=self._tried(lambda: self._memory(handle, own)),
            temperature_c=self._tried(
                lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
            ),
        )

    def _tried(self, measure: Any) -> Measured[float]:
        try:
            return float(measure())
        except self._nvml.NVMLError as error:
            return Unmeasured(f"NVML does not tell ({error})")

    def _use(self, handle: Any, own: frozenset[int]) -> float:
        """Return the use of the whole card less ours; without samples of ours nothing is less."""
        whole = float(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu) / 100
        return min(1.0, max(0.0, whole - self._own_use(handle, own)))

    def _own_use(self, handle: Any, own: frozenset[int]) -> float:
        since_us = int(time.time() * 1_000_000) - _SINCE_US
        try:
            samples = self._nvml.nvmlDeviceGetProcessUtilization(handle, since_us)
        except self._nvml.NVMLError:
            return 0.0
        latest: dict[int, tuple[int, int]] = {}
        for sample in samples:
            if sample.pid in own:
                seen = (sample.timeStamp, sample.smUtil)
                latest[sample.pid] = max(seen, latest.get(sample.pid, seen))
        return sum(use for _, use in latest.values()) / 100

    def _memory(self, handle: Any, own: frozenset[int]) -> float:
        info = self._nvml.nvmlDeviceGetMemoryInfo(handle)
        ours = sum(self._own_memory(handle, own))
        return min(1.0, max(0.0, float((info.used - ours) / info.total)))

    def _own_memory(self, handle: Any, own: frozenset[int]) -> Iterable[int]:
        for process in self._nvml.nvmlDeviceGetComputeRunningProcesses(handle):
            if process.pid in own and process.usedGpuMemory is not None:
                yield process.usedGpuMemory


def _silent(number: int, why: str) -> GpuReading:
    nothing = Unmeasured(why)
    return GpuReading(f"gpu{number}", nothing, nothing, nothing)


def _module() -> Any:
    try:
        return importlib.import_module("pynvml")
    except ImportError:
        return None


def _count(folder: Path) -> int:
    try:
        return sum(1 for _ in folder.iterdir())
    except OSError:
        return 0


def _amd_cards(folder: Path) -> int:
    vendors = (_text(path) for path in folder.glob("card*/device/vendor"))
    return sum(vendor == _AMD for vendor in vendors)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
