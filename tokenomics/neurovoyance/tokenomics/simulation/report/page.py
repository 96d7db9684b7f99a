"""The report as one HTML file that needs nothing else: pictures and style are inside.

Place: last step of ``build``. Data flow: gates, tables and PNG bytes in, text out.
Never: a script, a font or a picture from elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

from neurovoyance.tokenomics.simulation.report import tables
from neurovoyance.tokenomics.simulation.report.figures import FIGURES, Material
from neurovoyance.tokenomics.simulation.report.gates import Gate
from neurovoyance.tokenomics.simulation.report.words import HURDLE, LEAD, LIMITS, provenance
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS

_STYLE = """
:root{--ink:#1f2328;--soft:#6b7280;--line:#e5e7eb;--bad:#b3261e;--good:#1a7f4b;--paper:#fff}
*{box-sizing:border-box}
body{margin:0;background:#f6f7f9;color:var(--ink);font:15px/1.55 system-ui,-apple-system,
"Segoe UI",Roboto,sans-serif}
main{max-width:1080px;margin:0 auto;padding:40px 28px 80px;background:var(--paper)}
h1{font-size:28px;margin:0 0 6px}h2{font-size:20px;margin:46px 0 8px}
h3{font-size:16px;margin:30px 0 4px}p{max-width:76ch}.soft{color:var(--soft);font-size:13px}
figure{margin:26px 0}figure img{width:100%;height:auto;display:block}
figcaption{font-size:13.5px;color:var(--soft);max-width:92ch}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px;margin:10px 0 18px}
th,td{text-align:left;vertical-align:top;padding:6px 10px;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600}td:first-child{font-weight:600}
tr.bad td:first-child{color:var(--bad)}tr.good td:first-child{color:var(--good)}
tr.bad{background:#fdf1f0}code{font:12px ui-monospace,Menlo,monospace;word-break:break-all}
nav{font-size:13.5px;columns:3;margin:18px 0}nav a{color:inherit;display:block}
"""


def page(gates: Sequence[Gate], runs: Material, pictures: Mapping[str, bytes]) -> str:
    """Return the whole page."""
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width,initial-scale=1'>",
        f"<title>Economy simulation</title><style>{_STYLE}</style><main>",
        "<h1>Simulation of the token economy</h1>",
        *(f"<p>{escape(text)}</p>" for text in LEAD),
        "<h2 id='gates'>Gates</h2>",
        _table(tables.gate_table(gates), is_gates=True),
        _failures(gates),
        "<nav>",
        *(f"<a href='#{one.name}'>{escape(one.title)}</a>" for one in FIGURES),
        "<a href='#assumptions'>Assumptions</a></nav>",
        *_figures(pictures),
        *_sections(runs),
        "</main></html>\n",
    ]
    return "\n".join(parts)


def _failures(gates: Sequence[Gate]) -> str:
    lines = [
        f"<p><b>{escape(gate.title)}</b> fails in: "
        + ", ".join(
            f"{escape(SCENARIOS[one.scenario].title)} ({tables.percent(one.share)})"
            for one in gate.verdicts
            if one.share < gate.needed
        )
        + ".</p>"
        for gate in gates
        if not gate.is_passed
    ]
    return "\n".join(lines)


def _figures(pictures: Mapping[str, bytes]) -> list[str]:
    made = ["<h2>Figures</h2><p class='soft'>Lines are medians, bands 10 to 90 % of seeds.</p>"]
    for one in FIGURES:
        data = base64.b64encode(pictures[one.name]).decode()
        made.append(
            f"<figure id='{one.name}'><h3>{escape(one.title)}</h3>"
            f"<img alt='{escape(one.title)}' src='data:image/png;base64,{data}'>"
            f"<figcaption>{escape(one.text)}</figcaption></figure>"
        )
    return made


def _sections(runs: Material) -> list[str]:
    texts = [(one.title, one.text) for one in SCENARIOS.values()]
    return [
        "<h2>Scenarios, our rules</h2><p class='soft'>Median (10–90 %).</p>",
        _table(tables.scenario_table(runs.ours)),
        "<h2>Other rules, base</h2>",
        _table(tables.policy_table(runs.compared, "base")),
        "<h2>Other rules, bear</h2>",
        _table(tables.policy_table(runs.compared, "bear")),
        "<h2>One mechanism less, base</h2>",
        _table(tables.ablation_table(runs.compared, "base")),
        "<h2>One mechanism less, bear</h2>",
        _table(tables.ablation_table(runs.compared, "bear")),
        "<h2>Where a mechanism matters</h2>",
        _table(tables.extra_table(runs.compared)),
        "<h2>The bear gate and the hurdle of entry</h2>",
        f"<p>{escape(HURDLE)}</p>",
        _table(tables.hurdle_table(runs.hurdles, runs.ours["bear"])),
        "<h2>Governance attack: who grants insurance, and one parameter at a bound</h2>",
        _table(tables.attack_table(runs.mended, runs.ours["attack"])),
        "<h2>Outflow under mercenaries, one parameter at a bound</h2>",
        _table(tables.outflow_table(runs.mended, runs.ours["mercenary"])),
        "<h2>What happens in each scenario</h2>",
        _table((("scenario", "what happens"), texts)),
        "<h2 id='assumptions'>Assumptions and their sources</h2>",
        _table(tables.assumption_table()),
        "<h3>Kinds of providers</h3>",
        _table(tables.cohort_table()),
        "<h2>What this does not show</h2>",
        *(f"<p>{escape(text)}</p>" for text in LIMITS),
        "<h2>Provenance</h2>",
        *(f"<p><code>{escape(text)}</code></p>" for text in provenance(runs.ours["base"])),
    ]


def _table(table: tables.Table, *, is_gates: bool = False) -> str:
    head, rows = table
    lines = ["<div class='scroll'><table><tr>", *(f"<th>{escape(cell)}</th>" for cell in head)]
    lines.append("</tr>")
    for row in rows:
        kind = ("bad" if row[0].startswith("FAILED") else "good") if is_gates else ""
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row)
        lines.append(f"<tr class='{kind}'>{cells}</tr>")
    return "\n".join([*lines, "</table></div>"])
