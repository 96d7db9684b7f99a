"""Figures of safety: what washing and cheating bring, who votes, what a quorum costs, insurance.

Place: called by ``figures``. The heat maps are the formulas themselves; the rest are runs.
Never: a region of positive profit hidden by the choice of axes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neurovoyance.tokenomics.simulation import mechanics
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.policies import ours
from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.report import style
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def _heat(figure: Figure, axes: Axes, x: Array, y: Array, z: Array, unit: str) -> None:
    """Draw a map in which red gains, blue loses, and a black line parts them."""
    top = float(np.abs(z).max())
    shown = axes.pcolormesh(x, y, z, cmap="RdBu_r", vmin=-top, vmax=top, shading="gouraud")
    if z.min() < 0.0 < z.max():
        axes.contour(x, y, z, levels=[0.0], colors=style.INK, linewidths=1.4)
    axes.grid(visible=False)
    figure.colorbar(shown, ax=axes, label=unit)


def wash(_: Mapping[str, Run]) -> Figure:
    """Draw what a wash ring gains per NVY paid to itself."""
    figure, axes = style.canvas(height=3.7)
    policy = ours()
    share = np.linspace(0.0, 0.30, 61)
    caps = np.linspace(0.0, 2.0, 81)
    rows = [mechanics.wash_profit(share, replace(policy, wash_cap=float(cap))) for cap in caps]
    _heat(figure, axes[0], share, caps * 100.0, np.array(rows), "NVY gained per NVY washed")
    axes[0].axhline(90.0, color=style.GREEN, linewidth=1.6)
    axes[0].annotate("the bound of washCapBps, 90 %", (0.12, 79.0), color=style.GREEN, fontsize=8.5)
    style.dress(axes[0], "Work emission alone", "wash cap, % of the sinks",
        x="work emission per NVY of fees, before the cap")  # fmt: skip
    held = np.linspace(0.0, 0.5, 61)
    burns = np.linspace(0.01, 0.06, 41)
    gains = np.array([
        policy.wash_cap * (policy.sink - policy.burn + burn) - (policy.sink - policy.burn + burn)
        + held * burn for burn in burns
    ])  # fmt: skip
    _heat(figure, axes[1], held * 100.0, burns * 100.0, gains, "NVY gained per NVY washed")
    axes[1].plot(22.5, 4.0, "o", color=style.GREEN)
    axes[1].annotate("defaults: 22.5 %", (22.5, 4.0), xytext=(6, 4),
        textcoords="offset points", color=style.GREEN, fontsize=8.5)  # fmt: skip
    style.dress(axes[1], "With the burn's gain on what the ring holds", "burn, % of the fee",
        x="% of supply that the ring holds")  # fmt: skip
    return figure


def cheat(_: Mapping[str, Run]) -> Figure:
    """Draw what a cheat expects, by lock and by what it did not declare or whom it bought."""
    figure, axes = style.canvas(height=3.7)
    policy = ours()
    beside = np.linspace(0.0, 60.0, 61)
    hidden = np.linspace(0.0, 5.0, 61)
    odds = mechanics.audit_probability(1.0, 20.0, policy)
    gain = mechanics.cheat_profit(1.0 + hidden[None, :], 20.0, odds, policy.detect, beside[:, None])
    _heat(figure, axes[0], hidden, beside, gain, "prices gained per cheat")
    style.dress(
        axes[0],
        "Gain outside that was not declared, lock of 20 prices",
        "own stake and vault lost beside the lock, prices",
        x="undeclared gain, prices",
    )
    locks = np.linspace(2.0, 40.0, 77)
    bought = np.linspace(0.0, 0.6, 61)
    detect = 0.99 * (1.0 - bought)
    odds = mechanics.audit_probability(1.0, locks[:, None], policy)
    gain = mechanics.cheat_profit(1.0, locks[:, None], odds, detect[None, :])
    _heat(figure, axes[1], bought * 100.0, locks, gain, "prices gained per cheat")
    axes[1].axvline(20.0, color=style.GREEN, linewidth=1.6)
    axes[1].annotate(
        "assumed by detectBps", (19.3, 37.0), color=style.GREEN, fontsize=8.5, ha="right"
    )
    style.dress(axes[1], "Auditors' seats that collude", "lock, multiples of the price",
        x="% of seats that collude with the cheat")  # fmt: skip
    return figure


def votes(runs: Mapping[str, Run]) -> Figure:
    """Draw who holds the votes, and how many equal voters that is worth."""
    figure, axes = style.canvas(3, height=3.4)
    groups = (
        ("providers", "providers", style.BLUE), ("others", "mercenaries, rings", style.GREY),
        ("delegators", "delegators", style.GREEN), ("attacker", "attacker", style.RED),
    )  # fmt: skip
    for place, name, title in ((axes[0], "base", "Base"), (axes[1], "attack", "Attack")):
        run = runs[name]
        parts = np.array([run.median(f"votes_{key}") for key, _, _ in groups])
        parts = 100.0 * parts / np.maximum(parts.sum(axis=0), 1e-9)
        place.stackplot(style.years(run, "price"), parts, alpha=0.85, linewidth=0,
            labels=[label for _, label, _ in groups],
            colors=[color for _, _, color in groups])  # fmt: skip
        place.set_ylim(0, 100)
        style.dress(place, f"{title}: who holds the votes", "% of votes, medians")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=4)
    style.band(axes[2], runs["base"], "effective_voters", style.BLUE, "base")
    style.band(axes[2], runs["attack"], "effective_voters", style.RED, "attack")
    axes[2].set_yscale("log")
    style.dress(axes[2], "Effective number of voters", "1 / Σ share², log")
    axes[2].legend(loc="lower right")
    return figure


def quorum(runs: Mapping[str, Run]) -> Figure:
    """Draw what a lone quorum costs against what it could take."""
    figure, axes = style.canvas()
    run = runs["base"]
    style.band(axes[0], run, "quorum_cost", style.ORANGE, "cost of a Standard vote", scale=1e-6)
    style.band(axes[0], run, "grant_cost", style.RED, "cost of a Constitutional vote", scale=1e-6)
    yearly = 1.0 - (1.0 - ours().grant_epoch) ** 52
    fund = yearly * run.median("insurance_fund") * run.median("price") / 1e6
    chest = run.median("treasury") * run.median("price") / 1e6
    x = style.years(run, "price")
    dashed = (0, (4, 2))
    axes[0].plot(
        x, 0.24 * chest, color=style.ORANGE, linestyle=dashed,
        label="opens: treasury, 2 % a month for a year",
    )  # fmt: skip
    axes[0].plot(
        x, fund, color=style.RED, linestyle=dashed,
        label="opens: insurance, 1 % a week for a year",
    )  # fmt: skip
    axes[0].set_yscale("log")
    style.dress(axes[0], "Base: price of votes and what they open", "million USD, log")
    axes[0].legend(loc="upper left", fontsize=8)
    made = runs["attack"].outcomes
    spent = made["attack_profit_usd"] / 1e6
    won = made["control_weeks"] > 0
    edges = np.linspace(-2.0, 10.0, 49).tolist()
    axes[1].hist([np.clip(spent[won], -2, 9.9), np.clip(spent[~won], -2, 9.9)], bins=edges,
        stacked=True, color=[style.RED, style.GREY],
        label=["won a Standard vote", "never won"])  # fmt: skip
    axes[1].axvline(0.0, color=style.INK, linewidth=1.0)
    share = 100.0 * float(np.mean(won))
    style.dress(axes[1], f"Attack: {share:.0f} % of attackers win a Standard vote", "seeds",
        x="profit of the attacker, million USD; last bar: 10 and more")  # fmt: skip
    axes[1].legend(loc="upper right")
    return figure


def insurance(runs: Mapping[str, Run]) -> Figure:
    """Draw the fund through time and the share of seeds in which it is ruined."""
    figure, axes = style.canvas()
    for name, color, label in (
        ("base", style.BLUE, "base"), ("slash", style.ORANGE, "10 % slashed"),
        ("attack", style.RED, "governance attack"),
    ):  # fmt: skip
        style.band(axes[0], runs[name], "insurance_fund", color, label, scale=1e-6)
    style.dress(axes[0], "Insurance fund", "million NVY")
    axes[0].set_ylim(bottom=0.0)
    style.limit(axes[0], 4.8, "ruin")
    style.trouble(axes[0])
    axes[0].legend(loc="center left", fontsize=7.2)
    names = [name for name in SCENARIOS if name in runs]
    values = [100.0 * float(runs[name].outcomes["ruined"].mean()) for name in names]
    style.bars(axes[1], [SCENARIOS[name].title for name in names], values, style.RED)
    axes[1].axvline(1.0, color=style.INK, linewidth=1.0, linestyle=(0, (4, 2)))
    axes[1].set_title("Ruined, % of seeds; dashed: gate at 1 %")
    axes[1].set_xlim(0.0, max(10.0, max(values) * 1.15))
    for place, value in enumerate(reversed(values)):
        axes[1].annotate(f"{value:.1f}", (max(value, 1.0), place), xytext=(4, -3),
            textcoords="offset points", fontsize=8)  # fmt: skip
    return figure
