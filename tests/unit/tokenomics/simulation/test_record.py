"""A run keeps bands and outcomes, and comes back from its file unchanged."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurovoyance.tokenomics.simulation.record import QUANTILES, Run, load, quantiles


def test_quantiles_are_those_of_numpy() -> None:
    values = np.random.default_rng(7).normal(size=(5, 40))
    assert np.allclose(quantiles(values), np.quantile(values, QUANTILES, axis=1), rtol=1e-12)


def test_a_run_survives_its_file(year: Run, tmp_path: Path) -> None:
    year.save(tmp_path / "run.npz")
    back = load(tmp_path / "run.npz")
    assert dict(back.meta) == dict(year.meta)
    assert set(back.bands) == set(year.bands)
    assert np.array_equal(back.outcomes["price_end"], year.outcomes["price_end"])
    assert np.array_equal(back.samples["price"], year.samples["price"])


def test_bands_are_ordered_and_weekly(year: Run) -> None:
    for name, band in year.bands.items():
        assert band.shape == (len(QUANTILES), 53), name
        assert np.all(np.diff(band, axis=0) >= -1e-9 * (1 + np.abs(band[1:]))), name
    assert np.array_equal(year.median("price"), year.bands["price"][3])
    assert np.all(year.band("price", 0.9) >= year.band("price", 0.1))


def test_outcomes_are_one_a_seed(year: Run) -> None:
    assert {len(values) for values in year.outcomes.values()} == {3}
    assert float(year.outcomes["ledger_error"].max()) < 1e-12
    assert np.all(year.outcomes["worst_bound"] <= 1.0)
    assert np.all((year.outcomes["retention"] > 0.0) & (year.outcomes["retention"] <= 1.0))
