"""Figures of tokens: where the supply is, what leaves the vault, what is emitted.

Place: called by ``figures``. Data flow: runs to one figure each.
Never: a bucket left out of the supply; they sum to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.report import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BUCKETS = (
    ("reserve", "reserve", style.GREY),
    ("grants", "team and backers, unreleased", style.PURPLE),
    ("treasury", "treasury", style.ORANGE),
    ("insurance", "insurance and audits", style.YELLOW),
    ("vault", "vault", style.GREEN),
    ("stake", "staked", style.BLUE),
    ("unbonding", "unbonding", style.SKY),
    ("floating", "liquid", style.RED),
    ("burned", "burned", style.INK),
)


def supply(runs: Mapping[str, Run]) -> Figure:
    """Draw the buckets of the supply, medians, in base and bear."""
    figure, axes = style.canvas(height=3.9)
    for place, name, title in ((axes[0], "base", "Base"), (axes[1], "bear", "Bear market")):
        run = runs[name]
        parts = np.array([run.median(key) for key, _, _ in _BUCKETS]) / 1e6
        place.stackplot(
            style.years(run, "reserve"), parts, labels=[label for _, label, _ in _BUCKETS],
            colors=[color for _, _, color in _BUCKETS], alpha=0.88, linewidth=0,
        )  # fmt: skip
        style.dress(place, f"{title}: where the billion is", "million NVY, medians")
        place.set_ylim(0, 1_000)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5)
    return figure


def outflow(runs: Mapping[str, Run]) -> Figure:
    """Draw what left the vault and the emission, against the bound and the gate."""
    figure, axes = style.canvas()
    style.band(axes[0], runs["base"], "bound_ratio", style.BLUE, "base")
    style.band(axes[0], runs["vault-run"], "bound_ratio", style.ORANGE, "20 % of the vault exits")
    style.dress(axes[0], "Weekly outflow over the bound of section 6", "out / bound")
    style.limit(axes[0], 1.0, "bound")
    axes[0].set_ylim(0.0, 1.12)
    axes[0].legend(loc="lower right")
    for name, color, label in (
        ("base", style.BLUE, "base"), ("mercenary", style.RED, "mercenary capacity"),
        ("vault-run", style.ORANGE, "run on the vault"),
    ):  # fmt: skip
        style.band(axes[1], runs[name], "out_share", color, label, scale=100.0)
    style.dress(axes[1], "30-day outflow, vault and emission", "% of circulating")
    style.limit(axes[1], 6.0, "gate, after year one")
    axes[1].axvspan(0.0, 1.0, color=style.GRID, alpha=0.6, linewidth=0)
    axes[1].legend(loc="upper right")
    return figure


def emission_fees(runs: Mapping[str, Run]) -> Figure:
    """Draw emission and fees a week, and their ratio by year."""
    figure, axes = style.canvas()
    run = runs["base"]
    style.band(axes[0], run, "week_fees_total", style.BLUE, "fees", scale=1e-3)
    style.band(axes[0], run, "week_emitted", style.ORANGE, "emission", scale=1e-3)
    axes[0].set_yscale("log")
    axes[0].set_ylim(bottom=20)
    style.dress(axes[0], "Base: fees and emission", "thousand NVY a week, log")
    axes[0].legend(loc="upper right")
    for name, color, label in (
        ("base", style.BLUE, "base"), ("bear", style.RED, "bear market"),
        ("winter", style.PURPLE, "18 months without demand"),
    ):  # fmt: skip
        made = runs[name]
        ratio = made.median("week_fees_total") / np.maximum(made.median("week_emitted"), 1.0)
        axes[1].plot(style.years(made, "price"), ratio, color=color, label=label, linewidth=1.8)
    axes[1].set_yscale("log")
    axes[1].set_ylim(0.03, 100.0)
    style.dress(axes[1], "Fees over emission, ratio of medians", "fees / emission, log")
    style.limit(axes[1], 1.0, "equal")
    axes[1].legend(loc="lower left")
    return figure


def vault_flows(runs: Mapping[str, Run]) -> Figure:
    """Draw the vault's level, maturity, early exits and penalties."""
    figure, axes = style.canvas()
    for name, color, label in (
        ("base", style.BLUE, "base"), ("bear", style.RED, "bear market"),
        ("vault-run", style.ORANGE, "run on the vault"),
    ):  # fmt: skip
        style.band(axes[0], runs[name], "vault", color, label, scale=1e-6)
    style.dress(axes[0], "Tokens vesting", "million NVY")
    axes[0].set_ylim(0, 14)
    style.trouble(axes[0])
    axes[0].legend(loc="upper right")
    run = runs["vault-run"]
    for key, color, label in (
        ("week_released", style.GREEN, "matured"),
        ("week_exits_paid", style.RED, "left early, after penalty"),
        ("week_penalties", style.PURPLE, "penalties"),
    ):
        style.band(axes[1], run, key, color, label, scale=1e-3)
    style.dress(axes[1], "Run on the vault: what leaves", "thousand NVY a week")
    axes[1].set_xlim(1.6, 3.0)
    axes[1].set_ylim(0, 680)
    axes[1].set_xticks([1.75, 2.0, 2.25, 2.5, 2.75, 3.0])
    style.trouble(axes[1])
    axes[1].legend(loc="upper right")
    return figure


def controller(runs: Mapping[str, Run]) -> Figure:
    """Draw the staked share, the availability share that follows it, and the yield."""
    figure, axes = style.canvas()
    for name, color, label in (
        ("base", style.BLUE, "base"), ("slash", style.ORANGE, "10 % slashed"),
        ("bear", style.RED, "bear market"),
    ):  # fmt: skip
        style.band(axes[0], runs[name], "stake_ratio", color, label, scale=100.0)
    axes[0].axhspan(30.0, 40.0, color=style.GREEN, alpha=0.12, linewidth=0)
    style.dress(axes[0], "Stake over circulating; green: no move", "%")
    style.trouble(axes[0])
    axes[0].legend(loc="lower right")
    run = runs["base"]
    style.band(axes[1], run, "avail", style.BLUE, "availability share of the budget", scale=100.0)
    style.band(axes[1], run, "stake_yield", style.PURPLE, "yield of stake a year", scale=100.0)
    style.dress(axes[1], "Base: controller and yield", "%, log")
    axes[1].set_yscale("log")
    axes[1].set_ylim(3.0, 300.0)
    axes[1].legend(loc="upper right")
    return figure
