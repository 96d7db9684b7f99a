"""The Markdown copy has the gate table and the medians, and its tables are whole."""

from __future__ import annotations

from neurovoyance.tokenomics.simulation.report.figures import Material
from neurovoyance.tokenomics.simulation.report.gates import judge
from neurovoyance.tokenomics.simulation.report.markdown import markdown


def test_tables_have_as_many_cells_as_heads(runs: Material) -> None:
    text = markdown(judge(runs.ours), runs)
    assert text.startswith("# Simulation of the token economy")
    assert "| **" not in text
    for block in text.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1, block[:80]


def test_failed_gates_are_named_with_their_scenarios(runs: Material) -> None:
    text = markdown(judge(runs.ours), runs)
    assert text.index("FAILED") < text.index("| passed")
    assert " fails in: " in text
    assert "SHA-256" in text
