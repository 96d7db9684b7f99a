"""Every phase is one line: when, what, who, which transaction."""

from __future__ import annotations

import pytest

from neurovoyance.cli.progress import PhaseLines, StepLines
from neurovoyance.client.phases import Phase, PhaseUpdate


def test_each_phase_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = PhaseLines(is_silent=False)
    for phase in Phase:
        lines.phase(PhaseUpdate(phase, "0x01", provider="0x" + "ab" * 20, tx_hash="0x" + "c" * 64))
    lines.deposit(10**18)
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == len(Phase) + 1
    assert all(phase.value in line for phase, line in zip(Phase, shown, strict=False))
    assert "0xabababab" in shown[1]
    assert "0xcccccccc" in shown[0]
    assert "1 NVY" in shown[-1]


def test_programs_see_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    PhaseLines(is_silent=True).phase(PhaseUpdate(Phase.POSTED, "0x01"))
    StepLines(is_silent=True).step("starting")
    assert capsys.readouterr().out == ""


def test_brackets_in_details_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    StepLines(is_silent=False).event("job", "name", "[bold]not markup[/]")
    assert "[bold]not markup[/]" in capsys.readouterr().out
