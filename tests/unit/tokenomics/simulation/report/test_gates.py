"""Gates: intervals, the worst scenario decides, failures come first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.tokenomics.simulation.conftest import short_run

from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.report.gates import judge, wilson


def run_with(seeds: int = 100, **outcomes: float) -> Run:
    """Return a run whose outcomes are fixed; the first seed alone differs where asked."""
    good = {
        "retention": 0.8, "worst_out": 0.03, "ruined": 0.0, "fees_over_emission": 2.0,
        "worst_bound": 0.9, "wash_expected": -0.01, "cheat_expected": -0.1, "ledger_error": 0.0,
    }  # fmt: skip
    base = short_run("base", "ours")
    values = {name: np.full(seeds, value) for name, value in {**good, **outcomes}.items()}
    return replace(base, outcomes=values)


def test_wilson_holds_the_textbook_values() -> None:
    low, high = wilson(95, 100)
    assert (round(low, 4), round(high, 4)) == (0.8882, 0.9785)
    assert wilson(10, 10)[1] == pytest.approx(1.0)
    assert wilson(0, 10)[0] == pytest.approx(0.0)


def test_all_gates_of_the_design_pass_where_all_is_well() -> None:
    gates = judge({"base": run_with(), "bear": run_with()})
    assert all(gate.is_passed for gate in gates)
    assert {gate.key for gate in gates} == {
        "retention", "outflow", "ruin", "fees", "bound", "wash", "cheat", "ledger",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "bad", "key", "scenario"),
    [
        ("retention", 0.4, "retention", "bear"), ("worst_out", 0.07, "outflow", "whale"),
        ("ruined", 1.0, "ruin", "attack"), ("fees_over_emission", 0.5, "fees", "base"),
        ("worst_bound", 1.01, "bound", "slash"), ("wash_expected", 0.001, "wash", "wash"),
        ("cheat_expected", 0.001, "cheat", "base"), ("ledger_error", 1e-3, "ledger", "bear"),
    ],
)  # fmt: skip
def test_each_gate_fails_for_its_own_reason_and_comes_first(
    outcome: str, bad: float, key: str, scenario: str
) -> None:
    runs = {name: run_with() for name in ("base", "bear", "whale", "attack", "slash", "wash")}
    runs[scenario] = run_with(**{outcome: bad})
    gates = judge(runs)
    assert [gate.key for gate in gates if not gate.is_passed] == [key]
    assert gates[0].key == key
    assert gates[0].worst.scenario == scenario
    assert gates[0].failing == (scenario,)


def test_a_single_broken_bound_fails_and_a_near_miss_is_said() -> None:
    one = run_with()
    one.outcomes["worst_bound"][0] = 1.2
    assert not next(g for g in judge({"base": one, "bear": one}) if g.key == "bound").is_passed
    near = run_with()
    near.outcomes["retention"][:11] = 0.4
    gate = next(g for g in judge({"base": near, "bear": near}) if g.key == "retention")
    assert not gate.is_passed
    assert gate.is_close
