"""A reading is a value or the reason for none."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from tests.unit.node.idle.snapshots import QUIET

from neurovoyance.node.idle.readings import Unmeasured


def test_readings_are_compared_by_value_and_never_change() -> None:
    assert Unmeasured("x") == Unmeasured("x")
    with pytest.raises(FrozenInstanceError):
        QUIET.on_battery = True  # type: ignore[misc]
