"""The gates of economy.md section 12: probabilities with their confidence, failures first.

Place: pure functions of runs. A gate over all scenarios is as good as its worst scenario. Intervals
are Wilson's at 95 %, so that "never in 500 seeds" is not told as impossible.
Never: a threshold that depends on a result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np

from neurovoyance.tokenomics.simulation.kinds import Array, Mask
from neurovoyance.tokenomics.simulation.record import Run

Z95 = 1.959963984540054
ROUNDING = 1e-9
RETENTION_NEEDED = 0.90


@dataclass(frozen=True, slots=True)
class Verdict:
    """One gate in one scenario.

    Attributes:
        scenario: its name.
        hits: seeds in which the good thing happened.
        seeds: all seeds.
        low: lower end of the 95 % interval of the probability.
        high: upper end.
        detail: the figure behind it: a quantile or extreme of the measured quantity.
    """

    scenario: str
    hits: int
    seeds: int
    low: float
    high: float
    detail: float

    @property
    def share(self) -> float:
        """Return the share of seeds in which the good thing happened."""
        return self.hits / self.seeds


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition.

    Attributes:
        key: short name.
        title: the condition in words.
        needed: probability that it needs.
        verdicts: one a scenario, the worst first.
        unit: what ``detail`` is.
    """

    key: str
    title: str
    needed: float
    verdicts: tuple[Verdict, ...]
    unit: str

    @property
    def worst(self) -> Verdict:
        """Return the verdict that decides."""
        return self.verdicts[0]

    @property
    def is_passed(self) -> bool:
        """Return whether the share reached what is needed, in the worst scenario."""
        return self.worst.share >= self.needed

    @property
    def is_close(self) -> bool:
        """Return whether the interval holds the needed value, so that chance could have decided."""
        return self.worst.low < self.needed < self.worst.high and self.needed < 1.0

    @property
    def failing(self) -> tuple[str, ...]:
        """Return the scenarios in which it fails."""
        return tuple(one.scenario for one in self.verdicts if one.share < self.needed)


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """Return the 95 % interval of a probability.

    >>> low, high = wilson(0, 500)
    >>> low < 1e-12, round(high, 4)
    (True, 0.0076)
    """
    share, square = hits / tries, Z95 * Z95
    middle = (share + square / (2 * tries)) / (1 + square / tries)
    spread = Z95 * sqrt(share * (1 - share) / tries + square / (4 * tries * tries))
    spread /= 1 + square / tries
    return max(0.0, middle - spread), min(1.0, middle + spread)


def _verdict(name: str, good: Mask, detail: float) -> Verdict:
    hits = int(good.sum())
    low, high = wilson(hits, len(good))
    return Verdict(name, hits, len(good), low, high, detail)


def _over(
    runs: Mapping[str, Run], names: tuple[str, ...], outcome: str,
    is_good: Callable[[Array], Mask], detail: Callable[[Array], float],
) -> tuple[Verdict, ...]:  # fmt: skip
    made = []
    for name in names:
        values = runs[name].outcomes[outcome]
        made.append(_verdict(name, is_good(values), detail(values)))
    return tuple(sorted(made, key=lambda one: (one.share, -one.detail)))


def judge(runs: Mapping[str, Run]) -> list[Gate]:
    """Return all gates of one policy, failures first.

    Args:
        runs: scenario name to run; ``base`` and ``bear`` at least.
    """
    every = tuple(runs)

    def at_most(limit: float) -> Callable[[Array], Mask]:
        return lambda values: values <= limit

    def at_least(limit: float) -> Callable[[Array], Mask]:
        return lambda values: values >= limit

    def top(values: Array) -> float:
        return float(values.max())

    gates = [
        Gate("retention", "honest providers stay at or above half of their peak through the bear",
            RETENTION_NEEDED,
            _over(runs, ("bear",), "retention", at_least(0.5), lambda v: float(np.median(v))),
            "median of lowest over peak"),
        Gate("outflow", "30-day outflow at most 6 % of circulating, every day after year one", 0.99,
            _over(runs, every, "worst_out", at_most(0.06), top), "largest share"),
        Gate("ruin", "the insurance is not ruined", 0.99,
            _over(runs, every, "ruined", at_most(0.5), lambda v: float(v.mean())),
            "share of seeds ruined"),
        Gate("fees", "fees exceed emission in year four, base", 0.50,
            _over(runs, ("base",), "fees_over_emission", at_least(1.0),
                lambda v: float(np.median(v))), "median of fees over emission"),
        Gate("bound", "the outflow bound of section 6 is never broken", 1.0,
            _over(runs, every, "worst_bound", at_most(1.0 + ROUNDING), top),
            "largest out over bound"),
        Gate("wash", "paying oneself never has a positive expected profit", 1.0,
            _over(runs, every, "wash_expected", at_most(ROUNDING), top), "largest, per NVY washed"),
        Gate("cheat", "cheating within the declared risk never has a positive expected profit", 1.0,
            _over(runs, every, "cheat_expected", at_most(ROUNDING), top), "largest, in prices"),
        Gate("ledger", "the buckets of the simulator always sum to the supply", 1.0,
            _over(runs, every, "ledger_error", at_most(ROUNDING), top),
            "largest, share of the cap"),
    ]  # fmt: skip
    return sorted(gates, key=lambda gate: gate.is_passed)
