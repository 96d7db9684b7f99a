"""Chance is common: a seed is the same whatever else is simulated."""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation.draws import draw


def test_a_seed_does_not_depend_on_how_many_there_are() -> None:
    few, many = draw(2, 40), draw(5, 40)
    assert np.array_equal(few.news, many.news[:, :2])
    assert np.array_equal(few.growth, many.growth[:2])


def test_streams_and_seeds_differ() -> None:
    made = draw(3, 400)
    assert not np.array_equal(made.news, made.demand)
    assert len(set(made.growth.tolist())) == 3
    assert abs(float(made.news.mean())) < 0.2
    assert ((made.jump >= 0.0) & (made.jump < 1.0)).all()
    assert ((made.rouse >= 0.0) & (made.rouse < 1.0)).all()
