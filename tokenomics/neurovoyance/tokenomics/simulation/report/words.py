"""What a report says beside its figures: what it is, what it leaves out, and how to repeat it.

Place: used by the page and by Markdown. Never: a claim that a figure does not carry.
"""

from __future__ import annotations

from neurovoyance.tokenomics.simulation.draws import FIRST_SEED
from neurovoyance.tokenomics.simulation.record import Run

LEAD = (
    "Five simulated years in daily steps under the documented defaults. All rules meet the same "
    "chance: seed for seed the same news, demand, costs and luck. A gate over all scenarios is as "
    "good as its worst scenario. Failed gates come first and are not tuned away.",
    "Not guaranteed by anything here: any price, yield or liquidity; that every wrong result is "
    "caught; that insurance suffices.",
)
HURDLE = (
    "The hurdle is the profit for which people bring a GPU. It was first assumed as 0.40 USD a "
    "day and is 1.20 now; both are shown. Sources support 1 to 1.2: the listed 0.31 USD an hour at "
    "30 % load is 2.23 a day, less 0.55 for power and a quarter for the platform about 1.1; an RTX "
    "4090 that rendered at 65 % load kept 1.00 a day (Terabyte Triangle, 30 May 2026). That load "
    "of 30 % and the platform's share are assumptions."
)
PICTURES = ("retention", "outflow", "insurance", "emission_fees", "policies", "tornado")
LIMITS = (
    "People here follow simple rules with assumed strengths; real ones will find what nobody "
    "assumed. The tornado shows which assumptions carry the result.",
    "Providers are kinds, not persons: within a kind all hold the same mix. Rounding to the wei, "
    "gas, single disputes and the order of transactions are the business of the exact twins.",
    "Other networks are likenesses: their emission, vesting and burning on our market with our "
    "demand; nothing here says how those networks fare.",
    "The attacker of the governance scenario takes what the spending limits give, and may vote "
    "a year's payments of the insurance at once; moving parameters to harmful ends within their "
    "bounds is not played, nor is a guardian, whose term is over.",
    "Matured vesting leaves at once and harvests happen weekly, which makes outflow as large "
    "as it can be. Early exits are filled every other day.",
)


def provenance(run: Run) -> list[str]:
    """Return the lines that let anybody repeat a report."""
    meta = run.meta
    last = int(str(meta["seeds"])) - 1
    return [
        f"seeds 0 to {last} of streams keyed by {FIRST_SEED} (PCG64), {meta['days']} days",
        f"simulation code, SHA-256 {meta['code']}",
        f"params.json, SHA-256 {meta['params']}",
        f"neurovoyance sim report --seeds {meta['seeds']} --out DIR",
    ]
