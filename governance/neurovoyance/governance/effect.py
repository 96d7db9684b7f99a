"""What changed parameters do within years, by the simulator: two runs that differ in nothing else.

Place: optional and slow; imported by ``gov simulate --years`` alone. Both runs see the same chances
seed for seed, so the difference is the change's. Simulated money is floating point and decides
nothing. Never: a promise; the simulator's assumptions are listed in its report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurovoyance.protocol.errors import SpecError
from neurovoyance.tokenomics.params import PARAMETERS
from neurovoyance.tokenomics.simulation.draws import draw
from neurovoyance.tokenomics.simulation.engine import simulate
from neurovoyance.tokenomics.simulation.plan import FIELDS, GUARDS
from neurovoyance.tokenomics.simulation.policies import Policy, ours
from neurovoyance.tokenomics.simulation.scenarios import scenario_named

YEAR_DAYS = 364
QUANTILES = (0.1, 0.5, 0.9)
YEARS_MAX, SEEDS_MAX = 5, 500
_ALSO = {
    "insuranceBps": ("insurance", 1e4),
    "auditBps": ("audit", 1e4),
    "exitBaseBps": ("p0", 1e4),
    "holderBps": ("holder", 1e4),
    "penaltyBurnBps": ("penalty_burn", 1e4),
    "stakeBandBps": ("stake_band", 1e4),
    "washCapBps": ("wash_cap", 1e4),
    "baselineGrowthBps": ("baseline_growth", 1e4),
}
_FIELDS = {**FIELDS, **GUARDS, **_ALSO}
OUTCOMES = {
    "price_end": "last price, USD",
    "providers_end": "providers at the end",
    "profit_median": "profit of a provider, USD a GPU and day",
    "worst_bound": "largest weekly outflow over its bound",
    "ruined": "insurance ruined",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """One outcome without and with the change, and the difference seed by seed.

    Attributes:
        before, after, difference: the 10, 50 and 90 % quantiles over seeds.
    """

    name: str
    before: tuple[float, float, float]
    after: tuple[float, float, float]
    difference: tuple[float, float, float]


def can_simulate(key: str) -> bool:
    """Return whether the simulator knows a parameter."""
    return key in _FIELDS


def effects(
    before: Mapping[str, int],
    after: Mapping[str, int],
    *,
    years: int = 1,
    seeds: int = 50,
    scenario: str = "base",
) -> list[Effect]:
    """Return what a change of parameters does to the simulated economy.

    Args:
        before, after: values by key, in the units of ``params.json``.
        years: length of the runs, from the network's first day; 1 to 5.
        seeds: 2 to 500.
        scenario: what happens meanwhile.

    Raises:
        SpecError: nothing that changed is simulated, or years or seeds are out of range.
        ConfigError: there is no such scenario.
    """
    if not (1 <= years <= YEARS_MAX and 2 <= seeds <= SEEDS_MAX):
        raise SpecError(
            f"{years} years with {seeds} seeds are not simulated.",
            hint=f"1 to {YEARS_MAX} years, 2 to {SEEDS_MAX} seeds.",
        )
    changed = [key for key, value in before.items() if after[key] != value]
    if not any(map(can_simulate, changed)):
        raise SpecError(
            f"The simulator has no model of {', '.join(changed) or 'this proposal'}.",
            hint=f"It knows {', '.join(sorted(_FIELDS))}.",
        )
    days, chosen = years * YEAR_DAYS, scenario_named(scenario)
    chance = draw(seeds, days)
    runs = [
        simulate(policy_of(values), chosen, seeds=seeds, days=days, chance=chance).outcomes
        for values in (before, after)
    ]
    return [
        Effect(
            name,
            _quantiles(runs[0][name]),
            _quantiles(runs[1][name]),
            _quantiles(runs[1][name] - runs[0][name]),
        )
        for name in OUTCOMES
        if name in runs[0]
    ]


def policy_of(values: Mapping[str, int]) -> Policy:
    """Return our rules with the values that a chain holds, as far as the simulator knows them."""
    fields = {field: values[key] / unit for key, (field, unit) in _FIELDS.items() if key in values}
    policy: Policy = replace(ours(), **fields)  # type: ignore[arg-type]
    unknown = [key for key in values if key not in PARAMETERS]
    if unknown:
        raise SpecError(f"There is no parameter {unknown[0]!r}.", hint="See gov params.")
    return policy


def _quantiles(found: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = (float(value) for value in np.nanquantile(found, QUANTILES))
    return low, middle, high
