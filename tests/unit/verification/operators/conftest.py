"""Say how near the engine came to each bound: ``pytest -v`` prints it after these tests."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    from tests.unit.verification.engine import RATIOS

    if RATIOS and terminalreporter.config.option.verbose > 0:
        ordered = sorted(RATIOS.items(), key=lambda item: -item[1])
        text = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ordered if ratio)
        terminalreporter.write_line(f"largest honest error / bound: {text}")
