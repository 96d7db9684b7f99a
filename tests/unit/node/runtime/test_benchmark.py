"""A measurement is made once for a machine, and again when the machine changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurovoyance.node.runtime import benchmark
from neurovoyance.node.runtime.base import Profile
from neurovoyance.node.runtime.benchmark import FLOATING_OPERATIONS, Speed, report, speed
from neurovoyance.node.runtime.capabilities import EngineFacts
from neurovoyance.node.runtime.config import Engine


@pytest.mark.parametrize("engine", list(Engine))
async def test_each_engine_is_measured_in_the_sandbox(engine: Engine) -> None:
    if engine is Engine.TORCH:
        pytest.importorskip("torch")
    found = await speed(engine, Profile.C1)
    assert found.mflops == FLOATING_OPERATIONS // (found.warm_ms * 1_000)
    assert found.mflops > 0
    assert found.cold_ms > 0


async def test_a_report_is_kept_until_the_machine_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def found(folder: Path) -> tuple[EngineFacts, ...]:
        asked.append("engines")
        return (EngineFacts(Engine.ORT, "1", ("CPUExecutionProvider",), ("cpu",)),)

    async def measured(engine: Engine, profile: Profile, threads: int) -> Speed:
        asked.append(profile.value)
        return Speed(engine, profile, 9, 3, 1_000)

    monkeypatch.setattr(benchmark, "discover", found)
    monkeypatch.setattr(benchmark, "speed", measured)
    path = tmp_path / "machine.json"
    first = await report(path)
    assert asked == ["engines", "C1", "FAST"]
    assert await report(path) == first
    assert len(asked) == 3
    await report(path, threads=2)
    assert len(asked) == 6
    path.write_text(json.dumps({"fingerprint": "other"}), encoding="utf-8")
    assert await report(path, threads=2) == first
    path.write_text("{", encoding="utf-8")
    await report(path)
    assert len(asked) == 12
