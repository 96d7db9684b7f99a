"""Figures of comparison: other rules, ours less one mechanism, and what the result hangs on.

Place: called by ``figures``. All differences are between the same seeds, so that luck cancels.
Never: a difference without the same seeds on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurovoyance.tokenomics.simulation.assumptions import swings
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.plan import ATTACK_ONLY, FIELDS, LATE_RULES, ends
from neurovoyance.tokenomics.simulation.policies import POLICIES
from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.report import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = tuple[str, float, float]


def log_price(run: Run) -> Array:
    """Return the natural logarithm of the last price, (S,)."""
    made: Array = np.log(run.outcomes["price_end"])
    return made


def _log_ratio(run: Run) -> Array:
    made: Array = np.log(np.maximum(run.outcomes["fees_over_emission"], 1e-9))
    return made


def policies(compared: Mapping[str, Run]) -> Figure:
    """Draw four outcomes of each set of rules, in base and bear."""
    names = [name for name, one in POLICIES.items() if one.family != "ablation"]
    figure, axes = style.canvas(4, height=3.2)
    measures = (
        ("base", "price_end", "Base: last price", "USD, log", True),
        ("bear", "price_end", "Bear: last price", "USD, log", True),
        ("base", "fees_over_emission", "Base: fees / emission", "year four, log", True),
        ("bear", "retention", "Bear: lowest / peak", "providers; 10–50–90 %", False),
    )
    for place, (scenario, outcome, title, unit, is_log) in zip(axes, measures, strict=True):
        for row, name in enumerate(reversed(names)):
            values = np.maximum(compared[f"{scenario}/{name}"].outcomes[outcome], 1e-3)
            low, middle, high = np.quantile(values, (0.10, 0.50, 0.90))
            color = style.BLUE if name == "ours" else style.SOFT
            place.plot([low, high], [row, row], color=color, linewidth=2.4, alpha=0.55)
            place.plot(middle, row, "o", color=color)
        place.set_yticks(range(len(names)), [])
        place.grid(axis="y", visible=False)
        if is_log:
            place.set_xscale("log")
            low, high = place.get_xlim()
            place.set_xlim(10.0 ** np.floor(np.log10(low)), 10.0 ** np.ceil(np.log10(high)))
            style.whole_powers(place)
        style.dress(place, title, "", x=unit)
    axes[0].set_yticks(range(len(names)), [POLICIES[name].title for name in reversed(names)])
    return figure


def ablation_rows(compared: Mapping[str, Run], scenario: str) -> list[tuple[str, dict[str, float]]]:
    """Return title and mean differences to ours of every ablation, same seeds."""
    base = compared[f"{scenario}/ours"]
    rows = []
    for name, policy in POLICIES.items():
        if policy.family != "ablation" or name in LATE_RULES:
            continue
        run = compared[f"{scenario}/{name}"]
        rows.append((policy.title.removeprefix("Ours, "), {
            "retention": _mean_gap(run, base, "retention"),
            "price": float(np.mean(log_price(run) - log_price(base))),
            "profit": _mean_gap(run, base, "profit_median"),
            "worst_out": _mean_gap(run, base, "worst_out"),
            "emission": float(np.mean(_log_ratio(base) - _log_ratio(run))),
        }))  # fmt: skip
    return rows


def _mean_gap(run: Run, base: Run, outcome: str) -> float:
    return float(np.mean(run.outcomes[outcome] - base.outcomes[outcome]))


def ablations(compared: Mapping[str, Run]) -> Figure:
    """Draw what is lost or won without each mechanism, in the bear."""
    rows = ablation_rows(compared, "bear")
    figure, axes = style.canvas(4, height=3.6)
    shown = (
        ("price", "Last price", "log points", 100.0),
        ("worst_out", "Worst outflow", "points", 100.0),
        ("profit", "Profit", "US cents/GPU/day", 100.0),
        ("retention", "Lowest / peak", "points", 100.0),
    )
    for place, (key, title, unit, scale) in zip(axes, shown, strict=True):
        values = [scale * row[key] for _, row in rows]
        style.bars(
            place, [name if place is axes[0] else "" for name, _ in rows], values, style.BLUE
        )
        for bar, value in zip(place.patches, values, strict=True):
            is_good = (value > 0) != (key == "worst_out")
            bar.set_facecolor(style.GREEN if is_good else style.RED)
        place.axvline(0.0, color=style.INK, linewidth=0.9)
        place.set_title(title)
        place.set_xlabel(f"change, {unit}")
        widest = max(0.5, 1.3 * max(abs(value) for value in values))
        place.set_xlim(-widest, widest)
    return figure


def swing_rows(swung: Mapping[str, Run], outcome: str) -> list[Row]:
    """Return name and mean change of an outcome at the low and high end of each assumption."""
    base = swung["elasticity=1.5"]

    def change(key: str) -> float:
        run = swung[key]
        if outcome == "price_end":
            return float(np.mean(log_price(run) - log_price(base)))
        return _mean_gap(run, base, outcome)

    rows: list[Row] = [
        (f"{name}  {low:g} … {high:g}", change(f"{name}={low:g}"), change(f"{name}={high:g}"))
        for name, low, high in swings()
        if name not in ATTACK_ONLY
    ]
    for key in FIELDS:
        low, high = ends(key)
        rows.append((f"{key}  MIN … MAX", change(f"{key}={low}"), change(f"{key}={high}")))
    return sorted(rows, key=lambda row: max(abs(row[1]), abs(row[2])))


def tornado(swung: Mapping[str, Run]) -> Figure:
    """Draw which assumptions and parameters move the bear's outcome most."""
    figure, axes = style.canvas(2, height=6.6)
    _tornado(
        axes[0], swing_rows(swung, "retention")[-18:], 100.0, "Lowest providers / peak", "points"
    )
    _tornado(
        axes[1], swing_rows(swung, "price_end")[-18:], 1.0, "Last price", "change of log price"
    )
    figure.supxlabel(
        "orange: low end of the range, blue: high end; green names are our parameters",
        fontsize=8.5, color=style.SOFT,
    )  # fmt: skip
    return figure


def _tornado(axes: Axes, rows: Sequence[Row], scale: float, title: str, unit: str) -> None:
    for place, (_, low, high) in enumerate(rows):
        axes.barh(place, low * scale, color=style.ORANGE, height=0.62, alpha=0.9)
        axes.barh(place, high * scale, color=style.BLUE, height=0.62, alpha=0.75)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows], fontsize=7.5)
    for label, (name, _, _) in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_color(style.GREEN if "MIN" in name else style.INK)
    axes.axvline(0.0, color=style.INK, linewidth=0.9)
    axes.grid(axis="y", visible=False)
    axes.set_title(f"Bear: {title.lower()}")
    axes.set_xlabel(unit)
    _cut(axes, [(low * scale, high * scale) for _, low, high in rows])


def _cut(axes: Axes, rows: Sequence[tuple[float, float]]) -> None:
    """Cut the axis where one bar would hide all others, and write its value at the cut."""
    sizes = sorted(max(abs(low), abs(high)) for low, high in rows)
    if len(sizes) < 2 or sizes[-2] == 0.0 or sizes[-1] < 3.0 * sizes[-2]:
        return
    edge = 1.5 * sizes[-2]
    axes.set_xlim(-edge, edge)
    for place, ends_of in enumerate(rows):
        for value in ends_of:
            if abs(value) > edge:
                axes.annotate(
                    f"{value:+.1f} ▸" if value > 0 else f"◂ {value:+.1f}",
                    (np.sign(value) * edge, place), xytext=(-4 if value > 0 else 4, 0),
                    textcoords="offset points", ha="right" if value > 0 else "left",
                    va="center", fontsize=8, color="white",
                )  # fmt: skip
