"""Devices that nobody can measure are named, and matter where the owner is to be spared."""

from __future__ import annotations

import pytest

from neurovoyance.cli import doctor_devices
from neurovoyance.cli.doctor_devices import (
    check_gpus,
    check_providers,
    check_sensors,
    judge_gpus,
    unmeasured,
)
from neurovoyance.cli.doctor_finding import State
from neurovoyance.node.idle.gate import silent
from neurovoyance.node.idle.settings import IdleSettings, Mode


def test_a_card_that_is_not_measured_warns_and_an_idle_one_reads_zero() -> None:
    assert judge_gpus(()).state is State.OK
    assert "gpu0 0% used" in judge_gpus((("gpu0", 0.0),)).found
    mixed = judge_gpus((("gpu0", 0.5), ("gpu1", None)))
    assert mixed.state is State.WARN and "gpu1 not measured" in mixed.found
    assert check_gpus().state in (State.OK, State.WARN)


async def test_engines_say_what_they_compute_with() -> None:
    found = await check_providers()
    assert found.state is State.OK and "CPU" in found.found


def test_what_cannot_be_measured_matters_where_the_machine_has_an_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lacking = {"screen": "no tool answers"}
    monkeypatch.setattr(doctor_devices, "unmeasured", lambda _: lacking)
    idle = check_sensors(IdleSettings(mode=Mode.IDLE))
    assert idle.state is State.WARN and "screen: no tool answers" in idle.found
    assert check_sensors(IdleSettings()).state is State.OK
    assert check_sensors(None).state is State.OK
    lacking.clear()
    assert "can be measured" in check_sensors(None).found


def test_every_silent_sensor_is_listed() -> None:
    assert set(unmeasured(silent("nobody asked"))) == {
        "input", "memory", "heat", "power", "screen",
    }  # fmt: skip
