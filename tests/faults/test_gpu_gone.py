"""A card falls off its bus in the middle of work: its engines stop, the processor goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.node.idle.snapshots import QUIET
from tests.unit.node.idle.test_gate import Engine
from tests.unit.node.idle.test_gpu import Nvml, NVMLError

from neurovoyance.node.idle.book import IdleBook
from neurovoyance.node.idle.gate import Gate
from neurovoyance.node.idle.gpu import NvidiaGpus
from neurovoyance.node.idle.policy import CPU
from neurovoyance.node.idle.readings import Sensors
from neurovoyance.node.idle.settings import IdleSettings, Mode
from neurovoyance.node.operations.gpus import GpuUse

OWN = frozenset({7})
CALLS = ["nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex", "nvmlDeviceGetUtilizationRates"]


class Fragile(Nvml):
    """One quiet card, until it is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = ""

    def __getattribute__(self, name: str) -> object:
        if name.startswith("nvml") and name == object.__getattribute__(self, "__dict__").get(
            "lost"
        ):
            raise NVMLError("GPU is lost")
        return super().__getattribute__(name)

    def nvmlDeviceGetCount(self) -> int:
        return 1

    def nvmlDeviceGetUtilizationRates(self, card: int) -> object:
        return super().nvmlDeviceGetUtilizationRates(1)


class Machine:
    """A quiet machine with the cards that NVML tells of; each look is a second later."""

    def __init__(self, gpus: NvidiaGpus) -> None:
        self._gpus = gpus
        self._looks = 0

    def read(self) -> Sensors:
        self._looks += 1
        return replace(QUIET, monotonic_s=float(self._looks), gpus=self._gpus.read(OWN))


@pytest.fixture
def book(tmp_path: Path) -> Iterator[IdleBook]:
    made = IdleBook(tmp_path / "idle.sqlite", {"market": "m"})
    yield made
    made.close()


@pytest.mark.parametrize("lost", CALLS)
async def test_a_lost_card_stops_its_engines_alone(
    book: IdleBook, tmp_path: Path, lost: str
) -> None:
    nvml = Fragile()
    cards = NvidiaGpus(nvml, cards=tmp_path / "cards", drm=tmp_path / "drm")
    told: dict[str, list[str]] = {CPU: [], "gpu0": []}
    engines = {device: [Engine(words)] for device, words in told.items()}
    gate = Gate(IdleSettings(mode=Mode.IDLE), Machine(cards), book, engines)
    for _ in range(2):
        await gate.look()
    assert gate.may_run("gpu0"), gate.decision
    nvml.lost = lost
    await gate.look()
    assert not gate.may_run("gpu0")
    assert gate.may_run(CPU)
    assert told["gpu0"][-1] == "suspend"
    assert told[CPU][-1] == "resume"
    assert all(use is None for _, use in GpuUse(cards).read())
    nvml.lost = ""
    for _ in range(2):
        await gate.look()
    assert gate.may_run("gpu0"), "it came back"
    assert told["gpu0"][-1] == "resume"
