"""Chance, drawn beforehand and by name, so that all policies meet the same world.

Place: the engine reads one :class:`Draws` a run. Seed i of a stream is the same numbers whatever
the policy, the scenario or the number of seeds: common random numbers.
Never: a draw inside the daily loop, which would make policies differ by luck.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from neurovoyance.tokenomics.simulation.kinds import Array

FIRST_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Draws:
    """Standard numbers of every stream; daily ones are float64 (days, S), others (S,).

    Attributes:
        news: normal, daily moves of the price.
        jump: uniform, whether a jump comes.
        jump_size: normal.
        demand: normal, daily moves of demand.
        verdicts: normal, luck of the audits.
        claims: normal, luck of late claims.
        growth: normal, growth of demand.
        belief: normal, how speculators value fees.
        costs: normal, cost level of all providers.
        budget: normal, money of the attacker.
        rouse: uniform, time until holders wake up.
        retail: normal, how easily people join.
    """

    news: Array
    jump: Array
    jump_size: Array
    demand: Array
    verdicts: Array
    claims: Array
    growth: Array
    belief: Array
    costs: Array
    budget: Array
    rouse: Array
    retail: Array


def _generator(stream: str, seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([FIRST_SEED, zlib.crc32(stream.encode()), seed]))


def _column(stream: str, seeds: int, days: int) -> Array:
    made = np.empty((days, seeds))
    for seed in range(seeds):
        draw = _generator(stream, seed)
        made[:, seed] = draw.random(days) if stream == "jump" else draw.standard_normal(days)
    return made


def _scalar(stream: str, seeds: int) -> Array:
    is_uniform = stream == "rouse"
    return np.array([
        _generator(stream, seed).random() if is_uniform
        else _generator(stream, seed).standard_normal()
        for seed in range(seeds)
    ])  # fmt: skip


def draw(seeds: int, days: int) -> Draws:
    """Return all chance of a run.

    Args:
        seeds: number S of seeds, from 0 on.
        days: length of the run.
    """
    daily = ("news", "jump", "jump_size", "demand", "verdicts", "claims")
    once = ("growth", "belief", "costs", "budget", "rouse", "retail")
    return Draws(
        **{name: _column(name, seeds, days) for name in daily},
        **{name: _scalar(name, seeds) for name in once},
    )
