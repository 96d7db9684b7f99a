"""Figures of price and people: the price fan, who earns, who stays, and the phase portrait.

Place: called by ``figures``. Data flow: runs to one figure each.
Never: a price shown as a forecast; the titles say what it is conditional on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from neurovoyance.tokenomics.simulation.assumptions import COHORTS
from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.report import style
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BASELINES = (
    ("ours", "Neurovoyance", style.BLUE),
    ("no-vesting", "no vesting", style.ORANGE),
    ("filecoin-like", "Filecoin-like", style.GREEN),
    ("livepeer-like", "Livepeer-like", style.PURPLE),
    ("burn-mint", "burn and mint", style.RED),
)


def price(runs: Mapping[str, Run], others: Mapping[str, Run]) -> Figure:
    """Draw the price fan in base and bear, and medians under other rules."""
    figure, axes = style.canvas(3, height=3.6)
    for place, name, title in ((axes[0], "base", "Base"), (axes[1], "bear", "Bear market")):
        style.fan(place, runs[name], "price", style.BLUE)
        place.set_yscale("log")
        place.set_ylim(0.002, 3.0)
        style.dress(place, f"{title}: price in the model", "USD, log; 50, 80, 90 % of seeds")
    style.trouble(axes[1])
    for key, label, color in BASELINES:
        run = others[f"base/{key}"]
        axes[2].plot(style.years(run, "price"), run.median("price"), color=color, label=label)
    axes[2].set_yscale("log")
    axes[2].set_ylim(0.002, 3.0)
    style.dress(axes[2], "Base, medians under five rules", "USD, log")
    axes[2].legend(loc="upper left", fontsize=7.5)
    return figure


def profit(runs: Mapping[str, Run]) -> Figure:
    """Draw what honest providers earn and which cohorts survive a bear."""
    figure, axes = style.canvas()
    style.band(axes[0], runs["base"], "profit", style.BLUE, "base")
    style.band(axes[0], runs["bear"], "profit", style.RED, "bear market")
    style.limit(axes[0], 0.0, "bills just covered")
    style.dress(axes[0], "Profit of honest providers", "USD a GPU and day")
    style.trouble(axes[0])
    axes[0].legend(loc="upper right")
    run = runs["bear"]
    for index, cohort in enumerate(COHORTS[:6]):
        gpus = run.median(f"gpus_{index}")
        start = gpus[:105].max()
        axes[1].plot(
            style.years(run, "price"), 100.0 * gpus / max(start, 1e-9), label=cohort.name,
            color=style.SERIES[index], linewidth=1.7,
        )  # fmt: skip
    style.dress(axes[1], "Bear: survival by kind of provider", "% of peak before it, medians")
    axes[1].set_ylim(0.0, 240.0)
    style.trouble(axes[1], "")
    axes[1].legend(loc="upper left", fontsize=7.2)
    return figure


def retention(runs: Mapping[str, Run], others: Mapping[str, Run]) -> Figure:
    """Draw how many providers a bear leaves, by rules, against the gate."""
    figure, axes = style.canvas()
    for key, label, color in BASELINES:
        run = others[f"bear/{key}"]
        count = run.median("honest_providers")
        axes[0].plot(
            style.years(run, "price"), 100.0 * count / count[:105].max(), color=color, label=label,
            linewidth=4.0 if key == "ours" else 1.1, alpha=0.6 if key == "ours" else 1.0,
        )  # fmt: skip
    style.dress(axes[0], "Bear: honest providers", "% of peak before it, medians")
    style.trouble(axes[0])
    style.limit(axes[0], 50.0, "gate")
    axes[0].legend(loc="upper left", fontsize=8)
    edges = np.linspace(0.2, 1.0, 33)
    values = np.minimum(runs["bear"].outcomes["retention"], 0.999)
    axes[1].hist(values, bins=edges.tolist(), color=style.BLUE, alpha=0.85)
    axes[1].set_ylim(0, 1.22 * axes[1].get_ylim()[1])
    axes[1].axvline(0.5, color=style.RED, linewidth=1.2, linestyle=(0, (4, 2)))
    kept = 100.0 * float(np.mean(values >= 0.5))
    axes[1].annotate(
        f"{kept:.1f} % of seeds keep half", (0.5, 0.94), xycoords=("data", "axes fraction"),
        xytext=(6, 0), textcoords="offset points", color=style.RED, fontsize=9,
    )  # fmt: skip
    style.dress(axes[1], "Ours: lowest count over peak", "seeds", x="lowest providers / peak")
    return figure


def scenarios(runs: Mapping[str, Run]) -> Figure:
    """Draw the providers of every scenario as small multiples, base behind each."""
    figure, axes = style.canvas(5, 3, height=2.1, is_loose=True)
    base = runs["base"]
    for place, (name, scenario) in zip(axes, SCENARIOS.items(), strict=False):
        x = style.years(base, "price")
        place.plot(x, base.median("honest_providers"), color=style.GREY, linewidth=1.1)
        style.band(place, runs[name], "honest_providers", style.BLUE, name)
        place.set_title(scenario.title, fontsize=8.5)
        place.set_yscale("log")
        place.set_ylim(40, 40_000)
        place.set_xlim(0, 5)
        place.tick_params(labelsize=7)
    for place in axes[len(runs) :]:
        place.set_axis_off()
        place.annotate(
            "honest providers, log\nblue: median, 10–90 %\ngrey: base\ntroubles start in year 2",
            (0.0, 0.5), xycoords="axes fraction", fontsize=8, color=style.SOFT, va="center",
        )  # fmt: skip
    return figure


def phase(runs: Mapping[str, Run], others: Mapping[str, Run]) -> Figure:
    """Draw the phase portrait of price and providers in the bear."""
    figure, axes = style.canvas()
    run = runs["bear"]
    prices, counts = run.samples["price"], run.samples["providers"]
    for seed in range(min(40, prices.shape[1])):
        axes[0].plot(prices[104:, seed], counts[104:, seed], color=style.BLUE, alpha=0.13, lw=0.8)
    x, y = run.median("price")[52:], run.median("providers")[52:]
    axes[0].plot(x, y, color=style.INK, linewidth=1.6)
    for week, text in ((52, "year 2"), (104, "3"), (156, "4"), (207, "5")):
        at = min(week, len(x) - 1)
        axes[0].plot(x[at], y[at], "o", color=style.INK, markersize=4)
        axes[0].annotate(
            text, (x[at], y[at]), xytext=(6, -11), textcoords="offset points",
            bbox={"facecolor": "white", "alpha": 0.7, "pad": 0.6, "linewidth": 0},
        )  # fmt: skip
    axes[0].set_xscale("log")
    axes[0].set_yscale("log")
    style.dress(axes[0], "Bear: 40 seeds from year 2, and the medians", "providers, log",
        x="price, USD, log")  # fmt: skip
    for key, label, color in BASELINES:
        other = others[f"bear/{key}"]
        axes[1].plot(
            other.median("price")[52:], other.median("providers")[52:], color=color, label=label
        )
        axes[1].plot(other.median("price")[-1], other.median("providers")[-1], "o", color=color)
    axes[1].set_xscale("log")
    axes[1].set_yscale("log")
    axes[1].set_xlim(1e-3, 1e-1)
    axes[1].set_ylim(2e2, 2e3)
    style.dress(axes[1], "Bear: medians from year 1 under five rules", "providers, log",
        x="price, USD, log")  # fmt: skip
    axes[1].legend(loc="lower right", fontsize=8)
    return figure
