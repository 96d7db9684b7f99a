"""The price of the token: news, belief in future fees, and the flows that the rules cause.

Place: last agent of a day. Data flow: tokens bought and sold move the price, lastingly by the
multiplier of a thin float and passingly by the square-root law that the market maker earns from;
speculators pull towards what fees are worth to them.
Never: a price that depends on the name of the policy; only on its flows and its supply.
"""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation import mechanics
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.state import RESERVE, Economy

_LEAST_FLOAT = 5e6
_DAY_LIMIT = 0.10
_SPREAD = 0.5


def fair_price(e: Economy) -> Array:
    """Return what speculators think a token is worth, USD (S,)."""
    multiple = e.world.price_to_fees * np.exp(_SPREAD * e.draws.belief)
    value = e.world.option_value_usd + multiple * 365.0 * e.fees_usd_slow
    hidden = e.reserve if e.policy.emission != "livepeer" else np.full(e.seeds, RESERVE)
    shock = float(e.paths.price_log[: e.day + 1].sum())
    fair: Array = value / np.maximum(e.supply - hidden, 1.0) * np.exp(shock)
    return fair


def run_day(e: Economy) -> None:
    """Move the price and its averages, and store impact for tomorrow's sellers."""
    world, day = e.world, e.day
    sigma = world.volatility_year / np.sqrt(365.0)
    depth = np.maximum(e.floating, _LEAST_FLOAT)
    net = e.flows.bought - e.flows.sold
    lasting = mechanics.clamp(world.flow_multiplier * net / depth, -_DAY_LIMIT, _DAY_LIMIT)
    fade = 0.5 ** (1.0 / world.impact_halflife_days)
    pressed = np.sqrt(np.abs(net) / (world.turnover_day * depth))
    kick = world.impact_factor * sigma * np.sign(net) * np.minimum(pressed, 3.0)
    e.impact = mechanics.clamp(e.impact * fade + kick * (1.0 - fade), -0.5, 0.5)
    jumps = (
        (e.draws.jump[day] < world.jumps_year / 365.0) * world.jump_size * e.draws.jump_size[day]
    )
    pull = world.anchor_pull_year / 365.0 * np.log(fair_price(e) / e.price)
    move = pull + sigma * e.draws.news[day] + jumps + lasting + e.paths.price_log[day]
    e.price = mechanics.clamp(e.price * np.exp(move), 1e-6, 1e4)
    e.slow_price += (e.price - e.slow_price) / 90.0
    e.quick_price += (e.price - e.quick_price) / 15.0
