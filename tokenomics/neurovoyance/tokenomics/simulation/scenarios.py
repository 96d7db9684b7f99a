"""What happens to the world: thirteen troubles and the quiet case, each a set of daily factors.

Place: ``engine`` asks :meth:`Scenario.paths` once a run; agents see only the factors. Days count
from genesis; troubles begin at the start of the third year, when the market has formed.
Never: a trouble that reacts to the policy it meets, or comparisons would not be fair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from neurovoyance.protocol.errors import ConfigError
from neurovoyance.tokenomics.simulation.kinds import Array

START_DAY = 730


@dataclass(frozen=True, slots=True)
class Scenario:
    """One trouble.

    Attributes:
        name: what ``--scenario`` takes.
        title: what the report prints.
        text: what happens, in a sentence.
        demand: (day, factor) knots of demand, joined by straight lines in the logarithm.
        price: (day, log change so far) knots of an outside price shock.
        outside: (day, factor) knots of the price elsewhere.
        costs: (day, factor) knots of hardware and power costs.
        whale: share of the circulating supply sold over 30 days.
        vault_run: share of the vault that asks for early exit at once.
        wash: share of all fees that a ring pays itself, for a year.
        mercenary: multiple of honest capacity that comes for a year and leaves in 14 days.
        slash: share of all stake slashed at once by a fault that many share.
        attack: whether a buyer of votes attacks the governance.
        is_emission_stopped: whether the emission ends at the start day.
    """

    name: str
    title: str
    text: str
    demand: tuple[tuple[float, float], ...] = ()
    price: tuple[tuple[float, float], ...] = ()
    outside: tuple[tuple[float, float], ...] = ()
    costs: tuple[tuple[float, float], ...] = ()
    whale: float = 0.0
    vault_run: float = 0.0
    wash: float = 0.0
    mercenary: float = 0.0
    slash: float = 0.0
    attack: bool = False
    is_emission_stopped: bool = False

    def paths(self, days: int) -> Paths:
        """Return the daily factors, each float64 of shape (days,)."""
        day = np.arange(days, dtype=np.float64)
        drift = np.interp(day, *_knots(self.price, 0.0))
        return Paths(
            demand=np.exp(np.interp(day, *_knots(self.demand, 0.0, is_log=True))),
            price_log=np.diff(drift, prepend=0.0),
            outside=np.exp(np.interp(day, *_knots(self.outside, 0.0, is_log=True))),
            costs=np.exp(np.interp(day, *_knots(self.costs, 0.0, is_log=True))),
        )


@dataclass(frozen=True, slots=True)
class Paths:
    """Daily factors of a scenario, float64 (days,); ``price_log`` is a change of log price."""

    demand: Array
    price_log: Array
    outside: Array
    costs: Array


def _knots(
    knots: tuple[tuple[float, float], ...], rest: float, *, is_log: bool = False
) -> tuple[Array, Array]:
    if not knots:
        return np.array([0.0]), np.array([rest])
    day, value = np.array(knots, dtype=np.float64).T
    return day, np.log(value) if is_log else value


def _step(factor: float, days: float) -> tuple[tuple[float, float], ...]:
    return ((START_DAY, 1.0), (START_DAY + days, factor))


_BEAR_DAYS = 180
_MADE = (
    Scenario("base", "Base", "Nothing special; demand, price and costs move by chance."),
    Scenario(
        "demand-x5",
        "Demand ×5",
        "Demand rises fivefold in 90 days and stays.",
        demand=_step(5.0, 90),
    ),
    Scenario(
        "bear",
        "Bear market",
        "In 180 days the price falls by 80 % and demand by 60 %; demand stays low for a year and "
        "comes back in another, the shock to the price does not.",
        demand=(
            (START_DAY, 1.0),
            (START_DAY + _BEAR_DAYS, 0.4),
            (START_DAY + _BEAR_DAYS + 365, 0.4),
            (START_DAY + _BEAR_DAYS + 730, 1.0),
        ),
        price=((START_DAY, 0.0), (START_DAY + _BEAR_DAYS, float(np.log(0.2)))),
    ),
    Scenario(
        "whale",
        "Whale sale",
        "One holder sells 10 % of the circulating supply in 30 days.",
        whale=0.10,
    ),
    Scenario(
        "vault-run",
        "Run on the vault",
        "The owners of 20 % of the vault ask to exit at once.",
        vault_run=0.20,
    ),
    Scenario("wash", "Wash ring", "For a year a ring pays itself 10 % of all fees.", wash=0.10),
    Scenario(
        "mercenary",
        "Mercenary capacity",
        "Capacity of three times all others comes for a year and leaves within two weeks.",
        mercenary=3.0,
    ),
    Scenario(
        "competitor",
        "Half-price competitor",
        "The price elsewhere halves in 60 days.",
        outside=_step(0.5, 60),
    ),
    Scenario(
        "slash",
        "Correlated slash",
        "A fault that many share slashes 10 % of all stake at once.",
        slash=0.10,
    ),
    Scenario(
        "costs-up",
        "Costs +50 %",
        "Hardware and power cost half as much again.",
        costs=_step(1.5, 60),
    ),
    Scenario("costs-down", "Costs -50 %", "Hardware and power cost half.", costs=_step(0.5, 60)),
    Scenario(
        "attack",
        "Governance attack",
        "A buyer of votes attacks after the guardian's term and takes what the limits give.",
        attack=True,
    ),
    Scenario(
        "winter",
        "18 months without demand",
        "98 % of demand is gone for 18 months.",
        demand=(
            (START_DAY, 1.0),
            (START_DAY + 60, 0.02),
            (START_DAY + 548, 0.02),
            (START_DAY + 730, 1.0),
        ),
    ),
    Scenario(
        "no-emission",
        "Emission stopped",
        "The emission ends after two years.",
        is_emission_stopped=True,
    ),
)
SCENARIOS: Mapping[str, Scenario] = MappingProxyType({one.name: one for one in _MADE})


def scenario_named(name: str) -> Scenario:
    """Return a scenario.

    Raises:
        ConfigError: there is none of that name; the hint lists all.
    """
    if name not in SCENARIOS:
        raise ConfigError(
            f"There is no scenario called {name!r}; nothing was simulated.",
            hint="Choose one of: " + ", ".join(SCENARIOS) + ".",
        )
    return SCENARIOS[name]
