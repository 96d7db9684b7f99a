"""What the gov commands share: times, calls as lines, files apart from sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.cli.gov_parts import call_lines, is_file, local, say
from neurovoyance.governance.calls import DecodedCall
from neurovoyance.protocol.ids import ZERO_ADDRESS


def test_a_sentence_is_no_file_and_a_file_is_one(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    assert not is_file(str(path))
    path.write_text("{}")
    assert is_file(str(path))
    assert not is_file("set burnBps to 4 percent because " + "x" * 5_000)


def test_no_time_is_shown_for_zero() -> None:
    assert local(0) == ""
    assert "2033" in local(2_000_000_000)


def test_an_unknown_call_is_still_shown() -> None:
    call = DecodedCall(ZERO_ADDRESS, b"\x01\x02\x03\x04", "", "", (), None, "calls x", "why")
    assert call_lines([call]) == [
        "1. calls x",
        f"   unknown.? at {ZERO_ADDRESS}, selector 0x01020304",
        "   note: why",
    ]


def test_what_others_wrote_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    say("[red]not red[/red]", "\x1b[2Jand no command\u202e to the terminal")
    out = capsys.readouterr().out
    assert "[red]not red[/red]" in out
    assert "\x1b" not in out and "\u202e" not in out and "and no command" in out
