"""Cards through a stand-in for NVML; a silent card is named and unmeasured."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from neurovoyance.node.idle.gpu import NvidiaGpus
from neurovoyance.node.idle.readings import Unmeasured

OWN = frozenset({7})


class NVMLError(Exception):
    pass


class Nvml:
    """Two cards: on the first we use half of the memory and 30 % of the time, of 90 % in all."""

    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, broken: str = "") -> None:
        self._broken = broken

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("nvml") and name == object.__getattribute__(self, "_broken"):
            raise NVMLError("Not Supported")
        return object.__getattribute__(self, name)

    def nvmlInit(self) -> None: ...

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:
        return number

    def nvmlDeviceGetUtilizationRates(self, card: int) -> Any:
        return SimpleNamespace(gpu=90 if card == 0 else 0, memory=10)

    def nvmlDeviceGetProcessUtilization(self, card: int, since_us: int) -> Any:
        if card == 1:
            raise NVMLError("Not Found")  # what NVML says where nothing ran
        samples = ((7, 1, 80), (7, 2, 30), (8, 2, 60))
        return [SimpleNamespace(pid=p, timeStamp=t, smUtil=u) for p, t, u in samples]

    def nvmlDeviceGetMemoryInfo(self, card: int) -> Any:
        return SimpleNamespace(total=100, used=75 if card == 0 else 1)

    def nvmlDeviceGetComputeRunningProcesses(self, card: int) -> Any:
        sizes = ((7, 50), (8, 25), (9, None)) if card == 0 else ()
        return [SimpleNamespace(pid=p, usedGpuMemory=m) for p, m in sizes]

    def nvmlDeviceGetTemperature(self, card: int, kind: int) -> int:
        return 61


def gpus(nvml: Any, folder: Path) -> NvidiaGpus:
    return NvidiaGpus(nvml, cards=folder / "cards", drm=folder / "drm")


def test_what_we_use_ourselves_is_not_use_by_others(tmp_path: Path) -> None:
    first, second = gpus(Nvml(), tmp_path).read(OWN)
    assert first.device == "gpu0"
    assert first.use_by_others == 0.9 - 0.3
    assert first.memory_by_others == 0.25
    assert first.temperature_c == 61.0
    assert (second.use_by_others, second.memory_by_others) == (0.0, 0.01)


def test_one_value_that_a_card_does_not_tell_leaves_the_others(tmp_path: Path) -> None:
    first, _ = gpus(Nvml("nvmlDeviceGetUtilizationRates"), tmp_path).read(OWN)
    assert isinstance(first.use_by_others, Unmeasured)
    assert first.temperature_c == 61.0


def test_a_driver_without_nvml_has_cards_that_are_not_measured(tmp_path: Path) -> None:
    (tmp_path / "cards" / "0000:01:00.0").mkdir(parents=True)
    for broken in ("nvmlInit", "nvmlDeviceGetCount"):
        [card] = gpus(Nvml(broken), tmp_path).read(OWN)
        assert card.device == "gpu0"
        assert isinstance(card.use_by_others, Unmeasured)


def test_cards_of_another_maker_come_after_and_are_not_measured(tmp_path: Path) -> None:
    device = tmp_path / "drm" / "card1" / "device"
    device.mkdir(parents=True)
    (device / "vendor").write_text("0x1002\n")
    readings = gpus(Nvml(), tmp_path).read(OWN)
    assert [reading.device for reading in readings] == ["gpu0", "gpu1", "gpu2"]
    assert isinstance(readings[2].temperature_c, Unmeasured)
