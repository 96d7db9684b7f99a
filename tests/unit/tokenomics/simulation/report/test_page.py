"""The page needs nothing from elsewhere and shows failures before anything else."""

from __future__ import annotations

import re
from pathlib import Path

from neurovoyance.tokenomics.simulation.engine import code_hash, params_hash
from neurovoyance.tokenomics.simulation.report.build import Built
from neurovoyance.tokenomics.simulation.report.figures import FIGURES
from neurovoyance.tokenomics.simulation.report.page import page

Report = tuple[Path, Built]


def test_the_page_stands_alone(report: Report) -> None:
    text = (report[0] / "report.html").read_text()
    assert not re.search(r"(src|href)=['\"]https?:", text)
    assert "<script" not in text
    assert text.count("data:image/png;base64,") == len(FIGURES)


def test_failures_stand_before_passed_gates(report: Report) -> None:
    text = (report[0] / "report.html").read_text()
    failed = [gate for gate in report[1].gates if not gate.is_passed]
    assert failed, "a year of three seeds cannot pass the gates of five"
    rows = re.findall(r"<tr class='(bad|good)'>", text)
    assert rows == sorted(rows)
    assert text.index("id='gates'") < text.index("<figure")


def test_sources_seeds_and_hashes_are_printed(report: Report) -> None:
    text = (report[0] / "report.html").read_text()
    assert code_hash() in text
    assert params_hash() in text
    assert "Eurostat" in text
    assert "<td>assumption</td>" in text
    assert callable(page)
