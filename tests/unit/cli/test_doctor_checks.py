"""All checks come together: at least twenty, each named once, in the order of dependence."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.cli import doctor_devices
from neurovoyance.cli.doctor_checks import run_checks
from neurovoyance.cli.doctor_finding import Finding, State, ok


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines take seconds to import; ``test_doctor_devices`` asks them."""

    async def providers() -> Finding:
        return ok("providers", "CPU")

    monkeypatch.setattr(doctor_devices, "check_providers", providers)


async def test_a_node_is_looked_at_from_all_sides(home: Path) -> None:
    findings = await run_checks(home, home / "local" / "node-1" / "node.toml")
    names = [finding.name for finding in findings]
    assert len(set(names)) == len(names) >= 28, names
    bad = [finding for finding in findings if finding.state is State.FAIL]
    assert not bad
    for finding in findings:
        assert finding.found
        assert finding.next or finding.state in (State.OK, State.UNKNOWN), finding


async def test_an_empty_folder_is_told_how_to_begin(tmp_path: Path) -> None:
    findings = {finding.name: finding for finding in await run_checks(tmp_path)}
    assert findings["network"].state is State.WARN
    assert "neurovoyance up" in findings["network"].next
    assert "operator" not in findings


async def test_settings_that_are_wrong_are_one_finding(tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    config.write_text("nonsense = 1\n")
    last = (await run_checks(tmp_path, config))[-1]
    assert (last.name, last.state) == ("settings", State.FAIL)
