"""Programs of the system answer, or count as silent."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from neurovoyance.node.idle import tools


def test_an_answer_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "TIMEOUT_S", 60.0)
    assert tools.ask([sys.executable, "-S", "-c", "print('yes')"]) == "yes\n"


@pytest.mark.parametrize("command", [["no-such-program-here"], ["false"]])
def test_whatever_fails_is_silent(command: list[str]) -> None:
    assert tools.ask(command) is None


def test_a_program_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "TIMEOUT_S", 0.05)
    assert tools.ask(["sleep", "60"]) is None


def test_what_failed_is_asked_again_only_later() -> None:
    now_s, asked, answers = [100.0], [], {"show": "yes"}

    def tool(command: Sequence[str]) -> str | None:
        asked.append(command[1])
        return answers.get(command[1])

    patient = tools.Patient(tool, lambda: now_s[0])
    assert patient(["ctl", "list"]) is None
    assert patient(["ctl", "show", "1"]) == "yes", "another question to the same program"
    assert patient(["ctl", "list"]) is None
    assert asked == ["list", "show"]
    answers["list"] = "2"
    now_s[0] += tools.RETRY_S
    assert patient(["ctl", "list"]) == patient(["ctl", "list"]) == "2"
    assert asked == ["list", "show", "list", "list"], "an answer is never remembered"
