"""Snapshots of a quiet machine for the tests of this folder, changed as a test needs them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from neurovoyance.node.idle.readings import InputIdle, Sensors

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "idle"
NOW = datetime(2026, 9, 2, 12, 0, tzinfo=UTC)  # a Wednesday

QUIET = Sensors(
    monotonic_s=0.0,
    local=NOW,
    inputs=(InputIdle("test", 3_600.0),),
    cpu_by_others=0.0,
    memory_by_others=0.1,
    cpu_temperature_c=40.0,
    on_battery=False,
    processes=frozenset(),
    fullscreen=None,
)


def quiet(at_s: float = 0.0, **changes: Any) -> Sensors:
    return replace(QUIET, monotonic_s=at_s, **changes)


def vectors(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
