"""Small economies for all tests of the simulator; played once, few seeds."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest

from neurovoyance.tokenomics.simulation.assumptions import World, world_with
from neurovoyance.tokenomics.simulation.draws import draw
from neurovoyance.tokenomics.simulation.engine import _play, simulate
from neurovoyance.tokenomics.simulation.policies import POLICIES
from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS
from neurovoyance.tokenomics.simulation.state import Economy, genesis

SEEDS = 3
YEAR = 371
Played = Callable[..., Economy]


@pytest.fixture
def played() -> Played:
    """Return a function that plays some days of an economy and hands it over."""

    def make(
        days: int, policy: str = "ours", scenario: str = "base", start: int = 0, **world: float
    ) -> Economy:
        trouble = SCENARIOS[scenario]
        length = start + days + 10
        e = genesis(
            POLICIES[policy], world_with(World(), **world), trouble, trouble.paths(length),
            draw(SEEDS, length),
        )  # fmt: skip
        for day in range(start, start + days):
            e.day = day
            _play(e)
        e.day = start + days
        return e

    return make


@lru_cache(maxsize=8)
def short_run(scenario: str, policy: str) -> Run:
    """Return about a year of a run; the same object for every test."""
    return simulate(POLICIES[policy], SCENARIOS[scenario], seeds=SEEDS, days=YEAR)


@pytest.fixture(scope="session")
def year() -> Run:
    """Return a year of the base scenario under our rules."""
    return short_run("base", "ours")
