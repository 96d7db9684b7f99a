"""The heat maps show what the formulas say, break-even line included."""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation.report import safety_figures


def test_the_wash_map_is_negative_within_the_bound_and_positive_beyond() -> None:
    figure = safety_figures.wash({})
    values = np.asarray(figure.axes[0].collections[0].get_array())
    assert values.min() < 0.0 < values.max()
    assert values.reshape(81, 61)[:37].max() < 0.0  # caps up to 90 % of the sinks


def test_the_cheat_map_turns_where_seats_are_bought() -> None:
    figure = safety_figures.cheat({})
    values = np.asarray(figure.axes[1].collections[0].get_array()).reshape(77, 61)
    assert values[:, 20].max() < 0.0  # a fifth of the seats, as detectBps assumes
    assert values[:, 40].min() > 0.0
