"""The tables of a report as plain cells, for the page and for Markdown alike.

Place: between runs and the two writers. Data flow: gates and material in, rows of text out.
Never: a number rounded so far that a failed gate looks passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neurovoyance.tokenomics.simulation.assumptions import COHORT_SOURCE, COHORTS, World, rows
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.plan import BEFORE, EXTRA, GUARDS, LATE_RULES, OUTFLOW, ends
from neurovoyance.tokenomics.simulation.policies import POLICIES
from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.report.comparison_figures import ablation_rows
from neurovoyance.tokenomics.simulation.report.gates import RETENTION_NEEDED, Gate, wilson
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS

Table = tuple[tuple[str, ...], Sequence[tuple[str, ...]]]


def percent(share: float) -> str:
    """Return a share as per cent, with a digit more near the ends.

    >>> percent(0.998), percent(0.5)
    ('99.80 %', '50.0 %')
    """
    return f"{100 * share:.2f} %" if share > 0.99 or share < 0.01 else f"{100 * share:.1f} %"


def gate_table(gates: Sequence[Gate]) -> Table:
    """Return one row a gate: verdict, condition, worst scenario, share and interval."""
    made = []
    for gate in gates:
        worst = gate.worst
        note = " (within chance of the threshold)" if gate.is_close else ""
        made.append((
            ("passed" if gate.is_passed else "FAILED") + note,
            gate.title,
            percent(gate.needed),
            f"{percent(worst.share)} [{percent(worst.low)}, {percent(worst.high)}]",
            SCENARIOS[worst.scenario].title,
            f"{gate.unit}: {worst.detail:.4g}",
        ))  # fmt: skip
    return ("", "condition", "needed", "share of seeds [95 %]", "worst scenario", "figure"), made


def scenario_table(runs: Mapping[str, Run]) -> Table:
    """Return one row a scenario under our rules: medians and 10 to 90 % bands."""
    made = []
    for name, run in runs.items():
        o = run.outcomes
        made.append((
            SCENARIOS[name].title,
            _band(o["retention"], 100, "{:.0f}"),
            _band(o["providers_end"], 1, "{:.0f}"),
            _band(o["profit_median"], 1, "{:.2f}"),
            _band(o["price_end"], 1, "{:.3f}"),
            _ratio_band(o["fees_over_emission"]),
            _band(o["worst_out"], 100, "{:.1f}"),
            f"{100 * float(o['ruined'].mean()):.1f}",
        ))  # fmt: skip
    head = (
        "scenario", "lowest / peak providers, %", "providers, year 5", "profit, USD/GPU/day",
        "price, year 5, USD", "fees / emission, year 4", "worst 30-day outflow, %", "ruined, %",
    )  # fmt: skip
    return head, made


def policy_table(compared: Mapping[str, Run], scenario: str) -> Table:
    """Return one row a policy in one scenario."""
    made = []
    for name, policy in POLICIES.items():
        if policy.family == "ablation":
            continue
        o = compared[f"{scenario}/{name}"].outcomes
        made.append((
            policy.title,
            percent(float(np.mean(o["retention"] >= 0.5))),
            _band(o["retention"], 100, "{:.0f}"),
            _band(o["providers_end"], 1, "{:.0f}"),
            _band(o["price_end"], 1, "{:.3f}"),
            _band(o["fees_over_emission"], 1, "{:.1f}"),
            _band(o["worst_out"], 100, "{:.1f}"),
        ))  # fmt: skip
    head = (
        "rules", "seeds that keep half", "lowest / peak, %", "providers, year 5",
        "price, year 5, USD", "fees / emission, year 4", "worst 30-day outflow, %",
    )  # fmt: skip
    return head, made


def ablation_table(compared: Mapping[str, Run], scenario: str) -> Table:
    """Return the mean change without each mechanism, same seeds."""
    made = [
        (
            name,
            f"{100 * row['retention']:+.2f}",
            f"{100 * (np.exp(row['price']) - 1):+.1f}",
            f"{100 * row['profit']:+.2f}",
            f"{100 * row['worst_out']:+.2f}",
            f"{100 * (np.exp(row['emission']) - 1):+.1f}",
        )
        for name, row in ablation_rows(compared, scenario)
    ]
    head = (
        "without", "lowest / peak, points", "last price, %", "profit, US cents",
        "worst outflow, points", "emission over fees, %",
    )  # fmt: skip
    return head, made


def attack_table(mended: Mapping[str, Run], ours: Run) -> Table:
    """Return what the attack does with one parameter at a bound."""
    few = min(len(run.outcomes["ruined"]) for run in mended.values())
    made = [("documented defaults", *_attack_cells(ours, len(ours.outcomes["ruined"])))]
    for name in LATE_RULES:
        run = mended[f"attack/{name}"]
        title = POLICIES[name].title.removeprefix("Ours, ")
        made.append((title, *_attack_cells(run, len(run.outcomes["ruined"]))))
    for key in GUARDS:
        for end, value in zip(("MIN", "MAX"), ends(key), strict=True):
            run = mended[f"attack/{key}={value}"]
            made.append((f"{key} at {end} ({value})", *_attack_cells(run, few)))
    head = (
        "rule or parameter", "seeds", "insurance ruined [95 %]", "win a Standard vote",
        "take from the insurance",
        "attacker's profit, median, thousand USD", "insurance left, median",
    )  # fmt: skip
    return head, made


def _attack_cells(run: Run, seeds: int) -> tuple[str, ...]:
    o = {name: values[:seeds] for name, values in run.outcomes.items()}
    low, high = wilson(int(o["ruined"].sum()), len(o["ruined"]))
    return (
        str(len(o["ruined"])),
        f"{percent(float(o['ruined'].mean()))} [{percent(low)}, {percent(high)}]",
        percent(float(np.mean(o["control_weeks"] > 0))),
        percent(float(np.mean(o["attack_insurance"] > 0))),
        f"{float(np.median(o['attack_profit_usd'])) / 1e3:.0f}",
        percent(float(np.median(o["insurance_end"]))),
    )


def outflow_table(mended: Mapping[str, Run], ours: Run) -> Table:
    """Return the outflow gate under mercenaries with one parameter at a bound."""
    made = [("documented defaults", *_outflow_cells(ours))]
    for key in OUTFLOW:
        for end, value in zip(("MIN", "MAX"), ends(key), strict=True):
            run = mended[f"mercenary/{key}={value}"]
            made.append((f"{key} at {end} ({value})", *_outflow_cells(run)))
    for key, value in BEFORE:
        run = mended[f"mercenary/{key}={value}"]
        made.append((f"{key} as it was ({value})", *_outflow_cells(run)))
    head = (
        "parameter", "seeds within 6 % [95 %]", "99 % of seeds below", "largest",
        "profit, USD/GPU/day", "fees / emission, year 4",
    )  # fmt: skip
    return head, made


def _outflow_cells(run: Run) -> tuple[str, ...]:
    worst = run.outcomes["worst_out"]
    low, high = wilson(int(np.sum(worst <= 0.06)), len(worst))
    return (
        f"{percent(float(np.mean(worst <= 0.06)))} [{percent(low)}, {percent(high)}]",
        percent(float(np.quantile(worst, 0.99))),
        percent(float(worst.max())),
        f"{float(np.median(run.outcomes['profit_median'])):.2f}",
        f"{float(np.median(run.outcomes['fees_over_emission'])):.2f}",
    )


def hurdle_table(hurdles: Mapping[float, Run], ours: Run) -> Table:
    """Return the bear gate at other hurdles of entry: the assumption that it hangs on."""
    runs = {World().hurdle_usd_day: ours, **hurdles}
    made = []
    for value, run in sorted(runs.items()):
        kept = run.outcomes["retention"]
        low, high = wilson(int(np.sum(kept >= 0.5)), len(kept))
        note = " (used)" if run is ours else ""
        made.append((
            f"{value:.2f}{note}",
            f"{percent(float(np.mean(kept >= 0.5)))} [{percent(low)}, {percent(high)}]",
            "passes" if float(np.mean(kept >= 0.5)) >= RETENTION_NEEDED else "FAILS",
            _band(kept, 100, "{:.0f}"),
            _band(run.outcomes["providers_end"], 1, "{:.0f}"),
        ))  # fmt: skip
    head = (
        "hurdle, USD/GPU/day", "seeds that keep half [95 %]", "gate at 90 %",
        "lowest / peak, %", "providers, year 5",
    )  # fmt: skip
    return head, made


def extra_table(compared: Mapping[str, Run]) -> Table:
    """Return ours beside ours less a mechanism, in the trouble that the mechanism is for."""
    made: list[tuple[str, ...]] = []
    for scenario, name in EXTRA:
        title = SCENARIOS[scenario].title
        is_shown = any(row[:2] == (title, POLICIES["ours"].title) for row in made)
        for policy in (name,) if is_shown else ("ours", name):
            o = compared[f"{scenario}/{policy}"].outcomes
            washed = o["wash_expected"].max()
            made.append((
                title,
                POLICIES[policy].title,
                "" if washed <= -1.0 else f"{100 * washed:+.2f}",
                f"{np.median(o['exits_paid']) / 1e6:.2f}",
                f"{np.median(o['penalties']) / 1e6:.2f}",
                _band(o["worst_out"], 100, "{:.1f}"),
                f"{100 * float(np.median(o['insurance_end'])):.0f}",
            ))  # fmt: skip
    head = (
        "scenario", "rules", "largest wash profit, % of volume", "left early, M NVY",
        "penalties, M NVY", "worst 30-day outflow, %", "insurance at the end, % of start",
    )  # fmt: skip
    return head, made


def assumption_table() -> Table:
    """Return every number of the world with its source."""
    made = []
    for name, value, note in rows():
        span = "" if note.low is None else f"{note.low:g} … {note.high:g}"
        made.append((name, f"{value:g}", note.unit, span, note.meaning, note.source))
    return ("name", "value", "unit", "varied", "meaning", "source"), made


def cohort_table() -> Table:
    """Return the kinds of providers."""
    made = [
        (one.name, f"{one.power_usd_kwh:g}", f"{one.fixed_usd_day:g}", f"{100 * one.share:.0f} %",
            one.role)
        for one in COHORTS
    ]  # fmt: skip
    head = ("kind", "power, USD/kWh", "fixed, USD/GPU/day", "share at start", "role")
    return head, [*made, ("source", COHORT_SOURCE, "", "", "")]


def _ratio_band(values: Array) -> str:
    """Return a band of fees over emission, in words where next to nothing is emitted."""
    return "none emitted" if float(np.median(values)) > 1e4 else _band(values, 1, "{:.1f}")


def _band(values: Array, scale: float, form: str) -> str:
    low, middle, high = (form.format(scale * v) for v in np.quantile(values, (0.10, 0.50, 0.90)))
    return f"{middle} ({low}–{high})"
