"""The words of a report: nothing promised, and how to repeat it."""

from __future__ import annotations

from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.report.words import LEAD, LIMITS, provenance


def test_what_is_not_guaranteed_is_said_first() -> None:
    assert "Not guaranteed" in LEAD[1]
    assert len(LIMITS) >= 4


def test_a_report_says_how_to_repeat_it(year: Run) -> None:
    lines = provenance(year)
    assert "seeds 0 to 2" in lines[0]
    assert lines[-1] == "neurovoyance sim report --seeds 3 --out DIR"
