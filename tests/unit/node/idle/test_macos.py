"""A Mac's tools, by what they print."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.node.idle.snapshots import vectors

from neurovoyance.node.idle.macos import MacDesk
from neurovoyance.node.idle.readings import Unmeasured

VECTORS = vectors("macos")


@pytest.mark.parametrize("case", VECTORS["ioreg"])
def test_the_least_idle_time_counts(case: dict[str, Any]) -> None:
    found = MacDesk(lambda command: case["output"]).inputs()
    if case["idle_s"] is None:
        assert isinstance(found, Unmeasured)
    else:
        assert isinstance(found, tuple)
        assert [item.idle_s for item in found] == [case["idle_s"]]


@pytest.mark.parametrize("case", VECTORS["pmset"])
def test_the_power_source_is_named(case: dict[str, Any]) -> None:
    found = MacDesk(lambda command: case["output"]).on_battery()
    assert (None if isinstance(found, Unmeasured) else found) == case["on_battery"]


def test_what_macos_hides_stays_unmeasured() -> None:
    assert isinstance(MacDesk().cpu_temperature_c(), Unmeasured)
    assert isinstance(MacDesk().fullscreen(), Unmeasured)
