"""How every figure looks: colours, bands, axes and the way to bytes.

Place: imported by the drawing modules alone, so that matplotlib is loaded only where it is needed.
Colours are Okabe and Ito's, told apart by colour-blind readers; one colour keeps one meaning.
Never: a figure without units, or a line without its band where a band exists.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurovoyance.protocol.errors import ConfigError
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.record import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, GRID = "#1f2328", "#6b7280", "#e5e7eb"
BLUE, ORANGE, GREEN, RED = "#0072b2", "#e69f00", "#009e73", "#d55e00"
PURPLE, SKY, YELLOW, GREY = "#cc79a7", "#56b4e9", "#f0e442", "#9aa0a6"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, GREY, YELLOW)
DPI = 130
_RC: dict[str, Any] = {
    "font.family": "DejaVu Sans", "font.size": 9.5, "axes.titlesize": 10.5,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.edgecolor": SOFT,
    "axes.labelcolor": INK, "axes.spines.top": False, "axes.spines.right": False,
    "xtick.color": SOFT, "ytick.color": SOFT, "text.color": INK, "axes.grid": True,
    "grid.color": GRID, "grid.linewidth": 0.8, "axes.axisbelow": True, "legend.frameon": False,
    "legend.fontsize": 8.5, "axes.titlepad": 9.0, "figure.facecolor": "white",
}  # fmt: skip


def canvas(
    columns: int = 2, rows: int = 1, *, height: float = 3.5, is_loose: bool = False
) -> tuple[Figure, list[Axes]]:
    """Return a figure of the report's width and its axes, left to right and top to bottom.

    Args:
        columns: axes beside each other.
        rows: rows of axes.
        height: of one row, inches.
        is_loose: place axes evenly, much faster where there are many.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ModuleNotFoundError as missing:
        raise ConfigError(
            "The report needs matplotlib, which is not installed; no figure was drawn.",
            hint="Install it with `pip install 'neurovoyance[sim]'`; the runs are kept.",
        ) from missing
    matplotlib.rcParams.update(_RC)  # type: ignore[arg-type]
    figure = Figure(
        figsize=(10.0, height * rows), dpi=DPI, layout=None if is_loose else "constrained"
    )
    if is_loose:
        figure.subplots_adjust(0.04, 0.05, 0.99, 0.95, wspace=0.24, hspace=0.34)
    axes = [figure.add_subplot(rows, columns, index + 1) for index in range(rows * columns)]
    return figure, axes


def png_of(figure: Figure) -> bytes:
    """Return a figure as PNG; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def years(run: Run, name: str) -> Array:
    """Return the time of each recorded week of a series, years (W,)."""
    weeks = run.bands[name].shape[1]
    return (np.arange(weeks, dtype=np.float64) + 1.0) * 7.0 / 365.0


def band(axes: Axes, run: Run, name: str, color: str, label: str, *, scale: float = 1.0) -> None:
    """Draw the median of a series and its 10 to 90 % band."""
    x = years(run, name)
    low, high = run.band(name, 0.10) * scale, run.band(name, 0.90) * scale
    axes.fill_between(x, low, high, color=color, alpha=0.16, linewidth=0)
    axes.plot(x, run.median(name) * scale, color=color, linewidth=1.8, label=label)


def fan(axes: Axes, run: Run, name: str, color: str) -> None:
    """Draw a series as a fan: 5 to 95, 10 to 90, 25 to 75 % and the median."""
    x = years(run, name)
    for low, high, alpha in ((0.05, 0.95, 0.12), (0.10, 0.90, 0.15), (0.25, 0.75, 0.22)):
        axes.fill_between(
            x, run.band(name, low), run.band(name, high), color=color, alpha=alpha, linewidth=0
        )
    axes.plot(x, run.median(name), color=color, linewidth=2.0, label="median")


def dress(axes: Axes, title: str, y: str, *, x: str = "years since genesis") -> None:
    """Give axes their title and units."""
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if x.startswith("years"):
        axes.set_xlim(0.0, 5.0)
        axes.set_xticks(range(6))


def trouble(axes: Axes, text: str = "trouble starts") -> None:
    """Mark the day on which scenarios begin."""
    axes.axvline(2.0, color=SOFT, linewidth=0.9, linestyle=(0, (3, 3)))
    axes.annotate(
        text, (2.0, 1.0), xycoords=("data", "axes fraction"), xytext=(4, -4),
        textcoords="offset points", fontsize=7.5, color=SOFT, va="top",
    )  # fmt: skip


def limit(axes: Axes, value: float, text: str) -> None:
    """Draw a line that a gate or a contract sets."""
    axes.axhline(value, color=RED, linewidth=1.1, linestyle=(0, (4, 2)))
    axes.annotate(
        text, (1.0, value), xycoords=("axes fraction", "data"), xytext=(-2, 3),
        textcoords="offset points", fontsize=8, color=RED, ha="right",
    )  # fmt: skip


def whole_powers(axes: Axes, which: str = "x") -> None:
    """Label a logarithmic axis at powers of ten alone."""
    from matplotlib.ticker import NullFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_minor_formatter(NullFormatter())


def bars(axes: Axes, names: Sequence[str], values: Sequence[float], color: str) -> None:
    """Draw horizontal bars, the first name on top."""
    place = np.arange(len(names))[::-1]
    axes.barh(place, values, color=color, height=0.62)
    axes.set_yticks(place, names)
    axes.grid(axis="y", visible=False)
