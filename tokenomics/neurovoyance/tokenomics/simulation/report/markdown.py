"""A short copy of a report for the documentation: gates, medians, comparisons, provenance.

Place: last step of ``build``. Data flow: gates and runs in; text out, which refers to a few small
pictures that ``build`` lays beside it.
Never: a number that the page does not have.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurovoyance.tokenomics.simulation.report import tables
from neurovoyance.tokenomics.simulation.report.comparison_figures import swing_rows
from neurovoyance.tokenomics.simulation.report.figures import FIGURES, Material
from neurovoyance.tokenomics.simulation.report.gates import Gate
from neurovoyance.tokenomics.simulation.report.words import (
    HURDLE,
    LEAD,
    LIMITS,
    PICTURES,
    provenance,
)
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS

_TOP = 10


def markdown(gates: Sequence[Gate], runs: Material, folder: str = ".") -> str:
    """Return the whole text; ``folder`` is where the pictures lie, seen from the text."""
    few = next(iter(runs.swung.values())).outcomes["ruined"].shape[0]
    parts = [
        "# Simulation of the token economy",
        "Written by `neurovoyance sim report`; never edited. The whole report with figures and the "
        "sources of all assumptions is the HTML file that the command writes.",
        *LEAD,
        "## Gates",
        _table(tables.gate_table(gates)),
        *_failures(gates),
        *_pictures(folder),
        "## Scenarios, our rules",
        "Median (10–90 % of seeds).",
        _table(tables.scenario_table(runs.ours)),
        "## Other rules, base",
        _table(tables.policy_table(runs.compared, "base")),
        "## Other rules, bear",
        _table(tables.policy_table(runs.compared, "bear")),
        "## One mechanism less, bear",
        "Mean change over the same seeds.",
        _table(tables.ablation_table(runs.compared, "bear")),
        "## What the bear's outcome hangs on",
        f"Mean change of lowest over peak providers, points, {few} seeds, at the low and high end.",
        _table(_swings(runs)),
        "## Where a mechanism matters",
        _table(tables.extra_table(runs.compared)),
        "## The bear gate and the hurdle of entry",
        HURDLE,
        _table(tables.hurdle_table(runs.hurdles, runs.ours["bear"])),
        "## Governance attack: who grants insurance, and one parameter at a bound",
        _table(tables.attack_table(runs.mended, runs.ours["attack"])),
        "## Outflow under mercenaries, one parameter at a bound",
        _table(tables.outflow_table(runs.mended, runs.ours["mercenary"])),
        "## What this does not show",
        *LIMITS,
        "## Provenance",
        "\n".join(f"- {line}" for line in provenance(runs.ours["base"])[:3]),
        "Repeat it, in about five minutes on two cores:",
        f"```sh\n{provenance(runs.ours['base'])[3]} --docs docs/simulation.md\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _pictures(folder: str) -> list[str]:
    shown = {one.name: one for one in FIGURES}
    lines = ["## Figures", "Lines are medians, bands 10 to 90 % of seeds."]
    for name in PICTURES:
        one = shown[name]
        lines += [f"![{one.title}]({folder}/{name}.png)", f"*{one.title}.* {one.text}"]
    return lines


def _swings(runs: Material) -> tables.Table:
    rows = list(reversed(swing_rows(runs.swung, "retention")))[:_TOP]
    made = [(name, f"{100 * low:+.1f}", f"{100 * high:+.1f}") for name, low, high in rows]
    return ("number", "low end", "high end"), list(made)


def _failures(gates: Sequence[Gate]) -> list[str]:
    return [
        f"**{gate.title}** fails in: "
        + ", ".join(
            f"{SCENARIOS[one.scenario].title} ({tables.percent(one.share)})"
            for one in gate.verdicts
            if one.share < gate.needed
        )
        + "."
        for gate in gates
        if not gate.is_passed
    ]


def _table(table: tables.Table) -> str:
    head, rows = table
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
