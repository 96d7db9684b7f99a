"""Small models with inputs on disk, and one bench for the modules that run them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from safetensors.numpy import save_file
from tests.models import MODELS
from tests.models.made import Made

from neurovoyance.node.calibration.engine import bench_of
from neurovoyance.node.calibration.inputs import Drawn, draw_from
from neurovoyance.node.calibration.measuring import Bench
from neurovoyance.node.calibration.runs import Renderings
from neurovoyance.node.runtime.base import Limits

LIMITS = Limits(
    memory_bytes=2 << 30, cpu_time_s=300, wall_time_s=300.0, threads=2, file_bytes=1 << 28
)
SEED = bytes(range(32))


@dataclass(frozen=True)
class Case:
    """A model on disk and its inputs, all of them drawn."""

    made: Made
    model: Renderings
    drawn: Drawn


def case_of(made: Made, folder: Path, count: int = 3) -> Case:
    """Write a model and ``count`` inputs."""
    inputs = folder / "inputs"
    inputs.mkdir()
    for number in range(count):
        save_file(made.make_inputs(number), inputs / f"{number:03}.safetensors")
    drawn = draw_from(inputs, SEED, count, allow_few=True)
    return Case(made, Renderings(made.save(folder)), drawn)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A perceptron that ends in a softmax, and three inputs."""
    return case_of(MODELS["mlp_softmax"](), tmp_path)


@pytest.fixture
async def bench(case: Case) -> AsyncIterator[Bench]:
    async with bench_of(case.model, case.drawn.paths, SEED, LIMITS, lambda *_: None) as made:
        yield made[0]
