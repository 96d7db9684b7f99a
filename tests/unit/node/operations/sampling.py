"""Samplers of a station, on a machine with one idle card and one that cannot be measured."""

from __future__ import annotations

from pathlib import Path

from tests.unit.node.conftest import OPERATOR, OWNER, Station

from neurovoyance.node.idle.book import IdleBook
from neurovoyance.node.idle.gate import ClockOnly, Gate
from neurovoyance.node.idle.readings import GpuReading, Unmeasured
from neurovoyance.node.idle.settings import IdleSettings
from neurovoyance.node.operations.gpus import GpuUse
from neurovoyance.node.operations.sample import Sampler
from neurovoyance.node.settings import load_settings


class IdleCards:
    def read(self, own: frozenset[int]) -> tuple[GpuReading, ...]:
        nothing = Unmeasured("silent")
        return (GpuReading("gpu0", 0.0, 0.0, 30.0), GpuReading("gpu1", nothing, nothing, nothing))


def make_sampler(station: Station, folder: Path) -> tuple[Sampler, Gate]:
    settings = load_settings(
        None,
        {},
        {
            "rpc_urls": ["http://127.0.0.1:1"],
            "deployment_path": "d.json",
            "data_dir": str(folder),
            "owner": OWNER.address,
            "operator_raw_key": "0x" + bytes(OPERATOR.account.key).hex(),
        },
    )
    gate = Gate(IdleSettings(), ClockOnly(), IdleBook(folder / "idle.sqlite", {}), {})
    return Sampler(settings, station.agent, gate, lambda: 123, gpus=GpuUse(IdleCards())), gate
