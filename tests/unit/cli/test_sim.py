"""``sim run`` plays and tells; unknown names list the choices; ``sim report`` writes one page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.tokenomics.simulation.conftest import SEEDS, YEAR
from tests.unit.tokenomics.simulation.report.conftest import COARSE, fill

from neurovoyance.cli.main import run
from neurovoyance.tokenomics.simulation.report import style


def test_a_run_is_played_kept_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sim", "run", "--scenario", "bear", "--policy", "no-vesting", "--seeds", "2",
        "--days", "28", "--out", str(tmp_path)]  # fmt: skip
    assert run([*words, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["scenario"], shown["policy"], shown["seeds"]) == ("bear", "no-vesting", 2)
    written = Path(shown["file"])
    before = written.stat().st_mtime_ns
    assert run(words) == 0
    assert "last price, USD" in capsys.readouterr().out
    assert written.stat().st_mtime_ns == before, "a current run is used again"


@pytest.mark.parametrize(
    ("option", "listed"), [("--scenario", "vault-run"), ("--policy", "filecoin-like")]
)
def test_unknown_names_list_the_choices(
    option: str, listed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sim", "run", option, "nonsense", "--out", str(tmp_path)]) == 2
    text = " ".join(capsys.readouterr().err.split())
    assert "'nonsense'" in text
    assert listed in text
    assert not list(tmp_path.iterdir())


def test_a_report_tells_its_gates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(style, "DPI", COARSE)
    fill(tmp_path)
    words = ["sim", "report", "--seeds", str(SEEDS), "--days", str(YEAR), "--out", str(tmp_path)]
    assert run([*words, "--json", "--docs", str(tmp_path / "simulation.md")]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["played"] == 0
    assert shown["gates"]["bound"] is True
    assert Path(shown["report"]).exists()
    assert (tmp_path / "simulation.md").read_text().startswith("# Simulation")


def test_help_names_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sim", "report", "--help"]) == 0
    assert "--docs" in capsys.readouterr().out
