"""Axes carry titles and units; a missing matplotlib is explained."""

from __future__ import annotations

import sys

import pytest

from neurovoyance.protocol.errors import ConfigError
from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.report import style


def test_a_band_is_drawn_around_its_median(year: Run) -> None:
    figure, axes = style.canvas(1)
    style.band(axes[0], year, "price", style.BLUE, "base")
    style.dress(axes[0], "Price", "USD")
    assert axes[0].lines[0].get_ydata()[-1] == year.median("price")[-1]
    assert axes[0].get_title(loc="left") == "Price"
    assert axes[0].get_ylabel() == "USD"
    assert style.png_of(figure).startswith(b"\x89PNG")


def test_years_end_where_the_run_ends(year: Run) -> None:
    assert style.years(year, "price")[-1] == pytest.approx(371 / 365)


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigError) as refused:
        style.canvas()
    assert "neurovoyance[sim]" in refused.value.hint
