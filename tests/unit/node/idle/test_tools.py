"""Programs of the system answer, or count as silent."""

from __future__ import annotations

import sys

import pytest

from neurovoyance.node.idle import tools


def test_an_answer_is_text() -> None:
    assert tools.ask([sys.executable, "-S", "-c", "print('yes')"]) == "yes\n"


@pytest.mark.parametrize("command", [["no-such-program-here"], ["false"]])
def test_whatever_fails_is_silent(command: list[str]) -> None:
    assert tools.ask(command) is None


def test_a_program_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "TIMEOUT_S", 0.05)
    assert tools.ask(["sleep", "60"]) is None
