"""All figures of the design are drawn, each with words below it."""

from __future__ import annotations

from pathlib import Path

from tests.unit.tokenomics.simulation.report.conftest import COARSE

from neurovoyance.tokenomics.simulation.report.build import Built
from neurovoyance.tokenomics.simulation.report.figures import FIGURES

DESIGN = {
    "supply", "outflow", "price", "profit", "emission_fees", "retention", "vault", "wash", "cheat",
    "votes", "quorum", "insurance", "controller", "tornado", "phase",
}  # fmt: skip


def test_every_plot_of_the_design_is_there_with_words() -> None:
    assert {one.name for one in FIGURES} >= DESIGN
    assert all(one.title and one.text for one in FIGURES)


def test_figures_are_pictures(report: tuple[Path, Built]) -> None:
    for one in FIGURES:
        data = (report[0] / f"{one.name}.png").read_bytes()
        assert data.startswith(b"\x89PNG")
        assert int.from_bytes(data[16:20], "big") == 10 * COARSE, one.name
