"""The list of figures: name, title, words below, and who draws it.

Place: between ``build`` and the drawing modules. Data flow: all runs of a report in; PNG bytes out.
Never: a figure of the brief left out silently; the test compares the list with the design.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.report import (
    comparison_figures,
    market_figures,
    safety_figures,
    style,
    supply_figures,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Material:
    """All runs of a report.

    Attributes:
        ours: scenario name to run under our rules.
        compared: ``scenario/policy`` to run.
        swung: ``name=value`` to run, few seeds, in the bear or the attack.
        mended: ``scenario/key=value`` to run: a parameter at a bound, where a gate is at risk;
            and ``scenario/policy``: other rules there.
        hurdles: hurdle of entry to run, the bear at all seeds.
    """

    ours: Mapping[str, Run]
    compared: Mapping[str, Run]
    swung: Mapping[str, Run]
    mended: Mapping[str, Run]
    hurdles: Mapping[float, Run]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One figure of the report."""

    name: str
    title: str
    text: str
    draw: Callable[[Material], Figure]

    def png(self, material: Material) -> bytes:
        """Return the figure as PNG."""
        return style.png_of(self.draw(material))


FIGURES: tuple[Drawn, ...] = (
    Drawn(
        "retention",
        "Provider retention",
        "Left: median number of honest providers through the bear under five sets of rules. Fees "
        "are priced in dollars, so the rules of the token matter little here; demand decides. "
        "Right: every seed's lowest count over its peak.",
        lambda m: market_figures.retention(m.ours, m.compared),
    ),
    Drawn(
        "outflow",
        "Outflow and its bound",
        "What left vault and emission in a week over what section 6 allows, and the 30-day sum "
        "over the circulating supply. Year one (grey) starts from 10 M liquid NVY and is outside "
        "the gate.",
        lambda m: supply_figures.outflow(m.ours),
    ),
    Drawn(
        "insurance",
        "Insurance and ruin",
        "Ruin is a fund below a tenth of its start, or claims that wait 13 weeks. Nothing but "
        "votes could empty it. Grants need a Constitutional vote and take at most 1 % of the fund "
        "a week; the red curve shows what bought votes take within that.",
        lambda m: safety_figures.insurance(m.ours),
    ),
    Drawn(
        "quorum",
        "What a quorum costs",
        "Buying the votes within 60 days, impact included, where as many vote against as on "
        "an ordinary proposal; and what those votes could take. "
        "Right: what attackers won; tokens left over are sold at the price that the attack left.",
        lambda m: safety_figures.quorum(m.ours),
    ),
    Drawn(
        "votes",
        "Concentration of stake and votes",
        "Votes by group, and the number of equal voters that would be as concentrated. Within a "
        "group a fifth of the accounts is assumed to hold four fifths.",
        lambda m: safety_figures.votes(m.ours),
    ),
    Drawn(
        "supply",
        "Supply by bucket",
        "Medians; team and backers are released from the end of year one.",
        lambda m: supply_figures.supply(m.ours),
    ),
    Drawn(
        "price",
        "Price fan",
        "Not a forecast: the price that follows from the assumptions below, if they hold.",
        lambda m: market_figures.price(m.ours, m.compared),
    ),
    Drawn(
        "profit",
        "Provider profit and survival",
        "Profit counts vesting income at 85 % of its value and the cost of the stake at 10 % a "
        "year.",
        lambda m: market_figures.profit(m.ours),
    ),
    Drawn(
        "emission_fees",
        "Emission and fees",
        "Both in tokens. Fees fall in tokens where the price rises, since clients pay in dollars.",
        lambda m: supply_figures.emission_fees(m.ours),
    ),
    Drawn(
        "vault",
        "Vault flows",
        "Level, maturity, early exits and their penalties.",
        lambda m: supply_figures.vault_flows(m.ours),
    ),
    Drawn(
        "controller",
        "Controller",
        "The availability share moves a point a week until the staked share is within the band.",
        lambda m: supply_figures.controller(m.ours),
    ),
    Drawn(
        "wash",
        "Washing",
        "From the formulas. Blue loses. Left: above the green line governance cannot set the cap. "
        "Right: a ring that holds more than 22.5 % of supply would gain from the burn.",
        lambda m: safety_figures.wash(m.ours),
    ),
    Drawn(
        "cheat",
        "Cheating",
        "From the formulas. Honesty pays for any declared gain; undeclared gains and bought seats"
        " are the risk that remains, which is why locks above the minimum are the default.",
        lambda m: safety_figures.cheat(m.ours),
    ),
    Drawn(
        "scenarios",
        "All scenarios",
        "Honest providers under our rules.",
        lambda m: market_figures.scenarios(m.ours),
    ),
    Drawn(
        "phase",
        "Phase portrait of price and providers",
        "Price falls first, providers follow by what they earn in dollars, and come back with "
        "demand.",
        lambda m: market_figures.phase(m.ours, m.compared),
    ),
    Drawn(
        "policies",
        "Against other rules",
        "Likenesses of other networks on this market, not the networks themselves.",
        lambda m: comparison_figures.policies(m.compared),
    ),
    Drawn(
        "ablations",
        "One mechanism less, bear",
        "Mean change over the same seeds. Green is better, red is worse.",
        lambda m: comparison_figures.ablations(m.compared),
    ),
    Drawn(
        "tornado",
        "What the result hangs on",
        "Mean change over the same 100 seeds when one number moves to the end of its range; a "
        "bar that would hide the others is cut and its value written into it.",
        lambda m: comparison_figures.tornado(m.swung),
    ),
)
